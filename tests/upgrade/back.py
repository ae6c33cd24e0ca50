"""Going back from this tree to an earlier commit.

The commit's API and worker start on what this tree has written to Redis, with the same settings,
and have to go on with all of it. The step of a workflow takes 30 s.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from shared.codes import Codes
from shared.settings import Settings
from tests.chaos.programs import wait_for, wait_for_worker
from tests.chaos.provider import Behaviour
from tests.upgrade.client import Client
from tests.upgrade.dump import ROOT, SETTINGS, Scene, World, extract

# Each as often as it is sent: the step of the workflow is the second message.
WAITING = {
    **dict.fromkeys(("queued", "by_mail", "guessed", "of_service"), 1),
    **dict.fromkeys(("retried", "under_way", "by_call", "idempotent"), 1),
    "limited": 2,
    "workflow": 2,
    "sent": 1,
    "approved": 1,
    "canceled": 0,
}


class Past:
    """What this tree has written, as a client of the other version finds it."""

    def __init__(self, client: Client, scene: Scene, world: World) -> None:
        self._client, self._scene, self._world = client, scene, world
        self._of = world.verifications
        self._codes = Codes(Settings.load(SETTINGS, env_file=None).secret_keys())

    def codes_are_checked(self) -> None:
        for name in ("sent", "queued", "by_mail"):
            check = {"verification_id": self._of[name]["id"], "otp": self._code(name)}
            self._client.call("POST", "/verify-otp", check)
            self._client.call("POST", "/verify-otp", check, expected=404)
        used = {"verification_id": self._of["approved"]["id"], "otp": self._code("approved")}
        self._client.call("POST", "/verify-otp", used, expected=404)

    def sends_are_delivered(self) -> None:
        wanted = {self._of[name]["to"]: times for name, times in WAITING.items() if times}
        wait_for(lambda: self._accepted().items() >= wanted.items(), 60, f"{wanted}")
        assert self._accepted() == wanted
        codes = {call.to: call.code for call in self._scene.provider.calls()}
        for name, of in self._of.items():
            right = "735146" if name == "of_service" else self._code(name)
            assert codes.get(of["to"], right) == right, name

    def limits_go_on(self) -> None:
        limited, guessed = self._of["limited"]["to"], self._of["guessed"]["to"]
        self._client.call("POST", "/generate-otp", {"phone": limited}, expected=429)
        guess = {"phone": guessed, "otp": "123456"}
        self._client.call("POST", "/verify-otp", guess, expected=429)
        called = {"phone": "+14155550117", "channel": "call"}
        self._client.call("POST", "/generate-otp", called, expected=429)

    def requests_are_repeated(self) -> None:
        first = {"phone": self._of["idempotent"]["to"]}
        key = {"Idempotency-Key": "order-1"}
        again = self._client.call("POST", "/generate-otp", first, key, expected=202)
        assert again["verification_id"] == self._of["idempotent"]["id"]

    def services_are_there(self) -> None:
        path = f"/v2/Services/{self._world.facts['service']}"
        assert self._client.call("GET", path)["friendly_name"] == "My Shop"
        self._client.call("GET", f"{path}/Verifications/{self._of['of_service']['id']}")
        self._client.call("GET", f"/v2/SafeList/Numbers/{self._world.facts['safe']}")

    def all_is_shown(self) -> None:
        for name, of in self._of.items():
            if name != "of_service":
                self._client.call("GET", f"/verifications/{of['id']}")
        assert "otp_started_total{" in self._client.text("/metrics")
        page, _ = self._client.browse("/admin/stats.json?events=true", self._world.facts["session"])
        assert "log_in" in page

    def _code(self, name: str) -> str:
        return self._codes.derive("k1", self._of[name]["id"], 0, 6)

    def _accepted(self) -> dict[str, int]:
        calls = [call.to for call in self._scene.provider.calls() if call.outcome == "accepted"]
        return {to: calls.count(to) for to in calls}


def go_back(commit: str) -> None:
    """Print what the commit's code goes on with. Raises AssertionError or TimeoutError."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, tree = Path(name, "run"), Path(name, "tree")
        folder.mkdir()
        extract(commit, tree)
        scene = Scene(running, folder)
        world = scene.write(ROOT)
        scene.provider.behave(Behaviour())
        service = scene.service(tree)
        port, _ = service.start_api()
        wait_for_worker(service.start_worker())
        past = Past(Client(port), scene, world)
        checks: tuple[Callable[[], None], ...] = (
            past.limits_go_on,
            past.sends_are_delivered,
            past.codes_are_checked,
            past.requests_are_repeated,
            past.services_are_there,
            past.all_is_shown,
        )
        for check in checks:
            check()
            print(f"  {check.__name__.replace('_', ' ')}", flush=True)
