"""Services by the Python SDK of Twilio."""

import re
from datetime import UTC, datetime, timedelta

from tests.e2e.verify_v2.conftest import (
    ACCOUNT_SID,
    GIVEN_SID,
    TOKENS,
    Account,
    new_number,
    refused,
)


def is_now(time: object) -> bool:
    """The SDK leaves a date that it cannot read as text."""
    assert isinstance(time, datetime), time
    return abs(time - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_service_is_created_fetched_updated_and_deleted(services):
    made = services.create(friendly_name="Your Shop", code_length=4, skip_sms_to_landlines=True)
    assert re.fullmatch("VA[0-9a-f]{32}", made.sid)
    assert made.account_sid == ACCOUNT_SID
    assert is_now(made.date_created)
    assert is_now(made.date_updated)
    assert made.url.endswith(f"/v2/Services/{made.sid}")
    assert made.links["verifications"] == f"{made.url}/Verifications"

    changed = services(made.sid).update(friendly_name="Our Shop", custom_code_enabled=True)
    assert changed.sid == made.sid
    fetched = services(made.sid).fetch()
    assert (fetched.friendly_name, fetched.code_length) == ("Our Shop", 4)
    assert (fetched.custom_code_enabled, fetched.skip_sms_to_landlines) == (True, True)
    assert fetched.date_created == made.date_created

    assert services(made.sid).delete()
    for call in (services(made.sid).fetch, services(made.sid).delete):
        with refused(404, 20404, naming=f"/Services/{made.sid} was not found"):
            call()
    with refused(404, 20404):
        services(made.sid).verifications.create(to=new_number(), channel="sms")


def test_services_are_listed_across_pages(keyed_service):
    client = Account(service=keyed_service, token=TOKENS["pythonlists"]).client()
    services = client.verify.v2.services
    assert services.list() == []
    sids = [services.create(friendly_name=f"Page {name}").sid for name in "abcde"]
    assert [one.sid for one in services.list()] == sids
    assert [one.sid for one in services.stream(page_size=2)] == sids
    assert [one.sid for one in services.list(limit=3, page_size=2)] == sids[:3]

    first = services.page(page_size=2)
    second = first.next_page()
    assert [one.sid for one in second] == sids[2:4]
    assert [one.sid for one in second.previous_page()] == sids[:2]
    last = second.next_page()
    assert [one.sid for one in last] == sids[4:]
    assert last.next_page() is None
    assert services.get_page(second.next_page_url)


def test_a_service_of_the_settings_is_there_with_the_sid_that_it_had(services, phone, code_for):
    given = services(GIVEN_SID)
    assert given.fetch().friendly_name == "Given Shop"
    assert GIVEN_SID in [one.sid for one in services.list()]
    sent = given.verifications.create(to=phone, channel="sms")
    assert sent.service_sid == GIVEN_SID
    assert given.verification_checks.create(to=phone, code=code_for(phone)).valid


def test_a_service_of_the_command_can_be_used(keyed_service, services, phone):
    made = keyed_service.run("api.services", "create", "--app", "shop", "Command Shop")
    (sid,) = re.findall("VA[0-9a-f]{32}", made.stdout)
    assert services(sid).fetch().friendly_name == "Command Shop"
    assert services(sid).verifications.create(to=phone, channel="sms").status == "pending"
