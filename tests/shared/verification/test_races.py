"""Many at once, on a real server: the scripts decide, not the order of arrival."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from shared.errors import IncorrectCode, OtpError, TooManyChecks, VerificationNotFound
from shared.verification.model import Checked, Started
from tests.fakes import claim_one
from tests.user import PHONE, wrong

pytestmark = pytest.mark.parametrize("redis", ["real"], indirect=True)
THREADS = 50


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Results or errors of all calls, made as much at the same time as threads can be."""
    together = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return call()
        except OtpError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_exactly_one_of_fifty_right_codes_is_approved(user):
    started = user.ask()
    code = user.code(started)
    by_id = [lambda: user.type_by_id(code, started.verification_id)]
    answers = at_once([lambda: user.type(code)] * (THREADS // 2) + by_id * (THREADS // 2))
    assert Counter(map(type, answers)) == {Checked: 1, VerificationNotFound: THREADS - 1}


def test_exactly_five_of_fifty_guesses_are_counted(user):
    started = user.ask()
    guess = wrong(user.code(started))
    answers = at_once([lambda: user.type(guess)] * THREADS)
    assert Counter(map(type, answers)) == {IncorrectCode: 5, TooManyChecks: THREADS - 5}
    left = sorted(answer.checks_left for answer in answers if isinstance(answer, IncorrectCode))
    assert left == [0, 1, 2, 3, 4]
    assert isinstance(at_once([lambda: user.type(user.code(started))])[0], TooManyChecks)


def test_one_of_fifty_first_requests_for_a_number_starts_a_verification(user, redis):
    answers = at_once([user.ask] * THREADS)
    assert Counter(getattr(answer, "scope", "started") for answer in answers) == {
        "started": 1,
        "resend": THREADS - 1,
    }
    assert len(redis.keys("otp:verification:*")) == 1
    assert redis.llen("rq:queue:otp") == 1


@pytest.mark.parametrize(
    "env",
    [
        {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "100/1h", "OTP_RESEND_CODE": "same"},
        {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "100/1h", "OTP_RESEND_CODE": "new"},
    ],
)
def test_twenty_resends_at_once_never_exceed_the_sends(user, redis, env):
    first = user.ask()
    answers = at_once([user.ask] * 20)
    started = [answer for answer in answers if isinstance(answer, Started)]
    assert {answer.verification_id for answer in started} == {first.verification_id}
    assert sorted(answer.send for answer in started) == [2, 3, 4, 5]
    assert {answer.scope for answer in answers if answer not in started} <= {"sends", "resend"}
    assert redis.llen("rq:queue:otp") == 5
    generation = 4 if env["OTP_RESEND_CODE"] == "new" else 0
    assert user.type(user.code(first, generation)).to == "+1415*****23"


@pytest.mark.parametrize("env", [{"OTP_LIMIT_IP": "7/1h"}])
def test_a_limit_lets_exactly_its_count_through(user):
    answers = at_once([lambda i=i: user.ask(f"+1415555{i:04}") for i in range(100, 120)])
    assert sum(isinstance(answer, Started) for answer in answers) == 7


def test_one_of_fifty_claims_gets_a_send(user, ledger):
    started = user.ask()
    claims = at_once([lambda: claim_one(ledger, started.verification_id, 1)] * THREADS)
    assert len([claim for claim in claims if claim]) == 1


def test_one_of_fifty_sweepers_takes_an_overdue_send(user, ledger, redis, clock):
    user.ask()
    redis.delete("rq:queue:otp")
    clock.shift(2)
    taken = at_once([lambda: ledger.sweep(10)] * THREADS)
    assert sum(map(len, taken)) == 1


def test_a_code_is_approved_or_canceled_and_never_both(user, service):
    started = user.ask()
    code = user.code(started)
    cancel = [lambda: service.cancel(started.verification_id, app="default")]
    answers = at_once([lambda: user.type(code, PHONE)] * 10 + cancel * 10)
    done = [answer for answer in answers if not isinstance(answer, VerificationNotFound)]
    assert len(done) == 1
    assert user.status(started) == ("approved" if done[0] else "canceled")
