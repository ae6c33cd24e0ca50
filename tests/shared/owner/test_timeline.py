"""Where is my code? The timeline of a recipient, from what the scripts have written."""

import json
from types import SimpleNamespace

import pytest

from shared.owner.timeline import Timeline
from shared.recipient import parse_email, parse_phone
from tests.fakes import claim_one, done_one
from tests.user import OTHER_PHONE, PHONE
from worker.senders.base import DeliveryError

ID = "VE" + 32 * "a"


@pytest.fixture
def timeline(scripts, codes):
    return Timeline(scripts, codes, lambda: ["default", "shop"])


@pytest.fixture
def now(redis):
    return redis.time()[0] * 1000


@pytest.fixture
def written(redis, codes, now):
    """Write a verification of the app `shop` as the scripts do, that began ten seconds ago."""

    def written(*sends, verification_id=ID, to=PHONE, clear=True, **fields):
        tag = codes.tag("shop", to)
        redis.zadd(f"otp:history:{tag}", {verification_id: now + 290_000})
        verification = {
            "status": "pending",
            "app": "shop",
            "channel": "sms",
            "to": "+1415*****23",
            "country": "US",
            "tag": tag,
            "created": now - 10_000,
            "expires": now + 290_000,
            "checks_left": 5,
            "sends": len(sends) or 1,
        }
        redis.hset(f"otp:verification:{verification_id}", mapping={**verification, **fields})
        if clear:
            redis.hset(f"otp:code:{verification_id}", "to", to)
        for number, send in enumerate(sends, 1):
            values = {"status": "queued", "channel": "sms", "locale": "en", "attempts": 0, **send}
            redis.hset(f"otp:send:{verification_id}:{number}", mapping=values)

    return written


def told(trace):
    return [(event.kind, SimpleNamespace(**event.facts)) for event in trace.verifications[0].events]


def test_nothing_is_known_of_somebody_who_never_asked(timeline, written):
    written({})
    trace = timeline.find(parse_phone(OTHER_PHONE))
    assert trace.to == "+1415*****99"
    assert (trace.verifications, trace.held, trace.refusals) == ([], [], [])


def test_tells_the_way_of_a_code_from_being_asked_for_to_being_used(timeline, written, now):
    refused = {
        "sender": "twilio",
        "status": "refused",
        "error": "twilio_21408",
        "begun": now - 9900,
        "at": now - 9800,
    }
    accepted = {
        "sender": "webhook",
        "status": "accepted",
        "begun": now - 9790,
        "at": now - 9700,
        "provider_id": "m-1",
        "receipt": {"outcome": "delivered", "at": now - 5000},
    }
    written(
        {
            "status": "delivered",
            "asked": now - 10_000,
            "claimed": now - 9950,
            "attempts": 2,
            "route": "US",
            "attempt:1": json.dumps(refused),
            "attempt:2": json.dumps(accepted),
        },
        status="approved",
        clear=False,
        checks_left=3,
        **{
            "check:1": json.dumps({"result": "incorrect", "at": now - 2000}),
            "check:2": json.dumps({"result": "approved", "at": now - 1000}),
        },
    )
    trace = timeline.find(parse_phone("+1 (415) 555-0123"))
    (verification,) = trace.verifications
    assert (verification.app, verification.status, verification.to) == (
        "shop",
        "approved",
        "+1415*****23",
    )
    assert not verification.clear
    asked, claimed, first, second, receipt, wrong, right = told(trace)
    assert (asked[0], asked[1].channel, asked[1].send) == ("asked", "sms", 1)
    assert (claimed[0], claimed[1].waited_ms) == ("claimed", 50)
    assert (first[1].sender, first[1].result, first[1].error, first[1].took_ms) == (
        "twilio",
        "refused",
        "twilio_21408",
        100,
    )
    assert (second[1].result, second[1].error, second[1].provider_id) == ("accepted", None, "m-1")
    assert [first[1].route, second[1].route] == ["US", "US"]
    assert (receipt[0], receipt[1].outcome, receipt[1].attempt) == ("receipt", "delivered", 2)
    assert [wrong[1].result, right[1].result] == ["incorrect", "approved"]
    times = [event.at for event in verification.events]
    assert times == sorted(times)
    assert times[0] == (now - 10_000) / 1000


def test_a_message_that_did_not_arrive_was_accepted_first(timeline, written, now):
    attempt = {
        "sender": "twilio",
        "status": "accepted",
        "error": "twilio_30003",
        "at": now - 9000,
        "receipt": {"outcome": "undelivered", "at": now - 8000, "error": "twilio_30003"},
    }
    written({"status": "undelivered", "attempts": 1, "attempt:1": json.dumps(attempt)})
    (attempt, receipt) = told(timeline.find(parse_phone(PHONE)))
    assert (attempt[1].result, attempt[1].error) == ("accepted", None)
    assert (receipt[1].outcome, receipt[1].error) == ("undelivered", "twilio_30003")


@pytest.mark.parametrize(
    ("send", "status", "reason"),
    [
        ({"status": "dropped", "reason": "approved"}, "dropped", "approved"),
        ({"status": "failed", "reason": "no_sender_left"}, "failed", "no_sender_left"),
        ({"status": "sending", "attempts": 1}, "sending", None),
    ],
)
def test_says_what_is_with_a_send_that_no_provider_has(
    timeline, written, now, send, status, reason
):
    written({"asked": now - 10_000, **send})
    _, (kind, facts) = told(timeline.find(parse_phone(PHONE)))
    assert (kind, facts.send, facts.status, facts.reason) == ("send", 1, status, reason)


def test_says_when_a_send_is_tried_again(timeline, written, now):
    written({"asked": now - 10_000, "not_before": now + 4000})
    assert told(timeline.find(parse_phone(PHONE)))[-1][1].again_at == (now + 4000) / 1000


def test_a_test_message_says_through_which_sender_alone(timeline, written, now):
    written({"asked": now - 10_000, "sender": "twilio-2"})
    assert told(timeline.find(parse_phone(PHONE)))[0][1].only == "twilio-2"


def test_how_a_verification_ended_otherwise(timeline, written, now):
    for status in ("canceled", "approved"):
        written({"asked": now - 10_000}, status=status, ended=now - 5000)
        last = timeline.find(parse_phone(PHONE)).verifications[0].events[-1]
        assert (last.kind, last.at) == (status, (now - 5000) / 1000)
    written(
        {"asked": now - 10_000}, verification_id="VE" + 32 * "b", expires=now - 1000, to="a@b.co"
    )
    trace = timeline.find(parse_email("A@B.co"))
    assert trace.verifications[0].status == "expired"
    assert told(trace)[-1][0] == "expired"


def test_the_newest_verification_comes_first(timeline, written, now):
    written(verification_id="VE" + 32 * "1", created=now - 60_000)
    written(verification_id="VE" + 32 * "2", created=now - 1000)
    written(verification_id="VE" + 32 * "3", created=now - 30_000)
    ids = [v.verification_id[2] for v in timeline.find(parse_phone(PHONE)).verifications]
    assert ids == ["2", "3", "1"]


def test_leaves_out_what_is_no_longer_kept(redis, timeline, written):
    written()
    redis.delete(f"otp:verification:{ID}")
    assert timeline.find(parse_phone(PHONE)).verifications == []


def test_says_what_limits_have_counted_of_a_recipient(redis, codes, timeline):
    tag = codes.tag("shop", PHONE)
    redis.rpush(f"otp:failed:{tag}", 1, 2, 3)
    redis.rpush(f"otp:limit:to:{tag}", 1)
    (held,) = timeline.find(parse_phone(PHONE)).held
    assert (held.app, held.wrong_codes, held.sends) == ("shop", 3, 1)


def test_says_what_limits_have_counted_of_all_addresses_of_a_mailbox(redis, codes, timeline):
    redis.sadd("otp:apps", "shop")
    redis.rpush(f"otp:limit:to:{codes.tag('shop', 'ann@gmail.com')}", 1, 2)
    for to in ("ann@gmail.com", "a.nn+x@gmail.com"):
        (held,) = timeline.find(parse_email(to)).held
        assert (held.app, held.sends) == ("shop", 2)


def test_tells_the_refusals_of_a_recipient_and_of_nobody_else(redis, timeline):
    for app, to in (("shop", "+1415*****23"), ("shop", "+1415*****99"), ("shop", None)):
        redis.lpush("otp:refusals", json.dumps({"at": 1, "app": app, "rule": "ip", "to": to}))
    (refusal,) = timeline.find(parse_phone(PHONE)).refusals
    assert (refusal["app"], refusal["rule"]) == ("shop", "ip")


def test_tells_of_attempts_as_the_scripts_have_written_them(timeline, user, ledger, clock):
    send = user.ask().verification_id, 1
    claim = claim_one(ledger, *send)
    clock.shift(2)
    done_one(ledger, claim, "transient", error="smtp_451", retry_in_seconds=0)
    claim = claim_one(ledger, *send)
    clock.shift(1)
    done_one(ledger, claim, "accepted", provider_id="m-1")
    ledger.receipt(*send, 2, senders=[("sms", "smtp")], outcome="delivered")
    first, second, receipt = told(timeline.find(parse_phone(PHONE)))[-3:]
    assert (first[1].result, first[1].error, first[1].provider_id) == (
        "transient",
        "smtp_451",
        None,
    )
    assert (second[1].result, second[1].provider_id) == ("accepted", "m-1")
    assert [round(attempt[1].took_ms / 1000) for attempt in (first, second)] == [2, 1]
    assert (receipt[0], receipt[1].outcome, receipt[1].attempt) == ("receipt", "delivered", 2)


def test_tells_what_the_scripts_have_written(timeline, user, sender, run_worker, ledger):
    sender.failures = [DeliveryError("refused", "twilio_21408")]
    started = user.ask()
    run_worker()
    run_worker()
    ledger.receipt(
        started.verification_id,
        1,
        1,
        senders=[("sms", "fake")],
        outcome="delivered",
        provider_id="m-1",
    )
    user.mistype(started)
    user.type(user.code(started))
    trace = timeline.find(parse_phone(PHONE))
    (verification,) = trace.verifications
    assert (verification.verification_id, verification.app) == (started.verification_id, "default")
    assert (verification.status, verification.country) == ("approved", "US")
    kinds = [kind for kind, _ in told(trace)]
    assert kinds[:3] == ["asked", "claimed", "attempt"]
    assert kinds[-2:] == ["check", "check"]
    (held,) = trace.held
    assert (held.wrong_codes, held.sends) == (0, 1)


def test_tells_which_steps_of_a_workflow_started_or_not_and_what_is_next(timeline, written, now):
    written(
        {"status": "sent", "asked": now - 10_000, "step": 1},
        {"status": "sent", "channel": "call", "asked": now - 4000, "step": 3},
        workflow=json.dumps([["sms", 30000], ["whatsapp", 30000], ["call", 30000], ["sms", None]]),
        step=3,
        next_step_at=now + 26_000,
        **{"skipped:2": json.dumps({"reason": "budget", "at": now - 5000})},
    )
    first, skipped, third, coming = told(timeline.find(parse_phone(PHONE)))
    assert (first[0], first[1].send, first[1].step) == ("asked", 1, 1)
    assert skipped == ("skipped", SimpleNamespace(step=2, channel="whatsapp", reason="budget"))
    assert (third[0], third[1].send, third[1].step) == ("asked", 2, 3)
    assert coming == ("next", SimpleNamespace(step=4, channel="sms"))


@pytest.mark.parametrize("end", [{"status": "approved"}, {"expires": 1}])
def test_no_step_is_next_after_the_end(timeline, written, now, end):
    steps = json.dumps([["sms", 30000], ["call", None]])
    written({}, workflow=steps, step=1, next_step_at=now + 26_000, **end)
    assert "next" not in [kind for kind, _ in told(timeline.find(parse_phone(PHONE)))]
