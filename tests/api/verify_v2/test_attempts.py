"""The sends of an account's Services, and how many of them had somebody verified."""

import pytest

from tests.api.verify_v2.conftest import ACCOUNT, TIME
from tests.user import OTHER_PHONE, PHONE
from worker.senders.base import DeliveryError

GERMAN = "+4915123456789"
MAIL = "ada@example.com"


@pytest.fixture
def service(v2) -> str:
    return v2.service()


@pytest.fixture
def ask(v2, service):
    """Ask for a code. The SID of its verification."""

    def ask(to: str = PHONE, channel: str = "sms", *, of: str | None = None, caller=v2) -> str:
        made = caller.post(f"/Services/{of or service}/Verifications", To=to, Channel=channel)
        assert made.status_code == 201, made.json
        return made.json["sid"]

    return ask


@pytest.fixture
def approve(v2, service, codes):
    """Type the right code."""

    def approve(sid: str) -> None:
        code = codes.derive(codes.kid, sid, 0, 6)
        checked = v2.post(f"/Services/{service}/VerificationCheck", VerificationSid=sid, Code=code)
        assert checked.json["status"] == "approved"

    return approve


@pytest.fixture
def listed(v2):
    """(to, channel) of the attempts that are found, in the order of the alphabet."""

    def listed(**query) -> list[tuple[str, str]]:
        page = v2.get("/Attempts", **query)
        assert page.status_code == 200, page.json
        return sorted((a["channel_data"]["to"], a["channel"]) for a in page.json["attempts"])

    return listed


def test_an_attempt_tells_all_that_is_known(v2, service, ask):
    sid = ask()

    [attempt] = v2.get("/Attempts").json["attempts"]

    assert attempt == {
        "sid": attempt["sid"],
        "account_sid": ACCOUNT,
        "service_sid": service,
        "verification_sid": sid,
        "date_created": attempt["date_created"],
        "date_updated": attempt["date_updated"],
        "conversion_status": "unconverted",
        "channel": "sms",
        "price": None,
        "channel_data": {
            "verification_sid": sid,
            "to": "+1415*****23",
            "status": "unconfirmed",
            "message_status": "queued",
            "error_code": None,
            "country": "US",
            "code_length": 6,
            "locale": "en",
            "mcc": None,
            "mnc": None,
            "carrier": None,
        },
        "url": f"https://otp.example.com/v2/Attempts/{attempt['sid']}",
    }
    assert TIME.fullmatch(attempt["date_created"])
    assert v2.get(f"/Attempts/{attempt['sid']}").json == attempt


def test_an_attempt_tells_why_its_message_failed(v2, ask, sender, run_worker):
    sender.failures.append(DeliveryError("invalid_recipient", "smtp_550"))
    ask()
    run_worker()
    ask(OTHER_PHONE)
    run_worker()

    found = [attempt["channel_data"] for attempt in v2.get("/Attempts").json["attempts"]]

    outcome = {data["to"]: (data["message_status"], data["error_code"]) for data in found}
    assert outcome == {"+1415*****23": ("failed", "smtp_550"), "+1415*****99": ("sent", None)}


def test_what_was_not_needed_any_more_was_canceled(v2, ask, approve, run_worker):
    approve(ask())
    run_worker()

    [attempt] = v2.get("/Attempts").json["attempts"]

    assert attempt["channel_data"]["message_status"] == "canceled"
    assert attempt["channel_data"]["error_code"] is None
    assert attempt["conversion_status"] == "converted"


def test_an_attempt_has_the_sid_that_its_verification_names(v2, service, ask):
    sid = ask()
    ask(channel="call")

    verification = v2.get(f"/Services/{service}/Verifications/{sid}").json

    for sent in verification["send_code_attempts"]:
        attempt = v2.get(f"/Attempts/{sent['attempt_sid']}").json
        assert attempt["verification_sid"] == sid
        assert attempt["channel"] == sent["channel"].lower()


def test_the_latest_attempt_of_an_approved_verification_is_converted(v2, ask, approve):
    sid = ask()
    ask(channel="call")
    approve(sid)

    found = v2.get("/Attempts", VerificationSid=sid).json["attempts"]

    status = {a["channel"]: (a["conversion_status"], a["channel_data"]["status"]) for a in found}
    assert status == {"call": ("converted", "confirmed"), "sms": ("unconverted", "unconfirmed")}


def test_attempts_are_found_by_what_they_were_about(v2, ask, approve, listed):
    approve(ask())
    other_service = v2.service("Other")
    ask(OTHER_PHONE, "call", of=other_service)
    german_sid = ask(GERMAN)
    ask(MAIL, "email")
    us, other, german, mail = (
        ("+1415*****23", "sms"),
        ("+1415*****99", "call"),
        ("+4915*******89", "sms"),
        ("a***@example.com", "email"),
    )

    assert listed() == [us, other, german, mail]
    assert listed(VerifyServiceSid=other_service) == [other]
    assert listed(VerificationSid=german_sid) == [german]
    assert listed(**{"ChannelData.To": OTHER_PHONE}) == [other]
    assert listed(**{"ChannelData.To": MAIL}) == [mail]
    assert listed(Country="US") == [us, other]
    assert listed(Country="US", Channel="sms") == [us]
    assert listed(Channel="email") == [mail]
    assert listed(Channel="rbm") == []
    assert listed(Status="converted") == [us]
    assert listed(Status="UNCONVERTED") == [other, german, mail]


def test_attempts_are_found_by_when_they_were_made(v2, ask, listed):
    ask()

    assert listed(DateCreatedAfter="2020-01-01T00:00:00Z") == [("+1415*****23", "sms")]
    assert listed(DateCreatedAfter="2999-01-01T00:00:00Z") == []
    assert listed(DateCreatedBefore="2020-01-01T00:00:00Z") == []
    assert listed(DateCreatedBefore="2999-01-01") == [("+1415*****23", "sms")]


WRONG_FILTERS = [
    ("VerifyServiceSid", "VA1"),
    ("VerificationSid", "VE1"),
    ("ChannelData.To", "nobody"),
    ("Country", "usa"),
    ("Channel", "pigeon"),
    ("Status", "lost"),
    ("DateCreatedAfter", "yesterday"),
    ("DateCreatedBefore", "2026-13-01"),
    ("PageSize", "0"),
]


def test_what_cannot_be_looked_for_is_named(v2, refused, subtests):
    for parameter, value in WRONG_FILTERS:
        with subtests.test(parameter=parameter, value=value):
            assert (
                parameter
                in refused(v2.get("/Attempts", **{parameter: value}), 400, 60200)["message"]
            )


def test_attempts_are_in_pages_that_keep_their_filters(v2, ask):
    for n in range(100, 105):
        ask(f"+1415555{n:04}")

    pages = [v2.get("/Attempts", PageSize=2, Page=n, Country="US").json for n in range(3)]

    sids = [attempt["sid"] for page in pages for attempt in page["attempts"]]
    assert len(sids) == len({*sids}) == 5
    assert pages[0]["meta"]["next_page_url"] == (
        "https://otp.example.com/v2/Attempts?Country=US&PageSize=2&Page=1"
    )
    assert pages[2]["meta"]["next_page_url"] is None
    assert pages[0]["meta"]["key"] == "attempts"


def test_another_account_sees_none_of_them(v2, bank, ask, refused):
    ask()
    [attempt] = v2.get("/Attempts").json["attempts"]

    assert bank.get("/Attempts").json["attempts"] == []
    refused(bank.get(f"/Attempts/{attempt['sid']}"), 404, 20404)
    assert bank.get("/Attempts/Summary").json["total_attempts"] == 0


@pytest.mark.parametrize("sid", [f"VL{'0' * 32}", "VL1", "nothing"])
def test_what_is_no_attempt_is_not_found(v2, refused, sid):
    error = refused(v2.get(f"/Attempts/{sid}"), 404, 20404)

    assert error["message"] == f"The requested resource /Attempts/{sid} was not found"


class TestSummary:
    def test_counts_what_was_typed_in(self, v2, ask, approve):
        for n in range(100, 109):
            approve(ask(f"+1415555{n:04}"))
        ask(OTHER_PHONE)
        ask(GERMAN, "call")

        assert v2.get("/Attempts/Summary").json == {
            "total_attempts": 11,
            "total_converted": 9,
            "total_unconverted": 2,
            "conversion_rate_percentage": "81.818181818",
            "url": "https://otp.example.com/v2/Attempts/Summary",
        }
        for query, total, converted, percentage in (
            ({"Country": "US"}, 10, 9, "90"),
            ({"Country": "DE"}, 1, 0, "0"),
            ({"Channel": "call"}, 1, 0, "0"),
            ({"Country": "US", "Channel": "sms"}, 10, 9, "90"),
            ({"DestinationPrefix": "+49"}, 1, 0, "0"),
            ({"DestinationPrefix": "+1415"}, 10, 9, "90"),
            ({"DateCreatedAfter": "2999-01-01T00:00:00Z"}, 0, 0, "0"),
        ):
            summary = v2.get("/Attempts/Summary", **query).json
            counted = (summary["total_attempts"], summary["total_converted"])
            assert counted == (total, converted), query
            assert summary["conversion_rate_percentage"] == percentage, query

    def test_a_long_prefix_of_numbers_is_refused(self, v2, refused):
        error = refused(v2.get("/Attempts/Summary", DestinationPrefix="+14155"), 400, 60200)

        assert "DestinationPrefix" in error["message"]
