"""What is the owner's alone: the dashboard, behind a log-in."""

from collections.abc import Callable

from flask import Blueprint, render_template

from api.admin import dashboard, log_in, session
from api.admin.dashboard import Dashboard
from api.admin.session import OwnerAccess


def endpoints(
    access: OwnerAccess,
    looks_at: Dashboard,
    *,
    is_open: Callable[[], bool],
) -> Blueprint:
    """Whatever is added to this blueprint needs a session, see session.guard. While the service
    `is_open` its log-in says where the password is."""
    admin = Blueprint("admin", __name__, url_prefix="/admin")
    session.guard(admin, access)
    log_in.routes(admin, access, is_open)
    dashboard.routes(admin, looks_at)

    @admin.get("/")
    def index() -> str:
        return render_template("admin/index.html")

    return admin
