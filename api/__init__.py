"""The HTTP API and the web page."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask
from redis import Redis

from api import admin, health, hooks, metrics, receipts, verify_v2, virtual_phone
from api.admin.dashboard import Dashboard
from api.admin.session import OwnerAccess
from api.http import compression, even_time, hosts, links, problems
from api.http.access import Access
from api.http.headers import Headers
from api.http.measured import Measured
from api.http.origins import ReturnUrls
from api.http.proxies import TrustedProxies
from api.http.request_log import RequestIds, RequestLines
from api.otp import endpoints, openapi, recipients, verification_receipts
from api.otp.proof import ProofOfWork
from api.otp.verification_receipts import VerificationReceipts
from api.page import forms, hosted, pages
from api.page.page import Page
from api.page.texts import Languages
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.subscriptions import Subscriptions
from shared.delivery.virtual_phone import Phone
from shared.delivery.webhooks import Webhooks
from shared.owner.audit import Audit
from shared.owner.key_use import KeyUse
from shared.owner.log_ins import LogIns
from shared.owner.state import SystemState
from shared.owner.statistics import Statistics
from shared.owner.tally import Tally
from shared.owner.timeline import Timeline
from shared.policy import ADMIN_APP, Policy
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification import records
from shared.verification.core import Core
from shared.verification.service import VerificationService
from shared.verification.store import PATIENCE_SECONDS, Store
from shared.verify_v2.services import Services, given

FRONTEND = Path(__file__).parent.parent / "frontend"
LARGEST_BODY_BYTES = 8 * 1024


def create_app(settings: Settings, redis: Redis | None = None) -> Flask:
    """The web process. Starts even if Redis is unreachable. Raises SettingsError."""
    url = settings.redis_url.get_secret_value()
    scripts = Scripts(redis or connect(url, timeout_seconds=PATIENCE_SECONDS))
    tally = Tally(scripts)
    core = Core.of(settings, scripts)
    codes, store, service = core.codes, core.store, core.service
    settings_of, policy, texts = core.settings_of, core.policy, core.texts
    ledger = Ledger(scripts)
    services = Services(scripts, given(settings))
    access = Access(settings, KeyUse(scripts).note)
    dashboard = _dashboard(
        settings, scripts, codes, store=store, service=service, services=services, policy=policy
    )
    addresses = dashboard.addresses
    work = ProofOfWork(codes, store)
    signed = VerificationReceipts(settings, settings_of)
    return_urls = ReturnUrls(settings.otp_return_urls)
    phone_is_open = virtual_phone.openness(settings, access)
    languages = Languages(FRONTEND / "texts")
    page = Page(settings_of, texts, service, access, languages, return_urls, phone_is_open)

    app = _flask(settings, return_urls, tally)
    even_time.register(app)
    hosts.register(app, access, settings.otp_public_url)
    for blueprint in (
        endpoints.endpoints(service, access, work, addresses, signed),
        hosted.endpoints(page, service, work, signed),
        hooks.endpoints(service, access, addresses, settings),
        verification_receipts.endpoints(signed),
        receipts.endpoints(ledger, settings, Subscriptions(scripts)),
        recipients.endpoints(store, codes, dashboard.owner, addresses),
        admin.endpoints(dashboard, is_open=access.is_open),
        health.endpoints(store),
        metrics.endpoints(_figures(scripts, dashboard, tally, policy), access),
        pages.endpoints(page),
        forms.endpoints(page, service, work, addresses, signed),
        openapi.endpoints(),
        verify_v2.endpoints(
            settings, access, texts, core=service, services=services, scripts=scripts, codes=codes
        ),
    ):
        app.register_blueprint(blueprint)
    if consoles := virtual_phone.consoles(settings):
        app.register_blueprint(
            virtual_phone.endpoints(
                Phone(scripts),
                ledger,
                codes,
                senders=consoles,
                owner=dashboard.owner,
                is_open=phone_is_open,
                fetch=partial(records.fetch, scripts),
            )
        )
    links.register(app)
    problems.register(app, page.problem, page.refusal)
    compression.register(app)
    return app


def _dashboard(
    settings: Settings,
    scripts: Scripts,
    codes: Codes,
    *,
    store: Store,
    service: VerificationService,
    services: Services,
    policy: Callable[[str], Policy],
) -> Dashboard:
    audit = Audit(scripts, keep_seconds=settings.otp_keep_audit)
    senders = {(of, name): app or ADMIN_APP for of, app, name, _ in settings.all_senders()}
    return Dashboard(
        owner=OwnerAccess(
            settings.admin_password(),
            LogIns(scripts),
            codes,
            audit,
            viewer_password=settings.viewer_password(),
        ),
        service=service,
        store=store,
        codes=codes,
        statistics=Statistics(scripts),
        state=SystemState(scripts, list(senders)),
        webhooks=Webhooks(scripts),
        timeline=Timeline(scripts, codes, store.apps),
        services=services,
        guard_of=lambda app: policy(app).guard,
        apps_of_senders=senders,
        addresses=settings.addresses(),
    )


def _figures(
    scripts: Scripts, dashboard: Dashboard, tally: Tally, policy: Callable[[str], Policy]
) -> metrics.Figures:
    return metrics.Figures(
        scripts=scripts,
        store=dashboard.store,
        statistics=dashboard.statistics,
        state=dashboard.state,
        tally=tally,
        policy=policy,
        started=time.time(),
    )


def _flask(settings: Settings, return_urls: ReturnUrls, tally: Tally) -> Flask:
    app = Flask(
        __name__, static_folder=FRONTEND, static_url_path="/static", template_folder=FRONTEND
    )
    app.config["BASE_URL"] = settings.otp_public_url or f"http://localhost:{settings.port}"
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # For the server, which has it flush.
    app.extensions["tally"] = tally
    wsgi_app: WSGIApplication = Headers(app.wsgi_app, return_urls.origins)
    wsgi_app = Measured(wsgi_app, tally.note)
    if count := settings.otp_trusted_proxies:
        wsgi_app = TrustedProxies(wsgi_app, count)
    if settings.otp_log_level == "debug":
        wsgi_app = RequestLines(wsgi_app)
    app.wsgi_app = RequestIds(wsgi_app)  # type: ignore[method-assign]
    return app
