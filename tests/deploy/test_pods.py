"""The pods of deploy/kubernetes, started as local containers: their commands, user, environment,
mounts and probes, against a real Redis and with the Secrets that docs/kubernetes.md creates."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.deploy import page
from tests.deploy.containers import Container
from tests.deploy.manifests import of_kind, pods
from tests.kubelet import MountedSecret
from tests.redis_servers import RedisServer, free_port, redis_server

PHONE = "+14155550123"
Start = Callable[..., Container]


@pytest.fixture(scope="module")
def redis(tmp_path_factory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def secrets(redis) -> dict[str, dict[str, str]]:
    secrets = page.secrets()
    assert secrets["sixpost"]["redis_url"].startswith("rediss://")
    secrets["sixpost"]["redis_url"] = redis.url
    return secrets


@pytest.fixture(scope="module")
def mounted(secrets, tmp_path_factory) -> MountedSecret:
    return MountedSecret(tmp_path_factory.mktemp("kubelet") / "sixpost", **secrets["sixpost"])


@pytest.fixture(scope="module")
def start(mounted, tmp_path_factory) -> Iterator[Start]:
    """Start a container of a Deployment, with a Secret of the test's if it gives one."""
    templates = dict([*pods("plain"), *pods("doctor")])
    (config_map,) = of_kind("plain", "ConfigMap").values()
    with ExitStack() as running:

        def start(name: str, secret: MountedSecret = mounted) -> Container:
            log = tmp_path_factory.mktemp(name) / "log"
            volumes = {"secrets": secret.folder}
            container = Container(templates[name], config_map["data"], volumes, log)
            running.callback(container.kill)
            return container

        yield start


class Api:
    """The API's container, and what a client sees of it."""

    def __init__(self, start: Start) -> None:
        self.container = start("sixpost-api")

    def call(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.container.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def check(self, key: str) -> int:
        """The status of a check of an unknown code. It is 404 if the key is right."""
        body = f'{{"phone": "{PHONE}", "otp": "123456"}}'
        return self.call("POST", "/verify-otp", body, Authorization=f"Bearer {key}")[0]


@pytest.fixture(scope="module")
def worker(start) -> Container:
    return start("sixpost-worker")


@pytest.fixture(scope="module")
def api(start, worker) -> Api:
    api = Api(start)
    api.container.wait_until("startupProbe")
    api.container.wait_until("readinessProbe")
    worker.wait_until("readinessProbe")
    return api


@pytest.fixture
def shop_key(secrets) -> str:
    return re.search(r"shop:(\S+)", secrets["sixpost"]["otp_api_keys"])[1]


def wait_for(look: Callable[[], Any], timeout: float = 60) -> Any:
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.05)
    return seen


def test_they_send_a_code_and_check_it(api, worker, shop_key):
    key = {"Authorization": f"Bearer {shop_key}"}
    status, _ = api.call("POST", "/generate-otp", f'{{"phone": "{PHONE}"}}', **key)
    assert status == 202
    code = wait_for(lambda: re.search(r"code=(\d+)", worker.said))[1]
    body = f'{{"phone": "{PHONE}", "otp": "{code}"}}'
    assert api.call("POST", "/verify-otp", body, **key)[0] == 200
    assert api.call("POST", "/verify-otp", body)[0] == 401
    assert "open_to_everybody" not in api.container.said


def test_prometheus_reads_the_metrics_with_its_secret(api, secrets):
    (monitor,) = of_kind("keda", "ServiceMonitor").values()
    (endpoint,) = monitor["spec"]["endpoints"]
    place = endpoint["authorization"]["credentials"]
    token = secrets[place["name"]][place["key"]]
    status, text = api.call("GET", endpoint["path"], Authorization=f"Bearer {token}")
    assert status == 200
    assert b"otp_workers 1" in text
    # By which KEDA scales.
    assert b"\notp_oldest_send_seconds 0" in text
    assert api.call("GET", endpoint["path"])[0] == 401


def test_every_probe_succeeds_while_all_is_well(api, worker):
    for container in (api.container, worker):
        probes = [name for name in container.spec if name.endswith("Probe")]
        assert probes
        assert [name for name in probes if not container.probe(name)] == []


def test_a_redis_that_hangs_makes_the_api_unready_and_restarts_nothing(api, worker, redis):
    with redis.hanging():
        wait_for(lambda: not api.container.probe("readinessProbe"))
        assert api.container.probe("livenessProbe")
        # Its only probe restarts nothing.
        assert {"startupProbe", "livenessProbe"}.isdisjoint(worker.spec)
    # Each of its processes answers some of these.
    wait_for(lambda: all(api.container.probe("readinessProbe") for _ in range(10)))
    worker.wait_until("readinessProbe")


def test_an_api_key_in_the_secret_changes_without_a_restart(api, mounted, secrets, shop_key):
    new = "n" * 64
    assert [api.check(shop_key), api.check(new)] == [404, 401]
    try:
        mounted.update(**{**secrets["sixpost"], "otp_api_keys": f"shop:{new}"})
        # Both processes of the container answer some of these.
        assert {(api.check(shop_key), api.check(new)) for _ in range(10)} == {(401, 404)}
    finally:
        mounted.update(**secrets["sixpost"])
    assert api.check(shop_key) == 404


def test_a_worker_that_waits_for_redis_stops_at_sigterm(start, secrets, tmp_path):
    """As process 1, it gets only those signals that it handles."""
    nowhere = {**secrets["sixpost"], "redis_url": f"redis://127.0.0.1:{free_port()}/0"}
    worker = start("sixpost-worker", MountedSecret(tmp_path / "sixpost", **nowhere))
    wait_for(lambda: "redis_away" in worker.said)
    assert worker.stop() == 0


def test_the_doctor_finds_what_is_wrong(start, api, secrets, tmp_path):
    nowhere = {**secrets["sixpost"], "redis_url": f"redis://127.0.0.1:{free_port()}/0"}
    ill = start("sixpost-doctor", MountedSecret(tmp_path / "sixpost", **nowhere))
    well = start("sixpost-doctor")
    assert (well.wait_for_end(), ill.wait_for_end()) == (0, 1)
    assert "runs with the keys, senders and routes of this API" in well.said
    assert "WRONG" not in well.said
    assert re.search("WRONG +Redis: can't be reached", ill.said)


def test_nothing_is_generated_that_pods_would_not_share(start, secrets, tmp_path):
    without = {key: value for key, value in secrets["sixpost"].items() if key != "otp_secret_keys"}
    secret = MountedSecret(tmp_path / "sixpost", **without)
    for container in [start(name, secret) for name in ("sixpost-api", "sixpost-worker")]:
        assert container.wait_for_end() == 1
        assert "OTP_SECRET_KEYS_FILE cannot be read: No such file or directory" in container.said


def test_each_stops_at_sigterm_within_its_grace_period(api, worker, shop_key):
    """The API answers until Kubernetes knows that it is not ready. This is the last test, because
    the others need both."""
    with ThreadPoolExecutor() as threads:
        stopping = [threads.submit(each.stop) for each in (worker, api.container)]
        wait_for(lambda: not api.container.probe("readinessProbe"))
        assert api.container.probe("livenessProbe")
        assert api.check(shop_key) == 404
    assert [each.result() for each in stopping] == [0, 0]
    assert "worker_stopped" in worker.said
    assert "api_stopped" in api.container.said
