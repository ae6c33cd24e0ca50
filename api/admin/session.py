"""Identifies those who use the dashboard: by a password, then by a session that a cookie names."""

import hmac
import re
import secrets
from typing import Any

from flask import Request, g, redirect, request
from werkzeug.wrappers import Response

from api.http import links
from api.http.access import client_ip
from api.http.origins import is_cross_site
from shared.codes import Codes
from shared.errors import AdminOff, CsrfFailed, LogInNeeded, OperatorOnly, OwnerOnly
from shared.owner.audit import Action, Audit
from shared.owner.log_ins import LogIns, Session
from shared.verification.admission import network

# `__Host-`: only over HTTPS, only from this host, and no other one of the domain can set it.
COOKIE = "__Host-otp-admin"
# The roles, as the audit log calls them. The operator is also the user of HTTP Basic.
OPERATOR, VIEWER = "admin", "viewer"
_SAFE = ("GET", "HEAD", "OPTIONS")
# A search has the address in its body.
_LOOKS = ("admin.timeline", "admin.log_out")


class OwnerAccess:
    """A browser has an id before it has a session, because the login form is bound to the id. The
    names of sessions and their tokens are hashes of ids, under a key derived from the password of
    the session's role. So a new password ends all sessions of the role, and Redis holds nothing
    that opens one.
    """

    def __init__(
        self,
        password: str | None,
        log_ins: LogIns,
        codes: Codes,
        audit: Audit,
        viewer_password: str | None = None,
    ) -> None:
        self.is_off = password is None
        passwords = {OPERATOR: password or "", VIEWER: viewer_password}
        self._keys = {
            role: codes.owner_key(password)
            for role, password in passwords.items()
            if password is not None
        }
        self._log_ins = log_ins
        self._codes = codes
        self.audit = audit

    def log_in(self, request: Request, password: str, *, session_id: str) -> bool:
        """Returns whether the password is a right one, and opens the session of its role if so.
        Raises AdminOff, TooManyLogIns."""
        return self._let_in(request, self._role_by(password), session_id)

    def require_password(self, request: Request) -> None:
        """The operator's, by HTTP Basic, for programs. Raises AdminOff, OwnerOnly,
        TooManyLogIns."""
        given = request.authorization
        if self.is_off:
            raise AdminOff
        if given is None or given.type != "basic" or given.username != OPERATOR:
            raise OwnerOnly
        role = self._role_by(given.password or "")
        if not self._let_in(request, role if role == OPERATOR else None):
            raise OwnerOnly

    def _role_by(self, password: str) -> str | None:
        given = self._codes.owner_key(password)
        # Compare both, so that the time does not depend on which one matches.
        found = [role for role, key in self._keys.items() if hmac.compare_digest(given, key)]
        return found[0] if found else None

    def _let_in(self, request: Request, role: str | None, session_id: str | None = None) -> bool:
        if self.is_off:
            raise AdminOff
        g.actor = role or OPERATOR
        let_in = self._log_ins.log_in(
            self._codes.tag("owner log-in ip", network(client_ip(request))),
            right=role is not None,
            session=self._name(g.actor, session_id) if session_id else None,
            actor=g.actor,
            ip=client_ip(request),
        )
        if not let_in:
            self.record("log_in_failed")
        elif session_id:
            self.record("log_in")
        return let_in

    def role_of(self, session_id: str | None) -> str | None:
        """Whose session it is. Returns None if it is not open."""
        if session_id is None or self.is_off:
            return None
        names = ((role, self._name(role, session_id)) for role in self._keys)
        return next((role for role, name in names if self._log_ins.use_session(name)), None)

    def log_out(self, session_id: str) -> None:
        self._log_ins.end_session(self._name(g.actor, session_id))
        self.record("log_out")

    def sessions(self, session_id: str) -> list[tuple[Session, bool]]:
        """The open sessions, and whether each is the one with this id."""
        mine = self._name(g.actor, session_id)
        return [(one, one.name == mine) for one in self._log_ins.sessions()]

    def end_other_sessions(self, session_id: str) -> None:
        ended = self._log_ins.end_other_sessions(self._name(g.actor, session_id))
        self.record("end_sessions", sessions=ended)

    def record(self, action: Action, **facts: Any) -> None:
        """Add what is done by the current request to the audit log."""
        self.audit.record(action, g.get("actor", OPERATOR), client_ip(request), **facts)

    def csrf_token(self, session_id: str) -> str:
        # Under the operator's key for viewers too, because no one has a role before the login.
        return self._hash(OPERATOR, "csrf", session_id)

    def is_ours(self, request: Request, session_id: str) -> bool:
        """Whether a page of this session made the request."""
        token = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        return hmac.compare_digest(token.encode(), self.csrf_token(session_id).encode())

    def _name(self, role: str, session_id: str) -> str:
        return self._hash(role, "session", session_id)

    def _hash(self, role: str, purpose: str, session_id: str) -> str:
        return hmac.digest(self._keys[role], f"{purpose}\0{session_id}".encode(), "sha256").hex()


def refusal(access: OwnerAccess, *, is_for_viewers: bool) -> Response | None:
    """The response to a request without the session it needs, and for changes its CSRF token: the
    form field `csrf_token`, or the header X-CSRF-Token. Returns None if it has them. Raises
    CsrfFailed, LogInNeeded, and OperatorOnly if the session is a viewer's and the request is not
    for them."""
    session_id = id_of(request)
    is_log_in = request.endpoint in ("admin.log_in_page", "admin.log_in")
    # Over plain HTTP, browsers send neither the cookie nor the origin. The login page says so.
    if is_log_in and session_id is None:
        return None
    if request.method not in _SAFE and is_cross_site(request):
        raise CsrfFailed
    if is_log_in:
        return None
    role = access.role_of(session_id)
    if session_id is None or role is None:
        if request.accept_mimetypes.best == "application/json":
            raise LogInNeeded
        return redirect(links.to(request, "/admin/login"), 303)
    if request.method not in _SAFE and not access.is_ours(request, session_id):
        raise CsrfFailed
    if role == VIEWER and not is_for_viewers:
        raise OperatorOnly
    g.actor = role
    return None


def only_looks(request: Request) -> bool:
    """Whether the request changes nothing but the caller's own session."""
    return request.method in _SAFE or request.endpoint in _LOOKS


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
