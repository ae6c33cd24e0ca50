import pytest

from bench.figures import Figure, interleave, is_noisy, ratio


def test_goes_backwards_every_other_round():
    order = []
    seen = interleave(
        {name: lambda name=name: order.append(name) or len(order) for name in "abc"}, rounds=3
    )
    assert "".join(order) == "abccbaabc"
    assert seen == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


def test_compares_within_a_round_and_not_across():
    # The machine was three times as fast in the second round: the ratio of medians would be 1.5.
    assert ratio([200, 600, 210], [100, 300, 400]) == 2


@pytest.mark.parametrize(
    ("floor", "noisy"), [([98, 100, 102, 99, 101], False), ([50, 100, 150, 40, 160], True)]
)
def test_a_floor_that_spreads_is_noisy(floor, noisy):
    assert is_noisy(floor) is noisy


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure.at_least("start", 0.85, 0.85), True),
        (Figure.at_least("start", 0.8499, 0.85), False),
        (Figure.at_most("memory", 1.4, 1.4), True),
        (Figure.at_most("memory", 1.401, 1.4), False),
        (Figure(name="requests/s", value="4000"), None),
    ],
)
def test_a_bar_is_met_by_the_value_and_not_by_its_text(figure, met):
    assert figure.met is met
