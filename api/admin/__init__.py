"""The owner's dashboard, behind a login."""

from collections.abc import Callable

from flask import Blueprint, g, render_template, request
from werkzeug.wrappers import Response

from api.admin import audit_files, dashboard, log_in, session
from api.admin.dashboard import Dashboard


def endpoints(looks_at: Dashboard, *, is_open: Callable[[], bool]) -> Blueprint:
    """Everything added to this blueprint needs a session, and every change the operator's. While
    the service `is_open`, the login page says where the password is."""
    admin = Blueprint("admin", __name__, url_prefix="/admin")

    @admin.before_request
    def refuse() -> Response | None:
        return session.refusal(looks_at.owner, is_for_viewers=session.only_looks(request))

    admin.context_processor(lambda: session.tokens(looks_at.owner))
    log_in.routes(admin, looks_at.owner, is_open)
    dashboard.routes(admin, looks_at)
    audit_files.routes(admin, looks_at.owner.audit)

    @admin.get("/")
    def index() -> str:
        return render_template("admin/index.html", role=g.actor)

    return admin
