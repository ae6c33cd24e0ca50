"""The vendor's Python SDK around verifications: rate limits, attempts, templates, safe list."""

from datetime import datetime

import pytest

from tests.e2e.verify_v2.conftest import TOKENS, UNKNOWN, Account, new_number, refused

IP = "198.51.100.7"


@pytest.fixture
def verify(keyed_service):
    """Of an account that nobody else uses."""
    return Account(service=keyed_service, token=TOKENS["meter"]).client().verify.v2


@pytest.fixture
def meter(verify):
    return verify.services(verify.services.create(friendly_name="Meter").sid)


def test_a_rate_limit_counts_what_the_caller_names(meter):
    limit = meter.rate_limits.create(unique_name="end_user_ip", description="Per client")
    meter.rate_limits(limit.sid).buckets.create(max=2, interval=60)
    for _ in range(2):
        meter.verifications.create(to=new_number(), channel="sms", rate_limits={"end_user_ip": IP})
    with refused(429, 20429, naming="Too many requests"):
        meter.verifications.create(to=new_number(), channel="sms", rate_limits={"end_user_ip": IP})
    other = {"end_user_ip": "198.51.100.8"}
    meter.verifications.create(to=new_number(), channel="sms", rate_limits=other)
    meter.verifications.create(to=new_number(), channel="sms")


def test_rate_limits_and_buckets_are_kept(meter):
    limits = meter.rate_limits
    made = limits.create(unique_name="end_user_ip", description="Per client")
    assert isinstance(made.date_created, datetime)
    assert limits(made.sid).update(description="Per address").unique_name == "end_user_ip"
    assert limits(made.sid).fetch().description == "Per address"
    assert [one.sid for one in limits.list()] == [made.sid]
    with refused(400, 60208):
        limits.create(unique_name="end_user_ip")
    with refused(400, 60209):
        limits.create(unique_name="no name")

    buckets = limits(made.sid).buckets
    bucket = buckets.create(max=2, interval=60)
    with refused(400, 60211):
        buckets.create(max=3, interval=60)
    assert limits(made.sid).buckets(bucket.sid).update(max=4).interval == 60
    assert limits(made.sid).buckets(bucket.sid).fetch().max == 4
    assert [one.sid for one in buckets.list()] == [bucket.sid]
    assert limits(made.sid).buckets(bucket.sid).delete()
    assert limits(made.sid).delete()
    with refused(404, 20404):
        limits(made.sid).fetch()


def test_attempts_say_what_came_of_each_send(verify, meter, code_for):
    phone, other = new_number(), new_number()
    sent = meter.verifications.create(to=phone, channel="sms")
    meter.verifications.create(to=other, channel="call")
    meter.verification_checks.create(to=phone, code=code_for(phone))

    attempts = verify.verification_attempts
    mine = {"verify_service_sid": sent.service_sid}
    (converted,) = attempts.list(**mine, status="converted")
    assert converted.sid == sent.send_code_attempts[0]["attempt_sid"]
    assert (converted.verification_sid, converted.channel) == (sent.sid, "sms")
    assert isinstance(converted.date_created, datetime)
    assert attempts(converted.sid).fetch().conversion_status == "converted"
    (call,) = attempts.list(**mine, channel="call")
    assert call.conversion_status == "unconverted"
    assert [one.sid for one in attempts.list(channel_data_to=other)] == [call.sid]
    assert len(attempts.list(**mine, country="US", page_size=1)) == 2

    summary = verify.verification_attempts_summary().fetch(**mine)
    counts = (summary.total_attempts, summary.total_converted, summary.total_unconverted)
    assert counts == (2, 1, 1)
    assert float(summary.conversion_rate_percentage) == 50
    with refused(404, 20404):
        attempts(f"VL{UNKNOWN}").fetch()


def test_there_is_one_template_which_may_be_named(verify, meter):
    (template,) = verify.templates.list()
    assert {"en", "de"} <= template.translations.keys()
    sent = meter.verifications.create(to=new_number(), channel="sms", template_sid=template.sid)
    assert sent.status == "pending"


def test_numbers_are_put_on_the_safe_list_and_taken_off(verify):
    phone = new_number()
    made = verify.safelist.create(phone_number=phone)
    assert verify.safelist(phone).fetch().sid == made.sid
    assert verify.safelist(phone).delete()
    with refused(404, 20404):
        verify.safelist(phone).fetch()
