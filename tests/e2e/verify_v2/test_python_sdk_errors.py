"""Every error that the vendor's Python SDK can meet, as the exception that its users catch."""

from contextlib import suppress

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.base.values import unset

from tests.e2e.conftest import wait_for
from tests.e2e.verify_v2.conftest import (
    ACCOUNT_SID,
    BLOCKED,
    FRENCH,
    GIVEN_SID,
    LANDLINE,
    TOKENS,
    UNKNOWN,
    new_number,
    refused,
)


@pytest.mark.parametrize(
    ("request_", "status", "code", "naming"),
    [
        ({"to": "12"}, 400, 60200, "Invalid parameter `To`: 12"),
        ({"to": "nobody"}, 400, 60200, "`To`"),
        ({"to": unset}, 400, 60200, "To"),
        ({"to": ""}, 400, 60200, "To"),
        ({"channel": "pigeon"}, 400, 60200, "Invalid parameter: Channel"),
        ({"channel": "sna"}, 400, 60200, "Channel"),
        ({"channel": unset}, 400, 60200, "Channel"),
        ({"channel": "email"}, 400, 60200, "`To`"),
        ({"template_sid": f"HJ{UNKNOWN}"}, 400, 60228, "Template was not found"),
        ({"to": FRENCH}, 403, 60605, "Verification delivery attempt blocked"),
        ({"to": BLOCKED}, 403, 60410, "Verification delivery attempt blocked"),
    ],
    # The address in the text of an object differs from process to process.
    ids=lambda value: str(value).partition(" object at ")[0] if isinstance(value, dict) else None,
)
def test_a_start_that_is_refused_says_why(shop, phone, request_, status, code, naming):
    with refused(status, code, naming=naming):
        shop.verifications.create(**{"to": phone, "channel": "sms", **request_})


@pytest.mark.parametrize("code", [unset, "", "12", "12345678901", "abcdef", "①②③④⑤⑥"])
def test_a_malformed_code_is_refused_and_costs_no_check(shop, phone, code_for, code):
    shop.verifications.create(to=phone, channel="sms")
    right = code_for(phone)
    for _ in range(6):
        with refused(400, 60200, naming="Code"):
            shop.verification_checks.create(to=phone, code=code)
    assert shop.verification_checks.create(to=phone, code=right).valid


def test_a_check_needs_a_target_that_is_there(shop, phone):
    checks = shop.verification_checks
    with refused(400, 60221, naming="No target verification specified"):
        checks.create(code="123456")
    with refused(400, 60200, naming="`To`"):
        checks.create(to="12", code="123456")
    for target in ({"to": phone}, {"verification_sid": f"VE{UNKNOWN}"}):
        with refused(404, 20404, naming="/VerificationCheck was not found") as error:
            checks.create(**target, code="123456")
        assert error().details["reason"] == "unknown"


def test_an_update_needs_a_status_that_can_be_set(shop, phone):
    sent = shop.verifications.create(to=phone, channel="sms")
    for status in ("pending", "perhaps", unset):
        with refused(400, 60200, naming="Status"):
            shop.verifications(sent.sid).update(status=status)


def test_what_is_not_there_is_not_found(services, shop):
    path = f"/Services/VA{UNKNOWN}"
    with refused(404, 20404, naming=f"The requested resource {path} was not found"):
        services(f"VA{UNKNOWN}").fetch()
    with refused(404, 20404, naming=f"{path}/Verifications was not found"):
        services(f"VA{UNKNOWN}").verifications.create(to=new_number(), channel="sms")
    with refused(404, 20404):
        shop.verifications(f"VE{UNKNOWN}").fetch()
    with refused(404, 20404):
        shop.webhooks(f"YW{UNKNOWN}").fetch()


@pytest.mark.parametrize(
    ("changes", "naming"),
    [
        ({"friendly_name": " "}, "FriendlyName"),
        ({"friendly_name": "a" * 33}, "FriendlyName"),
        ({"friendly_name": "Call 12345"}, "FriendlyName"),
        ({"friendly_name": "https://shop"}, "FriendlyName"),
        ({"code_length": 3}, "CodeLength"),
        ({"code_length": 11}, "CodeLength"),
    ],
)
def test_a_service_that_cannot_be_is_refused(services, shop, changes, naming):
    with refused(400, 60200, naming=naming):
        services.create(**{"friendly_name": "My Shop", **changes})
    with refused(400, 60200, naming=naming):
        shop.update(**changes)


def test_a_landline_gets_no_sms_where_the_service_skips_them(services):
    shop = services(services.create(friendly_name="No Landlines", skip_sms_to_landlines=True).sid)
    with refused(403, 60205, naming="SMS is not supported by landline phone number"):
        shop.verifications.create(to=LANDLINE, channel="sms")
    assert shop.verifications.create(to=LANDLINE, channel="call").status == "pending"


def test_the_account_s_policy_counts_for_its_services(kiosk):
    services = kiosk.client().verify.v2.services
    shop = services(services.create(friendly_name="Kiosk").sid)
    with refused(400, 60223, naming="Delivery channel disabled"):
        shop.verifications.create(to=new_number(), channel="call")
    for _ in range(3):
        shop.verifications.create(to=new_number(), channel="sms")
    with refused(429, 20429, naming="Too many requests"):
        shop.verifications.create(to=new_number(), channel="sms")


@pytest.mark.parametrize(
    ("user", "token"),
    [
        (ACCOUNT_SID, "wrong"),
        ("AC1", TOKENS["shop"]),
        ("somebody", TOKENS["shop"]),
        (f"SK{UNKNOWN}", "wrong"),
    ],
)
def test_wrong_credentials_are_refused(account, user, token):
    with refused(401, 20003, naming="Authenticate"):
        account.client(user, token).verify.v2.services(GIVEN_SID).fetch()


def test_a_method_that_a_resource_has_not_is_refused(account):
    with refused(405, 20004, naming="Method not allowed"):
        account.client().verify.v2.update("PUT", f"/Services/{GIVEN_SID}")


def test_redis_that_is_away_is_said_so(keyed_service, account, shop, phone):
    with keyed_service.redis_server.hanging():
        with refused(503, 20503):
            shop.verifications.create(to=phone, channel="sms")
        with refused(503, 20503):
            shop.verification_checks.create(to=phone, code="123456")

    def is_back() -> bool:
        """In each of its processes: every client has a connection of its own."""
        with suppress(TwilioRestException):
            return all(account.client().verify.v2.services(GIVEN_SID).fetch() for _ in range(20))
        return False

    # For the tests that follow.
    wait_for(is_back)
