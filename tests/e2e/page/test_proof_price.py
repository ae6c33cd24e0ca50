"""What a proof of work costs: a person some seconds, and the service next to nothing."""

import time

import altcha
import pytest

from api.otp.proof import MOST_DOUBLINGS, TRIES, ProofOfWork
from shared.codes import Codes
from shared.recipient import parse_phone
from shared.storage.scripts import Scripts
from shared.verification.store import Store
from tests.e2e.page.acts import challenge

pytestmark = pytest.mark.alone


@pytest.mark.parametrize(
    ("price", "doublings", "patience"),
    [("lowest", 0, 3), ("highest", MOST_DOUBLINGS, 45)],
)
def test_the_price_is_one_that_a_person_waits_for(
    open_page, service, figure, price, doublings, patience
):
    """At most: half of the people find it with half of the tries."""
    seconds = open_page(service).evaluate(
        """async (challenge) => {
            const { solve } = await import("/static/page/proof.js");
            const begin = performance.now();
            await solve(challenge);
            return (performance.now() - begin) / 1000;
        }""",
        challenge(counter=(TRIES << doublings) - 1),
    )
    figure(f"proof of work, {price} price, all of the tries, Chromium", f"{seconds:.2f} s")
    assert seconds < patience


def test_the_price_is_paid_by_who_asks_not_by_the_service(figure, real_redis):
    work = ProofOfWork(Codes({"k": b"k" * 32}), Store(Scripts(real_redis)))
    to = parse_phone("+14155550123")
    begin = time.perf_counter()
    for _ in range(20):
        made = work.required("page", to)
    making = (time.perf_counter() - begin) / 20
    asked = altcha.Challenge.from_dict(made.challenge)
    solution = altcha.solve_challenge(asked)
    assert solution
    proof = altcha.Payload(asked, solution).to_base64()
    begin = time.perf_counter()
    for _ in range(20):
        work.check("page", to, proof)
    checking = (time.perf_counter() - begin) / 20
    figure("proof of work, server: making and checking one", f"{1000 * (making + checking):.1f} ms")
    assert making + checking < 0.05
