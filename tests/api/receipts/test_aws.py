"""Receipts from AWS through SNS: what each event means, which signatures count, and that a forged
message leads the API nowhere."""

import json

import pytest

from api.receipts.certificates import Certificates
from tests.api.receipts.reports import ID, client_for, settings_of
from tests.providers import sns
from tests.providers.sns import CERTIFICATE_URL, TOKEN, TOPIC, event

PATH = "/receipts/aws"
ATTEMPT = f"{ID}-2-3"
MESSAGE_ID = "862a8790-60c0-4430-9b2b-658bd0000000"
SENDER = "aws://AKIAIOSFODNN7EXAMPLE:hunter22@eu-west-1?configuration_set=otp"


@pytest.fixture
def env(env):
    return {**env, "OTP_SMS_SENDERS": f"{SENDER}&topic={TOPIC} console://"}


@pytest.fixture
def published():
    return sns.Certificates()


@pytest.fixture
def client(recorder, settings, published):
    return client_for(recorder, settings, Certificates(published))


def post(client, content=None, path=PATH, **signing):
    content = content or sns.message(Message=event("DELIVERED", ATTEMPT))
    body = content if isinstance(content, bytes) else sns.signed(content, **signing)
    return client.post(path, data=body, content_type="text/plain; charset=UTF-8")


@pytest.mark.parametrize(
    ("status", "is_final", "outcome"),
    [
        ("DELIVERED", True, "delivered"),
        ("SUCCESSFUL", True, "delivered"),
        ("SUCCESSFUL", False, "accepted"),
        ("QUEUED", False, "accepted"),
        ("PENDING", False, "accepted"),
        ("SENT", False, "accepted"),
        ("UNKNOWN", True, "accepted"),
        ("SOME_NEW_ONE", True, "accepted"),
        ("INVALID", True, "undelivered"),
        ("INVALID_MESSAGE", True, "undelivered"),
        ("UNREACHABLE", True, "undelivered"),
        ("CARRIER_UNREACHABLE", True, "undelivered"),
        ("BLOCKED", True, "undelivered"),
        ("CARRIER_BLOCKED", True, "undelivered"),
        ("SPAM", True, "undelivered"),
        ("TTL_EXPIRED", True, "undelivered"),
        ("PROTECT_BLOCKED", True, "undelivered"),
    ],
)
def test_records_what_aws_says(client, recorder, status, is_final, outcome):
    said = sns.message(Message=event(status, ATTEMPT, is_final=is_final), Subject="SMS")
    assert post(client, said).status_code == 200
    error = f"aws_{status}" if outcome == "undelivered" else None
    assert recorder.recorded == [(ID, 2, 3, outcome, error, MESSAGE_ID)]


@pytest.mark.parametrize("age", [3500, -3500])
def test_takes_what_sns_repeats_for_an_hour(client, age):
    said = sns.message(age=age, Message=event("DELIVERED", ATTEMPT))
    assert post(client, said).status_code == 200


def delivered(**changes):
    return sns.message(Message=event("DELIVERED", ATTEMPT), **changes)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, sns.OTHER_KEY),
        ({"age": 3700}, sns.KEY),
        ({"age": -3700}, sns.KEY),
        ({"SignatureVersion": "1"}, sns.KEY),
        ({"TopicArn": f"{TOPIC}-2"}, sns.KEY),
    ],
    ids=["key", "old", "future", "version 1", "topic"],
)
def test_refuses_what_sns_has_not_just_signed_for_this_topic(client, recorder, changes, key):
    response = post(client, delivered(**changes), key=key)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert recorder.recorded == []


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Subject"])
def test_refuses_a_changed_message(client, recorder, name):
    body = json.loads(sns.signed(delivered(Subject="SMS")))
    other = delivered(age=5, MessageId="other", Subject="Other")
    other["Message"] = event("SPAM", ATTEMPT)
    assert post(client, json.dumps(body | {name: other[name]}).encode()).status_code == 401
    assert recorder.recorded == []


def test_a_replayed_message_is_about_the_attempt_that_is_signed(client, recorder):
    body = sns.signed(delivered())
    for path in (PATH, f"{PATH}?send={ID}-1&attempt=1"):
        assert post(client, body, path).status_code == 200
    assert recorder.recorded == 2 * [(ID, 2, 3, "delivered", None, MESSAGE_ID)]


def test_ignores_the_messages_of_other_programs(client, recorder):
    for attempt in (None, "order-17"):
        said = sns.message(Message=event("DELIVERED", attempt))
        assert post(client, said).status_code == 200
    assert recorder.recorded == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https:", "http:"),
        CERTIFICATE_URL.replace("sns.eu-west-1.amazonaws.com", "evil.example"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE_URL.replace("sns.", "evil@sns."),
        CERTIFICATE_URL.replace("sns.eu-west-1", "s3.eu-west-1"),
        CERTIFICATE_URL.replace("eu-west-1", "us-east-1"),
        CERTIFICATE_URL.replace(".com/", ".com:8443/"),
        CERTIFICATE_URL.replace("Simple", "other/Simple"),
        CERTIFICATE_URL + "?x=1",
        CERTIFICATE_URL + "\n",
        "file:///etc/passwd",
        "",
    ],
)
def test_fetches_no_certificate_from_elsewhere(client, recorder, published, url):
    assert post(client, delivered(SigningCertURL=url)).status_code == 401
    assert published.fetched == []
    assert recorder.recorded == []


def test_fetches_nothing_for_a_message_that_is_refused_anyway(client, published):
    for said in (delivered(age=3700), delivered(TopicArn="x"), delivered(SignatureVersion="1")):
        assert post(client, said).status_code == 401
    assert post(client, b"{}").status_code == 422
    assert published.fetched == []


def test_fetches_a_certificate_once(client, published):
    for _ in range(3):
        assert post(client).status_code == 200
    assert published.fetched == [CERTIFICATE_URL]


def test_forged_addresses_are_fetched_one_at_a_time_and_slow_no_known_one(client, published):
    assert post(client).status_code == 200
    for digit in "123":
        forged = CERTIFICATE_URL.replace("0", digit)
        assert post(client, delivered(SigningCertURL=forged)).status_code == 429
        assert post(client).status_code == 200
    assert published.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "there",
    [{}, {CERTIFICATE_URL: b"nonsense"}, {CERTIFICATE_URL: sns.certificate(sns.KEY, days=-1)}],
)
def test_refuses_a_message_without_a_valid_certificate(client, recorder, published, there):
    published.there = there
    assert post(client).status_code == 401
    assert recorder.recorded == []


def test_leaves_a_signed_subscription_to_a_worker(client, recorder):
    assert post(client, sns.message("SubscriptionConfirmation")).status_code == 200
    assert recorder.asked == [(TOPIC, TOKEN)]
    assert recorder.recorded == []


@pytest.mark.parametrize(
    "forged",
    [
        {"key": sns.OTHER_KEY, "content": sns.message("SubscriptionConfirmation")},
        {"content": sns.message("SubscriptionConfirmation", TopicArn=f"{TOPIC}-2")},
    ],
    ids=["key", "topic"],
)
def test_leaves_no_other_subscription_to_a_worker(client, recorder, forged):
    assert post(client, **forged).status_code == 401
    assert recorder.asked == []


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense",
        b"\xff",
        b"[]",
        sns.message(Message="the code is 739158"),
        sns.message(Message='{"eventType": "739158"}'),
        sns.message("SubscriptionConfirmation", Token="739158 x"),
    ],
    ids=range(6),
)
def test_refuses_what_is_not_a_message(client, recorder, content):
    response = post(client, content)
    assert response.status_code in (400, 422)
    assert "739158" not in response.text
    assert (recorder.recorded, recorder.asked) == ([], [])


def test_knows_no_receipts_without_a_topic(recorder, env):
    env = {**env, "OTP_SMS_SENDERS": SENDER}
    assert post(client_for(recorder, settings_of(env))).status_code == 404
