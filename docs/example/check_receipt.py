"""Checks a verification receipt without asking Sixpost. pip install "pyjwt[crypto]" rfc8785"""

import base64
import hashlib
from typing import Any

import jwt
import rfc8785


def check_receipt(
    receipt: str,
    key: Any,
    *,
    url: str,
    app: str,
    verification_id: str,
    context: Any = None,
) -> dict[str, Any]:
    """The claims of a receipt for this verification. Raises jwt.InvalidTokenError for any other.

    `key` is the key of /.well-known/jwks.json that signed it, and `url` is OTP_PUBLIC_URL.
    `verification_id` is in the person's session: remove it from there, so that the receipt counts
    once. `context` is what POST /generate-otp was given.
    """
    claims: dict[str, Any] = jwt.decode(
        receipt,
        key,
        algorithms=["ES256"],
        issuer=url,
        audience=app,
        options={"require": ["iss", "aud", "iat", "exp", "jti", "channel", "to_hash"]},
    )
    if claims["jti"] != verification_id:
        raise jwt.InvalidTokenError("for another verification")
    if claims.get("context") != (None if context is None else context_hash(context)):
        raise jwt.InvalidTokenError("for another context")
    return claims


def context_hash(context: Any) -> str:
    digest = hashlib.sha256(rfc8785.dumps(context)).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
