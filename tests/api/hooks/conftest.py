"""Fixtures for hooks: the app `shop`, which makes its own codes."""

import pytest

from tests.api.hooks.supabase import KEYS, SMS, encoded, signed

KEY = "shop-key-of-at-least-32-characters"
SHOP = {"Authorization": f"Bearer {KEY}"}
ENV = {"OTP_API_KEYS": f"shop:{KEY}"}
CODE = "735190"


@pytest.fixture
def env() -> dict[str, str]:
    return ENV


@pytest.fixture
def send(client):
    """Post to /hooks/send."""

    def send(to: str, code: str = CODE, headers: dict[str, str] | None = None, **more):
        return client.post(
            "/hooks/send",
            json={"to": to, "code": code, **more},
            headers={**SHOP, **(headers or {})},
        )

    return send


@pytest.fixture
def look_up(client):
    return lambda answer: (
        client.get(f"/verifications/{answer.json['verification_id']}", headers=SHOP).json
    )


@pytest.fixture
def messages(run_worker, sender):
    """What was sent, once the workers have done everything."""

    def messages():
        run_worker()
        return sender.messages

    return messages


@pytest.fixture
def call(client):
    """Call a hook as Supabase does."""

    def call(payload, path=SMS, keys=KEYS[:1], headers=None, **facts):
        content = encoded(payload)
        headers = {**signed(content, keys, **facts), **(headers or {})}
        return client.post(path, data=content, headers=headers)

    return call


@pytest.fixture
def refused():
    """Check that Supabase shows an error to its client, with this status. Returns the message."""

    def refused(answer, http_code: int) -> str:
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        error = answer.json["error"]
        assert error["http_code"] == http_code
        assert answer.json == {"error": {"http_code": http_code, "message": error["message"]}}
        return error["message"]

    return refused


@pytest.fixture
def failed():
    """Check that Supabase takes the answer for a failure that is nobody's to see."""

    def failed(answer, status: int) -> None:
        assert (answer.status_code, answer.json["error"]["http_code"]) == (status, status)
        assert "Retry-After" not in answer.headers

    return failed
