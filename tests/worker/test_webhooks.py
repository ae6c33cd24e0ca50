"""Events on their way to an app's backend, which is played on 127.0.0.1."""

import base64
import json
import time
from collections.abc import Callable, Iterable

import pytest

from docs.example.check_event import check_event
from shared.delivery.webhooks import Attempt, Event, Webhooks
from shared.errors import StorageUnavailable
from shared.logs.request import Request, current
from shared.settings import Settings
from shared.signatures import webhook_key
from tests.conftest import KEY
from tests.user import OTHER_PHONE, PHONE
from tests.worker.senders.conftest import http_server
from worker.senders.conformance.servers import Reply, nobody
from worker.webhooks import Courier, Endpoint, endpoints, retry_seconds

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
__all__ = ["http_server"]

HERE = ("127.0.0.1",)


@pytest.fixture
def env():
    # Where the events really go is said by each test.
    return {"OTP_WEBHOOK_URL": "https://shop.example/", "OTP_WEBHOOK_SECRET": SECRET}


@pytest.fixture
def courier_to(webhooks) -> Callable[..., Courier]:
    """A courier to HOST:PORT, as an app's only endpoint."""

    def courier_to(address: str, *, allowed=HERE, secrets: str = SECRET, app: str = "") -> Courier:
        keys = tuple(map(webhook_key, secrets.split()))
        return Courier(webhooks, {app: Endpoint(f"http://{address}/events", keys)}, allowed)

    return courier_to


def deliver(courier: Courier) -> None:
    """Until nothing is due or under way."""
    deadline = time.perf_counter() + 20
    # The first turn waits if the courier has just looked.
    courier.turn(0.001)
    courier.turn(0.001)
    while courier.turn(0.001) and time.perf_counter() < deadline:
        pass


def newest(webhooks: Webhooks) -> Event:
    return webhooks.recent()[0]


def test_an_event_arrives_as_standard_webhooks_say(user, webhooks, courier_to, http_server):
    address, server = http_server(status=204)
    started = user.ask()
    deliver(courier_to(address))
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/events")
    assert request.headers["Content-Type"] == "application/json"
    event = check_event(request.headers, request.body, SECRET)
    assert event["type"] == "verification.started"
    assert event["timestamp"].endswith("Z")
    assert event["data"] == {
        "verification_id": started.verification_id,
        "app": "default",
        "channel": "sms",
        "to": "+1415*****23",
        "revision": 1,
    }
    assert (newest(webhooks).result, newest(webhooks).answer) == ("delivered", "204")


def test_both_secrets_sign_while_one_is_rotated(user, courier_to, http_server):
    address, server = http_server(status=200)
    user.ask()
    deliver(courier_to(address, secrets=f"{SECRET} {OLD_SECRET}"))
    (request,) = server.requests
    for secret in (SECRET, OLD_SECRET):
        check_event(request.headers, request.body, secret)


def test_an_event_that_was_changed_or_is_old_is_refused(user, courier_to, http_server):
    address, server = http_server(status=200)
    user.ask()
    deliver(courier_to(address))
    (request,) = server.requests
    headers = dict(request.headers)
    for changed, body, secret in (
        (headers, request.body + b" ", SECRET),
        (headers, request.body, OLD_SECRET),
        ({**headers, "webhook-id": "another"}, request.body, SECRET),
        ({**headers, "webhook-timestamp": str(int(time.time()) - 301)}, request.body, SECRET),
        ({**headers, "webhook-signature": "v1,"}, request.body, SECRET),
    ):
        with pytest.raises(ValueError, match=r"signature|old"):
            check_event(changed, body, secret)


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
@pytest.mark.parametrize("status", [301, 302, 400, 404, 429, 500, 503])
def test_any_other_answer_is_tried_again_with_the_same_id(
    user, webhooks, courier_to, http_server, clock, status
):
    replies = [Reply(status=status, headers={"Location": "/elsewhere"}), Reply(status=200)]
    address, server = http_server(lambda _: replies.pop(0))
    user.ask()
    courier = courier_to(address)
    deliver(courier)
    assert (newest(webhooks).result, newest(webhooks).answer) == ("failed", str(status))
    clock.shift(3)
    deliver(courier)
    assert len(server.requests) == 1
    clock.shift(4)
    deliver(courier)
    first, second = server.requests
    assert first.path == second.path == "/events"
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (newest(webhooks).result, newest(webhooks).attempts) == ("delivered", 2)


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
def test_an_event_is_given_up_after_a_day(user, webhooks, courier_to, clock):
    user.ask()
    courier = courier_to(nobody())
    waits = 0
    # The verification's expiry is an event, too.
    while (first := webhooks.recent()[-1]).result != "given_up":
        deliver(courier)
        clock.shift(1800)
        waits += 1
    assert 49 <= waits <= 51
    assert first.answer == "no_connection"
    assert 8 <= first.attempts <= 14


def test_retries_take_longer_each_time_and_differ():
    def event(attempts: int, at: float = 0) -> Event:
        return Event(id="x", app="shop", type="t", at=at, data={}, attempts=attempts)

    waits = [retry_seconds(event(n), 0) for n in range(9)]
    assert 4 <= waits[0] <= 6
    assert waits[:7] == sorted(waits[:7])
    assert max(waits) <= 1.2 * 6 * 3600
    assert len({retry_seconds(event(3), 0) for _ in range(20)}) > 10
    assert retry_seconds(event(9), 86_390) == pytest.approx(10)
    assert retry_seconds(event(9), 86_401) is None


def test_410_turns_the_endpoint_off_until_it_changes(user, webhooks, courier_to, http_server):
    address, server = http_server(status=410)
    user.ask()
    deliver(courier_to(address))
    assert (newest(webhooks).result, newest(webhooks).answer) == ("given_up", "410")
    user.ask("+14155550188")
    deliver(courier_to(address))
    assert (newest(webhooks).result, newest(webhooks).answer) == ("given_up", "endpoint_off")
    assert len(server.requests) == 1
    user.ask("+14155550177")
    other, other_server = http_server(status=200)
    deliver(courier_to(other))
    assert len(other_server.requests) == 1
    webhooks.resend(newest(webhooks).id)
    user.ask("+14155550166")
    deliver(courier_to(address))
    assert len(server.requests) > 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_private_address_is_refused_when_the_name_leads_there(
    user, webhooks, courier_to, http_server, host
):
    address, server = http_server(status=200)
    user.ask()
    deliver(courier_to(f"{host}:{address.partition(':')[2]}", allowed=("shop.example",)))
    assert newest(webhooks).answer == "private_address"
    assert server.requests == []


def test_a_redirect_is_not_followed(user, courier_to, http_server):
    inner, inner_server = http_server(status=200)
    address, _ = http_server(status=302, headers={"Location": f"http://{inner}/"})
    user.ask()
    deliver(courier_to(address))
    assert inner_server.requests == []


def test_a_proxy_is_not_used(user, courier_to, http_server, monkeypatch):
    proxy, proxy_server = http_server(status=200)
    monkeypatch.setenv("http_proxy", f"http://{proxy}")
    address, server = http_server(status=200)
    user.ask()
    deliver(courier_to(address))
    assert (len(server.requests), proxy_server.requests) == (1, [])


def test_a_long_answer_ends_the_request(user, webhooks, courier_to, http_server):
    address, _ = http_server(status=200, body=b"x" * 10_000_000)
    user.ask()
    deliver(courier_to(address))
    assert newest(webhooks).answer == "200"


def test_a_failing_endpoint_rests(user, courier_to, http_server):
    address, server = http_server(status=500)
    courier = courier_to(address)
    user.ask()
    deliver(courier)
    user.ask("+14155550188")
    deliver(courier)
    assert len(server.requests) == 1


class FlakyWebhooks(Webhooks):
    """Redis is unreachable when the first answers are recorded."""

    is_away = True

    def settle(self, attempts: Iterable[Attempt]) -> None:
        if self.is_away:
            self.is_away = False
            raise StorageUnavailable("Redis is unreachable")
        super().settle(attempts)


def test_an_answer_is_recorded_when_redis_is_back(user, scripts, http_server):
    address, server = http_server(status=200)
    webhooks = FlakyWebhooks(scripts)
    courier = Courier(webhooks, {"": Endpoint(f"http://{address}/", (b"k",))}, HERE)
    user.ask()
    with pytest.raises(StorageUnavailable):
        deliver(courier)
    deliver(courier)
    assert (newest(webhooks).result, len(server.requests)) == ("delivered", 1)


def test_a_worker_without_the_app_leaves_its_events(user, webhooks, courier_to, http_server):
    address, server = http_server(status=200)
    user.ask(app="shop")
    deliver(courier_to(address, app="another"))
    assert server.requests == []
    assert newest(webhooks).result is None


def test_what_is_under_way_at_a_crash_is_delivered_again(
    user, webhooks, courier_to, http_server, clock
):
    address, server = http_server(status=200)
    user.ask()
    assert webhooks.take(10).events
    clock.shift(31)
    deliver(courier_to(address))
    assert len(server.requests) == 1


def test_endpoints_are_those_of_the_settings():
    settings = Settings.load(
        {
            "OTP_SECRET_KEYS": KEY,
            "OTP_APPS": f"""
                [shop]
                webhook_url = "https://shop.example/events"
                webhook_secret = "{SECRET} {OLD_SECRET}"
                [bank]
                """,
        },
        env_file=None,
    )
    keys = tuple(base64.b64decode(s.removeprefix("whsec_")) for s in (SECRET, OLD_SECRET))
    assert endpoints(settings) == {"shop": Endpoint("https://shop.example/events", keys)}


def test_all_events_of_a_verification_carry_its_trace(user, courier_to, http_server, caplog):
    caplog.set_level("INFO")
    address, server = http_server(status=204)
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    token = current.set(Request("some-id", f"00-{trace}-{span}-01"))
    started = user.ask()
    current.reset(token)
    user.type(user.code(started))
    user.ask(OTHER_PHONE)
    deliver(courier_to(address))
    parents = sorted(request.headers.get("traceparent", "") for request in server.requests)
    assert parents == ["", *[f"00-{trace}-{span}-01"] * 2]
    assert all(b"trace" not in request.body for request in server.requests)
    lines = [vars(line) for line in caplog.records if line.message == "webhook_attempt"]
    assert sorted(line.get("trace_id", "") for line in lines) == ["", trace, trace]


def test_the_log_holds_no_address(user, courier_to, http_server, caplog):
    caplog.set_level("INFO")
    address, _ = http_server(status=200)
    user.ask()
    deliver(courier_to(address))
    (record,) = [r for r in caplog.records if r.message == "webhook_attempt"]
    assert (record.type, record.answer) == ("verification.started", "200")
    assert PHONE not in json.dumps(vars(record), default=str)
