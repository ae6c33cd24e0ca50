"""The sender against Twilio's own description of its API, which Prism plays."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests

from tests.redis_servers import free_port
from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.conformance.servers import (
    HttpServer,
    Reply,
    Request,
    serving,
)
from worker.senders.twilio import TwilioSender

DOCUMENT = Path(__file__).parents[2] / "data" / "twilio" / "messages.openapi.json"
# The newest one that runs on Node 18 and 20.
PRISM = "@stoplight/prism-cli@5.14.2"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
KEY = "SK0123456789abcdef0123456789abcdef"
SERVICE = "MG0123456789abcdef0123456789abcdef"
RECEIPT_URL = "https://otp.example.com/receipts/twilio?send=VE0123-1&attempt=1"


def sender_for(
    address: str, from_number: str = "+15005550006", login: str = f"{ACCOUNT}:token", more: str = ""
) -> TwilioSender:
    return TwilioSender.from_url(f"twilio://{login}@{from_number}?api=http://{address}{more}")


class Mock:
    """Prism, behind a relay that asks it for one of its answers and checks what it says of ours."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.address = ""
        self.prefer = "code=201"
        self.forms: list[dict[str, list[str]]] = []
        self.violations: list[str] = []

    def answer(self, request: Request) -> Reply:
        self.forms.append(parse_qs(request.body.decode()))
        wanted = {"Content-Type", "Authorization"}
        headers = {name: value for name, value in request.headers.items() if name in wanted}
        answer = requests.post(
            self._url + request.path,
            data=request.body,
            headers={**headers, "Prefer": self.prefer},
            timeout=10,
        )
        self.violations += [answer.headers.get("sl-violations", "")]
        return Reply(
            status=answer.status_code,
            headers={"Content-Type": answer.headers["Content-Type"]},
            body=answer.content,
        )


def prism() -> list[str]:
    """The command, or the reason why there is none as a skip."""
    if installed := shutil.which("prism"):
        return [installed]
    if npx := shutil.which("npx"):
        return [npx, "--yes", PRISM]
    pytest.skip(f"neither prism nor npx is installed: npm install -g {PRISM}")


@pytest.fixture(scope="session")
def prism_port(tmp_path_factory) -> Iterator[int]:
    port = free_port()
    log = tmp_path_factory.mktemp("prism") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*prism(), "mock", "--host", "127.0.0.1", "--port", str(port), DOCUMENT],
            stdout=out,
            stderr=out,
            env={**os.environ, "npm_config_fetch_retries": "0"},
            # npx leaves it to its children to end.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 120
        while "is listening" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"prism does not start: {log.read_text()[-500:]}")
            time.sleep(0.1)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


@pytest.fixture
def mock(prism_port) -> Iterator[Mock]:
    mock = Mock(prism_port)
    with serving(HttpServer(mock.answer)) as mock.address:
        yield mock


MOCK_ANSWERS = {
    "E20003": "refused",
    "E20005": "refused",
    "E20404": "refused",
    "E20429": "transient",
    "E20500": "transient",
    "E20503": "transient",
    "E21211": "invalid_recipient",
    "E21212": "refused",
    "E21408": "refused",
    "E21602": "refused",
    "E21603": "refused",
    "E21606": "refused",
    "E21608": "refused",
    "E21610": "invalid_recipient",
    "E21611": "transient",
    "E21612": "refused",
    "E21614": "invalid_recipient",
    "E21617": "refused",
}


def documented_errors() -> dict[str, str]:
    """Status by the name of each error that the document has an example of."""
    [path] = [
        p for p in json.loads(DOCUMENT.read_text())["paths"].items() if "Sid}.json" not in p[0]
    ]
    responses = path[1]["post"]["responses"]
    return {
        name: status
        for status, response in responses.items()
        for name in response["content"]["application/json"].get("examples", {})
        if name.startswith("E")
    }


@pytest.mark.parametrize(
    ("from_number", "message"),
    [
        ("+15005550006", make_message()),
        ("+15005550006", make_message(channel="whatsapp", receipt_url=RECEIPT_URL)),
        (SERVICE, make_message(receipt_url=RECEIPT_URL)),
        (SERVICE, make_message(channel="whatsapp")),
        ("Example", make_message(expires_in=3600)),
    ],
)
def test_mock_takes_our_requests(mock, from_number, message):
    assert sender_for(mock.address, from_number).send(message).startswith(("SM", "MM"))
    assert mock.violations == [""]


def test_mock_takes_an_api_key(mock):
    sender = sender_for(mock.address, login=f"{KEY}:secret", more=f"&account={ACCOUNT}")
    assert sender.send(make_message()).startswith("SM")


def test_mock_refuses_what_is_no_number(mock):
    """That it looks at what it is sent."""
    error = failure_of(sender_for(mock.address), make_message(to="123"))
    assert (error.failure, error.error) == ("invalid_recipient", "twilio_21211")
    assert "must match pattern" in mock.violations[0]


@pytest.mark.parametrize("name", MOCK_ANSWERS)
def test_says_what_a_documented_error_means(mock, name):
    mock.prefer = f"code={documented_errors()[name]}, example={name}"
    error = failure_of(sender_for(mock.address))
    assert (error.failure, error.error) == (MOCK_ANSWERS[name], f"twilio_{name[1:]}")


def test_knows_every_documented_error(mock):
    assert documented_errors().keys() == MOCK_ANSWERS.keys()
