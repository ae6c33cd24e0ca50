"""The HTTP API and the web page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from flask import Flask
from redis import Redis

from api import admin, health, metrics, receipts, verify_v2, virtual_phone
from api.admin.dashboard import Dashboard
from api.admin.session import OwnerAccess
from api.http import compression, even_time, headers, hosts, links, problems
from api.http.access import Access
from api.http.origins import ReturnUrls
from api.http.proxies import TrustedProxies
from api.otp import endpoints, openapi, recipients
from api.otp.proof import ProofOfWork
from api.page import forms, hosted, pages
from api.page.page import Page
from api.page.texts import Languages
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.outlets import Outlets
from shared.delivery.virtual_phone import Phone
from shared.owner.audit import Audit
from shared.owner.key_use import KeyUse
from shared.owner.log_ins import LogIns
from shared.owner.state import SystemState
from shared.owner.statistics import Statistics
from shared.owner.timeline import Timeline
from shared.policy import ADMIN_APP, CHANNELS, Channel, Policy
from shared.recipient import Addresses
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.keys import QUEUE
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verification.store import PATIENCE_SECONDS, Store
from shared.verify_v2.services import Services, given

FRONTEND = Path(__file__).parent.parent / "frontend"
LARGEST_BODY_BYTES = 8 * 1024


@dataclass(frozen=True, kw_only=True)
class _Core:
    """What several areas of the API share."""

    settings_of: Callable[[str], Settings]
    policy: Callable[[str], Policy]
    scripts: Scripts
    codes: Codes
    store: Store
    service: VerificationService
    services: Services
    access: Access
    audit: Audit
    owner: OwnerAccess
    addresses: Addresses


def create_app(settings: Settings, redis: Redis | None = None) -> Flask:
    """The web process. Starts even if Redis is unreachable. Raises SettingsError."""
    core = _core(settings, redis)
    service, access, addresses = core.service, core.access, core.addresses
    work = ProofOfWork(core.codes, core.store)
    phone_is_open = virtual_phone.openness(settings, access)
    return_urls = ReturnUrls(settings.otp_return_urls)
    languages = Languages(FRONTEND / "texts")
    page = Page(
        core.settings_of, service, access, languages, return_urls, phone_is_open=phone_is_open
    )

    app = _flask(settings)
    even_time.register(app)
    hosts.register(app, access, settings.otp_public_url)
    for blueprint in (
        endpoints.endpoints(service, access, work, addresses),
        hosted.endpoints(service, work),
        receipts.endpoints(service, settings),
        recipients.endpoints(core.store, core.codes, core.owner, core.audit, addresses=addresses),
        admin.endpoints(core.owner, _dashboard(core, settings), is_open=access.is_open),
        health.endpoints(core.store),
        metrics.endpoints(core.store, QUEUE, access, sender_names(settings)),
        pages.endpoints(page),
        forms.endpoints(page, service, work, addresses),
        openapi.endpoints(),
        verify_v2.endpoints(
            settings,
            access,
            core=service,
            services=core.services,
            scripts=core.scripts,
            codes=core.codes,
        ),
    ):
        app.register_blueprint(blueprint)
    if virtual_phone.exists(settings):
        phone = Phone(core.scripts)
        app.register_blueprint(
            virtual_phone.endpoints(
                settings, phone, service, core.codes, owner=core.owner, is_open=phone_is_open
            )
        )
    links.register(app)
    problems.register(app, page.problem)
    headers.register(app, return_urls.origins)
    compression.register(app)
    return app


def _core(settings: Settings, redis: Redis | None) -> _Core:
    redis = redis or connect(
        settings.redis_url.get_secret_value(), timeout_seconds=PATIENCE_SECONDS
    )
    scripts = Scripts(redis)
    codes = Codes(settings.secret_keys())
    store = Store(scripts, keep_seconds=settings.otp_keep)
    settings_of = cache(settings.app)
    policy = cache(lambda app: settings_of(app).policy())
    audit = Audit(scripts, keep_seconds=settings.otp_keep_audit)
    return _Core(
        settings_of=settings_of,
        policy=policy,
        scripts=scripts,
        codes=codes,
        store=store,
        service=VerificationService(
            store, Ledger(scripts), codes, policy, needed=Outlets(settings).needed
        ),
        services=Services(scripts, given(settings)),
        access=Access(settings, KeyUse(scripts).note),
        audit=audit,
        owner=OwnerAccess(settings.admin_password(), LogIns(scripts), codes, audit),
        addresses=settings.addresses(),
    )


def _flask(settings: Settings) -> Flask:
    app = Flask(
        __name__, static_folder=FRONTEND, static_url_path="/static", template_folder=FRONTEND
    )
    app.config["BASE_URL"] = settings.otp_public_url or f"http://localhost:{settings.port}"
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.otp_trusted_proxies:
        app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]
            app.wsgi_app, settings.otp_trusted_proxies
        )
    return app


def _dashboard(core: _Core, settings: Settings) -> Dashboard:
    return Dashboard(
        service=core.service,
        store=core.store,
        codes=core.codes,
        statistics=Statistics(core.scripts),
        state=SystemState(core.scripts, QUEUE, sender_names(settings)),
        timeline=Timeline(core.scripts, core.codes, core.store.apps),
        audit=core.audit,
        services=core.services,
        guard_of=lambda app: core.policy(app).guard,
        senders=sender_apps(settings),
        addresses=core.addresses,
    )


def sender_apps(settings: Settings) -> dict[Channel, dict[str, str]]:
    """The app whose messages a sender takes, by channel and name."""
    return {
        channel: {
            name: app or ADMIN_APP
            for app, senders in settings.named_senders(channel).items()
            for name, _ in senders
        }
        for channel in CHANNELS
    }


def sender_names(settings: Settings) -> dict[Channel, list[str]]:
    return {
        channel: [name for name, _ in chain(*settings.named_senders(channel).values())]
        for channel in CHANNELS
    }
