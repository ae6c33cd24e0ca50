"""Verifications that have ended, or that another Service started."""

import pytest

from tests.api.verify_v2.conftest import ACCOUNT, OTHER_KEY, V2
from tests.user import PHONE

UNKNOWN = f"VE{'0' * 32}"


class TestCanceled:
    @pytest.fixture
    def canceled(self, v2, service):
        one = v2.start(service)
        answer = v2.update(service, one["sid"], "canceled")
        assert answer.status_code == 200
        assert answer.json == {
            **one,
            "status": "canceled",
            "date_updated": answer.json["date_updated"],
        }
        return one

    def test_stays_to_be_looked_at(self, v2, service, canceled):
        seen = v2.fetch(service, canceled["sid"])

        assert (seen.status_code, seen.json["status"]) == (200, "canceled")
        # Nobody needs the address any more.
        assert seen.json["to"] == "+1415*****23"

    def test_cannot_be_checked_or_changed(self, v2, service, canceled, code, refused):
        for gone in (
            v2.check(service, code(canceled)),
            v2.check_sid(service, canceled["sid"], code(canceled)),
            v2.update(service, canceled["sid"], "approved"),
        ):
            assert refused(gone, 404, 20404)["details"] == {"reason": "canceled"}

    def test_sends_nothing_more(self, canceled, sender, run_worker):
        run_worker()

        assert sender.messages == []


def test_an_expired_one_is_gone_and_says_so(v2, service, code, clock, refused):
    one = v2.start(service)
    clock.shift(601)

    for gone in (
        v2.check(service, code(one)),
        v2.check_sid(service, one["sid"], code(one)),
        v2.fetch(service, one["sid"]),
        v2.update(service, one["sid"], "canceled"),
    ):
        assert refused(gone, 404, 20404)["details"] == {"reason": "expired"}


def test_of_one_that_never_was_nothing_is_known(v2, service, refused):
    for gone in (
        v2.check(service, "123456"),
        v2.check_sid(service, UNKNOWN, "123456"),
        v2.check_sid(service, "VEnothing", "123456"),
    ):
        assert refused(gone, 404, 20404)["details"] == {"reason": "unknown"}
    for which in (UNKNOWN, "VE1", PHONE, "a@example.com", "nothing", "123"):
        refused(v2.fetch(service, which), 404, 20404)
        refused(v2.update(service, which, "canceled"), 404, 20404)


class TestAnotherService:
    """Of the same account, or of another one."""

    @pytest.fixture
    def others(self, v2, bank):
        return [(v2, v2.service()), (bank, bank.service())]

    def test_sees_and_changes_nothing(self, v2, service, others, code, refused):
        one = v2.start(service)

        for caller, other in others:
            for answer in (
                caller.check(other, code(one)),
                caller.check_sid(other, one["sid"], code(one)),
                caller.fetch(other, one["sid"]),
                caller.fetch(other, PHONE),
                caller.update(other, one["sid"], "approved"),
                caller.update(other, PHONE, "canceled"),
            ):
                body = refused(answer, 404, 20404)
                assert body.get("details", {"reason": "unknown"}) == {"reason": "unknown"}
        assert v2.check(service, code(one)).json["valid"] is True

    def test_has_a_verification_of_its_own_for_the_same_address(self, v2, service, others, code):
        one = v2.start(service)

        for caller, other in others:
            own = caller.start(other)
            assert own["sid"] != one["sid"]
            assert caller.check(other, code(own)).json["sid"] == own["sid"]
        assert v2.fetch(service, PHONE).json["status"] == "pending"

    def test_of_another_account_is_not_there(self, v2, client, service, refused):
        bank = V2(client, ACCOUNT, OTHER_KEY)
        one = v2.start(service)

        for answer in (
            bank.ask(service),
            bank.check(service, "123456"),
            bank.fetch(service, one["sid"]),
            bank.update(service, one["sid"], "canceled"),
        ):
            assert "details" not in refused(answer, 404, 20404)

    def test_nor_does_the_native_api_see_it(self, v2, service, client, problem):
        one = v2.start(service)

        headers = {"Authorization": f"Bearer {'s' * 40}"}
        path = f"/verifications/{one['sid']}"
        problem(client.get(path, headers=headers), 404, "verification_not_found")


def test_a_deleted_service_takes_its_verifications_along(v2, service, code, refused):
    one = v2.start(service)
    v2.delete(f"/Services/{service}")

    refused(v2.check(service, code(one)), 404, 20404)
    refused(v2.fetch(service, one["sid"]), 404, 20404)
