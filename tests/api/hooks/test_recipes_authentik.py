"""authentik as docs/integrations/authentik.md configures it. The request is the one of send_generic
in authentik/stages/authenticator_sms/models.py (github.com/goauthentik/authentik, 557aadecc0)."""

import json
from collections.abc import Callable
from textwrap import indent
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.hooks.conftest import CODE
from tests.api.hooks.recipes import Told, example, post, table, told
from tests.user import PHONE


def mapping() -> Callable[..., dict[str, Any]]:
    """An expression is the body of a function that sees what the stage passes."""
    names = "user, request, device, token, stage"
    scope: dict[str, Any] = {}
    exec(f"def payload({names}):\n{indent(example('authentik', 'python'), '    ')}", scope)
    return scope["payload"]


def send(client, to: str = PHONE, locale: str = "fr"):
    fields = table("authentik", "field")
    assert (fields["Provider"], fields["Authentication type"]) == ("Generic", "Bearer token")
    payload = mapping()(
        user=SimpleNamespace(locale=lambda request: locale),
        request=SimpleNamespace(),
        device=SimpleNamespace(phone_number=to),
        token=CODE,
        stage=SimpleNamespace(from_number="Sixpost"),
    )
    token, _, _ = fields["API auth username"].partition(",")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return post(client, fields["External API URL"], json.dumps(payload), headers)


def test_the_code_reaches_the_person_in_their_language(client, messages):
    assert send(client).status_code == 202

    assert told(messages()) == Told(locale="fr")


def test_a_person_without_a_language_gets_the_default_one(client, messages):
    assert send(client, locale="").status_code == 202

    assert told(messages()) == Told()


@pytest.mark.parametrize(
    ("to", "status", "sentence"),
    [
        ("not a number", 422, "Enter a valid phone number, such as +14155550123."),
        ("+1 900 555 0123", 403, "This service does not send codes to this number."),
    ],
)
def test_the_person_sees_why_a_number_is_refused(client, to, status, sentence):
    refused = send(client, to)

    # authentik takes any status from 400 on for a failure and shows the body.
    assert (refused.status_code, refused.text) == (status, sentence)


def test_a_second_code_has_to_wait(client):
    send(client)
    refused = send(client)

    assert refused.status_code == 429
    assert refused.text.startswith("Another code cannot be sent yet. Try again in ")
