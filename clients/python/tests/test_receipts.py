"""Receipts, and what is not one."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from clients.python.tests.conftest import told
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

import sixpost as package
from sixpost.receipts import verify_receipt

KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
HEADER = {"alg": "ES256", "kid": "r1"}
EXPECTED: dict[str, Any] = {
    "issuer": "https://otp.example",
    "audience": "shop",
    "verification_id": "VE1",
}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def claims(**others: Any) -> dict[str, Any]:
    given = {"iss": "https://otp.example", "aud": "shop", "jti": "VE1", "exp": time.time() + 60}
    return given | others


def receipt(said: Any, header: Any = HEADER, key: Any = KEY) -> str:
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, said))
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def jwk(kid: str, key: Any) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kid": kid, "kty": "EC", "crv": "P-256", "x": x, "y": y}


JWKS = {"keys": [jwk("r0", OTHER_KEY), jwk("r1", KEY)]}


def test_a_receipt_proves_an_approval():
    assert verify_receipt(receipt(claims(channel="sms")), keys=JWKS, **EXPECTED)["channel"] == "sms"


def test_a_context_is_compared_in_its_canonical_form():
    hashed = base64url(hashlib.sha256(b'{"amount":"49.00","n":1}').digest())
    given = receipt(claims(context=hashed))
    assert verify_receipt(given, keys=JWKS, **EXPECTED, context={"n": 1.0, "amount": "49.00"})
    for context in ({"n": 2, "amount": "49.00"}, None):
        with pytest.raises(package.InvalidReceipt, match="context"):
            verify_receipt(given, keys=JWKS, **EXPECTED, context=context)
    with pytest.raises(package.InvalidReceipt, match="context"):
        verify_receipt(receipt(claims()), keys=JWKS, **EXPECTED, context={"n": 1})


@pytest.mark.parametrize(
    "others",
    [
        {"iss": "https://evil.example"},
        {"aud": "bank"},
        {"jti": "VE2"},
        {"exp": time.time() - 1},
    ],
)
def test_a_receipt_for_something_else_is_refused(others):
    with pytest.raises(package.InvalidReceipt):
        verify_receipt(receipt(claims(**others)), keys=JWKS, **EXPECTED)


def forged() -> dict[str, str]:
    head, _, signature = receipt(claims()).rpartition(".")
    none = base64url(json.dumps({"alg": "none", "kid": "r1"}).encode())
    hs256 = base64url(json.dumps({"alg": "HS256", "kid": "r1"}).encode())
    body = base64url(json.dumps(claims()).encode())
    public = KEY.public_key().public_numbers().x.to_bytes(32, "big")
    mac = base64url(hmac.digest(public, f"{hs256}.{body}".encode(), "sha256"))
    r, s = signature[:43], signature[43:]
    return {
        "nothing": "",
        "text": "no receipt é",
        "two parts": head,
        "four parts": f"{head}.{signature}.{signature}",
        "no signature": f"{head}.",
        "alg none": f"{none}.{body}.",
        "alg none, signed": receipt(claims(), {"alg": "none", "kid": "r1"}),
        "alg HS256 with the public key": f"{hs256}.{body}.{mac}",
        "zeros": f"{head}.{base64url(bytes(64))}",
        "short": f"{head}.{signature[:-4]}",
        "long": f"{head}.{signature}AAAA",
        "swapped": f"{head}.{s}{r}",
        "DER": f"{head}.{base64url(KEY.sign(head.encode(), ec.ECDSA(SHA256())))}",
        "other claims": f"{head.partition('.')[0]}.{base64url(b'{}')}.{signature}",
        "another key": receipt(claims(), key=OTHER_KEY),
        "an unknown kid": receipt(claims(), HEADER | {"kid": "r9"}),
        "no kid": receipt(claims(), {"alg": "ES256"}),
        "crit": receipt(claims(), HEADER | {"crit": ["b64"], "b64": False}),
        "a list": receipt(claims(), [1]),
        "deep": f"{base64url(b'[' * 100_000)}.{body}.{signature}",
    }


@pytest.mark.parametrize("kind", forged())
def test_a_forged_receipt_is_refused(kind):
    with pytest.raises(package.InvalidReceipt):
        verify_receipt(forged()[kind], keys=JWKS, **EXPECTED)


def test_a_key_that_is_not_on_the_curve_signs_nothing():
    broken = jwk("r1", KEY)
    for wrong in (broken | {"x": base64url(b"x")}, broken | {"crv": "P-384"}, {"kid": "r1"}):
        with pytest.raises(package.InvalidReceipt):
            verify_receipt(receipt(claims()), keys={"keys": [wrong]}, **EXPECTED)


def test_keys_are_fetched_once_and_again_for_a_new_one(played, monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr("sixpost.receipts.time.monotonic", lambda: seconds[0])
    played.will_answer(told(JWKS))
    url = f"{played.url}/otp"
    for _ in range(3):
        assert verify_receipt(receipt(claims()), keys=url, **EXPECTED)
    assert [line for line, _, _ in played.asked] == ["GET /otp/.well-known/jwks.json"]
    made_up = receipt(claims(), HEADER | {"kid": "r9"}, OTHER_KEY)
    for _ in range(3):
        with pytest.raises(package.InvalidReceipt):
            verify_receipt(made_up, keys=url, **EXPECTED)
    assert len(played.asked) == 1
    seconds[0] += 31
    played.will_answer(told({"keys": [jwk("r9", OTHER_KEY)]}))
    assert verify_receipt(made_up, keys=url, **EXPECTED)
    assert len(played.asked) == 2
    seconds[0] += 301
    assert verify_receipt(made_up, keys=url, **EXPECTED)
    assert len(played.asked) == 3


def test_without_keys_nothing_is_proved(played):
    played.will_answer(told(b"<html>", 200))
    with pytest.raises(package.UnexpectedAnswer):
        verify_receipt(receipt(claims()), keys=played.url, **EXPECTED)
