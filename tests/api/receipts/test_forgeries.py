"""What holds for the receipts of every provider: signed by it, for its own attempts, and forward
only."""

import pytest

from api import create_app
from api.receipts import certificates
from shared.delivery.ledger import Outcome
from tests.api.receipts.signing import PROVIDERS, PUBLIC_URL, About
from tests.providers import sns

OF_EACH = pytest.mark.parametrize("name", PROVIDERS)


@pytest.fixture
def env(name) -> dict[str, str]:
    provider = PROVIDERS[name]
    return {
        "OTP_PUBLIC_URL": PUBLIC_URL,
        f"OTP_{provider.channel.upper()}_SENDERS": provider.sender,
        "OTP_API_KEYS": f"default:{32 * 'k'}",
    }


@pytest.fixture
def provider(name):
    return PROVIDERS[name]


@pytest.fixture
def client(settings, redis, monkeypatch):
    monkeypatch.setattr(certificates, "fetch_certificate", sns.Certificates())
    return create_app(settings, redis).test_client()


@pytest.fixture
def begin(user, ledger, name, provider):
    """Begin an attempt of the provider's sender. Returns the claim."""

    def begin(number="+14155550123", sender=None):
        started = user.ask(number, channel=provider.channel)
        senders = {"": {provider.channel: [sender or name]}}
        (claim,) = ledger.claim([(started.verification_id, 1)], senders)
        return claim

    return begin


@pytest.fixture
def report(client, provider):
    """Post what the provider says of an attempt. Returns the status of the answer."""

    def report(claim, outcome, key=None, age=0.0):
        about = About(claim.verification_id, claim.send, claim.attempt)
        post = provider.sign(provider.says[outcome], about, key or provider.key, age)
        return post.to(client).status_code

    return report


@pytest.fixture
def status(service):
    def status(claim):
        return service.view(claim.verification_id, app="default").sends[0].status

    return status


@OF_EACH
def test_is_recorded_and_thanked_for(begin, report, status, provider):
    claim = begin()
    assert report(claim, "delivered") == provider.thanks
    assert status(claim) == "delivered"


@OF_EACH
def test_settles_an_attempt_whose_answer_was_lost(begin, report, status, ledger, provider):
    claim = begin()
    ledger.done([Outcome(claim=claim, result="unknown", retry_in_seconds=5)])
    assert report(claim, "accepted") == provider.thanks
    assert status(claim) == "sent"


@pytest.mark.parametrize(
    "name", [name for name, one in PROVIDERS.items() if one.signature_in != "address"]
)
def test_is_refused_if_its_body_was_changed(client, begin, status, provider):
    claim = begin()
    about = About(claim.verification_id, 1, 1)
    says = provider.says
    post = provider.sign(says["accepted"], about, provider.key, 0)
    assert post.with_body(says["accepted"], says["delivered"]).to(client).status_code == 401
    assert status(claim) == "sending"


@OF_EACH
def test_is_refused_if_another_key_signed_it(begin, report, status):
    claim = begin()
    assert report(claim, "delivered", key=b"another key, of 24 bytes or more") == 401
    assert status(claim) == "sending"


@pytest.mark.parametrize(
    "name", [name for name, one in PROVIDERS.items() if one.signature_in == "headers"]
)
def test_is_refused_without_a_signature(client, begin, status, provider):
    claim = begin()
    about = About(claim.verification_id, 1, 1)
    post = provider.sign(provider.says["delivered"], about, provider.key, 0)
    kind = {"Content-Type": post.headers["Content-Type"]}
    for headers in kind, {name: kind.get(name, "") for name in post.headers}:
        answer = client.post(post.path, data=post.body, headers=headers)
        assert answer.status_code == 401
    assert status(claim) == "sending"


@pytest.mark.parametrize("name", [name for name, one in PROVIDERS.items() if one.signs_time])
@pytest.mark.parametrize("age", [310, -310])
def test_is_refused_if_it_was_signed_long_ago(begin, report, status, age):
    claim = begin()
    assert report(claim, "delivered", age=age) == 401
    assert status(claim) == "sending"


@OF_EACH
def test_changes_nothing_when_it_is_replayed(begin, report, status, ledger, provider):
    claim = begin()
    ledger.done([Outcome(claim=claim, result="accepted")])
    reached = []
    for outcome in ("accepted", "delivered", "accepted", "undelivered", "delivered"):
        assert report(claim, outcome) == provider.thanks
        reached.append(status(claim))
    assert reached == ["sent", *4 * ["delivered"]]


@OF_EACH
def test_says_nothing_about_an_attempt_of_another_sender(begin, report, status, provider):
    claim = begin(sender="other")
    # A provider with one address for all would repeat what is refused.
    assert report(claim, "delivered") == (provider.thanks if provider.names_message else 404)
    assert status(claim) == "sending"
