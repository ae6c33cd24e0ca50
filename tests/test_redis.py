"""Everything that the service does with Redis, on each version, with exactly the rights for it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from api import create_app
from api.doctor import server as doctor
from shared.delivery.ledger import Ledger
from shared.delivery.subscriptions import Subscriptions
from shared.delivery.webhooks import Webhooks
from shared.redis_users import COMMANDS, RIGHTS
from shared.settings import Settings
from shared.signatures import webhook_key
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from tests.api.admin.conftest import Browser
from tests.api.receipts.reports import webhook
from tests.clock import clock_of
from tests.conftest import KEY
from tests.redis_servers import ALL_REDIS, redis_server
from tests.user import OTHER_PHONE, PHONE, wrong
from tests.worker.senders.conftest import http_server
from worker.__main__ import create_worker
from worker.senders.conformance.servers import HttpServer
from worker.webhooks import Courier, endpoints

__all__ = ["http_server"]

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
PASSWORD = "correct horse battery staple"
APP_KEY = "s" * 40
BASIC = {"Authorization": "Basic " + base64.b64encode(f"shop:{APP_KEY}".encode()).decode()}
OWNER = {"Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()}
SCRIPTS = Path(__file__).parents[1] / "shared/scripts"
# Of everyone who logs in, and of the owner, who asks Redis which commands were used.
OTHERS = {"auth", "hello", "client", "config", "info"}


class Life:
    """A service with only these rights, its provider, and the owner of Redis."""

    def __init__(self, redis: Redis, admin: Redis, settings: Settings, provider: HttpServer):
        self.redis = redis
        self._admin = admin
        self.settings = settings
        self._provider = provider
        self.scripts = Scripts(redis)
        self.webhooks = Webhooks(self.scripts)
        self.app = create_app(settings, redis)
        self.client = self.app.test_client()
        self.used: set[str] = set()
        admin.config_resetstat()

    def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = self.client.open(path, method=method, **{"headers": BASIC, **more})
        assert answer.status_code == status, (method, path, answer.text)
        return answer.json if answer.is_json else answer.text

    def start(self, phone: str = PHONE, **more: Any) -> str:
        started = self.call("POST", "/generate-otp", 202, json={"phone": phone, **more})
        return started["verification_id"]

    def check(self, phone: str, otp: str, status: int = 200) -> None:
        self.call("POST", "/verify-otp", status, json={"phone": phone, "otp": otp})

    def work(self) -> None:
        create_worker(self.settings, self.redis).run(burst=True)

    def wait(self, seconds: float) -> None:
        """Let time go by. The commands that change the times in Redis are not counted."""
        self.note_commands()
        with clock_of(self._admin) as clock:
            clock.shift(seconds)
        self._admin.config_resetstat()

    def note_commands(self) -> None:
        stats = self._admin.info("commandstats")
        self.used |= {name.removeprefix("cmdstat_").partition("|")[0] for name in stats}

    def code(self, phone: str = PHONE) -> str:
        """That of the last message to a number."""
        sent = [json.loads(request.body) for request in self._provider.requests]
        return [m["code"] for m in sent if m.get("to") == phone][-1]


def starts(life: Life) -> None:
    """With an idempotency key, a context, a resend, a wrong and the right code."""
    headers = {**BASIC, "Idempotency-Key": "k-1"}
    body = {"phone": PHONE, "context": {"amount": "10"}}
    for _ in range(2):
        life.call("POST", "/generate-otp", 202, json=body, headers=headers)
    life.work()
    life.wait(31)
    id_ = life.start(context={"amount": "10"})
    life.work()
    life.call("GET", f"/verifications/{id_}")
    life.check(PHONE, wrong(life.code()), 400)
    life.call("POST", f"/receipts/webhook?send={id_}-2&attempt=1", 401)
    path = f"/receipts/webhook?send={id_}-2&attempt=1"
    assert webhook(life.client, path, webhook_key(SECRET)).status_code == 204
    life.check(PHONE, life.code())


def cancels(life: Life) -> None:
    id_ = life.start(OTHER_PHONE)
    life.call("DELETE", f"/verifications/{id_}", 204)
    life.work()


def walks_a_workflow(life: Life) -> None:
    steps = [{"channel": "whatsapp", "wait": 30}, {"channel": "sms"}]
    id_ = life.start("+14155550111", workflow=steps)
    life.work()
    life.wait(31)
    life.work()
    assert life.call("GET", f"/verifications/{id_}")["step"] == 2


def delivers_events(life: Life) -> None:
    settings = life.settings
    courier = Courier(life.webhooks, endpoints(settings), settings.otp_webhook_allow)
    for _ in range(3):
        while courier.turn(0.001):
            pass
    assert {event.result for event in life.webhooks.recent()} == {"delivered"}


def serves_verify_v2(life: Life) -> None:
    made = life.call("POST", "/v2/Services", 201, data={"FriendlyName": "My Shop"})
    at = f"/v2/Services/{made['sid']}"
    life.call("GET", "/v2/Services")
    limit = life.call("POST", f"{at}/RateLimits", 201, data={"UniqueName": "ip"})["sid"]
    buckets = f"{at}/RateLimits/{limit}/Buckets"
    life.call("POST", buckets, 201, data={"Max": "5", "Interval": "60"})
    phone = "+14155550122"
    form = {"To": phone, "Channel": "sms", "RateLimits": '{"ip":"192.0.2.1"}'}
    life.call("POST", f"{at}/Verifications", 201, data=form)
    life.work()
    form = {"To": phone, "Code": life.code(phone)}
    assert life.call("POST", f"{at}/VerificationCheck", data=form)["status"] == "approved"
    life.call("GET", "/v2/Attempts")
    life.call("GET", "/v2/Attempts/Summary")
    life.call("POST", "/v2/SafeList/Numbers", 201, data={"PhoneNumber": phone})
    life.call("GET", f"/v2/SafeList/Numbers/{phone}")
    life.call("DELETE", f"/v2/SafeList/Numbers/{phone}", 204)
    life.call("DELETE", f"{at}/RateLimits/{limit}", 204)
    life.call("DELETE", at, 204)


def shows_everything_to_its_owner(life: Life) -> None:
    owner = Browser(life.app)
    owner.open("/admin/login")
    log_in = {"password": PASSWORD, "csrf_token": owner.token}
    wrong_password = {**log_in, "password": "wrong"}
    assert owner.open("/admin/login", "POST", data=wrong_password).status_code == 401
    assert owner.open("/admin/login", "POST", data=log_in).status_code == 303
    token = re.search(r'data-csrf-token="(\w+)"', owner.open("/admin/").text)[1]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}

    def act(name: str, **body: object) -> int:
        return owner.open(f"/admin/{name}", "POST", json=body, headers=headers).status_code

    for window in ("minutes", "hours", "days"):
        path = f"/admin/stats.json?window={window}&events=true"
        assert owner.open(path, headers=headers).status_code == 200
    assert act("timeline", to=PHONE) == 200
    assert act("pause", channel="sms", sender="webhook", seconds=900) == 204
    assert act("resume", channel="sms", sender="webhook") == 204
    assert act("exempt", guard="default:range:+1415555", seconds=3600) == 204
    assert act("end_exemption", guard="default:range:+1415555") == 204
    assert owner.open("/phone/messages", headers=headers).status_code == 200
    assert owner.open("/admin/logout", "POST", headers=headers).status_code < 400
    life.call("GET", "/metrics")


def erases(life: Life) -> None:
    """With a message on the virtual phone. The audit log forgets what is older than a day."""
    for hours in (0, 20, 5):
        life.wait(hours * 3600)
        life.start(channel="call")
        life.work()
        life.call("DELETE", "/recipients", json={"phone": PHONE}, headers=OWNER)


def runs_beside_the_requests(life: Life) -> None:
    """What only happens now and then: health, waiting workers, subscriptions to topics."""
    life.call("GET", "/health/ready")
    Ledger(life.scripts).take(1, wait_seconds=0.01)
    subscriptions = Subscriptions(life.scripts)
    subscriptions.ask("arn:aws:sns:eu-west-1:1:otp", "token")
    subscriptions.settle("arn:aws:sns:eu-west-1:1:otp")
    assert life.redis.ping()
    life.redis.bgrewriteaof()


def asks_the_doctor(life: Life) -> None:
    assert [finding for finding in doctor.found(life.redis) if finding.level == "wrong"] == []


ALL_OF_IT = [
    starts,
    cancels,
    walks_a_workflow,
    delivers_events,
    serves_verify_v2,
    shows_everything_to_its_owner,
    erases,
    runs_beside_the_requests,
    asks_the_doctor,
]


def test_each_command_of_the_scripts_is_among_them():
    """Also those that only run now and then."""
    texts = [path.read_text(encoding="utf-8") for path in SCRIPTS.rglob("*.lua")]
    called = set(re.findall(r"redis\.p?call\(\s*'(\w+)'", "\n".join(texts)))
    assert len(called) > 30
    assert {name.lower() for name in called} <= set(COMMANDS)


@pytest.mark.parametrize("version", ["real", "6.2", "Redis 8.2", "Valkey 8.1", "Valkey 9.1"])
def test_all_of_it_runs_with_exactly_these_rights(tmp_path, version, http_server):
    if version not in ALL_REDIS:
        pytest.skip(f"no wheel with {version} for this Python")
    address, provider = http_server(status=200)
    env = {
        "OTP_SECRET_KEYS": KEY,
        "OTP_API_KEYS": f"shop:{APP_KEY}",
        "OTP_ADMIN_PASSWORD": PASSWORD,
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_RESEND_SECONDS": "30",
        "OTP_GUARD": "block",
        "OTP_WEBHOOK_URL": f"http://{address}/events",
        "OTP_WEBHOOK_SECRET": SECRET,
        "OTP_WEBHOOK_ALLOW": "127.0.0.1",
        "OTP_SMS_SENDERS": f"webhook://{SECRET}@{address}/?tls=none",
        "OTP_WHATSAPP_SENDERS": f"webhook://{SECRET}@{address}/?tls=none",
        "OTP_KEEP_AUDIT": "1d",
    }
    settings = Settings.load(env, env_file=None)
    user = ("--user", "otp", "on", ">password", *RIGHTS.split())
    with (
        redis_server(tmp_path, *user, user="otp:password", program=ALL_REDIS[version]) as server,
        connect(server.url[:-1] + "1", timeout_seconds=20) as redis,
        Redis.from_url(server.url.replace("otp:password@", "")[:-1] + "1") as admin,
    ):
        admin.acl_log_reset()
        life = Life(redis, admin, settings, provider)
        for act in ALL_OF_IT:
            act(life)
        life.note_commands()
        refused = {entry["object"] for entry in admin.acl_log()}
    # Only newer versions tell a script beforehand whether INFO is allowed.
    assert refused <= ({"info"} if version == "6.2" else set())
    assert life.used - OTHERS == {command.partition("|")[0] for command in COMMANDS}
