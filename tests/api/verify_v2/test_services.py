"""Services: each a policy of its own."""

import pytest

from shared.verify_v2.services import TEMPLATE_SID
from tests.api.verify_v2.conftest import ACCOUNT, TIME, V2

GIVEN = f"VA{'a' * 32}"


def test_a_new_one_has_the_usual_rules(v2):
    answer = v2.post("/Services", FriendlyName="My Shop")

    assert answer.status_code == 201
    service = answer.json
    url = f"https://otp.example.com/v2/Services/{service['sid']}"
    assert service["sid"].startswith("VA")
    assert len(service["sid"]) == 34
    assert service["account_sid"] == ACCOUNT
    assert service["friendly_name"] == "My Shop"
    assert service["code_length"] == 6
    assert service["custom_code_enabled"] is False
    assert service["psd2_enabled"] is False
    assert service["dtmf_input_required"] is True
    assert service["url"] == url
    assert service["links"]["verifications"] == f"{url}/Verifications"
    assert TIME.fullmatch(service["date_created"])
    assert v2.get(f"/Services/{service['sid']}").json == service


def test_is_made_and_changed_by_its_parameters(v2):
    sid = v2.service(CodeLength=8, CustomCodeEnabled="True", TtsName="", LookupEnabled="false")

    changed = v2.post(f"/Services/{sid}", FriendlyName="Other", SkipSmsToLandlines="true")

    assert changed.status_code == 200
    assert changed.json["friendly_name"] == "Other"
    assert changed.json["code_length"] == 8
    assert changed.json["custom_code_enabled"] is True
    assert changed.json["skip_sms_to_landlines"] is True
    assert changed.json["tts_name"] is None
    assert v2.get(f"/Services/{sid}").json == changed.json


def test_what_is_not_known_is_ignored(v2):
    assert v2.service(**{"Push.IncludeDate": "maybe", "Totp.Skew": "x", "New": "?"})


WRONG_PARAMETERS = [
    ("FriendlyName", "x" * 33),
    ("FriendlyName", "call 5550123"),
    ("FriendlyName", "shop.example"),
    ("FriendlyName", " "),
    ("CodeLength", "3"),
    ("CodeLength", "11"),
    ("CodeLength", "six"),
    ("CustomCodeEnabled", "maybe"),
]


def test_a_wrong_parameter_is_named(v2, refused, subtests):
    for name, value in WRONG_PARAMETERS:
        with subtests.test(name=name, value=value):
            error = refused(
                v2.post("/Services", **{"FriendlyName": "My Shop", name: value}), 400, 60200
            )

            assert name in error["message"]
            assert v2.get("/Services").json["services"] == []


def test_a_name_is_needed(v2, refused):
    assert "FriendlyName" in refused(v2.post("/Services"), 400, 60200)["message"]


@pytest.mark.parametrize("name", ["Café 24", "متجر", "हिन्दी", "商店", "A-b_c"])
def test_a_name_may_be_in_any_script(v2, name):
    assert v2.get(f"/Services/{v2.service(name)}").json["friendly_name"] == name


def test_a_template_is_ours_or_not_found(v2, refused):
    assert v2.service(DefaultTemplateSid=TEMPLATE_SID)

    refused(v2.post("/Services", FriendlyName="x", DefaultTemplateSid=f"HJ{'0' * 32}"), 400, 60228)


def test_a_deleted_one_is_gone(v2, refused):
    sid = v2.service()

    answer = v2.delete(f"/Services/{sid}")

    assert (answer.status_code, answer.data) == (204, b"")
    path = f"/Services/{sid}"
    for gone in (v2.get(path), v2.post(path, FriendlyName="x"), v2.delete(path)):
        error = refused(gone, 404, 20404)
        assert error["message"] == f"The requested resource {path} was not found"
    assert v2.get("/Services").json["services"] == []


def test_another_account_sees_nothing_of_it(v2, bank, refused):
    sid = v2.service()

    path = f"/Services/{sid}"
    for other in (bank.get(path), bank.post(path, FriendlyName="x"), bank.delete(path)):
        refused(other, 404, 20404)
    assert bank.get("/Services").json["services"] == []
    assert v2.get(path).json["friendly_name"] == "My Shop"


def test_lists_are_paged_with_addresses_of_the_service(v2, clock):
    sids = []
    for letter in "abcde":
        sids.append(v2.service(f"Shop {letter}"))
        # Those of the same millisecond are in no order.
        clock.shift(1)

    pages = [v2.get("/Services", PageSize=2, Page=page).json for page in range(3)]

    assert [s["sid"] for page in pages for s in page["services"]] == sids
    first, middle, last = (page["meta"] for page in pages)
    assert middle == {
        "page": 1,
        "page_size": 2,
        "first_page_url": "https://otp.example.com/v2/Services?PageSize=2&Page=0",
        "previous_page_url": "https://otp.example.com/v2/Services?PageSize=2&Page=0",
        "url": "https://otp.example.com/v2/Services?PageSize=2&Page=1",
        "next_page_url": "https://otp.example.com/v2/Services?PageSize=2&Page=2",
        "key": "services",
    }
    assert first["previous_page_url"] is None
    assert last["next_page_url"] is None


def test_a_list_has_fifty_a_page_and_a_thousand_at_most(v2):
    assert v2.get("/Services").json["meta"]["page_size"] == 50
    assert v2.get("/Services", PageSize=5000).json["meta"]["page_size"] == 1000


@pytest.mark.parametrize("query", [{"PageSize": "0"}, {"PageSize": "x"}, {"Page": "-1"}])
def test_a_page_that_cannot_be_is_refused(v2, refused, query):
    refused(v2.get("/Services", **query), 400, 60200)


def test_ends_when_nobody_has_used_it_for_more_than_a_year(v2, redis):
    sid = v2.service()
    key = f"otp:service:{sid}"
    assert 399 * 86400 < redis.ttl(key) <= 400 * 86400
    assert 399 * 86400 < redis.ttl("otp:services:shop") <= 400 * 86400

    for look in (lambda: v2.get(f"/Services/{sid}"), lambda: v2.get("/Services")):
        redis.expire(key, 60)
        look()
        assert redis.ttl(key) > 399 * 86400


def test_an_account_has_a_thousand_at_most(v2, bank, redis, refused):
    sid = v2.service()
    redis.zadd("otp:services:shop", {f"VA{n:032x}": 1 for n in range(999)})

    refused(v2.post("/Services", FriendlyName="One more"), 429, 20429)
    assert v2.post(f"/Services/{sid}", FriendlyName="Other").status_code == 200
    assert bank.service()
    # A list forgets those that have ended by themselves.
    assert [s["sid"] for s in v2.get("/Services").json["services"]] == [sid]
    assert v2.service()


class TestOfTheSettings:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_SERVICES": f"shop:{GIVEN}", "OTP_APP_NAME": "Corner Shop"}

    def test_is_there_without_being_written(self, v2, bank, redis, refused):
        service = v2.get(f"/Services/{GIVEN}").json

        assert service["friendly_name"] == "Corner Shop"
        assert [s["sid"] for s in v2.get("/Services").json["services"]] == [GIVEN]
        refused(bank.get(f"/Services/{GIVEN}"), 404, 20404)
        assert redis.keys("otp:service*") == []

    def test_keeps_a_change(self, v2):
        v2.post(f"/Services/{GIVEN}", CodeLength=4)
        v2.post(f"/Services/{GIVEN}", CustomCodeEnabled="true")

        [service] = v2.get("/Services").json["services"]
        assert service["friendly_name"] == "Corner Shop"
        assert (service["code_length"], service["custom_code_enabled"]) == (4, True)

    def test_stays_deleted(self, v2, refused):
        v2.delete(f"/Services/{GIVEN}")

        refused(v2.get(f"/Services/{GIVEN}"), 404, 20404)
        refused(v2.post(f"/Services/{GIVEN}", CodeLength=4), 404, 20404)
        assert v2.get("/Services").json["services"] == []


class TestWithoutKeys:
    @pytest.fixture
    def env(self) -> dict[str, str]:
        return {"PORT": "5010"}

    def test_addresses_are_of_this_machine_and_never_of_the_host_header(self, client):
        answer = client.post(
            "/v2/Services",
            data={"FriendlyName": "Shop"},
            headers={"Host": "203.0.113.7"},
            auth=(ACCOUNT, "anything"),
        )

        assert answer.json["url"].startswith("http://localhost:5010/v2/Services/VA")
        assert V2(client).get("/Services").json["meta"]["url"].startswith("http://localhost:5010/")
