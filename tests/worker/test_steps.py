"""Steps of workflows in a worker."""

import pytest

from shared.errors import DeliveryBacklog, StorageUnavailable
from shared.policy import Step
from shared.storage.scripts import script_text
from shared.verification.model import Turn
from shared.verification.workflow import Steps
from tests.user import OTHER_PHONE
from worker.deliverer import UNKNOWN_FENCE_SECONDS
from worker.rq_worker import OtpWorker

WORKFLOW = (Step("whatsapp", 30), Step("sms"))


@pytest.fixture
def due(user, clock, run_worker) -> list[str]:
    """Two verifications whose second steps are due."""
    turn = Turn(number=1, workflow=WORKFLOW)
    ids = [user.ask(turn=turn).verification_id, user.ask(OTHER_PHONE, turn=turn).verification_id]
    run_worker()
    clock.shift(30)
    return ids


@pytest.fixture
def run(redis, ledger, deliverer):
    def run(start_step) -> None:
        OtpWorker(redis, ledger, deliverer, 1, start_step).run(burst=True)

    return run


@pytest.mark.parametrize("error", [StorageUnavailable("away"), ValueError("+14155550123")])
def test_a_step_that_cannot_start_holds_up_no_other(due, run, sender, steps, caplog, error):
    def start(verification_id: str) -> None:
        if verification_id == due[0]:
            raise error
        steps.start_next(verification_id)

    run(start)
    assert [message.channel for message in sender.messages[2:]] == ["sms"]
    assert "+1415" not in caplog.text


def test_a_step_that_is_put_off_is_started_later(due, run, sender, steps, clock):
    def away(verification_id: str) -> None:
        raise StorageUnavailable("away")

    run(away)
    clock.shift(1)
    run(steps.start_next)
    assert [message.channel for message in sender.messages[2:]] == ["sms", "sms"]


def test_a_worker_without_steps_leaves_them_to_others(due, run, redis, sender):
    run(None)
    assert redis.zcard("otp:due") == 2
    assert len(sender.messages) == 2


def test_an_unexpected_error_skips_the_step_without_its_text(due, store, service, caplog):
    def broken(request, *, only):
        raise ValueError(request.recipient.to)

    Steps(store, broken).start_next(due[0])
    found = service.view(due[0], app="default")
    assert [step.skipped for step in found.workflow] == [None, "internal_error"]
    (record,) = [record for record in caplog.records if record.message == "step_raised"]
    assert record.why == "ValueError"
    assert "+1415" not in caplog.text


def test_a_step_waits_while_the_queue_is_too_long(due, run, store, service, clock, sender, steps):
    def busy(request, *, only):
        raise DeliveryBacklog(1)

    Steps(store, busy).start_next(due[0])
    found = service.view(due[0], app="default")
    assert [step.skipped for step in found.workflow] == [None, None]
    clock.shift(1)
    run(steps.start_next)
    assert [message.channel for message in sender.messages[2:]] == ["sms", "sms"]


def test_the_fence_is_that_of_deliveries():
    fence = f"UNKNOWN_FENCE_MS = {round(UNKNOWN_FENCE_SECONDS * 1000)}\n"
    assert fence in script_text("verification/start")
