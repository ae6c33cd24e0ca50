"""Two accounts that call the Verify v2 compatible API."""

import base64
import re
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

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
        body = answer.json
        assert set(body) - {"details"} == {"code", "message", "more_info", "status"}
        assert body["status"] == status
        assert body["more_info"].startswith("https://otp.example.com/docs")
        return body

    return refused


def path_of(to: str) -> str:
    return quote(to, safe="")
