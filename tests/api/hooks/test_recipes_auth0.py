"""The Action of docs/integrations/auth0.md, run in Node with the event and API object that Auth0
documents (auth0.com/docs, custom-phone-provider, of 2026-04-28)."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.api.hooks.conftest import CODE, KEY
from tests.api.hooks.recipes import Told, example, post, told
from tests.user import PHONE

# fetch() records its call, and answers as it is told or fails.
RUNNER = """
const { source, event, answer } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const seen = { request: null, told: [] };
globalThis.fetch = async (url, request) => {
  seen.request = { url, ...request };
  if (answer === null) throw new TypeError("fetch failed");
  return new Response(answer.body, { status: answer.status });
};
const api = { notification: {
  drop: (reason) => seen.told.push(["drop", reason]),
  retry: (reason) => seen.told.push(["retry", reason]),
} };
const action = {};
new Function("exports", source)(action);
action.onExecuteCustomPhoneProvider(event, api).then(() => console.log(JSON.stringify(seen)));
"""
ACCEPTED = {"status": 202, "body": "{}"}


def execute(answer=ACCEPTED, **notification) -> dict[str, Any]:
    """Run the Action. Returns the request that it made and what it told Auth0."""
    node = shutil.which("node")
    assert node
    event = {
        "client": {"client_id": "1", "metadata": {}, "name": "Shop"},
        "notification": {
            "as_text": f"Your code is {CODE}",
            "as_voice": f"Your code is {CODE}",
            "code": CODE,
            "delivery_method": "text",
            "locale": "pt-BR",
            "message_type": "otp_verify",
            "recipient": PHONE,
            **notification,
        },
        "request": {"ip": "192.0.2.7", "method": "POST", "geoip": {}},
        "secrets": {"SIXPOST_URL": "https://otp.example.com", "SIXPOST_KEY": KEY},
        "tenant": {"id": "shop"},
    }
    given = {"source": example("auth0", "javascript"), "event": event, "answer": answer}
    done = subprocess.run(
        [node, "-e", RUNNER], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def deliver(client, **notification):
    request = execute(**notification)["request"]
    assert request["method"] == "POST"
    return post(client, request["url"], request["body"], request["headers"])


@pytest.mark.parametrize(("method", "channel"), [("text", "sms"), ("voice", "call")])
def test_the_code_reaches_the_person(client, messages, method, channel):
    assert deliver(client, delivery_method=method).status_code == 202

    assert told(messages()) == Told(channel=channel, locale="pt-BR")


def test_an_accepted_code_needs_nothing_more():
    assert execute()["told"] == []


def test_a_notice_without_a_code_is_dropped():
    seen = execute(code=None, message_type="blocked_account")

    assert seen["request"] is None
    assert seen["told"] == [["drop", "Sixpost sends only codes."]]


def test_a_refusal_is_dropped_with_the_reason(client):
    refused = deliver(client, recipient="+19005550123")
    seen = execute({"status": refused.status_code, "body": refused.text})

    ((verdict, reason),) = seen["told"]
    assert (refused.status_code, verdict) == (403, "drop")
    assert refused.json["detail"] in reason
    assert CODE not in reason


def test_what_can_succeed_later_is_repeated(client):
    deliver(client)
    limited = deliver(client)
    seen = execute({"status": limited.status_code, "body": limited.text})

    ((verdict, reason),) = seen["told"]
    assert (limited.status_code, verdict) == (429, "retry")
    assert "Try again in" in reason
    assert execute({"status": 503, "body": "down"})["told"] == [["retry", "503: down"]]


def test_a_service_that_cannot_be_reached_is_tried_again():
    assert execute(None)["told"] == [["retry", "Sixpost is unreachable."]]
