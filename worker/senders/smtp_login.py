"""SMTP AUTH (RFC 4954) in UTF-8: the login of smtplib raises UnicodeEncodeError beyond ASCII."""

import binascii
import hmac
import smtplib
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import md5

_Reply = tuple[int, bytes]


def log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by the first offered mechanism that succeeds, like smtplib: some servers offer one
    that they do not support. Raises SMTPNotSupportedError if the server offers no known mechanism,
    SMTPAuthenticationError with its last reply if it refuses."""
    server.ehlo_or_helo_if_needed()
    offered = server.esmtp_features.get("auth", "").upper().split()
    known = [mechanism for mechanism in _MECHANISMS if mechanism in offered]
    if not known:
        raise smtplib.SMTPNotSupportedError
    reply: _Reply = (0, b"")
    for mechanism in known:
        reply = _MECHANISMS[mechanism](server, user.encode(), password.encode())
        # 503: already logged in.
        if reply[0] in (235, 503):
            return
    raise smtplib.SMTPAuthenticationError(*reply)


def _cram_md5(server: smtplib.SMTP, user: bytes, password: bytes) -> _Reply:
    code, challenge = server.docmd("AUTH", "CRAM-MD5")
    if code != 334:
        return code, challenge
    try:
        digest = hmac.digest(password, b64decode(challenge), md5).hex()
    except binascii.Error:
        # Cancels the exchange.
        return server.docmd("*")
    return server.docmd(_base64(user + b" " + digest.encode()))


def _plain(server: smtplib.SMTP, user: bytes, password: bytes) -> _Reply:
    return server.docmd("AUTH", "PLAIN " + _base64(b"\0" + user + b"\0" + password))


def _login(server: smtplib.SMTP, user: bytes, password: bytes) -> _Reply:
    code, text = server.docmd("AUTH", f"LOGIN {_base64(user)}")
    return server.docmd(_base64(password)) if code == 334 else (code, text)


def _base64(text: bytes) -> str:
    return b64encode(text).decode()


# In the order of smtplib.
_MECHANISMS: dict[str, Callable[[smtplib.SMTP, bytes, bytes], _Reply]] = {
    "CRAM-MD5": _cram_md5,
    "PLAIN": _plain,
    "LOGIN": _login,
}
