"""Identifies the owner: by the password, then by a session that a cookie names."""

import hmac
import re
import secrets
from typing import Any

from flask import Request, redirect, request
from werkzeug.wrappers import Response

from api.http import links
from api.http.access import client_ip
from api.http.origins import is_cross_site
from shared.codes import Codes
from shared.errors import AdminOff, CsrfFailed, LogInNeeded, OwnerOnly
from shared.owner.audit import Action, Audit
from shared.owner.log_ins import LogIns
from shared.verification.admission import network

# `__Host-`: only over HTTPS, only from this host, and no other one of the domain can set it.
COOKIE = "__Host-otp-admin"
OWNER = "admin"
_SAFE = ("GET", "HEAD", "OPTIONS")


class OwnerAccess:
    """A browser has an id before it has a session, because the login form is bound to the id. The
    names of sessions and their tokens are hashes of ids, under a key derived from the password. So
    a new password ends all sessions, and Redis holds nothing that opens one.
    """

    def __init__(self, password: str | None, log_ins: LogIns, codes: Codes, audit: Audit) -> None:
        self.is_off = password is None
        self._key = codes.owner_key(password or "")
        self._log_ins = log_ins
        self._codes = codes
        self.audit = audit

    def log_in(self, request: Request, password: str, *, session_id: str | None = None) -> bool:
        """Returns whether the password is right, and opens the session if so. Raises AdminOff,
        TooManyLogIns."""
        if self.is_off:
            raise AdminOff
        let_in = self._log_ins.log_in(
            self._codes.tag("owner log-in ip", network(client_ip(request))),
            right=hmac.compare_digest(self._codes.owner_key(password), self._key),
            session=self._name(session_id) if session_id else None,
        )
        if not let_in:
            self.record("log_in_failed")
        elif session_id:
            self.record("log_in")
        return let_in

    def require_password(self, request: Request) -> None:
        """By HTTP Basic, for programs. Raises AdminOff, OwnerOnly, TooManyLogIns."""
        given = request.authorization
        if self.is_off:
            raise AdminOff
        if given is None or given.type != "basic" or given.username != OWNER:
            raise OwnerOnly
        if not self.log_in(request, given.password or ""):
            raise OwnerOnly

    def has_session(self, session_id: str | None) -> bool:
        return bool(
            session_id and not self.is_off and self._log_ins.use_session(self._name(session_id))
        )

    def log_out(self, session_id: str) -> None:
        self._log_ins.end_session(self._name(session_id))
        self.record("log_out")

    def record(self, action: Action, **facts: Any) -> None:
        """Add what the owner does by the current request to the audit log."""
        self.audit.record(action, OWNER, client_ip(request), **facts)

    def csrf_token(self, session_id: str) -> str:
        return self._hash("csrf", session_id)

    def is_ours(self, request: Request, session_id: str) -> bool:
        """Whether a page of this session made the request."""
        token = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        return hmac.compare_digest(token.encode(), self.csrf_token(session_id).encode())

    def _name(self, session_id: str) -> str:
        return self._hash("session", session_id)

    def _hash(self, purpose: str, session_id: str) -> str:
        return hmac.digest(self._key, f"{purpose}\0{session_id}".encode(), "sha256").hex()


def refusal(access: OwnerAccess) -> Response | None:
    """The response to a request without the session it needs, and for changes its CSRF token: the
    form field `csrf_token`, or the header X-CSRF-Token. Returns None if it has them. Raises
    CsrfFailed, LogInNeeded."""
    session_id = id_of(request)
    is_log_in = request.endpoint in ("admin.log_in_page", "admin.log_in")
    # Over plain HTTP, browsers send neither the cookie nor the origin. The login page says so.
    if is_log_in and session_id is None:
        return None
    if request.method not in _SAFE and is_cross_site(request):
        raise CsrfFailed
    if is_log_in:
        return None
    if session_id is None or not access.has_session(session_id):
        if request.accept_mimetypes.best == "application/json":
            raise LogInNeeded
        return redirect(links.to(request, "/admin/login"), 303)
    if request.method not in _SAFE and not access.is_ours(request, session_id):
        raise CsrfFailed
    return None


def tokens(access: OwnerAccess) -> dict[str, str]:
    """For templates."""
    session_id = id_of(request)
    return {"csrf_token": access.csrf_token(session_id)} if session_id else {}


def id_of(request: Request) -> str | None:
    """The id in the browser's cookie, which need not have a session."""
    found = request.cookies.get(COOKIE, "")
    return found if re.fullmatch("[A-Za-z0-9_-]{43}", found) else None


def new_id() -> str:
    return secrets.token_urlsafe(32)


def set_cookie(response: Response, session_id: str) -> None:
    """The cookie ends with the browser. LogIns decides how long the session lasts."""
    response.set_cookie(COOKIE, session_id, secure=True, httponly=True, samesite="Strict", path="/")
