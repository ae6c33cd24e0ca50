"""docs/for-agents.md: coding assistants copy its calls, so each one is made here and answers as
written."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.fake_redis import fake_redis
from tests.test_security_doc import ROOT, tables
from tests.user import wrong

TEXT = (ROOT / "docs/for-agents.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
# The codes that the page checks.
WRONG, RIGHT = "257657", "481516"
SHORTENED = ", …}"


class Call(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: str | None
    answer: str


@pytest.fixture
def redis():
    with fake_redis() as fake:
        yield fake


def calls() -> Iterator[Call]:
    """Each `curl`, with the answer in the block below it."""
    for (language, command), (_, answer) in pairwise(BLOCKS):
        if language == "sh" and command.startswith("curl"):
            words = iter(shlex.split(command.replace("\\\n", " "))[1:])
            method, path, headers, body = "GET", "", {}, None
            for word in words:
                match word:
                    case "-X":
                        method = next(words)
                    case "-H":
                        name, _, value = next(words).partition(": ")
                        headers[name] = value
                    case "-d":
                        method, body = "POST", next(words)
                    case url:
                        path = url.removeprefix("http://localhost:5000")
            yield Call(method, path, headers, body, answer)


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 150


def test_it_starts_as_the_readme_says():
    blocks = [text for language, text in BLOCKS if language == "sh"]
    assert blocks[0] in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_block_is_a_call_its_answer_or_the_start():
    assert len(BLOCKS) == 1 + 2 * len(list(calls()))
    assert len(list(calls())) > 4


def test_each_call_answers_as_written(caller):
    real = {}

    def as_now(text: str) -> str:
        for written, now in real.items():
            text = text.replace(written, now)
        return text

    for call in calls():
        answer = caller.client.open(
            as_now(call.path),
            method=call.method,
            headers=call.headers,
            data=call.body and as_now(call.body),
        )
        if answer.status_code == 202:
            (written,) = re.findall("VE[0-9a-f]{32}", call.answer)
            real[written] = answer.json["verification_id"]
        if call.path == "/generate-otp":
            code = caller.code(answer)
            real |= {RIGHT: code, WRONG: wrong(code)}
        status, _, body = as_now(call.answer).strip().partition(" ")
        expected = json.loads(body.replace(SHORTENED, "}"))
        told = {name: answer.json.get(name) for name in expected}
        assert (answer.status_code, told) == (int(status), expected), call.path
        assert body.endswith(SHORTENED) or expected == answer.json, call.path


def test_each_error_of_the_two_calls_is_there_with_its_status(client):
    paths = client.get("/openapi.json").json["paths"]
    answers = [paths[path]["post"]["responses"] for path in ("/generate-otp", "/verify-otp")]
    expected = {
        (code, status)
        for responses in answers
        for status, about in responses.items()
        for code in re.findall(r"^`(\w+)`: ", about["description"], re.MULTILINE)
    }
    (rows,) = [table[1:] for table in tables(TEXT) if table[0][0] == "`code`"]
    listed = set()
    for names, statuses, _ in rows:
        codes, status = re.findall(r"`(\w+)`", names), statuses.split(", ")
        listed |= set(zip(codes, status * (len(codes) // len(status)), strict=True))
    assert listed == expected
