"""An app that asks for receipts, and one that does not."""

import base64

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import KEY

SHOP_KEY, BANK_KEY = 32 * "s", 32 * "b"
SHOP = {"Authorization": f"Bearer {SHOP_KEY}"}
BANK = {"Authorization": f"Bearer {BANK_KEY}"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
URL = "https://otp.example.com"
PAYMENT = {"amount": "49.00", "currency": "EUR", "payee": "ACME Ltd"}


def written(private_key) -> str:
    der = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return base64.b64encode(der).decode()


FIRST, SECOND = (written(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
ENV = {
    "OTP_SECRET_KEYS": KEY,
    "OTP_API_KEYS": f"shop:{SHOP_KEY} bank:{BANK_KEY}",
    "OTP_PUBLIC_URL": URL,
    "OTP_RECEIPT_KEYS": f"r1:{FIRST}",
    "OTP_RETURN_URLS": "https://shop.example",
    "OTP_APPS": f"""
        [shop]
        receipt = true
        webhook_secret = "{SECRET} {OTHER_SECRET}"
        """,
}


def key_of(client, receipt: str):
    """The key that the receipt names, as a client finds it."""
    found = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json)
    return found[jwt.get_unverified_header(receipt)["kid"]].key
