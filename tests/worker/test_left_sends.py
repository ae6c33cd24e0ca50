"""A worker whose settings are older or newer than the API's leaves the sends that it cannot make as
they were accepted to other workers, blames no sender, and ends no send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.codes import Codes
from shared.delivery.ledger import LEFT_SECONDS, MIN_LIFE_SECONDS
from shared.delivery.outlets import Outlets
from shared.messages.texts import Texts
from shared.policy import Policy, Route
from shared.settings import Settings
from shared.verification.model import CallerCode, Terms
from shared.verification.service import VerificationService
from tests.conftest import KEY
from tests.fakes import DirectDeliverer, FakeSender
from tests.user import PHONE, User
from worker.deliverer import Deliverer, Outlet
from worker.messages import Messages
from worker.rq_worker import OtpWorker
from worker.senders.base import DeliveryError

WEBHOOK = "webhook://whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw@gateway.example/"
SMTP = "smtp://mail.example.com?from=otp@example.com"
REFUSED = DeliveryError("refused", "webhook_401")
SHOP_SERVICE = Terms(policy=Policy(), account="shop", app_name="Corner Shop")


# By app, channel and name.
Routes = Mapping[str, Mapping[Any, Mapping[str, Route]]]


@dataclass(kw_only=True)
class Skew:
    """An API with the settings `api` accepts `ask`. A worker still has the `old` senders and
    routes, by app, channel and name, and other `keys`. A worker with the `new` ones has
    everything."""

    lacks: str
    api: Mapping[str, str] = field(default_factory=lambda: {"OTP_SMS_SENDERS": WEBHOOK})
    ask: Mapping[str, Any] = field(default_factory=dict)
    old: Mapping[str, Any]
    new: Mapping[str, Any] = field(default_factory=lambda: {"": {"sms": ["webhook"]}})
    old_routes: Routes = field(default_factory=dict)
    new_routes: Routes = field(default_factory=dict)
    keys: Mapping[str, bytes] | None = None
    refused: bool = False


ALL = {"": {"sms": ["webhook"]}}
SKEWS = {
    "a channel": Skew(lacks="sender", old={"": {"email": ["smtp"]}}),
    "the senders of a channel": Skew(lacks="sender", old={"": {"sms": []}}),
    "all senders": Skew(lacks="sender", old={"": {}}),
    "a sender, having the console instead": Skew(lacks="sender", old={"": {"sms": ["console"]}}),
    "the second sender, after the first refused": Skew(
        lacks="sender",
        api={"OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK}"},
        old={"": {"sms": ["webhook-1"]}},
        new={"": {"sms": ["webhook-1", "webhook-2"]}},
        refused=True,
    ),
    "the sender of a test message": Skew(
        lacks="sender",
        api={"OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK}"},
        ask={"sender": "webhook-2"},
        old={"": {"sms": ["webhook-1"]}},
        new={"": {"sms": ["webhook-1", "webhook-2"]}},
    ),
    "a key": Skew(lacks="key", old=ALL, keys={"k0": b"0" * 32}),
    "a key, having another one of the same id": Skew(lacks="key", old=ALL, keys={"k1": b"0" * 32}),
    "the key of a code that is kept encrypted": Skew(
        lacks="key",
        old=ALL,
        keys={"k0": b"0" * 32},
        ask={"caller_code": CallerCode(code="424242")},
    ),
    "an app's senders": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": f"[shop]\nsms_senders = '{WEBHOOK}?a=b'"},
        ask={"app": "shop"},
        old=ALL,
        new={**ALL, "shop": {"sms": ["shop.webhook"]}},
    ),
    "an app's senders, for its Service": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": f"[shop]\nsms_senders = '{WEBHOOK}?a=b'"},
        ask={"app": f"VA{'0' * 32}", "terms": SHOP_SERVICE},
        old=ALL,
        new={**ALL, "shop": {"sms": ["shop.webhook"]}},
    ),
    "an app's name": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop]\napp_name = 'Shop'"},
        ask={"app": "shop"},
        old=ALL,
        new={**ALL, "shop": {"sms": ["webhook"]}},
    ),
    "an app's origin": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop]\nweb_origin = 'https://shop.example'"},
        ask={"app": "shop"},
        old=ALL,
        new={**ALL, "shop": {"sms": ["webhook"]}},
    ),
    "an app's hash": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop]\napp_hash = 'FA+9qCX9VSu'"},
        ask={"app": "shop"},
        old=ALL,
        new={**ALL, "shop": {"sms": ["webhook"]}},
    ),
    "an app's texts": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop]\ntexts = '/texts'"},
        ask={"app": "shop"},
        old=ALL,
        new={**ALL, "shop": {"sms": ["webhook"]}},
    ),
    "an app's texts, for its Service": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop]\ntexts = '/texts'"},
        ask={"app": f"VA{'0' * 32}", "terms": SHOP_SERVICE},
        old=ALL,
        new={**ALL, "shop": {"sms": ["webhook"]}},
    ),
    "a route": Skew(
        lacks="route",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_SMS_ROUTES": "US.from = 'EXMPLE'"},
        old=ALL,
        new=ALL,
        new_routes={"": {"sms": {"US": Route(name="US")}}},
    ),
    "a route, having another one": Skew(
        lacks="route",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_SMS_ROUTES": "US.from = 'EXMPLE'"},
        old=ALL,
        old_routes={"": {"sms": {"GB": Route(name="GB")}, "call": {"US": Route(name="US")}}},
        new=ALL,
        new_routes={"": {"sms": {"US": Route(name="US")}}},
    ),
    "an app's routes": Skew(
        lacks="app",
        api={"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": "[shop.sms_routes.US]\nfrom = 'EXMPLE'"},
        ask={"app": "shop"},
        old=ALL,
        old_routes={"": {"sms": {"US": Route(name="US")}}},
        new={**ALL, "shop": {"sms": ["webhook"]}},
        new_routes={"shop": {"sms": {"US": Route(name="US")}}},
    ),
    "the senders of a route": Skew(
        lacks="sender",
        api={
            "OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK}",
            "OTP_SMS_ROUTES": "US.senders = 'webhook-2'",
        },
        old={"": {"sms": ["webhook-1"]}},
        old_routes={"": {"sms": {"US": Route(name="US")}}},
        new={"": {"sms": ["webhook-1", "webhook-2"]}},
        new_routes={"": {"sms": {"US": Route(name="US")}}},
    ),
    "a channel of an app that it knows": Skew(
        lacks="sender",
        api={"OTP_SMS_SENDERS": "none", "OTP_APPS": f"[shop]\nsms_senders = '{WEBHOOK}'"},
        ask={"app": "shop"},
        old={"": {"sms": ["console"]}, "shop": {"sms": []}},
        new={"": {"sms": []}, "shop": {"sms": ["shop.webhook"]}},
    ),
}


@pytest.fixture(params=SKEWS)
def skew(request) -> Skew:
    return SKEWS[request.param]


@pytest.fixture
def users(redis, store, codes):
    """Somebody who asks an API with the settings of an environment."""

    def make(env: Mapping[str, str]) -> User:
        settings = Settings.load(
            {"OTP_SECRET_KEYS": KEY, "OTP_API_KEYS": "shop:" + "a" * 32, **env}, env_file=None
        )
        service = VerificationService(
            store,
            codes,
            lambda app: settings.app(app).policy(),
            outlets=Outlets(settings),
        )
        return User(service, codes)

    return make


class Workers:
    """Deliverers whose senders, by name, are the same everywhere."""

    def __init__(self, ledger, codes) -> None:
        self._ledger = ledger
        self._codes = codes
        self.senders: dict[str, FakeSender] = {}

    def deliverer(
        self,
        names: Mapping[str, Mapping[Any, list[str]]],
        routes: Routes | None = None,
        keys: Mapping[str, bytes] | None = None,
    ) -> DirectDeliverer:
        made = {
            app: Outlet(
                messages=Messages(Texts(app or "Test")),
                senders={
                    channel: {n: self.senders.setdefault(n, FakeSender()) for n in named}
                    for channel, named in by_channel.items()
                },
                routes=(routes or {}).get(app, {}),
            )
            for app, by_channel in names.items()
        }
        return DirectDeliverer(self._ledger, Codes(keys) if keys else self._codes, made)

    @property
    def sent(self) -> list[str]:
        return [name for name, sender in self.senders.items() for _ in sender.messages]


@pytest.fixture
def workers(ledger, codes) -> Workers:
    return Workers(ledger, codes)


@pytest.fixture
def send_of(store):
    """The first send of a verification, as Redis has it."""

    def send_of(started):
        (send,) = store.records(started.verification_id).sends
        return send.fields

    return send_of


def test_a_worker_leaves_what_it_lacks_something_for(
    skew, users, workers, send_of, redis, clock, caplog
):
    started = users(skew.api).ask(**skew.ask)
    old = workers.deliverer(skew.old, skew.old_routes, skew.keys)
    if skew.refused:
        workers.senders["webhook-1"].failures = [REFUSED]
    for _ in range(4):
        old.deliver(started.verification_id, 1)
        clock.shift(LEFT_SECONDS)
    assert workers.sent == []
    send = send_of(started)
    assert (send["status"], send["attempts"]) == ("queued", "1" if skew.refused else "0")
    assert redis.keys("otp:breaker:*") == []
    (line,) = [record for record in caplog.records if record.msg == "delivery_left"]
    assert (line.lacks, line.send) == (skew.lacks, 1)
    assert line.verification_id == started.verification_id
    workers.deliverer(skew.new, skew.new_routes).deliver(started.verification_id, 1)
    assert len(workers.sent) == 1
    assert send_of(started)["status"] == "sent"


def test_what_no_worker_can_send_expires(skew, users, workers, send_of, clock):
    started = users(skew.api).ask(**skew.ask)
    old = workers.deliverer(skew.old, skew.old_routes, skew.keys)
    if skew.refused:
        workers.senders["webhook-1"].failures = [REFUSED]
    old.deliver(started.verification_id, 1)
    clock.shift(300 - MIN_LIFE_SECONDS + 0.1)
    old.deliver(started.verification_id, 1)
    send = send_of(started)
    assert (send["status"], send["reason"]) == ("dropped", "expired")


def test_other_workers_find_it_soon(users, workers, redis, ledger, codes, clock):
    def run(deliverer: Deliverer) -> None:
        OtpWorker(redis, ledger, deliverer, concurrency=4).run(burst=True)

    users({"OTP_SMS_SENDERS": WEBHOOK}).ask()
    run(workers.deliverer({"": {}}))
    clock.shift(LEFT_SECONDS + 0.1)
    run(workers.deliverer(ALL))
    assert workers.sent == ["webhook"]


def test_a_send_fails_when_every_sender_has_refused_it(users, workers, send_of):
    started = users({"OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK}"}).ask()
    deliverer = workers.deliverer({"": {"sms": ["webhook-1", "webhook-2"]}})
    for sender in workers.senders.values():
        sender.failures = [REFUSED]
    deliverer.deliver(started.verification_id, 1)
    assert send_of(started)["status"] == "failed"


def test_a_worker_sends_through_a_sender_that_the_api_does_not_know_yet(users, workers):
    """The workers were restarted first, with another provider: what is queued goes out by that."""
    started = users({"OTP_SMS_SENDERS": WEBHOOK}).ask()
    workers.deliverer({"": {"sms": ["twilio"]}}).deliver(started.verification_id, 1)
    assert workers.sent == ["twilio"]


def test_the_console_beside_other_senders_is_one_of_them(users, workers):
    started = users({"OTP_SMS_SENDERS": f"{WEBHOOK} console://"}).ask()
    deliverer = workers.deliverer({"": {"sms": ["webhook", "console"]}})
    workers.senders["webhook"].failures = [REFUSED]
    deliverer.deliver(started.verification_id, 1)
    assert workers.sent == ["console"]


@pytest.mark.parametrize(
    "table", ["code_length = 8", "limit_to = '1/1h'", "call_senders = 'none'", "app_name = 'OTP'"]
)
def test_a_table_that_changes_nothing_about_the_message_is_not_needed(users, workers, table):
    env = {"OTP_SMS_SENDERS": WEBHOOK, "OTP_APPS": f"[shop]\n{table}"}
    started = users(env).ask(app="shop")
    workers.deliverer(ALL).deliver(started.verification_id, 1)
    assert workers.sent == ["webhook"]


def test_a_send_of_the_previous_version_needs_nothing_that_it_does_not_say(
    users, workers, redis, codes
):
    started = users({"OTP_SMS_SENDERS": WEBHOOK}).ask(app="shop")
    redis.hdel(f"otp:send:{started.verification_id}:1", "outlet", "senders")
    redis.hdel(f"otp:code:{started.verification_id}", "key")
    workers.deliverer({"": {"sms": ["a"]}, "shop": {"sms": ["b"]}}).deliver(
        started.verification_id, 1
    )
    assert workers.sent == ["b"]


def test_logs_no_more_than_once_for_each_send(users, workers, caplog):
    user = users({"OTP_SMS_SENDERS": WEBHOOK})
    started = [user.ask(PHONE[:-1] + str(n)) for n in range(3)]
    old = workers.deliverer({"": {}})
    for _ in range(5):
        for one in started:
            old.deliver(one.verification_id, 1)
    assert caplog.messages.count("delivery_left") == 3
