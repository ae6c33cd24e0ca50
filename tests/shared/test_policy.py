"""Limits as an owner writes them, and the route to a number."""

import pytest

from shared.policy import Limit, Policy, Route


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


NAMES = ("US", "GB", "BS", "+1242", "+44", "+447700", "+4477", "default")
ROUTES = {name: Route(name=name) for name in NAMES}


@pytest.mark.parametrize(
    ("number", "region", "taken"),
    [
        ("+14155550123", "US", "US"),
        ("+12425550123", "BS", "+1242"),
        ("+442079460000", "GB", "+44"),
        ("+447911123456", "GB", "+44"),
        ("+447711123456", "GB", "+4477"),
        ("+447700900123", "GB", "+447700"),
        ("+4930123456", "DE", "default"),
        ("+88212345678", None, "default"),
    ],
)
def test_the_longest_prefix_comes_before_the_country_and_that_before_the_default(
    number, region, taken
):
    assert Policy(routes={"sms": ROUTES}).route("sms", number, region) == ROUTES[taken]


def test_without_a_match_and_a_default_there_is_no_route():
    routes = {"sms": {"GB": ROUTES["GB"], "+44": ROUTES["+44"]}}
    assert Policy(routes=routes).route("sms", "+14155550123", "US") is None


def test_a_channel_has_its_own_routes():
    assert Policy(routes={"sms": ROUTES}).route("call", "+14155550123", "US") is None
    assert Policy(routes={"sms": ROUTES}).route("email", "a@example.com", None) is None


@pytest.mark.parametrize("variable", ["{code}", "{#var#}", "{#numeric#}"])
def test_only_the_variable_of_a_registered_text_is_replaced(variable):
    route = Route(name="IN", text=f" {variable} is {{your}} code\n- Example ")
    assert route.wording("012345") == " 012345 is {your} code\n- Example "


def test_a_route_without_a_text_words_nothing():
    assert Route(name="IN").wording("012345") is None
