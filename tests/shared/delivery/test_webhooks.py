"""What an app's backend is told: the script that makes a change writes the event."""

import pytest

from shared.delivery.webhooks import LEASE_SECONDS, Taken
from shared.errors import OtpError
from tests.conftest import EVERY_REDIS, redis_of
from tests.fakes import claim_one, done_one
from tests.redis_servers import REAL_REDIS
from tests.shared.delivery.events import ENV, delivered, failed, types
from tests.user import OTHER_PHONE, PHONE
from worker.senders.base import DeliveryError

redis = redis_of(*EVERY_REDIS)


@pytest.fixture
def env():
    return ENV


def test_a_verification_is_told_from_start_to_approval(user, told, run_worker):
    started = user.ask()
    run_worker()
    user.type(user.code(started))
    events = told()
    assert types(events) == ["verification.started", "send.accepted", "verification.approved"]
    known = {"verification_id": started.verification_id, "app": "default", "channel": "sms"}
    for revision, event in enumerate(events, 1):
        assert event.app == "default"
        assert event.id == f"{started.verification_id}-{revision}"
        assert known.items() <= event.data.items()
        assert (event.data["revision"], event.data["to"]) == (revision, "+1415*****23")
    assert {"send": 1, "status": "sent", "sender": "fake"}.items() <= events[1].data.items()


def test_neither_code_nor_address_is_in_an_event(user, redis, run_worker, told):
    started = user.ask()
    code = user.code(started)
    run_worker()
    user.type(code)
    for key in redis.keys("otp:webhook:*"):
        kept = repr(redis.hgetall(key))
        assert PHONE not in kept
        assert f'"{code}"' not in kept


def test_an_app_without_an_endpoint_is_told_nothing(user, told, redis, run_worker, settings):
    quiet = settings.model_copy(update={"otp_webhook_url": None})
    assert not quiet.policy().tells_app
    user.ask()
    assert types(told()) == ["verification.started"]


@pytest.mark.parametrize("env", [{}])
def test_without_an_endpoint_nothing_is_written(user, redis, run_worker, env):
    user.type(user.code(user.ask()))
    assert not redis.keys("otp:webhook*")


def test_a_cancellation_is_told(user, service, told):
    started = user.ask()
    service.cancel(started.verification_id, app="default")
    assert types(told()) == ["verification.started", "verification.canceled"]


def test_the_end_of_the_checks_is_told(user, told):
    user.mistype(user.ask())
    assert types(told())[-1] == "verification.max_attempts_reached"


def test_an_expiry_is_told_although_nobody_asks(user, told, clock):
    user.ask()
    assert types(told()) == ["verification.started"]
    clock.shift(299)
    assert told() == []
    clock.shift(2)
    assert types(told()) == ["verification.expired"]
    clock.shift(60)
    assert told() == []


def test_an_expiry_is_noticed_without_a_free_place(user, webhooks, told, clock):
    user.ask()
    told()
    clock.shift(301)
    assert webhooks.take(0).events == []
    assert types(webhooks.recent())[0] == "verification.expired"


@pytest.mark.parametrize("end", ["approve", "cancel", "mistype"])
def test_a_verification_ends_once(user, service, told, clock, end):
    started = user.ask()
    match end:
        case "approve":
            user.type(user.code(started))
        case "cancel":
            service.cancel(started.verification_id, app="default")
        case "mistype":
            user.mistype(started)
    told()
    clock.shift(301)
    assert told() == []


def test_the_next_event_is_announced(user, told, webhooks, clock):
    assert webhooks.take(1) == Taken(events=[], next_in_seconds=None, left=0)
    user.ask()
    told()
    next_in = webhooks.take(1).next_in_seconds
    assert next_in == pytest.approx(300, abs=5)


def test_a_failed_send_is_told(user, told, sender, run_worker):
    sender.failures.append(DeliveryError("invalid_recipient", "21211"))
    user.ask()
    run_worker()
    failed = told()[-1]
    assert failed.type == "send.failed"
    assert {"status": "failed", "reason": "21211"}.items() <= failed.data.items()


def test_a_send_that_is_retried_is_told_when_it_is_sent(user, told, sender, run_worker):
    sender.failures.append(DeliveryError("transient", "503"))
    user.ask()
    run_worker()
    assert types(told()) == ["verification.started"]


def test_a_dropped_send_is_told(user, service, told, run_worker):
    started = user.ask()
    service.cancel(started.verification_id, app="default")
    run_worker()
    dropped = told()[-1]
    assert dropped.type == "send.dropped"
    assert dropped.data["reason"] == "canceled"


@pytest.mark.parametrize("outcome", ["delivered", "undelivered"])
def test_a_receipt_is_told_once(user, ledger, told, outcome):
    started = user.ask()
    claim = claim_one(ledger, started.verification_id, 1)
    done_one(ledger, claim, "accepted")
    told()
    for _ in range(2):
        ledger.receipt(started.verification_id, 1, 1, senders=[("sms", "smtp")], outcome=outcome)
    (event,) = told()
    assert event.type == f"send.{outcome}"
    assert event.data["sender"] == "smtp"


def test_a_blocked_recipient_is_told_without_a_verification(user, told):
    with pytest.raises(OtpError):
        user.ask("+19005550123")
    (event,) = told()
    assert (event.type, event.app) == ("recipient.blocked", "default")
    assert event.data["rule"] == "number_type"
    assert "verification_id" not in event.data


@pytest.mark.parametrize(
    "env",
    [
        {
            **ENV,
            "OTP_GUARD": "block",
            "OTP_GUARD_RANGE": "1/1h",
        }
    ],
)
def test_a_held_recipient_is_told(user, told):
    user.ask()
    told()
    with pytest.raises(OtpError):
        user.ask(PHONE[:-2] + "77")
    (event,) = told()
    assert (event.type, event.data["rule"]) == ("recipient.blocked", "guard_range")


def test_other_refusals_are_not_told(user, told):
    for _ in range(5):
        user.ask()
    told()
    with pytest.raises(OtpError):
        user.ask()
    assert told() == []


def test_a_code_for_another_payment_cancels_the_first(user, told):
    user.ask(context="one")
    second = user.ask(context="two")
    assert sorted(types(told())) == [
        "verification.canceled",
        "verification.started",
        "verification.started",
    ]
    assert second.send == 1


def test_a_resend_starts_nothing(user, told):
    user.ask()
    user.ask()
    assert types(told()) == ["verification.started"]


def test_a_service_tells_its_account(user, terms_of, told):
    service = "VA" + 32 * "0"
    user.ask(app=service, terms=terms_of("shop"))
    (event,) = told()
    assert (event.app, event.data["app"], event.data["service"]) == ("shop", "shop", service)


def test_an_event_is_for_one_worker_until_its_lease_ends(user, webhooks, clock):
    user.ask()
    (event,) = webhooks.take(10).events
    assert webhooks.take(10).events == []
    clock.shift(LEASE_SECONDS + 1)
    (again,) = webhooks.take(10).events
    assert (again.id, again.data) == (event.id, event.data)


def test_an_event_that_was_delivered_is_not_retried_for_an_attempt_that_was_slower(
    user, webhooks, clock, redis
):
    user.ask()
    (slow,) = webhooks.take(1).events
    clock.shift(LEASE_SECONDS + 1)
    (event,) = webhooks.take(1).events
    webhooks.settle([delivered(event)])
    webhooks.settle([failed(slow, retry_in_seconds=1)])
    clock.shift(60)
    assert webhooks.take(9).events == []
    (kept,) = webhooks.recent()
    assert (kept.attempts, kept.result, kept.answer) == (2, "delivered", "200")
    assert redis.keys("otp:webhooks:app:*") == []


def test_a_failed_event_is_due_later(user, webhooks, clock):
    user.ask()
    (event,) = webhooks.take(10).events
    webhooks.settle([failed(event, retry_in_seconds=60)])
    clock.shift(58)
    assert webhooks.take(10).events == []
    clock.shift(3)
    (again,) = webhooks.take(10).events
    assert (again.attempts, again.answer, again.id) == (1, "503", event.id)


def test_an_event_can_be_sent_again(user, webhooks, told):
    user.ask()
    (event,) = told()
    assert webhooks.resend(event.id).id == event.id
    assert [again.id for again in told()] == [event.id]
    assert webhooks.resend("VE" + 32 * "0" + "-9") is None


def test_the_last_hundred_are_listed(user, webhooks, told):
    for n in range(101):
        user.ask(f"+1415555{1000 + n}", ip=f"192.0.2.{n}")
    told()
    recent = webhooks.recent()
    assert len(recent) == 100
    assert all(event.result == "delivered" for event in recent)
    assert recent[0].at >= recent[-1].at


# The fake one takes 14 s to have 50,000 members.
@pytest.mark.parametrize("redis", REAL_REDIS, indirect=True)
def test_what_is_too_much_is_given_up_and_counted(user, redis, told):
    redis.zadd("otp:webhooks:since", {f"x{n}": 9e15 for n in range(50_000)})
    user.ask()
    assert told() == []
    assert any(b"webhooks:given_up" in field for field in redis.hgetall("otp:events"))


def test_every_key_expires(user, redis, told):
    user.ask()
    told()
    user.ask(OTHER_PHONE)
    keys = redis.keys("otp:webhook*")
    assert len(keys) >= 6
    assert all(redis.ttl(key) > 0 for key in keys)


def test_what_another_version_wrote_holds_up_nothing_else(user, redis, webhooks, told, clock):
    odd = ["VE" + 32 * "a" + "-1", "VE" + 32 * "b" + "-1", "odd", ""]
    redis.set(f"otp:webhook:{odd[0]}", "text")
    redis.hset(f"otp:webhook:{odd[1]}", mapping={"app": "default", "event": "["})
    redis.zadd("otp:webhooks", dict.fromkeys(odd, 0))
    redis.zadd("otp:webhooks:unproven", dict.fromkeys(odd, 0))
    redis.zadd("otp:webhooks:app:default", dict.fromkeys(odd, 0))
    redis.zadd("otp:webhooks:ends", dict.fromkeys([*odd, "VE" + 32 * "c"], 0))
    redis.set("otp:verification:VE" + 32 * "c", "text")
    redis.lpush("otp:webhooks:endpoint:default", "text")
    user.ask()
    assert types(told()) == ["verification.started"]
    assert types(webhooks.recent()) == ["verification.started"]


def test_a_revision_that_is_no_number_spoils_no_approval(user, redis, told):
    started = user.ask()
    redis.hset(f"otp:verification:{started.verification_id}", "revision", "odd")
    assert user.type(user.code(started)).approved
    assert types(told()) == ["verification.started"]


def test_an_erased_recipient_leaves_no_event(user, redis, store, codes):
    user.ask()
    store.erase([codes.tag("default", PHONE)])
    assert not redis.keys("otp:webhook:*")
    assert redis.keys("otp:webhooks*") == [b"otp:webhooks:recent"]
