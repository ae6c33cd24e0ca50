"""Ory Kratos as docs/integrations/kratos.md configures it, on the data that Kratos v26.2.0 passes:
courier/http_channel.go (httpDataModel) and courier/template in github.com/ory/kratos."""

import json
from typing import Any

import _gojsonnet
import pytest
import yaml

from tests.api.hooks.conftest import CODE
from tests.api.hooks.recipes import Told, example, post, told
from tests.user import PHONE

SHARED = {
    "to": PHONE,
    "identity": {"id": "0f5c…", "traits": {"phone": PHONE, "password": "no"}},
    "request_url": "https://auth.example.com/self-service/login/browser",
    "request_url_domain": "auth.example.com",
    "transient_payload": {},
    "expires_in_minutes": 10,
}
# What each template of an SMS calls the code. The recovery one takes the verification's name.
TEMPLATES = {
    "login_code_valid": "login_code",
    "registration_code_valid": "registration_code",
    "verification_code_valid": "verification_code",
    "recovery_code_valid": "verification_code",
}


def context(template_type: str, name: str | None, **more) -> dict[str, Any]:
    """What Kratos evaluates the Jsonnet with."""
    return {
        "recipient": PHONE,
        "subject": "",
        "body": f"Your code is: {CODE}",
        "template_type": template_type,
        "template_data": SHARED | ({name: CODE} if name else {}),
        "message_type": "sms",
        "request_headers": {"Accept-Language": ["de-DE,de;q=0.9,en;q=0.8"]},
        **more,
    }


def body(ctx: dict[str, Any]) -> str:
    """As request/builder.go makes it. Raises RuntimeError."""
    snippet = example("kratos", "jsonnet")
    return _gojsonnet.evaluate_snippet("body", snippet, tla_codes={"ctx": json.dumps(ctx)})


def dispatch(client, ctx: dict[str, Any]):
    channel = yaml.safe_load(example("kratos", "yaml"))["courier"]["channels"][0]
    assert (channel["id"], channel["type"]) == ("sms", "http")
    config = channel["request_config"]
    key = config["auth"]["config"]
    assert (config["method"], config["auth"]["type"], key["in"]) == ("POST", "api_key", "header")
    return post(client, config["url"], body(ctx), {**config["headers"], key["name"]: key["value"]})


@pytest.mark.parametrize(("template_type", "name"), TEMPLATES.items())
def test_the_code_reaches_the_person(client, messages, template_type, name):
    assert dispatch(client, context(template_type, name)).status_code == 202

    assert told(messages()) == Told(locale="de-DE", minutes=10)


def test_the_code_of_a_recovery_reaches_an_email_address(client, messages):
    ctx = context("recovery_code_valid", "recovery_code", message_type="email")
    assert dispatch(client, {**ctx, "recipient": "you@example.com"}).status_code == 202

    assert told(messages()) == Told("you@example.com", "email", locale="de-DE", minutes=10)


def test_kratos_1_3_tells_neither_the_lifetime_nor_the_language(client, messages):
    ctx = context("login_code_valid", "login_code")
    del ctx["request_headers"], ctx["template_data"]["expires_in_minutes"]
    assert dispatch(client, ctx).status_code == 202

    assert told(messages()) == Told()


@pytest.mark.parametrize("headers", [None, {}])
def test_a_verification_comes_without_the_headers_of_a_browser(client, messages, headers):
    ctx = context("verification_code_valid", "verification_code", request_headers=headers)
    assert dispatch(client, ctx).status_code == 202

    assert told(messages()) == Told(minutes=10)


@pytest.mark.parametrize(("minutes", "told_minutes"), [(0, 1), (60, 60), (1440, 60)])
def test_a_lifespan_that_kratos_allows_is_no_reason_to_refuse(
    client, messages, minutes, told_minutes
):
    ctx = context("login_code_valid", "login_code")
    ctx["template_data"] |= {"expires_in_minutes": minutes}
    assert dispatch(client, ctx).status_code == 202

    assert told(messages()).minutes == told_minutes


def test_a_message_without_a_code_is_canceled():
    with pytest.raises(RuntimeError, match="RUNTIME ERROR: cancel"):
        body(context("verifiable_address_changed", None))


def test_nothing_else_about_the_person_leaves_kratos():
    ctx = context("login_code_valid", "login_code")
    assert {*json.loads(body(ctx))} == {"to", "code", "expires_in", "locale"}


def test_a_refusal_is_a_status_that_kratos_retries_and_a_reason_that_it_logs(client):
    ctx = context("login_code_valid", "login_code")
    dispatch(client, ctx)
    again = dispatch(client, ctx)

    assert again.status_code == 429
    # Kratos logs the first 1024 bytes.
    assert len(again.data) <= 1024
    assert again.json["code"] == "rate_limited"
    assert CODE not in again.text
