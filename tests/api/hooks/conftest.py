"""Fixtures for hooks: the app `shop`, which makes its own codes."""

import pytest

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
