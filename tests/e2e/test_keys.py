"""API keys that are made and revoked while the service runs."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Service, wait_for

PHONE = "+14155556001"


@pytest.fixture
def service(start_service) -> Iterator[Service]:
    service = start_service(API_PROCESSES="2")
    yield service
    service.stop()


def answers(service: Service, key: str | None = None) -> set[int]:
    """The statuses of many calls, so that each process answers some."""
    headers = {"Authorization": f"Bearer {key}"} if key else None
    body = {"phone": PHONE, "otp": "123456"}
    calls = [service.call("POST", "/verify-otp", body, headers) for _ in range(30)]
    return {call.status for call in calls}


def command(service: Service, line: str) -> str:
    """What it printed."""
    ended = service.run("api.keys", *line.split())
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_running_api_takes_and_refuses_keys_without_a_restart(service):
    assert answers(service) == {404}
    first = command(service, "create shop")
    assert answers(service) == {401}
    assert answers(service, first) == {404}
    second = command(service, "rotate shop")
    assert answers(service, first) == answers(service, second) == {404}
    command(service, f"revoke {first.split('_')[1]}")
    assert answers(service, first) == {401}
    assert answers(service, second) == {404}
    command(service, "revoke --app shop")
    assert answers(service, second) == answers(service) == {401}

    before = service.api.log.read_text(encoding="utf-8")
    assert before.count('"event": "open_to_everybody"') == 1
    assert before.count('"event": "api_keys_changed"') == 2 * 4, "a process took no part"
    service.api.stop()
    service.start_api()
    wait_for(service.is_up)
    assert answers(service) == answers(service, second) == {401}
    assert "open_to_everybody" not in service.api.log.read_text(encoding="utf-8")

    logs = "".join(log.read_text(encoding="utf-8") for log in service.folder.glob("*.log"))
    for key in (first, second):
        assert key.rpartition("_")[2] not in logs
        assert hashlib.sha256(key.encode()).hexdigest() not in logs


def test_a_broken_file_stops_the_start_and_not_the_running_api(service):
    key = command(service, "create shop")
    service.api.stop()
    service.start_api()
    wait_for(service.is_up)
    file = service.folder / "api_keys"
    file.write_text(f"{key}\n", encoding="utf-8")
    assert answers(service, key) == {404}
    assert answers(service) == {401}
    service.api.wait_for_event("api_keys_broken")
    service.api.stop()
    assert service.start_api().wait_for_end() == 1
    said = service.api.log.read_text(encoding="utf-8")
    assert (
        said
        == f"otp api: {file}: line 1 is invalid; expected: app, key ID, created, expires, SHA-256\n"
    )


def test_where_messages_cost_a_made_key_is_enough_to_start(service):
    service.api.stop()
    service._env["OTP_SMS_SENDERS"] = "webhook://whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0@127.0.0.1:9"
    assert service.start_api().wait_for_end() == 1
    assert "python -m api.keys create APP" in service.api.log.read_text(encoding="utf-8")
    command(service, "create shop")
    service.start_api()
    wait_for(service.is_up)
    assert answers(service) == {401}
