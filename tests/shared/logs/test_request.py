"""What a request's lines have in common. The cases are those of the W3C's own test suite:
https://github.com/w3c/trace-context/blob/main/test/test.py"""

import pytest

from shared.logs.request import (
    Request,
    add_request,
    called_by,
    caller,
    current,
    parse_traceparent,
    trace,
    traced,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OTHER = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (PARENT, PARENT),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        # Flags that are not known are not passed on.
        (f"00-{TRACE}-{SPAN}-ff", PARENT),
        (f"00-{TRACE}-{SPAN}-02", f"00-{TRACE}-{SPAN}-00"),
        # What a later version adds is not known either.
        (f"cc-{TRACE}-{SPAN}-01", PARENT),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", PARENT),
    ],
)
def test_keeps_what_it_knows_of_a_traceparent(header, kept):
    assert parse_traceparent(header) == kept
    assert len(kept) == 55


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-",
        PARENT.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE[:-1]}.-{SPAN}-01",
        f"00-{TRACE}-{SPAN[:-1]}-01",
        f"00-{TRACE}-{SPAN}0-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-0.",
        f"{PARENT}-",
        f"{PARENT}-more",
        f"{PARENT}.",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"{PARENT},{PARENT}",
        f" {PARENT}",
        f"{PARENT}\n",
        PARENT.replace("4", "\u0664"),
        "0" * 100_000,
    ],
    ids=lambda header: ascii(header[:70]),
)
def test_any_other_traceparent_is_none(header):
    assert parse_traceparent(header) is None
    assert traced(header) == {}


def fields(trace_id: str | None = None) -> dict[str, str]:
    """What a line gets that has this `trace_id`, or else none."""
    line = {"trace_id": trace_id} if trace_id else {}
    add_request(line)
    return line


@pytest.fixture
def answering():
    tokens = []
    yield lambda request: tokens.append(current.set(request))
    for token in reversed(tokens):
        current.reset(token)


def test_lines_outside_of_requests_have_no_more_fields():
    assert (fields(), fields(TRACE)) == ({}, {"trace_id": TRACE})
    assert (trace(), called_by("shop"), caller()) == (None, "shop", None)


def test_lines_of_a_request_have_its_id_and_trace(answering):
    answering(Request("some-id", PARENT))
    assert fields() == {"request_id": "some-id", "trace_id": TRACE}
    assert trace() == PARENT


def test_without_a_trace_lines_have_the_id_only(answering):
    answering(Request("some-id"))
    assert fields() == {"request_id": "some-id"}


def test_the_trace_of_a_later_request_is_beside_that_of_the_verification(answering):
    answering(Request("some-id", PARENT))
    assert fields(OTHER) == {
        "request_id": "some-id",
        "trace_id": OTHER,
        "request_trace_id": TRACE,
    }
    assert fields(TRACE) == {"request_id": "some-id", "trace_id": TRACE}


def test_a_request_knows_its_caller_once_that_is_noted(answering):
    answering(Request("some-id"))
    assert caller() is None
    assert called_by("shop") == caller() == "shop"


@pytest.mark.parametrize("kept", [None, "", 17, ["x"], "otp", PARENT.encode()])
def test_what_others_have_written_is_no_trace(kept):
    assert traced(kept) == {}


def test_the_field_of_a_trace_is_its_id():
    assert traced(PARENT) == {"trace_id": TRACE}
