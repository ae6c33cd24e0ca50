"""What the dashboard's page asks for, and what the owner can do there."""

import logging

import pytest

from shared.errors import RateLimited
from shared.verify_v2.services import Services
from tests.api.admin.conftest import JSON, PASSWORD
from tests.user import OTHER_PHONE, PHONE

ACTIONS = {
    "timeline": {"to": PHONE},
    "reveal": {"verification_id": "VE" + 32 * "0"},
    "cancel": {"verification_id": "VE" + 32 * "0"},
    "unblock": {"to": PHONE},
    "pause": {"channel": "sms", "sender": "console", "seconds": 900},
    "resume": {"channel": "sms", "sender": "console"},
    "test": {"channel": "sms", "sender": "console", "to": PHONE},
    "release": {"guard": "default:range:+1415555"},
    "exempt": {"guard": "default:range:+1415555", "seconds": 3600},
    "end_exemption": {"guard": "default:range:+1415555"},
}


@pytest.fixture
def env():
    return {
        "OTP_ADMIN_PASSWORD": PASSWORD,
        "OTP_APPS": '[shop]\nsms_senders = ["console://", "console://"]',
    }


def test_the_last_events_come_only_when_they_are_asked_for(owner):
    assert owner.open("/admin/stats.json", headers=JSON).json["events"] is None
    assert owner.open("/admin/stats.json?events=true", headers=JSON).json["events"] == []


def test_the_figures_are_the_owners_alone(browser):
    answer = browser.open("/admin/stats.json", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (401, "log_in_needed")


def test_nothing_is_done_without_a_session(browser, subtests):
    for name, body in ACTIONS.items():
        with subtests.test(name=name):
            answer = browser.open(f"/admin/{name}", "POST", json=body, headers=JSON)
            assert (answer.status_code, answer.json["code"]) == (401, "log_in_needed")


def test_nothing_is_done_without_the_token_of_the_session(owner, subtests):
    for name, body in ACTIONS.items():
        with subtests.test(name=name):
            for headers in (JSON, {**JSON, "X-CSRF-Token": 64 * "0"}):
                answer = owner.open(f"/admin/{name}", "POST", json=body, headers=headers)
                assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_only_json_is_read(owner, subtests):
    for name in ACTIONS:
        with subtests.test(name=name):
            headers = {**JSON, "X-CSRF-Token": owner.token}
            answer = owner.open(f"/admin/{name}", "POST", data="to=1", headers=headers)
            assert answer.status_code == 415


@pytest.mark.parametrize("window", ["minutes", "hours", "days"])
def test_the_figures_of_each_window(look, user, window):
    started = user.ask()
    user.type(user.code(started))
    report = look(window).json["report"]
    assert report["window"] == window
    assert sum(report["everything"]["counts"]["started"]) == 1
    assert sum(report["channels"]["sms"]["counts"]["verified"]) == 1
    assert len(report["starts"]) == len(report["everything"]["to_sent"]["p50"])


def test_another_window_is_refused(look):
    assert look("years").status_code == 422


def test_the_state_shows_the_senders_of_all_apps(look):
    senders = look().json["state"]["senders"]
    assert [s["name"] for s in senders if s["channel"] == "sms"] == [
        "console",
        "shop.console-1",
        "shop.console-2",
    ]


def test_what_was_refused_and_what_the_guard_sees_is_there(look, user, caller):
    user.ask()
    assert caller.generate(OTHER_PHONE, channel="sms").status_code == 202
    answer = look().json
    assert answer["guarded"][0]["sent"] == 2
    assert answer["refusals"] == []


def test_a_timeline_shows_masked_addresses_only(act, user):
    user.ask()
    answer = act("timeline", to="+1 (415) 555-0123")
    assert answer.json["to"] == "+1415*****23"
    assert [v["channel"] for v in answer.json["verifications"]] == ["sms"]
    assert PHONE not in answer.text
    assert act("timeline", to="a@example.com").json["verifications"] == []


@pytest.mark.parametrize("name", ["default", "page", "admin", "shop"])
def test_a_timeline_is_of_every_app(act, user, name):
    user.ask(app=name)
    (verification,) = act("timeline", to=PHONE).json["verifications"]
    assert verification["app"] == name


def test_a_verification_is_found_by_its_id_alone(act, user):
    user.ask(app="shop")
    started = user.ask("+14155550100", app="shop")
    found = started.verification_id
    for to in (found, f"  {found}\n", found.upper(), found.lower()):
        answer = act("timeline", to=to).json
        assert [v["verification_id"] for v in answer["verifications"]] == [found]
        assert answer["to"] == "+1415*****00"


@pytest.mark.parametrize("to", ["VE" + 32 * "0", "ve" + 32 * "f"])
def test_an_id_that_is_not_known_finds_nothing_and_unblocks_nobody(act, log, to):
    answer = act("timeline", to=to)
    assert (answer.status_code, answer.json["verifications"]) == (200, [])
    assert act("unblock", to=to).status_code == 404
    assert "unblock" not in dict(log())


def test_the_recipient_of_a_verification_is_unblocked_by_its_id(act, log, user):
    started = user.ask()
    user.mistype(started)
    (held,) = act("timeline", to=started.verification_id).json["held"]
    assert (held["app"], held["wrong_codes"]) == ("default", 1)
    assert act("unblock", to=started.verification_id).status_code == 204
    assert act("timeline", to=started.verification_id).json["held"] == []
    assert ("unblock", {"to": "+1415*****23"}) in log()


def test_an_id_is_no_address_for_a_test_message(act):
    answer = act("test", channel="sms", sender="console", to="VE" + 32 * "0")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "to")


@pytest.mark.parametrize("to", ["VE", "VE" + 31 * "0", "VA" + 32 * "0", "VE" + 33 * "0"])
def test_what_is_no_id_is_no_address(act, to):
    assert act("timeline", to=to).status_code == 422


def test_the_figures_of_one_app(owner, look, user, service):
    user.ask(app="shop")
    user.ask()
    answer = look("minutes&app=shop").json
    assert answer["app"] == "shop"
    assert answer["apps"] == [{"id": name, "app": name} for name in ("default", "shop")]
    assert sum(answer["report"]["everything"]["counts"]["started"]) == 1
    assert sum(look("minutes").json["report"]["everything"]["counts"]["started"]) == 2
    assert look("minutes&app=a:b").status_code == 422


@pytest.mark.parametrize("to", ["", "123", "x@", 5, 300 * "1"])
def test_what_is_no_address_is_said_to_be_none(act, to):
    answer = act("timeline", to=to)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "to")


def test_an_address_is_revealed_while_its_code_lives_and_that_is_logged(act, log, user):
    started = user.ask()
    assert act("reveal", verification_id=started.verification_id).json == {"to": PHONE}
    facts = {"verification_id": started.verification_id, "to": "+1415*****23"}
    assert ("reveal", facts) in log()

    user.type(user.code(started))
    assert act("reveal", verification_id=started.verification_id).json == {"to": None}
    assert [action for action, _ in log()].count("reveal") == 1


def test_a_verification_of_any_app_is_canceled(act, log, user):
    started = user.ask(app="shop")
    assert act("cancel", verification_id=started.verification_id).status_code == 204
    assert user.status(started, app="shop") == "canceled"
    assert ("cancel", {"verification_id": started.verification_id}) in log()
    again = act("cancel", verification_id=started.verification_id)
    assert (again.status_code, again.json["code"]) == (404, "verification_not_found")


def test_what_is_not_known_cannot_be_canceled(act, log):
    assert act("cancel", **ACTIONS["cancel"]).status_code == 404
    assert "cancel" not in dict(log())


def test_a_recipient_is_unblocked(act, log, user):
    started = user.ask()
    user.mistype(started)
    assert [held["wrong_codes"] for held in act("timeline", to=PHONE).json["held"]] == [1]
    assert act("unblock", to=PHONE).status_code == 204
    assert act("timeline", to=PHONE).json["held"] == []
    assert ("unblock", {"to": "+1415*****23"}) in log()


def test_a_sender_is_paused_and_taken_back(act, look, log):
    def status():
        return look().json["state"]["senders"][0]["status"]

    assert act("pause", channel="sms", sender="console", seconds=3600).status_code == 204
    assert status() == "paused"
    assert act("resume", channel="sms", sender="console").status_code == 204
    assert status() == "in_use"
    facts = {"channel": "sms", "sender": "console"}
    assert log()[:2] == [("resume", facts), ("pause", {**facts, "seconds": 3600})]


@pytest.mark.parametrize(
    "body",
    [
        {"channel": "sms", "sender": "twilio", "seconds": 900},
        {"channel": "fax", "sender": "console", "seconds": 900},
        {"channel": "sms", "sender": "console", "seconds": 10**9},
    ],
)
def test_only_what_there_is_can_be_paused(act, body):
    assert act("pause", **body).status_code == 422


def test_a_test_message_goes_through_one_sender_and_is_logged(act, log, redis):
    answer = act("test", channel="sms", sender="console", to=PHONE)
    assert answer.status_code == 202
    verification_id = answer.json["verification_id"]
    assert redis.hget(f"otp:send:{verification_id}:1", "sender") == b"console"
    (traced,) = act("timeline", to=PHONE).json["verifications"]
    assert (traced["app"], traced["events"][0]["facts"]["only"]) == ("admin", "console")
    action, facts = log()[0]
    assert (action, facts["sender"], facts["to"]) == ("test_message", "console", "+1415*****23")


def test_what_the_owner_starts_and_cancels_is_logged_like_what_apps_do(act, caplog):
    caplog.set_level(logging.INFO)
    answer = act("test", channel="sms", sender="console", to=PHONE)
    act("cancel", verification_id=answer.json["verification_id"])
    events = [r for r in caplog.records if r.name == "otp.api"]
    assert [(r.message, r.verification_id, r.app) for r in events] == [
        ("code_requested", answer.json["verification_id"], "admin"),
        ("verification_canceled", answer.json["verification_id"], "admin"),
    ]


@pytest.mark.parametrize(
    "env",
    [
        {
            "OTP_ADMIN_PASSWORD": PASSWORD,
            "OTP_SMS_SENDERS": "console:// console://",
            "OTP_SMS_ROUTES": "US.senders = 'console-2'",
        }
    ],
)
def test_a_test_message_through_a_sender_beside_the_route_is_refused(act, problem):
    refused = act("test", channel="sms", sender="console-1", to=PHONE)
    assert [error["field"] for error in problem(refused, 422, "invalid_request")["errors"]] == [
        "sender"
    ]
    assert act("test", channel="sms", sender="console-2", to=PHONE).status_code == 202


def test_a_test_message_through_an_apps_own_sender_is_that_apps(act):
    act("test", channel="sms", sender="shop.console-2", to=PHONE)
    (traced,) = act("timeline", to=PHONE).json["verifications"]
    assert traced["app"] == "shop"


@pytest.mark.parametrize(("channel", "to"), [("sms", "a@example.com"), ("email", PHONE)])
def test_a_sender_is_tested_with_an_address_that_it_reaches(act, channel, to):
    answer = act("test", channel=channel, sender="console", to=to)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "to")


def test_a_test_message_too_soon_is_refused_as_for_everybody(act):
    act("test", channel="sms", sender="console", to=PHONE)
    assert act("test", channel="sms", sender="console", to=PHONE).json["code"] == "rate_limited"


ONE_EACH = {"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1/1h"}


@pytest.mark.parametrize("env", [ONE_EACH])
@pytest.mark.parametrize("to", ["ann@gmail.com", "a.nn+2@gmail.com"])
def test_any_address_of_a_mailbox_is_unblocked(act, user, to):
    user.ask("ann+1@gmail.com")
    with pytest.raises(RateLimited):
        user.ask(to)
    assert [held["sends"] for held in act("timeline", to=to).json["held"]] == [1]
    assert act("unblock", to=to).status_code == 204
    assert act("timeline", to=to).json["held"] == []
    user.ask(to)


@pytest.mark.parametrize("env", [ONE_EACH])
def test_a_service_is_called_what_its_account_calls_it(act, look, user, scripts):
    made = Services(scripts, ()).create("shop", "Corner Shop")
    unknown = "VA" + 32 * "0"
    for app in (made.sid, unknown, "default"):
        user.ask(app=app)
        with pytest.raises(RateLimited):
            user.ask(app=app)
    names = {f"Corner Shop ({made.sid})", unknown, "default"}
    found, shown = act("timeline", to=PHONE).json, look().json
    for rows in (*map(found.get, ("verifications", "held", "refusals")), shown["refusals"]):
        assert {row["app"] for row in rows} == names
    assert {row["app"] for row in shown["guarded"]} == names


@pytest.mark.parametrize("env", [{**ONE_EACH, "OTP_TEST_NUMBERS": f"{PHONE}:424242"}])
def test_a_timeline_marks_what_is_of_a_test_number(act, user):
    user.ask()
    user.ask("+14155550199")
    for to, is_test in ((PHONE, True), ("+14155550199", False)):
        (traced,) = act("timeline", to=to).json["verifications"]
        assert traced["test"] is is_test
