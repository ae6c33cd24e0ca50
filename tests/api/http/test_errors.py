"""The table of errors, and what is made of it."""

import inspect
import re

import pytest

from api.http import errors
from shared import errors as ours
from shared.errors import OtpError

# The Verify v2 compatible API makes its own errors of these, or another error replaces them.
ELSEWHERE = {"OtpError", "Refused", "RateLimitNotFound", "RateLimitRefused", "ProofSpent"}


def test_every_error_of_the_service_has_a_row():
    classes = {name for name, c in inspect.getmembers(ours, inspect.isclass)}
    defined = {name for name in classes if issubclass(getattr(ours, name), OtpError)}
    assert defined - ELSEWHERE == {
        e.__name__ for e in errors.KINDS if e.__module__ == ours.__name__
    }


def test_the_docs_page_has_a_row_for_every_code(client):
    page = client.get("/docs").get_data(as_text=True)
    rows = re.findall(r'<tr id="([a-z_]+)"><td>(\d+)</td>', page)
    assert rows == list(
        {kind.code: (kind.code, str(kind.status)) for kind in errors.KINDS.values()}.values()
    )
    assert "<code>checks_left</code> is the number of checks left." in page


@pytest.mark.parametrize("code", sorted(errors.documented()))
def test_an_error_says_in_a_sentence_when_it_is_returned(code):
    _, when = errors.documented()[code]
    assert when.endswith(".")
    assert when.count("`") % 2 == 0


def test_errors_with_the_same_code_share_a_row():
    status, when = errors.documented()["unauthorized"]
    assert status == 401
    assert "API key" in when
    assert "owner's password" in when
