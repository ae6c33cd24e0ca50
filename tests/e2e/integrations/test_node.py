"""The examples for Express, Next.js and Firebase, served as people's browsers call them."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests import node
from tests.clock import clock_of
from tests.e2e.conftest import ROOT, wait_for
from tests.e2e.integrations.guides import Guide
from tests.redis_servers import free_port
from tests.user import wrong

FOLDER = Path(__file__).parent
EXAMPLES = ROOT / "docs/integrations/examples"
SERVED = {
    "express": ("app.mjs", "POST /code", "POST /code/check"),
    "nextjs": ("handlers.mjs ./app/api/code/route.js", "POST /api/code", "PUT /api/code"),
}
_numbers = count(1)


@dataclass
class Browser:
    """One person's. It keeps one cookie, which is all that the examples set."""

    port: int
    start_call: str = "POST /code"
    check_call: str = "POST /code/check"
    cookie: dict[str, str] = field(default_factory=dict)

    def start(self, phone: object) -> tuple[int, Any]:
        return self._call(self.start_call, {"phone": phone})

    def check(self, code: object, **more: object) -> tuple[int, Any]:
        return self._call(self.check_call, {"code": code, **more})

    def is_served(self) -> bool:
        try:
            return bool(self.start(""))
        except ConnectionError:
            return False

    def _call(self, call: str, body: object) -> tuple[int, Any]:
        method, path = call.split()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json", **self.cookie}
        connection.request(method, path, json.dumps(body), headers)
        response = connection.getresponse()
        if cookie := response.headers["Set-Cookie"]:
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            self.cookie = {"Cookie": cookie.partition(";")[0]}
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer


@contextmanager
def served(example: str, files: str, url: str, folder: Path) -> Iterator[int]:
    """Serve a copy of an example next to its packages and the files here. Yields the port."""
    program = node.program("node")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("no packages: npm ci --prefix tests/e2e/integrations")
    for source in (EXAMPLES / example, FOLDER):
        ignored = shutil.ignore_patterns("node_modules")
        shutil.copytree(source, folder, ignore=ignored, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    port = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "SESSION_SECRET": "0" * 32,
        "SIXPOST_URL": url,
    }
    with subprocess.Popen([program, *files.split()], cwd=folder, env=env) as process:
        try:
            wait_for(Browser(port).is_served)
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=SERVED)
def open_browser(request, service, tmp_path_factory) -> Iterator[Callable[[], Browser]]:
    files, start_call, check_call = SERVED[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    with served(request.param, files, service.url, folder) as port:
        yield lambda: Browser(port, start_call, check_call)


@pytest.fixture
def phone() -> str:
    return f"+1415557{next(_numbers):04}"


class TestGuide(Guide):
    pass


def test_the_right_code_verifies_the_number_once(open_browser, service, phone):
    browser = open_browser()
    message = f"We are sending a code to {phone[:5]}*****{phone[-2:]} by SMS."
    assert browser.start(phone) == (202, {"message": message})
    code = service.code_for(phone)
    assert browser.check(wrong(code)) == (
        400,
        {"code": "incorrect_code", "detail": "The code is incorrect. 4 attempts left."},
    )
    assert browser.check(code) == (200, {"phone": phone})
    assert browser.check(code)[0] == 409


def test_what_is_no_number_is_refused_in_words(open_browser):
    browser = open_browser()
    assert browser.start("+1999")[1]["detail"] == "Too short for a phone number in +1."
    for nonsense in (None, 5, {"a": 1}, ["+14155550123"]):
        status, told = browser.start(nonsense)
        assert (status, told["code"]) == (422, "invalid_request")


@pytest.fixture
def firebase(service, tmp_path) -> Iterator[Browser]:
    with served("firebase", "firebase.mjs", service.url, tmp_path) as port:
        yield Browser(port)


def test_a_code_signs_the_same_person_in_to_firebase_again(firebase, service, phone):
    firebase.start(phone)
    code = service.code_for(phone)
    assert firebase.check(wrong(code), phone=phone)[1] == "incorrect_code"
    assert firebase.check(code, phone="+14155560000")[1] == "verification_not_found"
    assert firebase.check(code, phone=phone)[1] == "token of uid-0"
    with clock_of(service.redis) as clock:
        clock.shift(31)
    firebase.start(phone)
    wait_for(lambda: [sent["to"] for sent in service.sent()].count(phone) == 2)
    assert firebase.check(service.code_for(phone), phone=phone)[1] == "token of uid-0"
