"""A Redis that refuses to record outcomes: they are recorded later, and nothing is sent again."""

import pytest
from redis.exceptions import ResponseError

from shared.delivery.ledger import Ledger
from shared.errors import StorageUnavailable
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.clock import clock_of
from tests.fakes import DirectDeliverer, FakeSender, outlets
from tests.redis_servers import REAL_REDIS
from tests.refusals import WAYS, refusable_redis, without_right
from tests.user import User
from worker.rq_worker import OtpWorker


class PatientLedger(Ledger):
    """Lets Redis take commands again when it has refused to record an outcome, or has not."""

    take_again = None

    def done(self, outcomes):
        try:
            return super().done(outcomes)
        finally:
            if self.take_again:
                self.take_again()
                self.take_again = None


# What the script is at when it finds out.
RIGHTS = {f"without {command}": without_right(command) for command in ("hset", "hdel", "zrem")}


@pytest.mark.parametrize("program", REAL_REDIS.values(), ids=REAL_REDIS)
@pytest.mark.parametrize("way", (WAYS | RIGHTS).values(), ids=WAYS | RIGHTS)
def test_an_accepted_message_is_recorded_later_and_not_sent_again(
    tmp_path, settings, codes, program, way
):
    with refusable_redis(tmp_path, program) as (redis, admin):
        ledger, sender = PatientLedger(Scripts(redis)), FakeSender()
        service = VerificationService(
            Store(Scripts(redis)), codes, lambda app: settings.app(app).policy()
        )
        deliverer = DirectDeliverer(ledger, codes, outlets({"sms": {"fake": sender}}))

        def refuse(_message):
            ledger.take_again = way(admin)

        def run_worker():
            OtpWorker(redis, ledger, deliverer, concurrency=2).run(burst=True)

        user = User(service, codes)
        started = user.ask()
        sender.during = refuse
        run_worker()
        assert len(sender.messages) == 1
        assert service.view(started.verification_id, app="default").sends[0].status == "sent"
        with clock_of(admin) as clock:
            clock.shift(60)
        run_worker()
        assert len(sender.messages) == 1
        user.type(user.code(started))


class OddLedger(Ledger):
    """A ledger whose Redis fails for a reason that we do not know."""

    odd = 2

    def done(self, outcomes):
        if self.odd:
            self.odd -= 1
            raise ResponseError("ERR something new")
        return super().done(outcomes)


def test_an_outcome_is_kept_if_the_reason_is_unknown(scripts, user, codes, service):
    ledger, sender = OddLedger(scripts), FakeSender()
    deliverer = DirectDeliverer(ledger, codes, outlets({"sms": {"fake": sender}}))
    (claim,) = deliverer.claim([(user.ask().verification_id, 1)])
    outcome = deliverer.attempt(claim)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            deliverer.record([outcome])
        assert deliverer.under_way == 1
    deliverer.record([outcome])
    assert deliverer.under_way == 0
    assert service.view(claim.verification_id, app="default").sends[0].status == "sent"
