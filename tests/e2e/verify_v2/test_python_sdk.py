"""The vendor's Python SDK, with another base URL: the whole life of a verification."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.clock import clock_of
from tests.e2e.conftest import Service, wait_for
from tests.e2e.verify_v2.conftest import (
    ACCOUNT_SID,
    GIVEN_SID,
    UNKNOWN,
    Account,
    new_number,
    refused,
)
from tests.user import wrong


def is_now(time: object) -> bool:
    """The SDK leaves a date that it cannot read as text."""
    assert isinstance(time, datetime), time
    return abs(time - datetime.now(UTC)) < timedelta(minutes=1)


def text_of(service: Service, verification_sid: str) -> str:
    """What the first message of a verification said, from the virtual phone."""

    def look() -> list[str]:
        messages = service.call("GET", "/phone/messages").body["messages"]
        return [one["text"] for one in messages if one["id"] == f"{verification_sid}-1-1"]

    return wait_for(look)[0]


def use_up_checks(shop, phone: str, code: str) -> None:
    for _ in range(5):
        checked = shop.verification_checks.create(to=phone, code=wrong(code))
        assert (checked.status, checked.valid) == ("pending", False)


@pytest.mark.parametrize("channel", ["sms", "call", "whatsapp", "email"])
def test_a_verification_by_each_channel_is_approved_by_its_code(
    shop, phone, code_for, keyed_service, channel
):
    to = f"ada{phone[1:]}@example.com" if channel == "email" else phone
    sent = shop.verifications.create(to=to, channel=channel)
    assert re.fullmatch("VE[0-9a-f]{32}", sent.sid)
    assert (sent.account_sid, sent.to, sent.channel) == (ACCOUNT_SID, to, channel)
    assert (sent.status, sent.valid) == ("pending", False)
    (attempt,) = sent.send_code_attempts
    assert attempt["channel"].lower() == channel
    assert re.fullmatch("VL[0-9a-f]{32}", attempt["attempt_sid"])
    assert is_now(sent.date_created)
    assert sent.url.endswith(f"/Services/{sent.service_sid}/Verifications/{sent.sid}")

    code = code_for(to)
    assert len(code) == 6
    assert [one["channel"] for one in keyed_service.sent() if one["to"] == to] == [channel]
    checked = shop.verification_checks.create(to=to, code=code)
    assert (checked.status, checked.valid, checked.sid) == ("approved", True, sent.sid)
    assert (checked.to, checked.channel) == (to, channel)
    assert is_now(checked.date_updated)


def test_a_resend_keeps_the_sid_and_the_code(shop, phone, keyed_service):
    first = shop.verifications.create(to=phone, channel="sms")
    again = shop.verifications.create(to=phone, channel="call")
    assert (again.sid, again.channel) == (first.sid, "call")
    assert [one["channel"].lower() for one in again.send_code_attempts] == ["sms", "call"]
    assert again.send_code_attempts[0] == first.send_code_attempts[0]
    assert len({one["attempt_sid"] for one in again.send_code_attempts}) == 2

    def both() -> list[str]:
        codes = [one["code"] for one in keyed_service.sent() if one["to"] == phone]
        return codes if len(codes) == 2 else []

    assert len(set(wait_for(both))) == 1


def test_a_pending_verification_is_fetched_by_sid_and_by_address(shop, phone):
    for to, channel in [(phone, "sms"), (f"bea{phone[1:]}@example.com", "email")]:
        sent = shop.verifications.create(to=to, channel=channel)
        for name in (sent.sid, to):
            fetched = shop.verifications(name).fetch()
            assert (fetched.sid, fetched.to, fetched.status) == (sent.sid, to, "pending")
            assert fetched.send_code_attempts == sent.send_code_attempts
            assert is_now(fetched.date_updated)


def test_a_code_can_be_checked_by_sid(shop, phone, code_for):
    sent = shop.verifications.create(to=phone, channel="sms")
    checked = shop.verification_checks.create(verification_sid=sent.sid, code=code_for(phone))
    assert (checked.sid, checked.status) == (sent.sid, "approved")


@pytest.mark.parametrize("by", ["sid", "to"])
def test_a_canceled_verification_stays_to_be_seen_and_takes_no_code(shop, phone, code_for, by):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    canceled = shop.verifications(getattr(sent, by)).update(status="canceled")
    assert (canceled.sid, canceled.status, canceled.valid) == (sent.sid, "canceled", False)
    assert shop.verifications(sent.sid).fetch().status == "canceled"
    with refused(404, 20404, naming="/VerificationCheck was not found") as error:
        shop.verification_checks.create(verification_sid=sent.sid, code=code)
    assert error().details["reason"] == "canceled"
    with refused(404, 20404):
        shop.verifications(sent.sid).update(status="approved")
    assert shop.verifications.create(to=phone, channel="sms").sid != sent.sid


@pytest.mark.parametrize("by", ["sid", "to"])
def test_a_verification_can_be_approved_without_its_code(shop, phone, code_for, by):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    approved = shop.verifications(getattr(sent, by)).update(status="approved")
    assert (approved.sid, approved.status, approved.valid) == (sent.sid, "approved", True)
    with refused(404, 20404) as error:
        shop.verification_checks.create(verification_sid=sent.sid, code=code)
    assert error().details["reason"] == "approved"


def test_an_approved_verification_is_no_longer_found(shop, phone, code_for):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    shop.verification_checks.create(to=phone, code=code)
    with refused(404, 20404) as error:
        shop.verification_checks.create(verification_sid=sent.sid, code=code)
    assert error().details["reason"] == "approved"
    for call in (
        lambda: shop.verification_checks.create(to=phone, code=code),
        lambda: shop.verifications(sent.sid).fetch(),
        lambda: shop.verifications(phone).fetch(),
        lambda: shop.verifications(sent.sid).update(status="canceled"),
    ):
        with refused(404, 20404):
            call()
    assert shop.verifications.create(to=phone, channel="sms").sid != sent.sid


def test_five_wrong_codes_are_pending_and_no_further_one_counts(shop, phone, code_for):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    use_up_checks(shop, phone, code)
    for _ in range(2):
        with refused(429, 60202, naming="Max check attempts reached"):
            shop.verification_checks.create(to=phone, code=code)
    assert shop.verifications(sent.sid).fetch().status == "max_attempts_reached"
    with refused(429, 60203):
        shop.verifications.create(to=phone, channel="sms")


def test_an_expired_verification_is_gone_and_says_so(shop, phone, code_for, keyed_service):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    with clock_of(keyed_service.redis) as clock:
        clock.shift(601)
    with refused(404, 20404) as error:
        shop.verification_checks.create(verification_sid=sent.sid, code=code)
    assert error().details["reason"] == "expired"
    for name in (sent.sid, phone):
        with refused(404, 20404):
            shop.verifications(name).fetch()
    assert shop.verifications.create(to=phone, channel="sms").sid != sent.sid


@pytest.mark.parametrize("end", ["canceled", "approved"])
def test_the_sixth_send_is_refused_until_the_verification_ends(shop, phone, end):
    sent = [shop.verifications.create(to=phone, channel="sms") for _ in range(5)]
    assert len({one.sid for one in sent}) == 1
    assert len(sent[-1].send_code_attempts) == 5
    with refused(429, 60203, naming="Max send attempts reached"):
        shop.verifications.create(to=phone, channel="sms")
    shop.verifications(sent[0].sid).update(status=end)
    assert shop.verifications.create(to=phone, channel="sms").sid != sent[0].sid


def test_services_do_not_see_each_others_verifications(services, shop, kiosk, phone, code_for):
    sent = shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    other = services(services.create(friendly_name="Other Shop").sid)
    foreign = kiosk.client().verify.v2.services(sent.service_sid)
    for call in (
        lambda: other.verifications(sent.sid).fetch(),
        lambda: other.verification_checks.create(to=phone, code=code),
        lambda: other.verification_checks.create(verification_sid=sent.sid, code=code),
        foreign.fetch,
        lambda: foreign.verification_checks.create(to=phone, code=code),
    ):
        with refused(404, 20404):
            call()
    assert shop.verification_checks.create(to=phone, code=code).valid


def test_one_of_500_at_once_is_approved(shop, phone, code_for):
    shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    outcomes = at_once(lambda: shop.verification_checks.create(to=phone, code=code).status)
    assert outcomes.count("approved") == 1
    assert outcomes.count(20404) == 499


def test_500_at_once_send_five_messages_of_one_verification(shop, phone):
    outcomes = at_once(lambda: shop.verifications.create(to=phone, channel="sms").sid)
    sids = [outcome for outcome in outcomes if outcome != 60203]
    assert (len(sids), len(set(sids))) == (5, 1)


def at_once(call: Callable[[], Any]) -> list[Any]:
    """What came of it, or the code of the refusal."""

    def outcome(_: int) -> Any:
        try:
            return call()
        except TwilioRestException as error:
            return error.code

    with ThreadPoolExecutor(50) as threads:
        return list(threads.map(outcome, range(500)))


def test_messages_name_the_service_in_the_language_asked_for(service, phone):
    """With no key set, whatever account is given."""
    client = Account(service=service, sid="AC" + "9" * 32, token="anything").client()
    sid = client.verify.v2.services.create(friendly_name="My Shop").sid
    shop = client.verify.v2.services(sid)
    sent = shop.verifications.create(to=phone, channel="sms")
    assert sent.account_sid == client.account_sid
    code = service.code_for(phone)
    text = f"{code} is your My Shop code. It expires in 10 min. Don't share it with anyone."
    assert text_of(service, sent.sid) == text

    for more, words in [
        ({"locale": "de"}, "ist Ihr Code für My Shop"),
        ({"locale": "pt-BR"}, "My Shop"),
        ({"locale": "xx"}, "is your My Shop code"),
        ({"locale": "no locale"}, "is your My Shop code"),
        ({"custom_friendly_name": "Cafe"}, "is your Cafe code"),
        ({"custom_friendly_name": "Cafe", "locale": "de"}, "ist Ihr Code für Cafe"),
    ]:
        sent = shop.verifications.create(to=new_number(), channel="sms", **more)
        assert words in text_of(service, sent.sid)


@pytest.mark.parametrize("length", [4, 10])
def test_codes_have_the_length_of_the_service(services, phone, code_for, length):
    shop = services(services.create(friendly_name="Long Codes", code_length=length).sid)
    shop.verifications.create(to=phone, channel="sms")
    code = code_for(phone)
    assert len(code) == length
    assert shop.verification_checks.create(to=phone, code=code).valid


def test_a_code_of_the_callers_is_sent_where_the_service_allows_it(
    services, shop, phone, keyed_service
):
    own = services(services.create(friendly_name="Own Codes", custom_code_enabled=True).sid)
    sent = own.verifications.create(to=phone, channel="sms", custom_code="83920174")
    assert keyed_service.code_for(phone) == "83920174"
    checks = own.verification_checks
    assert checks.create(to=phone, code="83920175").status == "pending"
    assert checks.create(verification_sid=sent.sid, code="83920174").valid
    with refused(400, 60200, naming="CustomCode"):
        own.verifications.create(to=phone, channel="sms", custom_code="12")

    other = new_number()
    shop.verifications.create(to=other, channel="sms", custom_code="83920174")
    assert keyed_service.code_for(other) != "83920174"


def test_a_key_is_as_good_as_an_account(account, phone, code_for):
    client = account.client(f"SK{UNKNOWN}")
    shop = client.verify.v2.services(GIVEN_SID)
    sent = shop.verifications.create(to=phone, channel="sms")
    assert re.fullmatch("AC[0-9a-f]{32}", sent.account_sid)
    assert shop.verification_checks.create(to=phone, code=code_for(phone)).valid


def test_a_made_key_comes_with_its_account_sid_and_auth_token(keyed_service, phone):
    made = keyed_service.run("api.keys", "create", "mover")
    assert made.returncode == 0, made.stderr
    (sid,) = re.findall(r"Account SID +(AC[0-9a-f]{32})\n", made.stderr)
    token = made.stdout.strip().replace("_", "")
    assert token.isalnum()
    client = Account(service=keyed_service, token=token, sid=sid).client()
    service = client.verify.v2.services.create(friendly_name="Mover")
    assert service.account_sid == sid
    shop = client.verify.v2.services(service.sid)
    shop.verifications.create(to=phone, channel="sms")
    assert shop.verification_checks.create(to=phone, code=keyed_service.code_for(phone)).valid
    with refused(404, 20404):
        client.verify.v2.services(GIVEN_SID).fetch()
