"""Somebody sends what no program would send. tests/e2e/test_hostile_input.py does so on sockets."""

import io
import json
import logging
import tracemalloc
import unicodedata

import pytest

from shared.logs import JsonLines
from tests.user import PHONE, wrong

pytestmark = pytest.mark.parametrize("redis", ["fake"], indirect=True)
PATHS = ("/generate-otp", "/verify-otp")


@pytest.fixture
def send(client):
    """POST some bytes; the status and code of the problem that is answered."""

    def send(body: bytes, path: str = "/generate-otp", **more) -> tuple[int, str]:
        answer = client.post(path, data=body, **{"content_type": "application/json", **more})
        if answer.status_code < 400:
            return answer.status_code, ""
        assert answer.content_type == "application/problem+json"
        return answer.status_code, answer.json["code"]

    return send


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "environ", [{}, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}]
)
def test_a18_a_large_body_is_refused_unread(client, path, environ):
    stream = io.BytesIO(b" " * 20_000_000)
    tracemalloc.start()
    try:
        answer = client.post(
            path,
            input_stream=stream,
            content_type="application/json",
            content_length=None if environ else 20_000_000,
            environ_overrides=environ,
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.json["code"] == "payload_too_large"
    assert peak < 1_000_000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("depth", [10, 100, 2000, 4000])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a19_nested_json_is_refused(send, path, depth, begin, end):
    depth = min(depth, 8000 // (len(begin) + len(end)))
    assert send(begin * depth, path) == (400, "malformed_json")
    assert send(begin * depth + b"1" + end * depth, path)[0] in (400, 422)


STRANGE = ["NaN", "Infinity", "123456", "12.5", "true", "null", "[]", '["123456"]', "{}"]


@pytest.mark.parametrize("value", [*STRANGE, r'"\ud800"', '"①②③④⑤⑥"', '"12345\\u0000"'])
@pytest.mark.parametrize("field", ["otp", "phone"])
def test_a20_values_of_other_types_reach_no_script(send, caller, user, value, field):
    started = user.ask()
    other = '"otp": "123456"' if field == "phone" else f'"phone": "{PHONE}"'
    status, code = send(f'{{"{field}": {value}, {other}}}'.encode(), "/verify-otp")
    assert (status, code) in ((422, "invalid_request"), (400, "malformed_json"))
    assert user.mistype(started) == 4  # So nothing was counted before.


@pytest.mark.parametrize(
    "body",
    [
        '{"phone": "+14155550123", "phone": "+14155550199"}',
        '{"phone": "+14155550123", "\\u0070hone": "+14155550199"}',
        '{"phone": "+14155550123", "channel": "sms", "channel": "call"}',
    ],
)
def test_a21_names_that_occur_twice_are_refused(send, body):
    assert send(body.encode()) == (400, "malformed_json")


@pytest.mark.parametrize("name", ["Phone", "PHONE", "phone ", "phоne"])
def test_a21_names_that_look_alike_are_not_the_same(send, name):
    assert send(json.dumps({name: PHONE}).encode()) == (422, "invalid_request")


GOOD = json.dumps({"phone": PHONE})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("named", [True, False])
def test_a22_another_encoding_is_not_understood(send, redis, encoding, named):
    media_type = f"application/json; charset={encoding}" if named else "application/json"
    body = GOOD.replace("+", "\xa0+").encode(encoding)
    status, _ = send(body, content_type=media_type)
    assert status in (400, 422)
    assert not redis.keys("otp:verification:*")


@pytest.mark.parametrize("body", [b'{"phone": ' + b"1" * 5000 + b"}", b'{"phone": "+1\x00415"}'])
def test_a22_long_integers_and_nul_are_refused(send, body):
    assert send(body)[0] in (400, 422)


def test_a23_codes_in_other_scripts_buy_no_more_guesses(send, user):
    code = user.code(user.ask())
    zeros = [chr(n) for n in range(128, 0x110000) if unicodedata.decimal(chr(n), None) == 0]
    assert len(zeros) > 60
    # Other numerals are no digits, and no guess.
    for numeral in "²①Ⅴ五½":
        assert send(_check(numeral + code[1:]), "/verify-otp") == (422, "invalid_request")
    for zero in zeros[:5]:
        assert send(_check(_in_script(zero, wrong(code))), "/verify-otp") == (400, "incorrect_code")
    right = _check(_in_script(zeros[5], code))
    assert send(right, "/verify-otp") == (429, "too_many_checks")


def _in_script(zero: str, code: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in code)


def _check(otp: str) -> bytes:
    return json.dumps({"phone": PHONE, "otp": otp}).encode()


FORGED = ['\r\n{"event":"forged"}', "\x1b[2J", "\u2028forged", "\x00", '"}']


@pytest.mark.parametrize("text", FORGED, ids=ascii)
def test_a30_nothing_that_is_sent_forges_a_line_of_the_log(client, caplog, text):
    headers = {"User-Agent": text.replace("\r", "").replace("\n", ""), "Accept-Language": "de"}
    with caplog.at_level(logging.DEBUG):
        client.post("/generate-otp", json={"phone": PHONE + text, "locale": "de"}, headers=headers)
        client.post("/generate-otp", json={"phone": PHONE, "locale": "de" + text})
        client.post("/verify-otp", json={"phone": PHONE, "otp": text})
        client.get("/verifications/" + text.replace("\r", "%0D").replace("\n", "%0A"))
    lines = "\n".join(map(JsonLines().format, caplog.records)).split("\n")
    assert len(lines) == len(caplog.records)
    assert all("forged" not in json.loads(line)["event"] for line in lines if line)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_a41_no_page_of_another_site_can_send_without_asking(send, redis, path, content_type):
    """A browser sends these media types for any page; JSON it asks for first, and is not let."""
    headers = {"Origin": "https://evil.example"}
    status = send(GOOD.encode(), path, content_type=content_type, headers=headers)
    assert status == (415, "unsupported_media_type")
    assert not redis.keys("otp:verification:*")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a41_no_page_of_another_site_reads_an_answer(client, origin):
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        client.options("/generate-otp", headers=preflight),
        client.post("/generate-otp", json={"phone": PHONE}, headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]
