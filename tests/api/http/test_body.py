"""Bodies: read in one strict way, and nothing that two parsers would read differently."""

import io
import json
import re
import time
import tracemalloc

import pytest

from tests.user import PHONE

GOOD = json.dumps({"phone": PHONE}).encode()


@pytest.fixture
def post(client):
    def post(body: bytes, content_type: str | None = "application/json", **more):
        return client.post("/generate-otp", data=body, content_type=content_type, **more)

    return post


NO_OBJECTS = [
    b"",
    b" ",
    b"{",
    b"nothing",
    b"null",
    b"true",
    b"1",
    b'"phone"',
    b'["phone"]',
    b"[]",
    b'{"phone": "+14155550123",}',
    b"{'phone': '+14155550123'}",
    b'{"phone": "+14155550123"} x',
    b'{"phone": "+14155550123"}{}',
    b'{"phone": NaN}',
    b'{"phone": Infinity}',
    b'{"phone": -Infinity}',
    b'{"phone": "+14155550123", "phone": "+14155550199"}',
    b'{"phone": {"a": 1, "a": 2}}',
    b'{"phone": "+1415\x00"}',
    b'{"phone": "\n"}',
    b'{"phone": "\xff"}',
    b'\xff\xfe{\x00"\x00',
    b"\xef\xbb\xbf" + GOOD,
    GOOD.decode().encode("utf-16"),
    b'{"phone": ' + b"1" * 5000 + b"}",
    b"[" * 8000,
    b'{"a":' * 1500,
    b"phone=%2B14155550123",
]


def test_what_is_no_json_object_is_refused(post, redis, problem, subtests):
    for body in NO_OBJECTS:
        with subtests.test(body=body):
            problem(post(body), 400, "malformed_json")
            assert redis.keys() == []


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_deep_json_is_refused_before_it_is_read(post, problem, body):
    problem(post(body), 413, "payload_too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        # The charset of JSON is UTF-8, whatever is said.
        "application/json; charset=utf-7",
        "application/json; charset=nonsense",
    ],
)
def test_json_is_utf_8(post, content_type):
    assert post(GOOD, content_type).status_code == 202


def test_another_charset_does_not_change_what_is_read(post, problem):
    utf_7 = b'{"phone": "+14155550123", "+AGMAaABhAG4AbgBlAGw-": "call"}'
    problem(post(utf_7, "application/json; charset=utf-7"), 422, "invalid_request")


OTHER_TYPES = [
    None,
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/problem+json",
    "application/jsonx",
    "application/json, text/plain",
    "*/*",
]


def test_another_media_type_is_refused(post, redis, problem, subtests):
    """So that no form of another site can send a code."""
    for content_type in OTHER_TYPES:
        with subtests.test(content_type=content_type):
            problem(post(GOOD, content_type), 415, "unsupported_media_type")
            assert redis.keys() == []


def test_escaped_names_and_values_are_the_same(post):
    answer = post(b'{"\\u0070hone": "\\u002B14155550123"}')
    assert answer.json["to"] == "+1415*****23"


def test_a_body_of_8_kib_is_read_and_one_byte_more_is_not(post, problem):
    body = GOOD + b" " * (8192 - len(GOOD))
    assert post(body).status_code == 202
    problem(post(body + b" "), 413, "payload_too_large")


@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        ({}, 413, "payload_too_large"),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, 413,
         "payload_too_large"),
        ({"CONTENT_LENGTH": "30"}, 400, "malformed_json"),
        ({"CONTENT_LENGTH": "-1"}, 400, "malformed_json"),
        ({"CONTENT_LENGTH": "many"}, 400, "malformed_json"),
    ],
    ids=["with its length", "in chunks", "with a length that lies", "negative", "no number"],
)  # fmt: skip
def test_20_megabytes_are_not_read(client, problem, environ, status, code):
    stream = io.BytesIO(b" " * 20_000_000)
    tracemalloc.start()
    try:
        answer = client.post(
            "/generate-otp",
            input_stream=stream,
            content_type="application/json",
            environ_overrides=environ,
        )
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    problem(answer, status, code)
    assert stream.tell() <= 100_000


def test_a_body_that_is_cut_off_is_refused(client, redis):
    answer = client.post(
        "/generate-otp",
        input_stream=io.BytesIO(GOOD),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(GOOD) + 1)},
    )
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert redis.keys() == []


def test_the_worst_body_takes_no_time(post):
    began = time.process_time()
    for body in (b"[" * 8192, b'{"a":' * 1638, b'{"phone":"' + b"\\u0031" * 1363 + b'"}'):
        post(body)
    assert time.process_time() - began < 1


WRONG_FIELDS = [
    ("/generate-otp", {"phone": PHONE, "colour": 1}, "this field does not exist"),
    ("/generate-otp", {"phone": 14155550123}, "expected a string"),
    ("/generate-otp", {"phone": PHONE, "channel": "fax"}, "expected 'sms'"),
    ("/generate-otp", {"phone": PHONE, "locale": "en us"}, "expected a language such as en"),
    ("/generate-otp", {"email": "a" * 600}, "expected at most 512 characters"),
    ("/verify-otp", {"phone": PHONE}, "this field is missing"),
    (
        "/verify-otp",
        {"otp": "123456", "verification_id": "VE1"},
        "does not match the format in the API",
    ),
    ("/verify-otp", {"otp": ["1"], "phone": PHONE}, "expected a string"),
]


def test_what_is_wrong_with_a_field_is_said_in_words(client, problem, subtests):
    for path, body, said in WRONG_FIELDS:
        with subtests.test(path=path, body=body):
            refused = problem(client.post(path, json=body), 422, "invalid_request")

            assert any(error["message"].startswith(said) for error in refused["errors"])
            for text in (refused["detail"], *(error["message"] for error in refused["errors"])):
                assert not re.search(
                    r"[\^\[\]\\{}]|Input|Extra|Value error|[Pp]attern|Field required", text
                )


FIELDS = ["phone", "email", "otp", "verification_id", "locale", "channel"]
ODD_VALUES = [1, 1.5, True, [], {}, "", "\ud800", "x" * 9, "x" * 3000]


def test_no_field_answers_with_a_regular_expression(client, subtests):
    for field in FIELDS:
        for value in ODD_VALUES:
            with subtests.test(field=field, value=value):
                for path in ("/generate-otp", "/verify-otp"):
                    answer = client.post(path, json={"phone": PHONE, "otp": "123456", field: value})
                    text = " ".join(error["message"] for error in answer.json.get("errors", ()))
                    assert not re.search(r"[\^\[\]\\{}$]|Input|Extra|Value error", text)
