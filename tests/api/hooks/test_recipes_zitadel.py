"""ZITADEL as docs/integrations/zitadel.md configures it, with the body and the signature that it
makes: internal/notification/types/user_phone.go and pkg/actions/signing.go in
github.com/zitadel/zitadel."""

import hmac
import json
import logging
import re
import time
from typing import Any

import pytest

from shared.logs import JsonLines
from tests.api.hooks.conftest import CODE, ENV
from tests.api.hooks.recipes import Told, blocks, post, told
from tests.user import OTHER_PHONE, PHONE

SIGNING_KEY = "aPx93kQvB7LmZ2tR8nYc5WfHs1UjDe6GoKb4"
OTHER_KEY = "Zz93kQvB7LmZ2tR8nYc5WfHs1UjDe6GoKb41"
FIVE_MINUTES = 300_000_000_000


@pytest.fixture
def env() -> dict[str, str]:
    """As the page's command sets it."""
    (secrets,) = [block for block in blocks("zitadel", "bash") if block.startswith("OTP_")]
    name, _, value = secrets.strip().partition("=")
    return {**ENV, name: value.replace("YOUR_SIGNING_KEY", SIGNING_KEY)}


def payload(to: str = PHONE, expiry: int = FIVE_MINUTES, **args: Any) -> dict[str, Any]:
    """The message of a login code (session.otp.sms.challenged)."""
    return {
        "contextInfo": {
            "eventType": "session.otp.sms.challenged",
            "provider": {"id": "285181292935381355", "description": "Sixpost"},
            "recipientPhoneNumber": to,
        },
        "templateData": {
            "title": "Zitadel - Verify OTP",
            "text": f"{CODE} is your one-time password for auth.example.com.",
            "fontFamily": "-apple-system, BlinkMacSystemFont, Segoe UI",
        },
        "args": {
            "code": CODE,
            "oTP": CODE,
            "domain": "auth.example.com",
            "expiry": expiry,
            "displayName": "Ada Lovelace",
            "lastPhone": to,
            "loginNames": ["ada@auth.example.com"],
            **args,
        },
    }


def signature(body: str, *keys: str, age: int = 0) -> str:
    at = int(time.time()) - age
    signed = f"{at}.{body}".encode()
    parts = [f"v1={hmac.digest(key.encode(), signed, 'sha256').hex()}" for key in keys]
    return ",".join([f"t={at}", *parts])


def send(client, asked: dict[str, Any], *keys: str, age: int = 0, query: str = ""):
    (endpoint,) = re.findall(r'"endpoint": "([^"]+)"', "".join(blocks("zitadel", "bash")))
    # As Go writes it.
    body = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "ZITADEL-Signature": signature(body, *(keys or [SIGNING_KEY]), age=age),
    }
    return post(client, endpoint + query, body, headers)


def test_a_login_code_reaches_the_person(client, messages):
    assert send(client, payload()).status_code == 202

    assert told(messages()) == Told()


def test_a_verification_code_has_letters_and_the_lifetime_of_the_url(client, messages):
    # ZITADEL tells no expiry of these.
    asked = payload(expiry=0, code="0M53RF")
    assert send(client, asked, query="&locale=de").status_code == 202

    assert told(messages()) == Told(code="0M53RF", locale="de", minutes=60)


@pytest.mark.parametrize(("hours", "minutes"), [(1, 60), (72, 60)])
def test_an_expiry_that_zitadel_allows_is_no_reason_to_refuse(client, messages, hours, minutes):
    assert send(client, payload(expiry=hours * 12 * FIVE_MINUTES)).status_code == 202

    assert told(messages()).minutes == minutes


@pytest.mark.parametrize("channel", ["whatsapp", "call"])
def test_the_url_can_name_another_channel(client, messages, channel):
    assert send(client, payload(), query=f"&channel={channel}").status_code == 202

    assert told(messages()).channel == channel


def test_a_message_that_zitadel_repeats_is_sent_once(client, messages):
    first = send(client, payload())
    again = send(client, payload(), age=1)

    assert again.status_code == 202
    assert again.json == first.json
    assert len(messages()) == 1


def test_the_code_is_neither_in_redis_nor_in_a_log(client, messages, everything_in_redis, caplog):
    caplog.set_level(logging.DEBUG)
    send(client, payload())
    held = [everything_in_redis()]
    messages()
    # A repeated one is told by its whole body.
    send(client, payload(), age=1)
    send(client, {**payload(), "args": {"code": CODE * 2}})
    held.append(everything_in_redis())

    assert not any(CODE.encode() in text for text in held)
    lines = [JsonLines().format(record) for record in caplog.records]
    assert len(lines) > 2
    assert not any(CODE in line for line in lines)


class TestSignature:
    def test_one_of_several_is_enough(self, client):
        assert send(client, payload(), OTHER_KEY, SIGNING_KEY).status_code == 202

    @pytest.mark.parametrize("age", [301, -301])
    def test_it_is_recent(self, client, messages, age):
        assert send(client, payload(), age=age).status_code == 401
        assert messages() == []

    def test_it_is_by_a_known_key(self, client, messages):
        assert send(client, payload(), OTHER_KEY).status_code == 401
        assert messages() == []

    def test_it_is_of_this_body(self, client, messages):
        made = signature(json.dumps(payload()), SIGNING_KEY)
        answer = client.post(
            "/hooks/zitadel", json=payload(OTHER_PHONE), headers={"ZITADEL-Signature": made}
        )
        assert answer.status_code == 401
        assert messages() == []

    @pytest.mark.parametrize("header", ["", "t=1", "v1=", "t=,v1=é", "t=1,t=2", ",,=,", "t=९,v1=0"])
    def test_it_is_well_formed(self, client, header):
        answer = client.post(
            "/hooks/zitadel",
            json=payload(),
            headers={"ZITADEL-Signature": header.encode().decode("latin-1")},
        )
        assert answer.status_code == 401

    def test_an_api_key_is_none(self, client):
        answer = client.post("/hooks/zitadel", json=payload(), headers={})
        assert answer.status_code == 401


@pytest.mark.parametrize("env", [ENV, {**ENV, "OTP_HOOK_SECRETS": f"shop:v1,whsec_{'A' * 32}"}])
def test_without_a_key_of_zitadel_there_is_no_hook(client):
    assert send(client, payload()).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"contextInfo": {}, "args": {"code": CODE}},
        {"contextInfo": {"recipientPhoneNumber": PHONE}, "args": {}},
        {"contextInfo": {"recipientPhoneNumber": "079 123 45 67"}, "args": {"code": CODE}},
        {"contextInfo": {"recipientPhoneNumber": PHONE}, "args": {"code": [CODE]}},
        {"contextInfo": {"recipientPhoneNumber": PHONE}, "args": {"code": CODE, "expiry": "5m"}},
    ],
)
def test_a_malformed_message_is_refused_without_its_code(client, messages, asked):
    refused = send(client, asked)

    assert (refused.status_code, refused.json["code"]) == (422, "invalid_request")
    assert CODE not in refused.text
    assert messages() == []
