"""Receipts of verifications, checked by another library than the one that signs them."""

import base64
import hmac
import json
import subprocess
from hashlib import sha256

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api import create_app
from docs.example.check_receipt import check_receipt
from shared.settings import Settings, SettingsError
from tests.api.otp.receipts import (
    BANK,
    ENV,
    FIRST,
    PAYMENT,
    SECOND,
    SECRET,
    SHOP,
    URL,
    key_of,
    written,
)
from tests.conftest import KEY
from tests.user import PHONE


@pytest.fixture
def env():
    return ENV


@pytest.fixture
def bought(caller):
    """A payment that was confirmed: the verification's id and the receipt."""
    started = caller.generate(headers=SHOP, context=PAYMENT)
    answer = caller.verify(caller.code(started), headers=SHOP)
    return started.json["verification_id"], answer.json["receipt"]


@pytest.fixture
def check(client, bought):
    """Check the receipt, or another one, as the shop does for the payment."""
    verification_id, receipt = bought

    def check(receipt: str = receipt, **other):
        expected = {"url": URL, "app": "shop", "context": PAYMENT}
        expected |= {"verification_id": verification_id}
        key = other.pop("key", None) or key_of(client, receipt)
        return check_receipt(receipt, key, **(expected | other))

    return check


def test_a_receipt_says_what_was_approved(check, bought):
    claims = check()
    assert claims["exp"] - claims["iat"] == 600
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    to_hash = base64.urlsafe_b64encode(hmac.digest(key, PHONE.encode(), sha256)).decode()
    # As sha256sum has it: '{"amount":"49.00","currency":"EUR","payee":"ACME Ltd"}'.
    context = sha256(b'{"amount":"49.00","currency":"EUR","payee":"ACME Ltd"}').digest()
    assert {name: claims[name] for name in claims if name not in ("iat", "exp")} == {
        "iss": URL,
        "aud": "shop",
        "jti": bought[0],
        "channel": "sms",
        "to_hash": to_hash.rstrip("="),
        "context": base64.urlsafe_b64encode(context).decode().rstrip("="),
    }


def test_a_receipt_is_no_receipt_for_anything_else(check, bought):
    for other in (
        {"app": "bank"},
        {"url": "https://otp.example.org"},
        {"verification_id": "VE" + 32 * "0"},
        {"context": {**PAYMENT, "amount": "490.00"}},
        {"context": None},
        {"key": ec.generate_private_key(ec.SECP256R1()).public_key()},
    ):
        with pytest.raises(jwt.InvalidTokenError):
            check(**other)


def test_a_changed_receipt_is_no_receipt(check, bought, client):
    _, receipt = bought
    key = key_of(client, receipt)
    header, claims, signature = receipt.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    longer = base64.urlsafe_b64encode(json.dumps({**read, "exp": 2**40}).encode()).decode()
    for changed in (
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{header}.{longer.rstrip('=')}.{signature}",
        f"{header}.{claims}.",
        jwt.encode(read, "a secret that is known to everybody", algorithm="HS256"),
    ):
        with pytest.raises(jwt.InvalidTokenError):
            check(changed, key=key)


def test_a_receipt_expires_after_ten_minutes(check, clock):
    clock.shift(590)
    check()
    clock.shift(20)
    with pytest.raises(jwt.ExpiredSignatureError):
        check()


def test_an_approval_has_one_receipt(caller, bought, problem):
    verification_id, _ = bought
    problem(
        caller.verify("123456", headers=SHOP, verification_id=verification_id),
        404,
        "verification_not_found",
    )


def test_apps_that_do_not_ask_get_none(caller):
    started = caller.generate(headers=BANK, context=PAYMENT)
    assert "receipt" not in caller.verify(caller.code(started), headers=BANK).json


def test_without_a_context_there_is_none_in_the_receipt(caller, client):
    started = caller.generate(headers=SHOP)
    receipt = caller.verify(caller.code(started), headers=SHOP).json["receipt"]
    assert "context" not in jwt.decode(receipt, key_of(client, receipt), ["ES256"], audience="shop")


def test_a_wrong_code_gets_no_receipt(caller):
    assert "receipt" not in _mistyped(caller).json


def _mistyped(caller):
    code = caller.code(caller.generate(headers=SHOP))
    return caller.verify(f"{(int(code) + 1) % 10**6:06}", headers=SHOP)


def test_only_public_keys_are_listed(client):
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    (key,) = answer.json["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kid"], key["alg"]) == ("r1", "ES256")


class TestRotation:
    @pytest.fixture
    def env(self):
        return ENV | {"OTP_RECEIPT_KEYS": f"r2:{SECOND} r1:{FIRST}"}

    def test_the_first_key_signs_and_both_are_listed(self, client, check, bought):
        listed = client.get("/.well-known/jwks.json").json["keys"]
        assert [key["kid"] for key in listed] == ["r2", "r1"]
        assert jwt.get_unverified_header(bought[1])["kid"] == "r2"
        check()


class TestGeneratedKey:
    @pytest.fixture
    def env(self, tmp_path):
        return {**ENV, "OTP_RECEIPT_KEYS": "", "OTP_DATA_DIR": str(tmp_path)}

    def test_it_is_kept(self, client, settings, redis, check, tmp_path):
        check()
        listed = client.get("/.well-known/jwks.json").json
        again = create_app(settings, redis).test_client()
        assert again.get("/.well-known/jwks.json").json == listed
        assert (tmp_path / "otp_receipt_keys").stat().st_mode & 0o77 == 0


def test_without_receipts_no_key_is_made_or_listed(redis, tmp_path):
    env = {"OTP_DATA_DIR": str(tmp_path), "OTP_SECRET_KEYS": KEY}
    client = create_app(Settings.load(env, env_file=None), redis).test_client()
    assert client.get("/.well-known/jwks.json").json == {"keys": []}
    assert not (tmp_path / "otp_receipt_keys").exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"OTP_PUBLIC_URL": ""}, "OTP_APPS: shop: receipts need OTP_PUBLIC_URL"),
        ({"OTP_APPS": "[shop]\nreceipt = true"}, "OTP_APPS: shop: receipts need webhook_secret"),
        ({"OTP_APPS": "", "OTP_RECEIPT": "true"}, "receipts need OTP_WEBHOOK_SECRET"),
        ({"OTP_RECEIPT_KEYS": ""}, "OTP_RECEIPT_KEYS is missing"),
        ({"OTP_RECEIPT_KEYS": "r1"}, "OTP_RECEIPT_KEYS: expected name:value pairs"),
        ({"OTP_RECEIPT_KEYS": "r1:?"}, "OTP_RECEIPT_KEYS: a key is not valid base64"),
        (
            {"OTP_RECEIPT_KEYS": f"r1:{FIRST} r1:{SECOND}"},
            "OTP_RECEIPT_KEYS contains the same key ID",
        ),
        ({"OTP_RECEIPT_KEYS": "r1:QUJD"}, "OTP_RECEIPT_KEYS: a key is not a private key"),
    ],
)
def test_what_receipts_need_is_checked_at_start(redis, change, expected):
    with pytest.raises(SettingsError) as refused:
        create_app(Settings.load(ENV | change, env_file=None), redis)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["another curve", "RSA"],
)
def test_a_key_of_another_kind_is_refused_without_showing_it(redis, key):
    settings = Settings.load(ENV | {"OTP_RECEIPT_KEYS": f"r1:{written(key)}"}, env_file=None)
    with pytest.raises(SettingsError, match="not a private key on the curve P-256") as refused:
        create_app(settings, redis)
    assert written(key)[:40] not in str(refused.value)


def test_a_malformed_secret_is_refused_by_name():
    apps = '[shop]\nwebhook_secret = "hunter22"'
    with pytest.raises(SettingsError, match="OTP_APPS: shop: OTP_WEBHOOK_SECRET: expected whsec_"):
        Settings.load(ENV | {"OTP_APPS": apps}, env_file=None)


def test_the_command_in_the_settings_prints_a_key(redis):
    (command,) = Settings.model_fields["otp_receipt_keys"].examples
    printed = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    client = create_app(
        Settings.load(ENV | {"OTP_RECEIPT_KEYS": printed.stdout.strip()}, env_file=None), redis
    ).test_client()
    assert [key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]] == ["r1"]


def test_a_form_leads_back_with_the_receipt(caller, client, check):
    started = caller.generate(headers=SHOP)
    page = f"/verify/{started.json['verification_id']}?return_url=https://shop.example/done"
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    answer = client.post(page, data={"otp": caller.code(started)}, headers=own)
    query = dict(
        pair.split("=") for pair in answer.headers["Location"].partition("?")[2].split("&")
    )
    assert query["status"] == "approved"
    check(query["receipt"], verification_id=started.json["verification_id"], context=None)
