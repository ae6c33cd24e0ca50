"""The options in the URL of a hook whose body is fixed."""

import pytest

from tests.api.hooks.conftest import CODE, SHOP
from tests.api.hooks.recipes import Told, told
from tests.user import OTHER_PHONE, PHONE


@pytest.fixture
def ask(client):
    asked = {"to": PHONE, "type": "SignIn", "payload": {"code": CODE, "locale": "de"}}
    return lambda query: client.post(f"/hooks/logto?{query}", json=asked, headers=SHOP)


def test_they_mean_what_the_fields_of_hooks_send_mean(ask, messages):
    query = "channel=whatsapp&expires_in=1800&locale=fr&app_hash=FA%2B9qCX9VSu"
    assert ask(query).status_code == 202

    assert told(messages()) == Told(channel="whatsapp", locale="fr", minutes=30)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("expires_in=3601", "expires_in"),
        ("expires_in=5m", "expires_in"),
        ("expires_in=", "expires_in"),
        ("expires_in=%D9%A3%D9%A0%D9%A0", "expires_in"),
        pytest.param(f"expires_in={5000 * '9'}", "expires_in", id="5000 digits"),
        ("channel=pigeon", "channel"),
        ("channel=email", "channel"),
        ("app_hash=x", "app_hash"),
        ("locale=%00", "locale"),
        # Nobody could check the code.
        ("verify=true", "verify"),
        ("expires=600", "expires"),
    ],
)
def test_a_wrong_one_is_refused_by_name(ask, messages, query, field):
    refused = ask(query)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]
    assert messages() == []


def test_they_say_neither_the_code_nor_who_gets_it(ask, messages):
    assert ask(f"to=%2B{OTHER_PHONE[1:]}&code=1111").status_code == 202

    assert told(messages()) == Told(locale="de")


def test_refusals_are_text_only_where_the_url_says_so(client, ask):
    assert ask("channel=pigeon").mimetype == "application/problem+json"
    assert ask("channel=pigeon&errors=text").text.startswith("Expected ")
    elsewhere = client.post("/generate-otp?errors=text", json={}, headers=SHOP)
    assert elsewhere.mimetype == "application/problem+json"


def test_a_body_can_be_larger_than_elsewhere_but_not_endless(client):
    def status(size: int) -> int:
        asked = {"to": PHONE, "payload": {"code": CODE}, "more": "x" * size}
        return client.post("/hooks/logto", json=asked, headers=SHOP).status_code

    assert (status(60_000), status(70_000)) == (202, 413)
