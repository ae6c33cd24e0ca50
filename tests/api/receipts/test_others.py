"""Only the sender that made an attempt is believed about it, whatever another one has signed."""

import base64

import pytest

from api import create_app
from shared.delivery.ledger import Outcome
from tests.api.receipts.reports import ACCOUNT, twilio, webhook

KEYS = {name: name.encode().ljust(32, b".") for name in ("one", "two", "shop", "bank", "calls")}


def hook(name: str) -> str:
    secret = base64.b64encode(KEYS[name]).decode().replace("/", "%2F")
    return f"webhook://whsec_{secret}@{name}.example"


def twilio_sender(token: str) -> str:
    return f"twilio://{ACCOUNT}:{token}@+15005550006"


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_API_KEYS": " ".join(f"{app}:{app}-key-{32 * '0'}" for app in ("shop", "bank")),
        "OTP_RESEND_SECONDS": "0",
        "OTP_SMS_SENDERS": f"{hook('one')} {hook('two')} {twilio_sender('sms')}",
        "OTP_CALL_SENDERS": f"{hook('calls')} {twilio_sender('calls')}",
        "OTP_APPS": (
            f"[shop]\nsms_senders = ['{hook('shop')}', '{twilio_sender('shop')}']\n"
            f"[bank]\nsms_senders = ['{hook('bank')}']\n"
        ),
    }


@pytest.fixture
def client(settings, redis):
    return create_app(settings, redis).test_client()


@pytest.fixture
def claimed(user, ledger):
    """Claim a send of an app for its first attempt, through the given sender."""

    def claimed(sender, app="default", channel="sms"):
        started = user.ask(channel=channel, app=app)
        senders = {app: {channel: [sender]}, "": {}}
        (claim,) = ledger.claim([(started.verification_id, started.send)], senders)
        return claim

    return claimed


@pytest.fixture
def status(service):
    def status(claim):
        return service.view(claim.verification_id, app=claim.app).sends[claim.send - 1].status

    return status


def report(client, claim, sender, key, attempt=1):
    """POST a receipt to a sender's address: signed by a token of Twilio, or a key of a gateway."""
    path = f"/receipts/{sender}?send={claim.verification_id}-{claim.send}&attempt={attempt}"
    if isinstance(key, str):
        return twilio(client, path, token=key)
    return webhook(client, path, key=key)


# App, channel, the sender that makes the attempt, and what it signs with.
MADE = [
    ("default", "sms", "webhook-1", KEYS["one"]),
    ("default", "sms", "webhook-2", KEYS["two"]),
    ("default", "sms", "twilio", "sms"),
    ("default", "call", "webhook", KEYS["calls"]),
    ("default", "call", "twilio", "calls"),
    ("shop", "sms", "shop.webhook", KEYS["shop"]),
    ("shop", "sms", "shop.twilio", "shop"),
    ("bank", "sms", "bank.webhook", KEYS["bank"]),
]


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("made", MADE)
def test_believes_the_sender_that_made_the_attempt_and_no_other_one(
    client, claimed, ledger, status, problem, made, recorded
):
    app, channel, sender, key = made
    claim = claimed(sender, app, channel)
    if recorded:
        ledger.done([Outcome(claim=claim, result="accepted")])
    before = status(claim)
    for _, _, other, others_key in MADE:
        if (other, others_key) != (sender, key):
            problem(report(client, claim, other, others_key), 404, "verification_not_found")
            assert status(claim) == before
    assert report(client, claim, sender, key).status_code == 204
    assert status(claim) == "delivered"


@pytest.mark.parametrize("attempt", [2, 3, 9999])
def test_believes_nobody_about_an_attempt_that_was_not_made(
    client, claimed, ledger, problem, attempt
):
    claim = claimed("webhook-1")
    ledger.done([Outcome(claim=claim, result="accepted")])
    answer = report(client, claim, "webhook-1", KEYS["one"], attempt)
    problem(answer, 404, "verification_not_found")


def test_believes_each_sender_about_its_own_attempt_of_a_send(client, claimed, ledger, status):
    first = claimed("webhook-1")
    ledger.done([Outcome(claim=first, result="refused", retry_in_seconds=0)])
    senders = {"": {"sms": ["webhook-1", "twilio"]}}
    (second,) = ledger.claim([(first.verification_id, 1)], senders)
    assert (second.attempt, second.sender) == (2, "twilio")
    for attempt, sender, key, believed in (
        (2, "webhook-1", KEYS["one"], 404),
        (1, "twilio", "sms", 404),
        (2, "webhook-2", KEYS["two"], 404),
        (2, "twilio", "sms", 204),
        (1, "webhook-1", KEYS["one"], 204),
    ):
        assert report(client, first, sender, key, attempt).status_code == believed
    assert status(first) == "delivered"


def test_believes_nobody_about_a_send_that_no_worker_has_claimed(client, claimed, user, problem):
    claim = claimed("webhook-1")
    again = user.ask_again(claim)
    assert again.send == 2
    claim = type(claim)(**{**vars(claim), "send": 2})
    problem(report(client, claim, "webhook-1", KEYS["one"]), 404, "verification_not_found")


def test_believes_the_sender_of_an_attempt_whose_worker_died(
    client, claimed, ledger, clock, status
):
    first = claimed("webhook-1")
    clock.shift(10)
    (second,) = ledger.claim([(first.verification_id, 1)], {"": {"sms": ["webhook-2"]}})
    assert second.attempt == 2
    assert report(client, first, "webhook-2", KEYS["two"]).status_code == 404
    assert report(client, first, "webhook-1", KEYS["one"]).status_code == 204
    assert status(first) == "delivered"


def test_the_sender_of_an_attempt_is_kept_once(claimed, ledger, redis):
    claim = claimed("webhook-1")
    key = f"otp:send:{claim.verification_id}:1"
    assert redis.hget(key, "by:1") == b"webhook-1"
    ledger.done([Outcome(claim=claim, result="accepted")])
    assert not redis.hexists(key, "by:1")
