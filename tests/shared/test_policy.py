"""Limits as an owner writes them."""

import pytest

from shared.policy import Limit


@pytest.mark.parametrize(
    ("text", "count", "window_seconds"),
    [
        ("5/10m", 5, 600),
        ("30/1h", 30, 3600),
        ("30/h", 30, 3600),
        ("1/1s", 1, 1),
        ("20/24h", 20, 86400),
        ("1000000/7d", 1_000_000, 604_800),
    ],
)
def test_reads_a_count_in_a_window(text, count, window_seconds):
    assert Limit.parse(text) == Limit(count=count, window_seconds=window_seconds)


@pytest.mark.parametrize(
    "text",
    ["", "5", "5/", "/10m", "5/10", "5/10x", "0/10m", "5/0m", "-5/10m", "5/8d", "5.5/m", "5/10m ",
     "٥/10m", "5/10m 10/1h", "99999999/1h"],
)  # fmt: skip
def test_refuses_what_is_no_limit_and_says_what_is_expected(text):
    with pytest.raises(ValueError, match=r"such as 5/10m|window from 1s to 7d"):
        Limit.parse(text)


@pytest.mark.parametrize("text", ["5/10m", "30/1h", "1/90s", "20/1d", "2/7d"])
def test_writes_a_limit_as_it_is_read(text):
    assert str(Limit.parse(text)) == text
