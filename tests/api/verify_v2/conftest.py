"""Two accounts that call the Verify v2 compatible API."""

import base64
import re
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.user import PHONE

KEY = "s" * 40
OTHER_KEY = "o" * 40
ACCOUNT = f"AC{'1' * 32}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def more() -> dict[str, str]:
    """Further settings; a test may override the fixture."""
    return {}


@pytest.fixture
def env(more) -> dict[str, str]:
    return {
        "OTP_API_KEYS": f"shop:{KEY} bank:{OTHER_KEY}",
        "OTP_PUBLIC_URL": "https://otp.example.com",
        **more,
    }


class V2:
    """What a client of this API does, for one account."""

    def __init__(self, client, name: str = ACCOUNT, key: str = KEY) -> None:
        self._client = client
        self._basic = base64.b64encode(f"{name}:{key}".encode()).decode()

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._call("GET", path, query_string=query)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self._call("POST", path, data=form)

    def delete(self, path: str) -> TestResponse:
        return self._call("DELETE", path)

    def service(self, friendly_name: str = "My Shop", **form: Any) -> str:
        """The SID of a new one."""
        made = self.post("/Services", FriendlyName=friendly_name, **form)
        assert made.status_code == 201, made.json
        return made.json["sid"]

    def start(self, service: str, to: str = PHONE, channel: str = "sms", **form: Any) -> Any:
        """The verification that was started, or continued."""
        answer = self.ask(service, to, channel, **form)
        assert answer.status_code == 201, answer.json
        return answer.json

    def ask(self, service: str, to: str = PHONE, channel: str = "sms", **form: Any) -> TestResponse:
        path = f"/Services/{service}/Verifications"
        return self.post(path, **{"To": to, "Channel": channel, **form})

    def check(self, service: str, code: str, to: str = PHONE) -> TestResponse:
        return self.post(f"/Services/{service}/VerificationCheck", To=to, Code=code)

    def check_sid(self, service: str, sid: str, code: str, **form: Any) -> TestResponse:
        path = f"/Services/{service}/VerificationCheck"
        return self.post(path, VerificationSid=sid, Code=code, **form)

    def fetch(self, service: str, which: str) -> TestResponse:
        return self.get(f"/Services/{service}/Verifications/{quote(which, safe='')}")

    def update(self, service: str, which: str, status: str) -> TestResponse:
        path = f"/Services/{service}/Verifications/{quote(which, safe='')}"
        return self.post(path, Status=status)

    def _call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Basic {self._basic}"}
        return self._client.open(f"/v2{path}", method=method, headers=headers, **more)


@pytest.fixture
def v2(client) -> V2:
    return V2(client)


@pytest.fixture
def bank(client) -> V2:
    return V2(client, f"AC{'2' * 32}", OTHER_KEY)


@pytest.fixture
def refused():
    """Check that an answer is an error as clients read it, and return its body."""

    def refused(answer: TestResponse, status: int, code: int) -> Any:
        assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)
        assert answer.content_type == "application/json"
        body: dict[str, Any] = answer.json or {}
        assert set(body) - {"details"} == {"code", "message", "more_info", "status"}
        assert body["status"] == status
        assert body["more_info"] == f"https://otp.example.com/docs#v2-{code}"
        return body

    return refused


@pytest.fixture
def code(codes):
    """The code of a verification that was started."""
    return lambda verification, length=6: codes.derive(codes.kid, verification["sid"], 0, length)


@pytest.fixture
def service(v2) -> str:
    """The SID of a Service."""
    return v2.service()
