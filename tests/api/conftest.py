"""The API on fakeredis; what depends on Redis itself is shown in tests/shared."""

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
from redis import Redis
from werkzeug.test import TestResponse

from tests.user import PHONE, wrong


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fakeredis.FakeRedis() as fake:
        yield fake


class Caller:
    """What a client of the API does, with the usual values filled in."""

    def __init__(self, client, codes) -> None:
        self.client = client
        self._codes = codes

    def generate(self, phone: str = PHONE, headers=None, **body) -> TestResponse:
        body = body if "email" in body else {"phone": phone, **body}
        return self.client.post("/generate-otp", json=body, headers=headers)

    def verify(self, otp: str, headers=None, **to) -> TestResponse:
        return self.client.post(
            "/verify-otp", json={**(to or {"phone": PHONE}), "otp": otp}, headers=headers
        )

    def code(self, started: TestResponse) -> str:
        return self._codes.derive(self._codes.kid, started.json["verification_id"], 0, 6)

    def mistype(self, started: TestResponse) -> TestResponse:
        return self.verify(wrong(self.code(started)))


@pytest.fixture
def caller(client, codes) -> Caller:
    return Caller(client, codes)


@pytest.fixture
def problem():
    """Check that an answer is a problem+json document of a kind, and return its body."""

    def problem(answer: TestResponse, status: int, code: str) -> Any:
        assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)
        assert answer.content_type == "application/problem+json"
        body = answer.json
        assert body["status"] == status
        assert body["type"].endswith(f"#{code}")
        for member in ("title", "detail"):
            assert body[member]
            assert isinstance(body[member], str)
        assert answer.headers["Cache-Control"] == "no-store"
        return body

    return problem
