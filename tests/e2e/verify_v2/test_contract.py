"""Every answer against the document that the vendor publishes, made strict: each field is there and
has its type, and no other one is. As published it checks no body; the README beside it says why."""

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from requests.auth import HTTPBasicAuth
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.conftest import ROOT, Service
from tests.e2e.verify_v2.conftest import (
    ACCOUNT_SID,
    BLOCKED,
    FRENCH,
    GIVEN_SID,
    LANDLINE,
    SETTINGS,
    TOKENS,
    UNKNOWN,
    new_number,
)
from tests.user import wrong

STRICT = ROOT.parent / "shared" / "data" / "twilio_verify_v2.strict.openapi.json"
if not STRICT.exists():
    pytest.skip(f"{STRICT} is not there", allow_module_level=True)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FORM = "application/x-www-form-urlencoded"
SERVICE, SERVICES = "/v2/Services/{Sid}", "/v2/Services"
SENDS = "/v2/Services/{ServiceSid}/Verifications"
SEND = "/v2/Services/{ServiceSid}/Verifications/{Sid}"
CHECK = "/v2/Services/{ServiceSid}/VerificationCheck"

config = {"parameters": {"path.ServiceSid": GIVEN_SID}}
schema = schemathesis.openapi.from_dict(
    json.loads(STRICT.read_text(encoding="utf-8")),
    config=schemathesis.Config.from_dict(config),
)
AUTH = HTTPBasicAuth(ACCOUNT_SID, TOKENS["shop"])
OPERATIONS = [found.ok() for found in schema.get_all_operations()]
numbers = cycle(f"+1215200{n:04}" for n in range(300))


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    """Of its own: here Services are deleted by chance, too."""
    service = start_service(**SETTINGS)
    yield service
    service.stop()


class Walk:
    """Asks, and checks each answer. `answered` has the statuses of each operation, `explained` the
    pages that errors lead to."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answered: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.explained: set[str] = set()

    def ask(
        self,
        method: str,
        path: str,
        expected: int,
        code: int | None = None,
        *,
        at: dict[str, str] | None = None,
        auth: HTTPBasicAuth = AUTH,
        query: dict[str, Any] | None = None,
        **form: Any,
    ) -> Any:
        """The body of an answer that has this status and, as an error, this code. `at` has the
        parameters of the path."""
        body: Any = {"body": form, "media_type": FORM} if method == "POST" else {}
        case = schema[path][method].Case(path_parameters=at or {}, query=query or {}, **body)
        response = case.call(base_url=self.service.url, auth=auth)
        case.validate_response(response, checks=CHECKS)
        self.answered[method, path].add(response.status_code)
        assert response.status_code == expected, response.content
        answer = response.json() if response.content else {}
        assert answer.get("code") == code
        if code:
            assert answer["status"] == expected
            self.explained.add(answer["more_info"])
            assert ("www-authenticate" in response.headers) == (expected == 401)
            assert ("retry-after" in response.headers) == (expected == 429)
        return answer

    def new_service(self, **form: Any) -> dict[str, str]:
        """Where its sub-resources are."""
        return {"ServiceSid": self.ask("POST", SERVICES, 201, FriendlyName="A Shop", **form)["sid"]}

    def start(self, at: dict[str, str], to: str, *expected: int, **more: Any) -> Any:
        form = {"To": to, "Channel": "sms", **more}
        return self.ask("POST", SENDS, *(expected or (201,)), at=at, **form)

    def check(self, at: dict[str, str], *expected: int, **form: Any) -> Any:
        return self.ask("POST", CHECK, *expected, at=at, **form)


def test_every_answer_of_a_walk_is_as_published(service, figure):
    walk = Walk(service)
    walk_services(walk)
    walk_verifications(walk)
    walk_refusals(walk)
    walk_policy(walk)
    stranger = HTTPBasicAuth(ACCOUNT_SID, "wrong")
    somewhere = {"Sid": f"VA{UNKNOWN}", "ServiceSid": f"VA{UNKNOWN}"}
    for method, path in list(walk.answered):
        walk.ask(method, path, 401, 20003, at=somewhere, auth=stranger)

    pages = {url.partition("#")[0] for url in walk.explained}
    assert pages == {f"http://localhost:{service.port}/docs"}
    page = service.call("GET", "/docs").content.decode()
    assert all(f'id="{url.partition("#")[2]}"' in page for url in walk.explained)

    published = {(one.method.upper(), one.path) for one in OPERATIONS}
    assert {one for one, statuses in walk.answered.items() if min(statuses) < 300} == published
    figure("operations that answer as the vendor's document says", str(len(published)))


def walk_services(walk: Walk) -> None:
    ask = walk.ask
    at = {"Sid": ask("POST", SERVICES, 201, FriendlyName="My Shop")["sid"]}
    ask("POST", SERVICES, 201, FriendlyName="Your Shop", CodeLength="10", Unknown="ignored")
    ask("POST", SERVICES, 400, 60200, FriendlyName="")
    for page in range(4):
        listed = ask("GET", SERVICES, 200, query={"PageSize": 1, "Page": page})
        assert len(listed["services"]) == (page < 3)
    ask("GET", SERVICES, 400, 60200, query={"PageSize": 0})
    ask("GET", SERVICE, 200, at=at)
    ask("POST", SERVICE, 200, at=at, CustomCodeEnabled="true")
    ask("POST", SERVICE, 400, 60200, at=at, CodeLength="11")
    ask("DELETE", SERVICE, 204, at=at)
    for method in ("GET", "POST", "DELETE"):
        ask(method, SERVICE, 404, 20404, at=at)
    walk.start({"ServiceSid": at["Sid"]}, new_number(), 404, 20404)


def walk_verifications(walk: Walk) -> None:
    at, phone = walk.new_service(), new_number()
    for channel in ("call", "whatsapp"):
        walk.start(at, new_number(), Channel=channel)
    walk.start(at, "contract@example.com", Channel="email")
    sent = walk.start(at, phone, Locale="de", CustomFriendlyName="Cafe", Tags="{")
    # As curl -d sends a plus sign.
    assert walk.start(at, phone.replace("+", " "))["sid"] == sent["sid"]
    for name in (phone, sent["sid"]):
        walk.ask("GET", SEND, 200, at={**at, "Sid": name})
    code = walk.service.code_for(phone)
    assert walk.check(at, 200, To=phone, Code=wrong(code))["status"] == "pending"
    assert walk.check(at, 200, VerificationSid=sent["sid"], Code=code)["valid"] is True
    walk.check(at, 404, 20404, VerificationSid=sent["sid"], Code=code)
    walk.ask("GET", SEND, 404, 20404, at={**at, "Sid": sent["sid"]})

    for status in ("canceled", "approved"):
        one = {**at, "Sid": walk.start(at, phone)["sid"]}
        walk.ask("POST", SEND, 400, 60200, at=one, Status="perhaps")
        walk.ask("POST", SEND, 200, at=one, Status=status)
        walk.ask("POST", SEND, 404, 20404, at=one, Status=status)
        walk.check(at, 404, 20404, VerificationSid=one["Sid"], Code="123456")


def walk_refusals(walk: Walk) -> None:
    at, phone = walk.new_service(CustomCodeEnabled="true"), new_number()
    walk.start(at, "12", 400, 60200)
    walk.start(at, phone, 400, 60200, Channel="pigeon")
    walk.start(at, phone, 400, 60200, CustomCode="12")
    walk.start(at, phone, 400, 60228, TemplateSid=f"HJ{UNKNOWN}")
    walk.check(at, 400, 60200, To=phone, Code="12")
    walk.check(at, 400, 60221, Code="123456")
    walk.check(at, 404, 20404, To=phone, Code="123456")
    for _ in range(5):
        walk.start(at, phone)
    walk.start(at, phone, 429, 60203)
    code = walk.service.code_for(phone)
    for _ in range(5):
        walk.check(at, 200, To=phone, Code=wrong(code))
    walk.check(at, 429, 60202, To=phone, Code=code)
    walk.ask("GET", SEND, 200, at={**at, "Sid": phone})


def walk_policy(walk: Walk) -> None:
    at = walk.new_service(SkipSmsToLandlines="true")
    walk.start(at, FRENCH, 403, 60605)
    walk.start(at, BLOCKED, 403, 60410)
    walk.start(at, LANDLINE, 403, 60205)
    kiosk = HTTPBasicAuth(ACCOUNT_SID, TOKENS["pythonkiosk"])
    made = walk.ask("POST", SERVICES, 201, auth=kiosk, FriendlyName="Kiosk")
    at = {"ServiceSid": made["sid"]}
    walk.ask("POST", SENDS, 400, 60223, auth=kiosk, at=at, To=new_number(), Channel="call")
    for _ in range(3):
        walk.ask("POST", SENDS, 201, auth=kiosk, at=at, To=new_number(), Channel="sms")
    walk.ask("POST", SENDS, 429, 20429, auth=kiosk, at=at, To=new_number(), Channel="sms")


@schema.parametrize()
@settings(max_examples=30, derandomize=True, deadline=None, database=None)
def test_answers_to_whatever_is_asked_are_as_published(case, service):
    if isinstance(case.body, dict) and "To" in case.body and case.meta.generation.mode.is_positive:
        # Hardly any text is somebody's number.
        case.body = {**case.body, "To": next(numbers)}
    case.call_and_validate(base_url=service.url, auth=AUTH, checks=[*CHECKS, ignored_auth])
