"""Verification receipts: what an app, or someone who trusts it, can check without asking us."""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify

from shared.errors import InvalidRequest
from shared.settings import Settings, SettingsError
from shared.settings.keys import receipt_keys
from shared.settings.sources import kept_secret
from shared.verification.model import Checked

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

LIFE_SECONDS = 600
LARGEST_CONTEXT_BYTES = 1024
# A rotation of keys has to be known before the new key signs.
_KEYS_SECONDS = 300


class VerificationReceipts:
    """Signs receipts: JWTs (RFC 7519) with ES256. `settings_of` returns the settings of an app."""

    def __init__(self, settings: Settings, settings_of: Callable[[str], Settings]) -> None:
        """Raises SettingsError."""
        self._settings_of = settings_of
        self._issuer = settings.otp_public_url
        names = [name for name in ("", *settings.app_names()) if settings.app(name).otp_receipt]
        for name in names:
            _refuse_incomplete(settings.app(name), name)
        self._keys = _read_keys(_written_keys(settings)) if names else []

    def sign(self, checked: Checked, app: str) -> str | None:
        """The receipt of an approved check. Returns None for apps that don't ask for receipts."""
        settings = self._settings_of(app)
        if not settings.otp_receipt:
            return None
        # Few services sign receipts, and it takes memory.
        from joserfc import jwt  # noqa: PLC0415

        claims = {
            "iss": self._issuer,
            "aud": app,
            "iat": int(checked.at),
            "exp": int(checked.at) + LIFE_SECONDS,
            "jti": checked.verification_id,
            "channel": checked.channel,
            "to_hash": _base64url(
                hmac.digest(settings.webhook_keys()[0], checked.clear_to.encode(), sha256)
            ),
        }
        if checked.context:
            claims["context"] = checked.context
        key = self._keys[0]
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, algorithms=["ES256"])

    def public_keys(self) -> dict[str, Any]:
        """A JWK set (RFC 7517)."""
        return {
            "keys": [
                {**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys
            ]
        }


def endpoints(receipts: VerificationReceipts) -> Blueprint:
    known = Blueprint("well_known", __name__)

    @known.get("/.well-known/jwks.json")
    def jwks() -> Response:
        response = jsonify(receipts.public_keys())
        response.cache_control.public = True
        response.cache_control.max_age = _KEYS_SECONDS
        return response

    return known


def context_hash(context: object) -> str:
    """The hash of a context: base64url of SHA-256 of its canonical form (RFC 8785). Raises
    InvalidRequest."""
    import rfc8785  # noqa: PLC0415 (as above)

    try:
        canonical = rfc8785.dumps(context)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        raise InvalidRequest(
            ("context", "expected JSON with numbers that fit a double, and valid Unicode")
        ) from None
    if len(canonical) > LARGEST_CONTEXT_BYTES:
        raise InvalidRequest(("context", f"expected at most {LARGEST_CONTEXT_BYTES} bytes"))
    return _base64url(sha256(canonical).digest())


def _refuse_incomplete(settings: Settings, app: str) -> None:
    """Raises SettingsError."""
    prefix = f"OTP_APPS: {app}: " if app else ""
    if not settings.otp_public_url:
        raise SettingsError(f"{prefix}receipts need OTP_PUBLIC_URL, which they name as the issuer")
    if not settings.otp_webhook_secret:
        name = "webhook_secret" if app else "OTP_WEBHOOK_SECRET"
        raise SettingsError(f"{prefix}receipts need {name}, for the hash of the address")


def _written_keys(settings: Settings) -> str:
    """Raises SettingsError."""
    if settings.otp_receipt_keys:
        return settings.otp_receipt_keys.get_secret_value()
    if settings.otp_data_dir:
        return kept_secret(settings.otp_data_dir / "otp_receipt_keys", _new_key)
    raise SettingsError(
        "OTP_RECEIPT_KEYS is missing: set it, or set OTP_DATA_DIR to a folder where the service "
        "can generate and keep a key"
    )


def _read_keys(written: str) -> "list[ECKey]":
    """Raises SettingsError."""
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import ECKey  # noqa: PLC0415

    keys = []
    for kid, der in receipt_keys(written).items():
        try:
            key = ECKey.import_key(der, {"kid": kid})
        except (JoseError, TypeError, ValueError):
            key = None
        if key is None or key.curve_name != "P-256" or not key.is_private:
            raise SettingsError(
                "OTP_RECEIPT_KEYS: a key is not a private key on the curve P-256 in PKCS#8"
            )
        keys.append(key)
    return keys


def _new_key() -> str:
    from joserfc.jwk import ECKey  # noqa: PLC0415

    key = ECKey.generate_key("P-256")
    der = key.as_der(private=True)
    return f"r{sha256(der).hexdigest()[:8]}:{base64.b64encode(der).decode()}"


def _base64url(data: bytes) -> str:
    """Without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
