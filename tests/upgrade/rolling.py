"""An upgrade in docker compose under load.

Containers of both versions run at the same time, with other settings each, while callers start
verifications at either API. Each code is checked by the version that did not start it, as long as
both run.
"""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Event, Lock
from typing import Any

from tests.e2e.compose import WORKERS, Stack, docker
from tests.e2e.conftest import wait_for
from tests.upgrade.dump import ROOT, git

CALLERS = 4
# Each caller begins so many verifications a second.
RATE = 16.0
_NUMBERS = "+1212555"


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """`refused` are the starts that were not answered 202, and `not_verified` the checks of right
    codes that were not answered 200."""

    started: int
    refused: list[int]
    messages: int
    lost: int
    not_verified: int
    crossed: int

    @property
    def is_whole(self) -> bool:
        return not (self.refused or self.lost or self.not_verified or self.messages > self.started)

    def __str__(self) -> str:
        return (
            f"verifications {self.started}, refused {len(self.refused)}, lost {self.lost}, "
            f"messages {self.messages}, checked by the other version {self.crossed}, "
            f"not verified {self.not_verified}"
        )


class Starts:
    """The verifications that callers have begun at the APIs on these ports, in turn."""

    def __init__(self, stack: Stack, login: str) -> None:
        self.ports = [stack.port]
        self.begun_at: dict[str, int] = {}
        self.refused: list[int] = []
        self._stack, self._login = stack, login
        self._numbers = count()
        self._lock = Lock()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        ended = Event()
        with ThreadPoolExecutor(CALLERS) as callers:
            calling = [callers.submit(self._call, ended) for _ in range(CALLERS)]
            try:
                yield
            finally:
                ended.set()
            for one in calling:
                one.result()

    def _call(self, ended: Event) -> None:
        while not ended.wait(1 / RATE):
            with self._lock:
                number = next(self._numbers)
            ports = self.ports
            port, phone = ports[number % len(ports)], f"{_NUMBERS}{number:04}"
            status = self._post("/generate-otp", {"phone": phone}, port)
            if status == 202:
                self.begun_at[phone] = port
            else:
                self.refused.append(status)

    def wait_for(self, total: int) -> None:
        wait_for(lambda: len(self.begun_at) + len(self.refused) >= total, 120)

    def verify(self, phones: list[str], port: int) -> int:
        """How many right codes were not accepted."""
        codes = self._stack.codes(phones)

        def verify(phone: str) -> bool:
            return self._post("/verify-otp", {"phone": phone, "otp": codes[phone]}, port) == 200

        with ThreadPoolExecutor(CALLERS) as callers:
            return list(callers.map(verify, phones)).count(False)

    def _post(self, path: str, body: Any, port: int) -> int:
        return self._stack.call("POST", path, body, self._login, port=port)[0]


def roll(stack: Stack, image: str, *, login: str = "", total: int = 1000) -> Rolled:
    """Replace the containers of a stack that runs, by those of another image and other settings,
    while at least `total` verifications begin. `stack.port` is then that of the new API."""
    old = [c["Id"] for service in ("api", "worker") for c in stack.containers(service)]
    starts = Starts(stack, login)
    old_port = stack.port
    with starts.going_on():
        starts.wait_for(total // 5)
        # An API on a port of its own, and codes that tell who made them.
        stack.set(SIXPOST_IMAGE=image, API_PORT="0", OTP_CODE_LENGTH="8")
        # What the new version may run in Redis.
        stack.compose("run", "--rm", "--no-deps", "-T", "redis-users")
        stack.start_beside(api=2, worker=2 * WORKERS)
        new_port = next(port_of(c) for c in stack.containers("api") if c["Id"] not in old)
        starts.ports = [old_port, new_port]
        starts.wait_for(len(starts.begun_at) + total // 5)
        by_old = [phone for phone, port in [*starts.begun_at.items()] if port == old_port]
        by_new = [phone for phone, port in [*starts.begun_at.items()] if port == new_port]
        not_verified = starts.verify(by_old, new_port) + starts.verify(by_new, old_port)
        # As a proxy does that looks for an API that is ready.
        starts.ports = [new_port]
        docker("stop", "-t", "20", *old)
        starts.wait_for(total)
    stack.port = new_port
    checked = {*by_old, *by_new}
    later = [phone for phone in starts.begun_at if phone not in checked]
    not_verified += starts.verify(later, new_port)
    sent = [one["to"] for one in stack.deliveries() if one["to"].startswith(_NUMBERS)]
    docker("rm", *old)
    return Rolled(
        started=len(starts.begun_at),
        refused=starts.refused,
        messages=len(sent),
        lost=len(starts.begun_at.keys() - set(sent)),
        not_verified=not_verified,
        crossed=len(checked),
    )


def port_of(container: dict[str, Any]) -> int:
    return int(container["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"])


def build(commit: str | None, tag: str) -> str:
    """An image of a commit, or of the working tree."""
    context = git("archive", commit) if commit else None
    where = "-" if commit else str(ROOT)
    command = ["docker", "build", "--quiet", "--tag", tag, "--label", f"of={tag}", where]
    subprocess.run(command, check=True, input=context, stdout=subprocess.PIPE)
    return tag


def upgrade(before: str, after: str) -> Rolled:
    """From an image to another one, in a project of its own."""
    stack = Stack()
    stack.file = "deploy/compose.yaml"
    # An older version refuses to start with a setting that it does not know.
    stack.set(SIXPOST_IMAGE=before, OTP_DRAIN_SECONDS="")
    try:
        stack.up()
        return roll(stack, after)
    finally:
        stack.down("--volumes")
