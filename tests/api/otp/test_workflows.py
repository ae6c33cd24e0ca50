"""Workflows in requests and in the status of a verification."""

import pytest

from tests.user import PHONE

STEPS = [
    {"channel": "whatsapp", "wait": 30},
    {"channel": "sms", "wait": 45},
    {"channel": "call"},
]


@pytest.fixture
def status(client):
    def status(started) -> dict[str, object]:
        return client.get(f"/verifications/{started.json['verification_id']}").json

    return status


def test_a_request_names_its_workflow(caller, status):
    started = caller.generate(workflow=STEPS)
    assert (started.status_code, started.json["channel"]) == (202, "whatsapp")
    seen = status(started)
    assert (seen["workflow"], seen["step"]) == (STEPS, 1)
    assert seen["created_at"] < seen["next_step_at"] < seen["expires_at"]


def test_steps_start_at_their_times(caller, status, clock, run_worker, sender):
    started = caller.generate(workflow=STEPS)
    run_worker()
    for seconds in (30, 45):
        clock.shift(seconds)
        run_worker()
        run_worker()
    assert [message.channel for message in sender.messages] == ["whatsapp", "sms", "call"]
    assert len({message.code for message in sender.messages}) == 1
    seen = status(started)
    assert (seen["step"], seen["next_step_at"], seen["sends_left"]) == (3, None, 2)


def test_without_a_workflow_the_status_says_so(caller, status):
    seen = status(caller.generate())
    assert (seen["workflow"], seen["step"], seen["next_step_at"]) == (None, None, None)


@pytest.mark.parametrize("env", [{"OTP_WHATSAPP_SENDERS": "none"}])
def test_a_skipped_step_has_its_reason(caller, status):
    started = caller.generate(workflow=STEPS)
    assert started.json["channel"] == "sms"
    first, *_ = status(started)["workflow"]
    assert first == {"channel": "whatsapp", "wait": 30, "skipped": "channel_not_enabled"}


@pytest.mark.parametrize(
    "env",
    [
        {"OTP_WORKFLOW": "whatsapp 30s, sms 45s, call"},
        {"OTP_APPS": '[default]\nworkflow = "whatsapp 30s, sms 45s, call"'},
    ],
)
class TestUsual:
    def test_it_is_for_requests_that_name_no_channel(self, caller, status):
        assert status(caller.generate())["workflow"] == STEPS

    def test_a_channel_alone_has_none(self, caller, status):
        started = caller.generate(channel="call")
        assert (started.json["channel"], status(started)["workflow"]) == ("call", None)

    def test_an_email_address_has_none(self, caller, status):
        started = caller.generate(email="ann@example.com")
        assert (started.json["channel"], status(started)["workflow"]) == ("email", None)

    def test_a_request_has_its_own(self, caller, status):
        assert status(caller.generate(workflow=[{"channel": "sms"}]))["workflow"] == [
            {"channel": "sms"}
        ]


@pytest.mark.parametrize(
    ("workflow", "field"),
    [
        ([], "workflow"),
        ([{"channel": "sms", "wait": 15}] * 5 + [{"channel": "sms"}], "workflow"),
        ("sms", "workflow"),
        ([{"channel": "pigeon"}], "workflow.0.channel"),
        ([{"wait": 30}, {"channel": "sms"}], "workflow.0.channel"),
        ([{"channel": "sms", "wait": 14}, {"channel": "call"}], "workflow.0.wait"),
        ([{"channel": "sms", "wait": 601}, {"channel": "call"}], "workflow.0.wait"),
        ([{"channel": "sms", "wait": "30"}, {"channel": "call"}], "workflow.0.wait"),
        ([{"channel": "sms"}, {"channel": "call"}], "workflow.0.wait"),
        ([{"channel": "sms", "wait": 30}, {"channel": "call", "wait": 30}], "workflow.1.wait"),
        ([{"channel": "sms", "wait": 30}, {"channel": "email"}], "workflow.1.channel"),
        ([{"channel": "email"}], "workflow.0.channel"),
        ([{"channel": "sms", "after": 30}], "workflow.0.after"),
    ],
)
def test_a_wrong_workflow_is_refused_by_field(caller, problem, workflow, field):
    found = problem(caller.generate(workflow=workflow), 422, "invalid_request")
    assert [error["field"] for error in found["errors"]] == [field]


@pytest.mark.parametrize("steps", [1, 5])
def test_the_shortest_and_the_longest_workflow_are_accepted(caller, steps):
    workflow = [{"channel": "sms", "wait": 15}] * (steps - 1) + [{"channel": "call"}]
    assert caller.generate(workflow=workflow).status_code == 202


def test_a_channel_and_a_workflow_are_too_much(caller, problem):
    answer = caller.generate(channel="sms", workflow=STEPS)
    (error,) = problem(answer, 422, "invalid_request")["errors"]
    assert error["field"] == "workflow"


def test_a_repeated_request_has_the_same_workflow(caller, problem):
    headers = {"Idempotency-Key": "one"}
    first = caller.generate(PHONE, headers, workflow=STEPS)
    assert caller.generate(PHONE, headers, workflow=STEPS).json == first.json
    problem(caller.generate(PHONE, headers, workflow=STEPS[1:]), 409, "idempotency_conflict")


@pytest.mark.parametrize("env", [{"OTP_WHATSAPP_SENDERS": "none"}])
def test_a_repeated_request_whose_first_step_was_skipped_starts_nothing(caller, status):
    headers = {"Idempotency-Key": "one"}
    first = caller.generate(PHONE, headers, workflow=STEPS)
    assert caller.generate(PHONE, headers, workflow=STEPS).json == first.json
    assert len(status(first)["sends"]) == 1
