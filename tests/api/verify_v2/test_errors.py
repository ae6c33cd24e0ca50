"""Below /v2 every error has the shape that clients of that API read."""

import re
from io import BytesIO

import pytest

from api import create_app
from api.verify_v2 import errors
from shared.errors import StorageUnavailable
from shared.verify_v2.services import Services
from tests.api.verify_v2.conftest import ACCOUNT, KEY, V2


def test_what_is_not_there_is_not_found(client, v2, refused):
    error = refused(v2.get("/Nothing/Here"), 404, 20404)

    assert error["message"] == "The requested resource /Nothing/Here was not found"
    refused(client.get("/v2"), 404, 20404)


def test_a_method_that_is_not_allowed_names_those_that_are(v2, refused):
    answer = v2.delete("/Services")

    refused(answer, 405, 20004)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_body_of_another_type_is_refused(client, refused):
    for body in ({"json": {"FriendlyName": "x"}}, {"data": b"x=1", "content_type": "text/plain"}):
        refused(client.post("/v2/Services", auth=(ACCOUNT, KEY), **body), 415, 60200)


def test_a_large_body_is_refused(v2, refused):
    refused(v2.post("/Services", FriendlyName="x" * 9000), 413, 60200)


def test_a_large_body_without_a_length_is_refused(client, refused):
    answer = client.post(
        "/v2/Services",
        input_stream=BytesIO(b"FriendlyName=" + b"x" * 9000),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True},
        auth=(ACCOUNT, KEY),
    )

    refused(answer, 413, 60200)


@pytest.mark.parametrize("body", [b"FriendlyName=%ff", b"FriendlyName=\xff"])
def test_a_form_that_is_not_utf_8_is_refused(client, refused, body):
    answer = client.post(
        "/v2/Services",
        data=body,
        content_type="application/x-www-form-urlencoded",
        auth=(ACCOUNT, KEY),
    )

    refused(answer, 400, 60200)


def test_a_parameter_that_is_given_twice_is_refused(client, refused):
    answer = client.post("/v2/Services", data={"FriendlyName": ["One", "Two"]}, auth=(ACCOUNT, KEY))

    assert "FriendlyName" in refused(answer, 400, 60200)["message"]


def test_when_redis_is_away_the_caller_may_come_back(v2, refused, monkeypatch):
    def away(*_):
        raise StorageUnavailable("Redis is away", retry_after=2)

    monkeypatch.setattr(Services, "find", away)
    answer = v2.get(f"/Services/VA{'0' * 32}")

    refused(answer, 503, 20503)
    assert answer.headers["Retry-After"] == "2"


def test_what_nobody_expected_is_an_error_of_the_same_shape(settings, redis, refused, monkeypatch):
    def broken(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(Services, "find", broken)
    error = refused(V2(create_app(settings, redis).test_client()).get("/Services/VA1"), 500, 20500)

    assert error["message"] == "Internal Server Error"


def test_the_docs_page_lists_every_number_with_its_status(client):
    page = client.get("/docs").get_data(as_text=True)

    rows = set(re.findall(r'<tr id="v2-(\d+)"><td>(\d+)</td>', page))
    answered = [
        *errors._KINDS.values(),
        *errors._HTTP_KINDS.values(),
        *errors._LIMIT_KINDS.values(),
        *errors._SEND_LIMITS.values(),
        *(kind for kind in vars(errors).values() if isinstance(kind, errors.Kind)),
        errors.invalid("To").kind,
        errors.kind_of(RuntimeError()),
    ]
    assert rows == {(str(kind.code), str(kind.status)) for kind in answered}


def test_elsewhere_errors_are_problems_as_before(client, problem):
    problem(client.get("/v2nothing"), 404, "not_found")
    problem(client.get("/nothing"), 404, "not_found")
