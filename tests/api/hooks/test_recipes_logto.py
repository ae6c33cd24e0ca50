"""Logto as docs/integrations/logto.md configures it. The request is the one of Logto v1.42.0:
packages/connectors/connector-http-sms/src/index.ts and packages/core/src/libraries/passcode.ts in
github.com/logto-io/logto."""

import json
from typing import Any

import pytest

from tests.api.hooks.conftest import CODE, ENV
from tests.api.hooks.recipes import Told, example, post, told
from tests.user import OTHER_PHONE, PHONE


def call(client, asked: dict[str, Any], **headers: str):
    config = json.loads(example("logto", "json"))
    own = {"Content-Type": "application/json", "Authorization": config["authorization"]}
    return post(client, config["endpoint"], json.dumps(asked), {**own, **headers})


def send(client, to: str = PHONE.removeprefix("+"), type_: str = "SignIn", **more: Any):
    payload = {"code": CODE, "locale": "pt-BR", "uiLocales": "pt-BR en"}
    return call(client, {"to": to, "type": type_, "payload": payload, **more})


def test_the_code_reaches_the_person(client, messages):
    # Logto keeps numbers without the plus.
    assert send(client, "14155550123", ip="5.9.1.1").status_code == 202

    assert told(messages()) == Told(locale="pt-BR", minutes=10)


def test_the_code_of_an_email_reaches_the_person(client, messages):
    payload = {
        "code": CODE,
        "locale": "de",
        "application": {"id": "a", "name": "Shop", "branding": {}},
        "user": {"id": "u", "name": "Ada", "profile": {"address": "x" * 9000}},
    }
    assert send(client, "you@example.com", "BindMfa", payload=payload).status_code == 202

    assert told(messages()) == Told("you@example.com", "email", locale="de", minutes=10)


def test_a_request_of_the_management_api_names_no_language(client, messages):
    assert send(client, type_="Generic", payload={"code": CODE}).status_code == 202

    assert told(messages()) == Told(minutes=10)


@pytest.mark.parametrize("env", [{**ENV, "OTP_LIMIT_IP": "1/1h"}])
def test_the_limit_of_a_persons_address_holds(client):
    assert send(client, ip="5.9.1.1").status_code == 202
    assert send(client, OTHER_PHONE, ip="5.9.1.1").status_code == 429
    assert send(client, OTHER_PHONE, ip="5.9.1.2").status_code == 202


@pytest.mark.parametrize("env", [{**ENV, "OTP_LIMIT_IP": "1/1h"}])
@pytest.mark.parametrize("ip", [None, "172.18.0.1", "::ffff:10.0.0.1", "unknown", ""])
def test_an_address_that_many_share_does_not_count(client, ip):
    more = {} if ip is None else {"ip": ip}
    assert send(client, **more).status_code == 202
    assert send(client, OTHER_PHONE, **more).status_code == 202


def test_the_person_sees_why_nothing_was_sent(client):
    send(client)
    refused = send(client)

    assert refused.status_code == 429
    assert refused.mimetype == "text/plain"
    # Logto shows the body after "Error occurred in connector: ".
    assert refused.text.startswith("Another code cannot be sent yet. Try again in ")
    assert int(refused.headers["Retry-After"]) > 0


def test_an_invitation_has_no_code(client, messages):
    payload = {"link": "https://example.com/invitation"}
    refused = send(client, "you@example.com", "OrganizationInvitation", payload=payload)

    assert refused.status_code == 422
    assert refused.text == "This message has no code, and only codes are sent."
    assert messages() == []


def test_a_wrong_key_is_told_in_words(client):
    asked = {"to": PHONE, "type": "SignIn", "payload": {"code": CODE}}
    refused = call(client, asked, Authorization="Bearer wrong")

    assert refused.status_code == 401
    assert refused.text.startswith("The API key is missing or invalid.")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"to": PHONE},
        {"to": PHONE, "payload": CODE},
        {"to": int(PHONE), "payload": {"code": CODE}},
        {"to": PHONE, "payload": {"code": int(CODE)}},
        {"to": PHONE, "payload": {"code": f"{CODE[:3]} {CODE[3:]}"}},
        {"to": PHONE, "payload": {"code": f"<b>{CODE}"}},
        {"to": "not a number", "payload": {"code": CODE}},
        {"to": PHONE, "payload": {"code": CODE}, "ip": ["5.9.1.1"]},
    ],
)
def test_a_malformed_request_is_refused_without_its_code(client, messages, asked):
    refused = call(client, asked)

    assert refused.status_code == 422
    assert CODE not in refused.text
    assert messages() == []
