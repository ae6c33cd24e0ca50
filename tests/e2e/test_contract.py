"""The running service against its own OpenAPI document: every answer to every request, sensible or
not, is one that the document knows, in status, media type, headers and body."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.otp.openapi import document
from tests.e2e.conftest import Service
from tests.user import wrong

KEY = "key-of-a-shop-0123456789-0123456789"
# Patient, so that many requests get through; and with something to refuse.
SETTINGS = {
    "OTP_LIMIT_TO": "100000/1h",
    "OTP_RESEND_SECONDS": "0",
    "OTP_MAX_SENDS": "10",
    "OTP_ALLOWED_COUNTRIES": "US",
    "OTP_BLOCKED_PREFIXES": "+1900",
    "OTP_CALL_SENDERS": " ",
}
GERMAN, BLOCKED = {"phone": "+4930901820"}, {"phone": "+19002345678"}
RECIPIENTS = [
    *({"phone": f"+1215200{n:04}"} for n in range(30)),
    *({"email": f"contract.{n}@example.com"} for n in range(20)),
    GERMAN,
    BLOCKED,
]

# A wrong body that is also too large is refused for that (413).
config = {"checks": {"negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]}}}
schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(config))
generated = settings(max_examples=100, derandomize=True, deadline=None, database=None)
recipients, both_ways = cycle(RECIPIENTS), cycle([True, False])


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service(**SETTINGS)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def locked_service(start_service) -> Iterator[Service]:
    service = start_service(**SETTINGS, OTP_API_KEYS=f"shop:{KEY}")
    yield service
    service.stop()


@pytest.fixture(scope="module")
def answered(figure) -> Iterator[Counter[int]]:
    """How many answers there were of each status."""
    answered: Counter[int] = Counter()
    yield answered
    statuses = ", ".join(f"{status} {n}x" for status, n in sorted(answered.items()))
    figure("answers that are as the OpenAPI document says", statuses)


def give_recipients(case) -> None:
    """Hardly any text is somebody's number, so half of the well-formed requests get a real one."""
    takes_one = case.operation.path in ("/generate-otp", "/verify-otp") and case.method == "POST"
    if case.meta.generation.mode.is_positive and takes_one and next(both_ways):
        case.body = {
            **{name: value for name, value in case.body.items() if name in ("channel", "locale")},
            **({"otp": "000000"} if "otp" in case.body else {}),
            **next(recipients),
        }


def call(case, service: Service, headers: dict[str, str] | None = None) -> int:
    response = case.call_and_validate(
        base_url=service.url,
        headers=headers,
        # No schema can say which numbers there are.
        excluded_checks=[positive_data_acceptance],
    )
    return response.status_code


@schema.parametrize()
@generated
def test_answers_are_as_documented(case, service, answered):
    give_recipients(case)
    answered[call(case, service)] += 1


@schema.parametrize()
@generated
def test_answers_are_as_documented_behind_a_key(case, locked_service, answered):
    give_recipients(case)
    answered[call(case, locked_service, {"Authorization": f"Bearer {KEY}"})] += 1


@schema.parametrize()
@settings(generated, max_examples=10)
def test_a_wrong_key_is_refused_as_documented(case, locked_service, answered):
    status = call(case, locked_service, {"Authorization": "Bearer wrong"})
    answered[status] += 1
    if case.operation.path.startswith("/verify/{"):
        assert status != 401  # The page of a verification asks for no key.
    elif (
        case.operation.path.startswith(("/health/", "/.well-known/"))
        or case.method != case.operation.method.upper()
    ):
        assert status in (200, 405)
    else:
        assert status == 401


def test_the_document_is_served(service):
    assert service.call("GET", "/openapi.json").body == document()


def test_every_kind_of_answer_is_as_documented(service, answered):
    generate, verify = schema["/generate-otp"]["POST"], schema["/verify-otp"]["POST"]
    one = schema["/verifications/{verification_id}"]
    erase = schema["/recipients"]["DELETE"]

    def ask(operation, expected: int, **parts: object) -> None:
        case = operation.Case(media_type="application/json", **parts)
        response = case.call(base_url=service.url)
        case.validate_response(response, excluded_checks=[not_a_server_error])
        answered[response.status_code] += 1
        assert response.status_code == expected, case.as_curl_command()

    phone = {"phone": "+12152010000"}
    ask(generate, 202, body=phone)
    code = service.code_for(phone["phone"])
    ask(verify, 400, body={**phone, "otp": wrong(code)})
    ask(verify, 422, body={**phone, "otp": "12345"})
    ask(verify, 200, body={**phone, "otp": code})
    ask(verify, 404, body={**phone, "otp": code})
    for _ in range(10):
        ask(generate, 202, body=phone)
    ask(generate, 429, body=phone)
    code = service.code_for(phone["phone"])
    for _ in range(5):
        ask(verify, 400, body={**phone, "otp": wrong(code)})
    ask(verify, 429, body={**phone, "otp": code})
    ask(generate, 403, body=GERMAN)
    ask(generate, 403, body=BLOCKED)
    ask(generate, 403, body={**phone, "channel": "call"})
    ask(generate, 413, body={"phone": "1" * 9000})
    ask(generate, 415, body=phone, headers={"Content-Type": "text/plain"})

    password = (service.folder / "otp_admin_password").read_text(encoding="utf-8").strip()
    owner = {"Authorization": "Basic " + b64encode(f"admin:{password}".encode()).decode()}
    ask(erase, 200, body=phone, headers=owner)
    ask(erase, 422, body={}, headers=owner)
    ask(erase, 401, body=phone)

    started = service.call("POST", "/generate-otp", {"email": "a@example.com"}).body
    path = {"verification_id": started["verification_id"]}
    ask(one["GET"], 200, path_parameters=path)
    ask(one["DELETE"], 204, path_parameters=path)
    ask(one["DELETE"], 404, path_parameters=path)
    with service.redis_server.hanging():
        ask(generate, 503, body=phone)
        ask(verify, 503, body={**phone, "otp": "123456"})
        ask(one["GET"], 503, path_parameters=path)
        ask(one["DELETE"], 503, path_parameters=path)
        ask(erase, 503, body=phone, headers=owner)
        ask(schema["/health/ready"]["GET"], 503)
        ask(schema["/health/live"]["GET"], 200)
