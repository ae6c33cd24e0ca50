"""`python -m tests.upgrade.dump [COMMIT]`: keep what a version writes to Redis, for
tests/test_upgrade.py.

The API and a worker of that commit run on a real Redis and are called over HTTP, so that their own
code writes everything. A send is under way when the worker is killed, and others still wait.
"""

import argparse
import base64
import io
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis import Redis

from tests.chaos.programs import Provider, RedisServer, Service, wait_for, wait_for_worker
from tests.chaos.provider import Behaviour
from tests.upgrade.client import Client

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests/data/redis"
PASSWORD = "a" * 16
SETTINGS = {
    "OTP_SECRET_KEYS": "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "OTP_API_KEYS": f"shop:{Client.KEY}",
    "OTP_ADMIN_PASSWORD": PASSWORD,
    "OTP_LIMIT_TO": "2/10m",
    "OTP_MAX_FAILED_CHECKS": "3/24h",
    "OTP_RESEND_SECONDS": "0",
    "OTP_BUDGET": "call:1",
    "OTP_GUARD": "monitor",
    "OTP_PUBLIC_URL": "https://otp.example.com",
    # No event arrives before the dump.
    "OTP_WEBHOOK_URL": "https://shop.invalid/events",
    "OTP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "OTP_DRAIN_SECONDS": "0",
}
WORKFLOW = [{"channel": "sms", "wait": 30}, {"channel": "whatsapp"}]


class World:
    """A running service, whose past is written down call by call."""

    def __init__(self, service: Service, provider: Provider) -> None:
        port, self._api = service.start_api()
        self._client = Client(port)
        self._worker = service.start_worker()
        self._provider = provider
        wait_for_worker(self._worker)
        self.verifications: dict[str, dict[str, str]] = {}
        self.facts: dict[str, Any] = {}

    def write(self, *, has_workflows: bool) -> None:
        self._write_ended_ones(has_workflows=has_workflows)
        self._write_owner()
        self._provider.behave(Behaviour(mode="busy"))
        self._start("retried", "+14155550115")
        self._wait_for_call("busy")
        self._provider.behave(Behaviour(mode="hang"))
        self._start("under_way", "+14155550108")
        self._wait_for_call("hung")
        self._worker.kill()
        self._write_waiting_ones()
        self._write_service()
        self._api.stop()

    def _write_ended_ones(self, *, has_workflows: bool) -> None:
        self._start("sent", "+14155550109")
        self._start("approved", "+14155550114")
        if has_workflows:
            self._start("workflow", "+14155550113", workflow=WORKFLOW)
        wait_for(self._are_all_sent, 20, "all to be sent")
        code = next(call.code for call in self._provider.calls() if call.to == "+14155550114")
        self._client.call("POST", "/verify-otp", {"phone": "+14155550114", "otp": code})

    def _write_waiting_ones(self) -> None:
        self._start("queued", "+14155550101")
        self._start("by_mail", email="ada@example.com")
        for _ in range(2):
            self._start("limited", "+14155550102")
        self._client.call("POST", "/generate-otp", {"phone": "+14155550102"}, expected=429)
        self._start("guessed", "+14155550103")
        for otp in ("111111", "222222", "333333"):
            guess = {"phone": "+14155550103", "otp": otp}
            self._client.call("POST", "/verify-otp", guess, expected=400)
        self._start("canceled", "+14155550104")
        path = f"/verifications/{self.verifications['canceled']['id']}"
        self._client.call("DELETE", path, expected=(200, 204))
        self._start("by_call", "+14155550111", channel="call")
        self._start("idempotent", "+14155550110", headers={"Idempotency-Key": "order-1"})

    def _write_service(self) -> None:
        sid = self._client.form("/v2/Services", FriendlyName="My Shop", CustomCodeEnabled="true")[
            "sid"
        ]
        path = f"/v2/Services/{sid}"
        limit = self._client.form(f"{path}/RateLimits", UniqueName="ip")["sid"]
        self._client.form(f"{path}/RateLimits/{limit}/Buckets", Max="1", Interval="3600")
        started = self._client.form(
            f"{path}/Verifications",
            To="+14155550105",
            Channel="sms",
            RateLimits='{"ip":"192.0.2.7"}',
            CustomCode="735146",
        )
        self.verifications["of_service"] = {"id": started["sid"], "to": "+14155550105"}
        self._client.form("/v2/SafeList/Numbers", PhoneNumber="+14155550106")
        self.facts |= {"service": sid, "safe": "+14155550106"}

    def _write_owner(self) -> None:
        """Log in, as a browser does."""
        page, cookie = self._client.browse("/admin/login")
        token = re.findall(r'name="csrf_token" value="(\w+)"', page)[0]
        _, cookie = self._client.browse("/admin/login", cookie, password=PASSWORD, csrf_token=token)
        self.facts["session"] = cookie

    def _start(
        self,
        name: str,
        phone: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> None:
        to = {"phone": phone} if phone else {}
        started = self._client.call("POST", "/generate-otp", {**to, **body}, headers, expected=202)
        address = phone or body["email"]
        self.verifications[name] = {"id": started["verification_id"], "to": address}

    def _are_all_sent(self) -> bool:
        ids = [of["id"] for of in self.verifications.values()]
        found = [self._client.call("GET", f"/verifications/{id_}")["sends"][0] for id_ in ids]
        return all(send["status"] == "sent" for send in found)

    def _wait_for_call(self, outcome: str) -> None:
        calls = self._provider.calls
        wait_for(lambda: any(call.outcome == outcome for call in calls()), 20, outcome)


def keys_in(redis: Redis) -> list[dict[str, Any]]:
    return [_read(redis, key.decode()) for key in sorted(redis.keys())]


def _read(redis: Any, key: str) -> dict[str, Any]:
    kind = redis.type(key).decode()
    value: Any
    match kind:
        case "string":
            value = _text(redis.get(key))
        case "hash":
            value = {name.decode(): _text(field) for name, field in redis.hgetall(key).items()}
        case "list":
            value = [_text(line) for line in redis.lrange(key, 0, -1)]
        case "set":
            value = sorted(member.decode() for member in redis.smembers(key))
        case "zset":
            found = redis.zrange(key, 0, -1, withscores=True)
            value = [[member.decode(), score] for member, score in found]
        case _:
            raise AssertionError(f"{key} is a {kind}")
    return {"key": key, "type": kind, "ttl_ms": redis.pttl(key), "value": value}


def _text(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, cwd=ROOT, capture_output=True).stdout


def extract(commit: str, folder: Path) -> None:
    """The files of a commit."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")


def dump(tree: Path) -> dict[str, Any]:
    """What the code in a folder writes."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        scene = Scene(running, Path(name))
        world = scene.write(tree)
        with scene.server.client() as redis:
            seconds, microseconds = redis.time()
            moment = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
            return {
                "dumped_at": moment.isoformat(timespec="milliseconds"),
                "settings": settings_of(tree),
                **world.facts,
                "verifications": world.verifications,
                "keys": keys_in(redis),
            }


class Scene:
    """A Redis and a provider, for services of any version."""

    def __init__(self, running: ExitStack, folder: Path) -> None:
        self._running, self._folder = running, folder
        self.server = RedisServer(folder)
        running.callback(self.server.kill)
        self.provider = Provider(folder, "provider")
        running.callback(self.provider.program.kill)

    def service(self, tree: Path) -> Service:
        """The code in a folder instead of ours."""
        channels = ("WHATSAPP", "CALL", "EMAIL")
        env = {
            **{f"OTP_{channel}_SENDERS": self.provider.url for channel in channels},
            "PYTHONPATH": str(tree),
            "API_PROCESSES": "1",
            "OTP_ALLOW_OPEN": "",
            # An empty one counts as not set.
            **dict.fromkeys(SETTINGS, ""),
            **settings_of(tree),
        }
        return Service(self._running, self._folder, self.server.url, self.provider, **env)

    def write(self, tree: Path) -> World:
        world = World(self.service(tree), self.provider)
        world.write(has_workflows=knows(tree, "OTP_WORKFLOW"))
        return world


def settings_of(tree: Path) -> dict[str, str]:
    """Without those that the code in a folder does not know yet."""
    return {name: value for name, value in SETTINGS.items() if knows(tree, name)}


def knows(tree: Path, setting: str) -> bool:
    return f"{setting}=" in (tree / ".env.example").read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade.dump")
    parser.add_argument("commit", metavar="COMMIT", nargs="?", default="HEAD")
    commit = git("rev-parse", "--short=7", parser.parse_args().commit).decode().strip()
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        extract(commit, tree)
        version = re.findall('VERSION = "(.+)"', (tree / "shared/__init__.py").read_text("utf-8"))[
            0
        ]
        text = written(dump(tree))
    file = FOLDER / f"{version}-{commit}.json"
    file.write_text(text, encoding="utf-8")
    print(file.relative_to(ROOT))


def written(dumped: Mapping[str, Any]) -> str:
    """JSON with a line for each key."""
    *facts, (name, keys) = dumped.items()
    lines = ",\n".join(map(json.dumps, keys))
    return f'{json.dumps(dict(facts), indent=1)[:-2]},\n "{name}": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    main()
