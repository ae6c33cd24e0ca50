"""The examples for Flask and FastAPI, called as people's browsers do."""

import importlib.util
from collections.abc import Callable, Iterator
from itertools import count
from types import ModuleType

import pytest
from fastapi.testclient import TestClient

from tests.e2e.conftest import ROOT
from tests.e2e.integrations.guides import Guide
from tests.user import wrong

_numbers = count(1)


class Browser:
    """One person's, with the cookies of Flask's or FastAPI's own client."""

    def __init__(self, example: ModuleType) -> None:
        app = example.app
        if hasattr(app, "test_client"):
            self._post = app.test_client().post
        else:
            self._post = TestClient(app, base_url="https://app.example").post

    def start(self, phone: object) -> tuple[int, dict[str, str]]:
        return self._answer("/code", {"phone": phone})

    def check(self, code: str, **more: str) -> tuple[int, dict[str, str]]:
        return self._answer("/code/check", {"code": code, **more})

    def _answer(self, path: str, body: object) -> tuple[int, dict[str, str]]:
        response = self._post(path, json=body)
        told = response.json
        return response.status_code, told() if callable(told) else told


@pytest.fixture(scope="module", params=["flask", "fastapi"])
def open_browser(request, service) -> Iterator[Callable[[], Browser]]:
    path = ROOT / f"docs/integrations/examples/{request.param}/app.py"
    spec = importlib.util.spec_from_file_location(f"{request.param}_example", path)
    assert spec
    assert spec.loader
    example = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIXPOST_URL", service.url)
        patch.setenv("SESSION_SECRET", "0" * 32)
        spec.loader.exec_module(example)
    yield lambda: Browser(example)
    example.sixpost.close()


@pytest.fixture
def phone() -> str:
    return f"+1415558{next(_numbers):04}"


class TestGuide(Guide):
    pass


def test_the_right_code_signs_a_person_up_once(open_browser, service, phone):
    browser = open_browser()
    status, told = browser.start(phone)
    assert (status, told["message"].startswith("We are sending a code")) == (202, True)
    code = service.code_for(phone)
    assert browser.check(wrong(code)) == (
        400,
        {"code": "incorrect_code", "detail": "The code is incorrect. 4 attempts left."},
    )
    assert browser.check(code) == (200, {"phone": phone})
    assert browser.check(code)[0] == 409


def test_what_is_no_number_is_refused_in_words(open_browser):
    status, told = open_browser().start("+1999")
    assert (status, told["detail"]) == (422, "Too short for a phone number in +1.")
