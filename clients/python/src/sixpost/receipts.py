"""Verification receipts (JWS, ES256)."""

import base64
import hashlib
import json
import time
from contextlib import closing
from typing import Any

import rfc8785  # pip install "sixpost[receipts]"
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from sixpost._http import Server
from sixpost.api import InvalidReceipt

# Receipts with made-up keys cause a request every 30 seconds at most.
_KEPT_SECONDS, _AGAIN_SECONDS = 300, 30
_kept: dict[str, tuple[float, Any]] = {}


def verify_receipt(
    receipt: str,
    *,
    issuer: str,
    audience: str,
    verification_id: str,
    context: Any = None,
    keys: dict[str, Any] | str = "",
) -> dict[str, Any]:
    """Check a receipt and return its claims. Raises InvalidReceipt, or SixpostError without keys.

    `issuer` is OTP_PUBLIC_URL, and `audience` the app. `verification_id` is in the person's
    session: remove it there, so that the receipt counts once. `context` is what start() was given.
    `keys` is a JWK set, or the URL of Sixpost if it is not the issuer."""
    signed, _, signature = receipt.rpartition(".")
    try:
        header, claims = (json.loads(_bytes(part)) for part in signed.split("."))
        alg, kid = header["alg"], header["kid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidReceipt("This is not a receipt.") from None
    known = keys if isinstance(keys, dict) else _keys_at(keys or issuer, kid)
    found = [jwk for jwk in known["keys"] if jwk["kid"] == kid and alg == "ES256"]
    if "crit" in header or not any(_is_signed(signed, signature, jwk) for jwk in found):
        raise InvalidReceipt("The receipt is not signed with a key of Sixpost.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(context)).digest())
    hashed = None if context is None else digest.decode().rstrip("=")
    expected = {"iss": issuer, "aud": audience, "jti": verification_id, "context": hashed}
    wrong = [name for name, value in expected.items() if claims.get(name) != value]
    if wrong or claims["exp"] <= time.time():
        raise InvalidReceipt(f"The receipt is for another {wrong[0] if wrong else 'time'}.")
    return dict(claims)


def _keys_at(url: str, kid: str) -> Any:
    until, known = _kept.get(url, (0.0, {"keys": []}))
    left = until - time.monotonic()
    is_new = all(jwk["kid"] != kid for jwk in known["keys"])
    if left < 0 or (is_new and left < _KEPT_SECONDS - _AGAIN_SECONDS):
        with closing(Server(url, timeout=5)) as server:
            known = server.ask("GET", "/.well-known/jwks.json", {}, None)
        _kept[url] = (time.monotonic() + _KEPT_SECONDS, known)
    return known


def _is_signed(signed: str, signature: str, jwk: dict[str, str]) -> bool:
    """RFC 7518, section 3.4."""
    try:
        raw = _bytes(signature)
        numbers = (_bytes(jwk["x"]), _bytes(jwk["y"]), raw[:32], raw[32:])
        x, y, r, s = (int.from_bytes(number, "big") for number in numbers)
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(utils.encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, KeyError, ValueError):
        return False
    return len(raw) == 64 and jwk.get("crv") == "P-256"


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
