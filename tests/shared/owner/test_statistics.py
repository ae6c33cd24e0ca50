"""The dashboard's figures, from buckets as lib/rolling_up.lua leaves them."""

import pytest

from shared.errors import RateLimited
from shared.owner.statistics import (
    MOST_COUNTRIES,
    OTHER_APPS,
    WINDOWS,
    Statistics,
    percentile,
    report,
)
from tests.counts import counts
from tests.user import OTHER_PHONE, PHONE


def of(*buckets):
    return report("minutes", list(range(0, 60 * len(buckets), 60)), buckets)


def test_shows_each_step_in_its_bucket():
    figures = of(
        {"started:sms": 3, "sends:sms:sent": 2, "sends:sms:failed:twilio_30003": 1},
        {},
        {
            "started:email": 1,
            "sends:email:sent": 1,
            "sends:sms:dropped:approved": 1,
            "receipts:sms:twilio:delivered": 2,
            "checks:sms:approved": 2,
            "checks:sms:incorrect": 5,
        },
    )
    assert figures.everything.counts == {
        "started": [3, 0, 1],
        "sent": [2, 0, 1],
        "delivered": [0, 0, 2],
        "verified": [0, 0, 2],
        "failed": [1, 0, 0],
        "dropped": [0, 0, 1],
    }
    assert list(figures.channels) == ["email", "sms"]
    assert figures.channels["sms"].counts["started"] == [3, 0, 0]
    assert figures.channels["email"].counts["started"] == [0, 0, 1]
    assert figures.channels["email"].counts["verified"] == [0, 0, 0]


def test_shows_senders_by_what_providers_said():
    figures = of(
        {
            "attempts:sms:twilio:accepted": 4,
            "attempts:sms:twilio:transient": 1,
            "attempts:email:smtp:refused": 2,
            "receipts:sms:twilio:delivered": 3,
            "receipts:sms:twilio:undelivered": 1,
        }
    )
    assert list(figures.senders) == ["email:smtp", "sms:twilio"]
    twilio = {measure: sum(series) for measure, series in figures.senders["sms:twilio"].items()}
    assert twilio == {
        "accepted": 4,
        "refused": 0,
        "transient": 1,
        "unknown": 0,
        "invalid_recipient": 0,
        "unreachable": 0,
        "delivered": 3,
        "undelivered": 1,
    }


def test_counts_a_message_that_a_receipt_says_was_taken_as_sent():
    figures = of({"receipts:sms:twilio:sent": 1, "attempts:sms:twilio:unknown": 1})
    assert figures.everything.counts["sent"] == [1]
    assert figures.senders["sms:twilio"]["accepted"] == [1]


def test_names_failures_drops_and_refusals_by_their_reason():
    figures = of(
        {
            "sends:sms:failed:smtp_451": 1,
            "sends:email:failed:smtp_451": 1,
            "sends:sms:failed": 1,
            "sends:sms:dropped:expired": 2,
            "refused:to": 7,
        }
    )
    assert figures.failures == {"smtp_451": {"count": [2]}, "unknown": {"count": [1]}}
    assert figures.drops == {"expired": {"count": [2]}}
    assert figures.refused == {"to": {"count": [7]}}


def test_shows_the_busiest_countries_and_adds_up_the_others():
    figures = of(
        {f"country:C{n}:requested": n for n in range(1, MOST_COUNTRIES + 3)}
        | {"country:C1:approved": 1}
    )
    assert next(iter(figures.countries)) == f"C{MOST_COUNTRIES + 2}"
    assert len(figures.countries) == MOST_COUNTRIES + 1
    assert figures.countries["others"] == {"requested": [3], "approved": [1]}


def test_leaves_alone_what_it_does_not_know():
    assert of({"something:new": 1}).everything.counts["started"] == [0]


@pytest.mark.parametrize(
    ("histogram", "share", "milliseconds"),
    [
        ({}, 0.5, None),
        ({"100": 4}, 0.5, 75),
        ({"50": 1, "1000": 1}, 0.5, 50),
        ({"50": 1, "1000": 1}, 0.95, 950),
        ({"50": 95, "5000": 5}, 0.95, 50),
        ({"inf": 3}, 0.5, 500_000),
    ],
)
def test_reads_percentiles_from_histograms(histogram, share, milliseconds):
    assert percentile(histogram, share) == milliseconds


def test_times_are_of_each_bucket_of_each_channel_and_of_all():
    figures = of({"to_sent:sms:100": 1, "to_sent:call:1000": 1}, {"to_approved:sms:20000": 2})
    assert figures.everything.to_sent.p50 == [100, None]
    assert figures.channels["sms"].to_sent.whole_p95 == 97.5
    assert figures.everything.to_verified.p50 == [None, 15_000]
    assert figures.everything.to_verified.whole_p50 == 15_000


@pytest.mark.parametrize(
    ("window", "unit", "step_ms"),
    [("minutes", "minute", 60_000), ("hours", "hour", 3_600_000), ("days", "day", 86_400_000)],
)
def test_reads_the_buckets_of_a_window(redis, scripts, window, unit, step_ms):
    seconds, _ = redis.time()
    newest = seconds * 1000 // step_ms
    for ago, value in ((0, 1), (2, 5), (1000, 7)):
        redis.hset(f"otp:stats:{unit}:{newest - ago}", "started:sms", value)
    figures = Statistics(scripts).read(window)
    assert figures.everything.counts["started"][-3:] == [5, 0, 1]
    assert sum(figures.everything.counts["started"]) == 6
    assert figures.step_seconds == step_ms // 1000
    assert 0 <= seconds - figures.starts[-1] < figures.step_seconds + 60


def test_counts_what_the_scripts_count(scripts, user, run_worker, clock):
    started = user.ask()
    user.ask("a@example.com")
    run_worker()
    user.mistype(started)
    user.type(user.code(started))
    figures = Statistics(scripts).read("hours")
    whole = {step: sum(series) for step, series in figures.everything.counts.items()}
    assert whole == {
        "started": 2,
        "sent": 2,
        "delivered": 0,
        "verified": 1,
        "failed": 0,
        "dropped": 0,
    }
    assert sum(figures.channels["sms"].counts["verified"]) == 1
    assert sum(figures.countries["US"]["approved"]) == 1
    assert sum(figures.senders["email:fake"]["accepted"]) == 1
    assert 0 < figures.everything.to_sent.whole_p95 <= 1000
    assert 0 < figures.channels["sms"].to_verified.whole_p50 <= 1000


def whole(report):
    return {step: sum(series) for step, series in report.everything.counts.items()}


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
class TestAddingUp:
    def test_an_event_counts_for_its_own_minute_whenever_it_is_added_up(self, scripts, user, clock):
        user.ask()
        clock.shift(120)
        user.ask(OTHER_PHONE)
        started = Statistics(scripts).read("minutes").everything.counts["started"]
        assert started[-3:] == [1, 0, 1]
        assert sum(started) == 2

    def test_sweepers_add_up_once_a_minute(self, user, ledger, redis, clock):
        user.ask()
        ledger.sweep(1)
        assert redis.hget("otp:counts", "started:sms") == b"1"
        user.ask(OTHER_PHONE)
        ledger.sweep(1)
        assert redis.hget("otp:counts", "started:sms") == b"1"
        clock.shift(61)
        ledger.sweep(1)
        assert redis.hget("otp:counts", "started:sms") == b"2"

    def test_an_event_is_added_up_once(self, user, redis):
        user.ask()
        assert counts(redis)["started:sms"] == counts(redis)["started:sms"] == 1

    @pytest.mark.parametrize("event", ["", "x", "1", "1\napp", "minute\n\nstarted:sms"])
    def test_what_another_version_noted_is_left_out(self, user, redis, event):
        user.ask()
        redis.hset("otp:events", event, 1)
        assert counts(redis)["started:sms"] == 1
        assert not redis.exists("otp:events")

    def test_what_cannot_be_added_to_is_left_alone(self, user, redis):
        redis.hset("otp:counts", "started:sms", "many")
        user.ask()
        assert counts(redis)["sends_requested:sms"] == 1


class TestByApp:
    def test_counts_what_became_of_the_codes_of_each_app(self, scripts, user, run_worker):
        for app, numbers in {"shop": (PHONE, OTHER_PHONE), "bank": (PHONE,)}.items():
            for number in numbers:
                started = user.ask(number, app=app)
                run_worker()
            user.type(user.code(started), number, app=app)
        statistics = Statistics(scripts)
        everything = statistics.read("minutes")
        for app, started in {"shop": 2, "bank": 1}.items():
            figures = statistics.read("minutes", app)
            assert whole(figures) == {**whole(everything), "started": started} | {
                "sent": started,
                "verified": 1,
            }
            assert list(figures.channels) == ["sms"]
        assert statistics.apps("minutes") == ["bank", "shop"]

    def test_is_the_same_in_every_window(self, scripts, user):
        user.ask(app="shop")
        for window in WINDOWS:
            assert whole(Statistics(scripts).read(window, "shop"))["started"] == 1
            assert whole(Statistics(scripts).read(window, "bank"))["started"] == 0
            assert Statistics(scripts).apps(window) == ["shop"]

    def test_counts_ends_refusals_and_receipts(self, scripts, user, store, ledger, run_worker):
        started = user.ask(app="shop")
        run_worker()
        ledger.receipt(
            started.verification_id, 1, 1, outcome="delivered", senders=[("sms", "fake")]
        )
        store.end(started.verification_id, "shop", "approved")
        dropped = user.ask(OTHER_PHONE, app="shop")
        with pytest.raises(RateLimited):
            user.ask(OTHER_PHONE, app="shop")
        store.end(dropped.verification_id, "shop", "canceled")
        run_worker()
        figures = Statistics(scripts).read("minutes", "shop")
        assert whole(figures) == {
            "started": 2,
            "sent": 1,
            "delivered": 1,
            "verified": 1,
            "failed": 0,
            "dropped": 1,
        }
        assert {why: sum(row["count"]) for why, row in figures.drops.items()} == {"canceled": 1}
        assert sum(figures.refused["resend"]["count"]) == 1

    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    @pytest.mark.parametrize("env", [{"OTP_LIMIT_IP": "1000/1h"}])
    def test_counts_the_apps_beyond_fifty_together(self, scripts, user, clock):
        for n in range(53):
            user.ask(app=f"app{n}")
        statistics = Statistics(scripts)
        assert len(statistics.apps("minutes")) == 51
        assert whole(statistics.read("minutes", OTHER_APPS))["started"] == 3
        assert whole(statistics.read("minutes", "app52"))["started"] == 0
        assert whole(statistics.read("minutes"))["started"] == 53
        clock.shift(2 * 86400)
        user.ask(app="app52")
        assert statistics.apps("minutes") == ["app52"]

    def test_and_every_count_ends(self, redis, user):
        user.ask(app="shop")
        counts(redis)
        keys = redis.keys("otp:stats:app*")
        assert len(keys) == 4
        assert all(0 < redis.ttl(key) <= 32 * 86400 for key in keys)


@pytest.mark.parametrize(
    "env", [{"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1/1h", "OTP_LIMIT_IP": "2/1h"}]
)
def test_shows_the_latest_refusals_first(scripts, user):
    user.ask()
    with pytest.raises(RateLimited):
        user.ask()
    user.ask(OTHER_PHONE)
    with pytest.raises(RateLimited):
        user.ask("+14155550111")
    refused = Statistics(scripts).refusals(most=5)
    assert [(refusal["rule"], refusal["to"]) for refusal in refused] == [
        ("ip", "+1415*****11"),
        ("to", "+1415*****23"),
    ]
    assert len(Statistics(scripts).refusals(most=1)) == 1
