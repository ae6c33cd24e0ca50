"""The HTTP API and the web page."""

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
from api.verify_v2.errors import Answers
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.outlets import Outlets
from shared.delivery.queue import QUEUE_KEY
from shared.delivery.virtual_phone import Phone
from shared.owner.audit import Audit
from shared.owner.key_use import KeyUse
from shared.owner.log_ins import LogIns
from shared.owner.state import ServiceState
from shared.owner.statistics import Statistics
from shared.owner.timeline import Timeline
from shared.policy import ADMIN_APP, CHANNELS, Channel
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verification.store import PATIENCE_SECONDS, Store
from shared.verify_v2.attempts import Attempts
from shared.verify_v2.rate_limits import RateLimits
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Services, given

FRONTEND = Path(__file__).parent.parent / "frontend"
# The workers' words, which the API only shows.
MESSAGES = Path(__file__).parent.parent / "worker/texts"
LARGEST_BODY_BYTES = 8 * 1024


def create_app(settings: Settings, redis: Redis | None = None) -> Flask:
    """The web process. Starts also while Redis is away. Raises SettingsError."""
    redis = redis or connect(
        settings.redis_url.get_secret_value(), timeout_seconds=PATIENCE_SECONDS
    )
    scripts = Scripts(redis)
    codes = Codes(settings.secret_keys())
    store = Store(scripts, keep_seconds=settings.otp_keep)
    of_app = cache(settings.app)
    policy = cache(lambda app: of_app(app).policy())
    service = VerificationService(
        store, Ledger(scripts), codes, policy, needed=Outlets(settings).needed
    )
    access = Access(settings, KeyUse(scripts).note)
    addresses = settings.addresses()
    audit = Audit(scripts, keep_seconds=settings.otp_keep_audit)
    owner = OwnerAccess(settings.admin_password(), LogIns(scripts), codes, audit)

    app = Flask(
        __name__, static_folder=FRONTEND, static_url_path="/static", template_folder=FRONTEND
    )
    even_time.register(app)
    hosts.register(app, access, settings.otp_public_url)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.otp_trusted_proxies:
        app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]
            app.wsgi_app, settings.otp_trusted_proxies
        )
    work = ProofOfWork(codes, store)
    app.register_blueprint(endpoints.endpoints(service, access, work, addresses))
    app.register_blueprint(hosted.endpoints(service, work))
    app.register_blueprint(receipts.endpoints(service, settings))
    app.register_blueprint(
        recipients.endpoints(
            store,
            codes,
            owner,
            audit,
            addresses=addresses,
        )
    )
    services = Services(scripts, given(settings))
    dashboard = Dashboard(
        service=service,
        store=store,
        codes=codes,
        statistics=Statistics(scripts),
        state=ServiceState(scripts, QUEUE_KEY, sender_names(settings)),
        timeline=Timeline(scripts, codes, store.apps),
        audit=audit,
        services=services,
        guard_of=lambda app: policy(app).guard,
        senders=sender_apps(settings),
        addresses=addresses,
    )
    app.register_blueprint(admin.endpoints(owner, dashboard, is_open=access.is_open))
    app.register_blueprint(health.endpoints(store))
    app.register_blueprint(metrics.endpoints(store, QUEUE_KEY, access, sender_names(settings)))
    phone_is_open = virtual_phone.openness(settings, access)
    return_urls = ReturnUrls(settings.otp_return_urls)
    page = Page(
        of_app,
        service,
        access,
        Languages(FRONTEND / "texts"),
        return_urls,
        phone_is_open=phone_is_open,
    )
    app.register_blueprint(pages.endpoints(page))
    app.register_blueprint(forms.endpoints(page, service, work, addresses))
    app.register_blueprint(openapi.endpoints())
    if virtual_phone.exists(settings):
        app.register_blueprint(
            virtual_phone.endpoints(
                settings, Phone(scripts), service, codes, owner=owner, is_open=phone_is_open
            )
        )
    answers = Answers(verify_v2.address_of(settings))
    app.register_blueprint(
        verify_v2.endpoints(
            settings,
            service,
            services,
            access,
            answers,
            limits=RateLimits(scripts),
            attempts=Attempts(scripts, codes),
            safe_list=SafeList(scripts, codes),
            messages=MESSAGES,
        )
    )
    links.register(app)
    problems.register(app, answers.of, page.problem)
    headers.register(app, return_urls.origins)
    compression.register(app)
    return app


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
