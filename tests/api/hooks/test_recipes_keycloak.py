"""Keycloak with the SMS authenticator of github.com/netzbegruenung/keycloak-mfa-plugins v26.7.1-1,
as docs/integrations/keycloak.md configures it. The request is the one of ApiSmsService.java there
(getJsonBody, jsonRequest and the header of apiTokenInHeader)."""

import json
import re

import pytest

from tests.api.hooks.conftest import CODE
from tests.api.hooks.recipes import Told, example, post, told
from tests.user import PHONE

# The text that the extension brings in English.
OWN_TEXT = "Your SMS code is %1$s and is valid for %2$d minutes."


def texts() -> dict[str, str]:
    """The realm's own smsAuthText by language."""
    lines = re.findall(
        r"^# (\w+)\nsmsAuthText=(.+)$", example("keycloak", "properties"), re.MULTILINE
    )
    return dict(lines)


def send(client, text: str, to: str = PHONE):
    config = json.loads(example("keycloak", "json"))["config"]
    assert (config["simulation"], config["urlencode"]) == ("false", "false")
    # Java's String.format(text, code, minutes).
    message = text.replace("%1$s", CODE).replace("%2$d", str(int(config["ttl"]) // 60))
    headers = {"Content-Type": "application/json", "Authorization": config["apitoken"]}
    assert config["apiTokenInHeader"] == "true"
    return post(client, config["apiurl"], config["jsonTemplate"] % (to, message), headers)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_code_reaches_the_person_in_their_language(client, messages, language):
    assert send(client, texts()[language]).status_code == 202

    assert told(messages()) == Told(locale=language)


def test_the_message_expires_with_keycloaks_code():
    config = json.loads(example("keycloak", "json"))["config"]
    sent = json.loads(config["jsonTemplate"] % (PHONE, texts()["en"]))
    assert sent["expires_in"] == int(config["ttl"])


def test_a_language_without_its_own_text_is_refused(client, messages):
    refused = send(client, OWN_TEXT)

    assert (refused.status_code, refused.json["code"]) == (400, "malformed_json")
    assert CODE not in refused.text
    assert messages() == []


def test_a_number_without_its_country_is_refused(client):
    refused = send(client, texts()["en"], "0151 23456789")

    assert (refused.status_code, refused.json["code"]) == (422, "invalid_request")
    assert CODE not in refused.text
