"""Somebody measures how long answers take, to learn who has asked for a code."""

import pytest

from tests.attacks.timing import Stopwatch, p_of_kolmogorov_smirnov

pytestmark = pytest.mark.alone


def test_a5_the_time_of_an_answer_tells_nothing(start_service, figure):
    """4,000 answers on a socket, in random order. Chance alone gives p ≤ 0.01 now and then: what
    really takes longer does so three times in a row."""
    with Stopwatch(start_service) as watch:
        for _ in range(3):
            times = watch.measure(1000)
            never = times.pop("never asked")
            p = {kind: p_of_kolmogorov_smirnov(never, other) for kind, other in times.items()}
            if min(p.values()) > 0.01:
                break
    for kind, value in p.items():
        figure(f"time of an answer, never asked against {kind}: KS p", f"{value:.3f} [> 0.01]")
    assert min(p.values()) > 0.01, p
