"""FusionAuth as docs/integrations/fusionauth.md configures it, with the documented bodies of
FusionAuth 1.65 and of earlier versions (generic-messenger.mdx in
github.com/FusionAuth/fusionauth-site, 040d82050c and 85071edc18)."""

import base64
import json
import re

import pytest

from tests.api.hooks.conftest import CODE
from tests.api.hooks.recipes import Told, example, post, table, told
from tests.user import PHONE

USER = "00000000-0000-0000-0000-000000000042"


def send(client, **body: str):
    messenger = json.loads(example("fusionauth", "json"))["messenger"]
    assert messenger["type"] == "Generic"
    user = f"{messenger['httpAuthenticationUsername']}:{messenger['httpAuthenticationPassword']}"
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
    }
    return post(client, messenger["url"], json.dumps({"phoneNumber": PHONE, **body}), headers)


def test_a_two_factor_code_reaches_the_person(client, messages):
    text = f"Two Factor Code: {CODE}"
    sent = send(client, code=CODE, message=text, textMessage=text, type="SMS", userId=USER)
    assert sent.status_code == 202

    assert told(messages()) == Told(minutes=1)


def test_a_voice_message_is_a_call(client, messages):
    assert send(client, code=CODE, message=CODE, type="Voice", userId=USER).status_code == 202

    assert told(messages()) == Told(channel="call", minutes=1)


@pytest.mark.parametrize("template", ["Two-factor", "Passwordless login", "Phone verification"])
def test_a_template_of_the_page_is_the_code_alone(client, messages, template):
    # FreeMarker fills in the variables of codes (message-templates-replacement-variables.mdx).
    variable = r"\$\{(code|oneTimeCode|verificationOneTimeCode)\}"
    text = re.sub(variable, CODE, table("fusionauth", "template")[template])
    assert send(client, textMessage=f"{text}\n", type="SMS").status_code == 202

    assert told(messages()).code == CODE


def test_a_voice_message_without_a_code_is_the_code_alone(client, messages):
    assert send(client, message=CODE, type="Voice").status_code == 202

    assert told(messages()).channel == "call"


@pytest.mark.parametrize(
    "body",
    [
        # The templates that FusionAuth comes with.
        {"textMessage": f"Two Factor Code: {CODE}", "type": "SMS"},
        {"textMessage": "", "type": "SMS"},
        {"code": CODE, "textMessage": CODE, "type": "Push"},
        # FusionAuth's own example has a number without its country.
        {"code": CODE, "phoneNumber": "3035551212", "type": "SMS"},
    ],
)
def test_what_is_no_code_for_a_person_is_refused(client, messages, body):
    refused = send(client, **body)

    assert (refused.status_code, refused.json["code"]) == (422, "invalid_request")
    assert CODE not in refused.text
    assert messages() == []


def test_the_user_name_has_to_be_the_app_of_the_key(client):
    messenger = json.loads(example("fusionauth", "json"))["messenger"]
    user = f"fusionauth:{messenger['httpAuthenticationPassword']}"
    headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
    refused = client.post("/hooks/fusionauth", json={"phoneNumber": PHONE}, headers=headers)
    assert refused.status_code == 401
