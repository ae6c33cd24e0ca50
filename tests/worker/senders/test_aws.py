"""aws:// against AWS End User Messaging as its API model describes it."""

import pytest

from shared.delivery.outlets import Outlets
from shared.messages.texts import Texts
from shared.verification.service import VerificationService
from tests.fakes import DirectDeliverer, outlets
from tests.providers import aws
from tests.providers.aws import ACCESS_KEY, MESSAGE_ID, REGION, SECRET_KEY, Aws
from tests.user import User
from tests.worker.senders.conftest import failure_of, make_message, played_by
from worker.deliverer import Outlet
from worker.messages import Messages
from worker.senders.aws import AwsSender
from worker.senders.base import DeliveryError
from worker.senders.conformance.servers import Reply

LOGIN = f"{ACCESS_KEY}:{SECRET_KEY}"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:sixpost"
ATTEMPT = "VE0123456789abcdef0123456789abcdef-1-1"


def sender_for(address: str, login: str = LOGIN, more: str = "") -> AwsSender:
    return AwsSender.from_url(f"aws://{login}@{REGION}?api=http://{address}{more}")


provider = played_by(Aws)


def test_sends_an_sms(provider):
    address, aws = provider
    more = f"&from=+15005550006&configuration_set=otp&topic={TOPIC}&max_price=0.2"
    assert sender_for(address, more=more).send(make_message()) == MESSAGE_ID
    assert aws.taken == [
        {
            "DestinationPhoneNumber": "+14155550123",
            "OriginationIdentity": "+15005550006",
            "MessageBody": "739158 is your Test code.",
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": 240,
            "MaxPrice": "0.2",
            "ConfigurationSetName": "otp",
            "Context": {"attempt": ATTEMPT},
        }
    ]


def test_always_limits_the_price_and_the_life(provider):
    address, aws = provider
    sender_for(address).send(make_message())
    assert aws.taken == [
        {
            "DestinationPhoneNumber": "+14155550123",
            "MessageBody": "739158 is your Test code.",
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": 240,
            "MaxPrice": "0.50",
        }
    ]


def test_with_feedback_aws_waits_to_hear_that_the_code_was_entered(provider):
    address, aws = provider
    sender = sender_for(address, more="&feedback=true")
    message_id = sender.send(make_message())
    assert aws.taken[0]["MessageFeedbackEnabled"] is True
    # It cannot tell whether a canceled message was received.
    sender.conclude(message_id, None)
    assert aws.feedback == []
    sender.conclude(message_id, "739158")
    assert aws.feedback == [{"MessageId": MESSAGE_ID, "MessageFeedbackStatus": "RECEIVED"}]
    with pytest.raises(DeliveryError) as lost:
        sender.conclude("0" * 36, "739158")
    assert lost.value.error == "aws_ResourceNotFoundException"


def test_without_feedback_aws_hears_nothing(provider):
    address, aws = provider
    sender = sender_for(address)
    sender.conclude(sender.send(make_message()), "739158")
    assert aws.feedback == []


class TestFeedbackWithTheLedger:
    @pytest.fixture
    def env(self):
        aws = f"aws://{LOGIN}@{REGION}"
        return {
            "OTP_SMS_SENDERS": f"{aws}?feedback=true",
            "OTP_APPS": f"bank.sms_senders = '{aws}'",
        }

    @pytest.fixture
    def user(self, store, codes, settings):
        policy = settings.policy()
        outlets = Outlets(settings)
        return User(VerificationService(store, codes, lambda app: policy, outlets=outlets), codes)

    @pytest.fixture
    def deliverer(self, provider, ledger, codes):
        address, _ = provider
        senders = {"sms": {"aws": sender_for(address, more="&feedback=true")}}
        own = Outlet(
            messages=Messages(Texts("Bank")), senders={"sms": {"bank.aws": sender_for(address)}}
        )
        return DirectDeliverer(ledger, codes, {**outlets(senders), "bank": own})

    @pytest.fixture
    def due_after(self, user, deliverer, ledger, redis):
        """The sends that a sweeper finds, after an app's code was sent and entered."""

        def due_after(app: str):
            started = user.ask(app=app)
            deliverer.deliver(started.verification_id, 1)
            user.type(user.code(started), app=app)
            redis.delete("rq:queue:otp")
            due = ledger.sweep(10)
            for send in due:
                deliverer.deliver(*send)
            return [(found == started.verification_id, send) for found, send in due]

        return due_after

    def test_aws_hears_once_that_a_code_was_entered(self, provider, due_after, ledger):
        _, aws = provider
        assert due_after("default") == [(True, 1)]
        assert [told["MessageFeedbackStatus"] for told in aws.feedback] == ["RECEIVED"]
        assert ledger.sweep(10) == []

    def test_without_feedback_nothing_follows_the_code(self, provider, due_after):
        _, aws = provider
        assert due_after("bank") == []
        assert (len(aws.taken), aws.feedback) == (1, [])


@pytest.mark.parametrize(("life", "seconds"), [(0, 5), (5, 5), (599, 599), (300_000, 259_200)])
def test_validity_is_the_remaining_life(provider, life, seconds):
    address, aws = provider
    sender_for(address).send(make_message(expires_in=life))
    assert aws.taken[0]["TimeToLive"] == seconds


@pytest.mark.parametrize("login", [f"{ACCESS_KEY}:wrong", f"AKIAOTHEROTHEROTHER1:{SECRET_KEY}"])
def test_refuses_a_wrong_key(provider, login):
    address, _ = provider
    error = failure_of(sender_for(address, login))
    assert (error.failure, error.error) == ("refused", "aws_InvalidSignatureException")


CONFLICT, VALIDATION = "ConflictException", "ValidationException"


@pytest.mark.parametrize(
    ("kind", "reason", "failure"),
    [
        (CONFLICT, "DESTINATION_PHONE_NUMBER_OPTED_OUT", "invalid_recipient"),
        (
            CONFLICT,
            "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
            "invalid_recipient",
        ),
        (CONFLICT, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "refused"),
        (CONFLICT, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", "refused"),
        (CONFLICT, "NO_ORIGINATION_IDENTITIES_FOUND", "refused"),
        (CONFLICT, "REGISTRATION_NOT_COMPLETE", "refused"),
        (CONFLICT, "RESOURCE_NOT_ACTIVE", "refused"),
        ("AccessDeniedException", "ACCOUNT_DISABLED", "refused"),
        ("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION", "refused"),
        (VALIDATION, "PRICE_OVER_THRESHOLD", "refused"),
        (VALIDATION, "SENDER_ID_REQUIRES_REGISTRATION", "refused"),
        (VALIDATION, "SENDER_ID_NOT_SUPPORTED", "refused"),
        (VALIDATION, "COUNTRY_NOT_ENABLED", "refused"),
        (VALIDATION, "DESTINATION_COUNTRY_BLOCKED", "refused"),
        (VALIDATION, "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "refused"),
        (VALIDATION, "INVALID_PARAMETER", "refused"),
        ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "refused"),
    ],
)
def test_says_what_a_documented_reason_means(http_server, kind, reason, failure):
    address, _ = http_server(lambda _: aws.refusal(kind, reason))
    error = failure_of(sender_for(address))
    assert (error.failure, error.error) == (failure, f"aws_{reason}")


@pytest.mark.parametrize(
    ("kind", "status", "failure"),
    [
        ("ThrottlingException", 400, "transient"),
        ("InternalServerException", 500, "transient"),
        ("ResourceNotFoundException", 400, "refused"),
        ("AccessDeniedException", 400, "refused"),
        ("UnrecognizedClientException", 400, "refused"),
        ("SomeNewException", 503, "transient"),
        ("SomeNewException", 500, "unknown"),
    ],
)
def test_says_what_a_documented_error_means(http_server, kind, status, failure):
    address, _ = http_server(lambda _: aws.refusal(kind, status=status))
    error = failure_of(sender_for(address))
    assert (error.failure, error.error) == (failure, f"aws_{kind}")


@pytest.mark.parametrize(
    ("reply", "failure", "error"),
    [
        (Reply(status=403, body=b"<html>"), "refused", "aws_http_403"),
        (Reply(status=429), "transient", "aws_http_429"),
        (Reply(status=502), "unknown", "aws_http_502"),
        (Reply(status=200, body=b'{"MessageId": "739158"}'), "unknown", "aws_http_200"),
        (Reply(status=400, body=b'{"__type": "x#739158"}'), "refused", "aws_http_400"),
        (
            Reply(status=400, body=b'{"__type": "ThrottlingException", "Reason": "739158"}'),
            "transient",
            "aws_ThrottlingException",
        ),
    ],
)
def test_says_what_an_undocumented_answer_means(http_server, reply, failure, error):
    address, _ = http_server(lambda _: reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "ap-southeast-3"])
def test_reaches_the_region(region):
    sender = AwsSender.from_url(f"aws://{LOGIN}@{region}")
    assert sender.api == f"https://sms-voice.{region}.amazonaws.com"


EXPECTED = "expected aws://ACCESS_KEY:SECRET_KEY@REGION"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("aws://eu-west-1", EXPECTED),
        (f"aws://{ACCESS_KEY}@eu-west-1", EXPECTED),
        (f"aws://{LOGIN}@", EXPECTED),
        (f"aws://{LOGIN}@evil.example", EXPECTED),
        (f"aws://{LOGIN}@eu-west-1.evil.example", EXPECTED),
        (f"aws://short:{SECRET_KEY}@eu-west-1", EXPECTED),
        (f"aws://{LOGIN}@eu-west-1:443", EXPECTED),
        (f"aws://{LOGIN}@eu-west-1/path", EXPECTED),
        (f"aws://{LOGIN}@eu-west-1?from=My%20Shop", "from="),
        (f"aws://{LOGIN}@eu-west-1?from=", "from="),
        (f"aws://{LOGIN}@eu-west-1?max_price=1", "max_price="),
        (f"aws://{LOGIN}@eu-west-1?max_price=1,5", "max_price="),
        (f"aws://{LOGIN}@eu-west-1?configuration_set=a%20b", "configuration_set="),
        (f"aws://{LOGIN}@eu-west-1?configuration_set=otp&topic=sixpost", "topic="),
        (f"aws://{LOGIN}@eu-west-1?topic={TOPIC}", "configuration_set="),
        (f"aws://{LOGIN}@eu-west-1?api=ftp://127.0.0.1", "api=https://host"),
        (f"aws://{LOGIN}@eu-west-1?ttl=300", "use only these options"),
        (f"aws://{LOGIN}@eu-west-1?feedback=1", "feedback="),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named) as error:
        AwsSender.from_url(url)
    assert "hunter22" not in str(error.value)


def test_sends_as_the_route_of_the_country_says(provider):
    address, aws = provider
    sender_for(address, more="&from=+15005550006").send(
        make_message(from_number="EXMPLE", dlt_entity="1101", dlt_template="1107")
    )
    [message] = aws.taken
    assert message["OriginationIdentity"] == "EXMPLE"
    assert message["DestinationCountryParameters"] == {
        "IN_ENTITY_ID": "1101",
        "IN_TEMPLATE_ID": "1107",
    }
