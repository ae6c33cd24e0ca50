"""The login page, which works without a script, and the logout."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api.admin.session import OwnerAccess, id_of, new_id, set_cookie
from shared.errors import AdminOff, TooManyLogIns

_TRUSTED_HOSTS = ("localhost", "127.0.0.1", "::1")


def routes(admin: Blueprint, access: OwnerAccess, is_open: Callable[[], bool]) -> None:
    page = partial(_page, access, is_open)

    @admin.get("/login")
    def log_in_page() -> AnyResponse:
        if access.role_of(id_of(request)):
            return redirect("./", 303)
        return page(403 if access.is_off else 200)

    @admin.post("/login")
    def log_in() -> AnyResponse:
        session_id = id_of(request)
        if not session_id:
            return page(
                403, "Your browser did not return the login cookie. Allow cookies and try again."
            )
        if not access.is_ours(request, session_id):
            return page(403, "This page has expired. Try again.")
        opened = new_id()
        try:
            let_in = access.log_in(request, request.form.get("password", ""), session_id=opened)
        except AdminOff:
            return page(403)
        except TooManyLogIns as error:
            again = str(error.retry_after)
            text = f"Too many incorrect passwords. Try again in {again} seconds."
            return page(429, text, {"Retry-After": again})
        if not let_in:
            challenge = {"WWW-Authenticate": 'Cookie realm="otp admin"'}
            return page(401, "Incorrect password. Try again.", challenge)
        response = redirect("./", 303)
        set_cookie(response, opened)
        return response

    @admin.post("/logout")
    def log_out() -> AnyResponse:
        access.log_out(id_of(request) or "")
        response = redirect("login", 303)
        set_cookie(response, new_id())
        # Not the cookies, because the new one is among them.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _page(
    access: OwnerAccess,
    is_open: Callable[[], bool],
    status: int,
    error: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """For the browser's id, or a new one."""
    session_id = id_of(request) or new_id()
    html = render_template(
        "admin/login.html",
        is_off=access.is_off,
        is_open=is_open(),
        csrf_token=access.csrf_token(session_id),
        error=error,
        cookie_comes_back=_cookie_comes_back(),
    )
    response = make_response(html, status, headers or {})
    set_cookie(response, session_id)
    return response


def _cookie_comes_back() -> bool:
    """Over plain HTTP, browsers return the cookie only to this machine."""
    host = request.host.rsplit(":", 1)[0].strip("[]")
    return request.is_secure or host in _TRUSTED_HOSTS or host.endswith(".localhost")
