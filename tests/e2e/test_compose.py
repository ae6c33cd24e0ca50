"""`docker compose up --build --scale worker=3`, as a user runs it."""

import hashlib
import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.compose import WORKERS, Stack, docker
from tests.e2e.conftest import ROOT, wait_for
from tests.upgrade.rolling import build, roll

NUMBERS = [f"+1415555{line}" for line in range(2000, 2060)]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not shutil.which("docker"):
        pytest.skip("no docker on the PATH")
    for what in (["compose", "version"], ["info"]):
        if subprocess.run(["docker", *what], check=False, capture_output=True).returncode:
            pytest.skip(f"`docker {' '.join(what)}` fails here")
    stack = Stack()
    try:
        stack.up("--build")
        yield stack
    finally:
        stack.down("--volumes")


def test_delivers_by_all_workers_and_verifies_once(stack, figure):
    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as callers:
        assert set(callers.map(stack.generate, NUMBERS)) == {202}
        codes = stack.codes(NUMBERS)
        answers = list(callers.map(stack.verify, NUMBERS, map(codes.get, NUMBERS)))
        seconds = time.perf_counter() - begin
        again = set(callers.map(stack.verify, NUMBERS, map(codes.get, NUMBERS)))
    assert set(answers) == {200}
    assert again == {404}
    sent = stack.deliveries()
    assert len(sent) == len(NUMBERS), "something was sent twice"
    assert len({line["host"] for line in sent}) == WORKERS
    figure("compose: up --build --wait", f"{stack.seconds_to_start:.1f} s")
    figure(f"compose: {len(NUMBERS)} codes asked for, delivered, verified", f"{seconds:.1f} s")


def test_with_nginx_in_front_only_nginx_has_a_port_and_the_api_trusts_it(stack):
    files = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(ROOT / "deploy/compose.proxy.yaml"))
    services = json.loads(stack.compose(*files, "config", "--format", "json"))["services"]
    assert {name: bool(service.get("ports")) for name, service in services.items()} == {
        **dict.fromkeys(services, False),
        "proxy": True,
    }
    assert services["api"]["environment"]["OTP_TRUSTED_PROXIES"] == "1"
    (config,) = services["proxy"]["volumes"]
    assert config["source"] == str(ROOT / "deploy/nginx.conf")
    assert config["read_only"]


def test_containers_can_do_nothing_that_they_need_not(stack):
    for service, count in {"redis-users": 1, "redis": 1, "api": 1, "worker": WORKERS}.items():
        containers = stack.containers(service)
        assert len(containers) == count
        for container in containers:
            host = container["HostConfig"]
            assert container["Config"]["User"] == (
                "999:1000" if service == "redis" else "10001:10001"
            )
            assert host["ReadonlyRootfs"]
            assert host["CapDrop"] == ["ALL"]
            assert not host["CapAdd"]
            assert not host["Privileged"]
            assert "no-new-privileges:true" in host["SecurityOpt"]
            assert 0 < host["Memory"] <= 512 * 1024**2
            assert 0 < host["PidsLimit"] <= 256
            assert host["LogConfig"]["Config"]["max-size"]
            published = {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}
            assert host["PortBindings"] == (published if service == "api" else {})


def test_containers_stay_up_but_for_the_one_that_has_done_its_work(stack):
    for service in ("redis", "api", "worker"):
        for container in stack.containers(service):
            assert container["State"]["Health"]["Status"] == "healthy"
            assert container["HostConfig"]["RestartPolicy"]["Name"] == "always"
    (once,) = stack.containers("redis-users")
    assert (once["State"]["Status"], once["State"]["ExitCode"]) == ("exited", 0)
    assert once["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert once["HostConfig"]["NetworkMode"] == "none"


def test_redis_has_no_way_out(stack):
    (redis,) = stack.containers("redis")
    networks = redis["NetworkSettings"]["Networks"].values()
    inspected = json.loads(docker("network", "inspect", *(n["NetworkID"] for n in networks)))
    assert [network["Internal"] for network in inspected] == [True]


def test_a36_redis_answers_nobody_without_the_password(stack):
    ask = (
        "import socket; redis = socket.create_connection(('redis', 6379), 5); "
        "redis.sendall(b'GET otp:ready\\r\\n'); print(redis.recv(100).decode())"
    )
    assert stack.compose("exec", "-T", "api", "python", "-c", ask).startswith("-NOAUTH")


def test_a37_the_service_can_do_nothing_to_redis_that_it_need_not(stack):
    url = f"redis://otp:{stack.redis_password()}@127.0.0.1:6379/0"
    refused = ("FLUSHALL", "KEYS *", "CONFIG GET *", "MONITOR", "ACL LIST", "GET session")
    commands = "\\n".join(("SET otp:ready 1", *refused))
    run = f"printf '{commands}\\n' | redis-cli -u {url}"
    answers = stack.compose("exec", "-T", "redis", "sh", "-c", run).split("\n")
    words = [answer.split()[0] for answer in answers if answer]
    assert words == ["OK", *["NOPERM"] * len(refused)]


def test_the_password_of_redis_is_only_where_the_service_reads_it(stack):
    password = stack.redis_password()
    assert len(bytes.fromhex(password)) == 32
    for service in ("redis-users", "redis", "api", "worker"):
        assert password not in json.dumps(stack.containers(service))
    acl = stack.compose("exec", "-T", "redis", "cat", "/var/lib/redis-users/acl")
    assert hashlib.sha256(password.encode()).hexdigest() in acl
    assert password not in acl + stack.compose("logs")


def test_image_holds_no_secret_and_no_tests(stack):
    listed = stack.compose("exec", "-T", "api", "ls", "-A", "/app").split()
    assert sorted(listed) == ["api", "frontend", "requirements.txt", "shared", "worker"]


def test_answers_503_while_redis_is_away_and_heals_by_itself(stack, figure):
    phone, later, lost = "+14155553001", "+14155553002", "+14155553003"
    assert stack.generate(phone) == 202
    code = stack.codes([phone])[phone]

    stack.compose("stop", "redis")
    slowest = 0.0
    for _ in range(10):
        for method, path, body in (
            ("GET", "/health/ready", None),
            ("POST", "/generate-otp", {"phone": lost}),
            ("POST", "/verify-otp", {"phone": phone, "otp": code}),
        ):
            begin = time.perf_counter()
            status, problem, media_type = stack.call(method, path, body)
            slowest = max(slowest, time.perf_counter() - begin)
            assert status == 503
            assert media_type == "application/problem+json"
            assert problem["code"] == "storage_unavailable"
    assert slowest < 1
    assert stack.call("GET", "/health/live")[0] == 200
    figure("compose: slowest 503 while Redis is stopped", f"{slowest * 1000:.0f} ms")

    stack.compose("start", "redis")
    begin = time.perf_counter()
    wait_for(lambda: stack.generate(later) == 202, 10)
    figure("compose: from Redis started to the next 202", f"{time.perf_counter() - begin:.1f} s")
    # Each process of the API finds out by itself that Redis is back.
    wait_for(lambda: stack.verify(phone, code) == 200)
    later_code = stack.codes([later])[later]
    wait_for(lambda: stack.verify(later, later_code) == 200)
    assert lost not in {sent["to"] for sent in stack.deliveries()}, "sent after a 503"


def test_stops_in_time_and_the_image_alone_goes_on_with_all_data(stack, figure):
    phone, password = "+14155553004", stack.redis_password()
    assert stack.generate(phone) == 202
    code = stack.codes([phone])[phone]
    stack.erase("+14155553005")
    audit_log = stack.audit_log()
    assert "erasure" in audit_log

    begin = time.perf_counter()
    stack.compose("stop")
    seconds = time.perf_counter() - begin
    # 137 would be a kill after the grace period.
    for service in ("api", "worker", "redis"):
        assert {container["State"]["ExitCode"] for container in stack.containers(service)} == {0}
    figure("compose: to stop everything", f"{seconds:.1f} s")

    stack.down()
    stack.file = "deploy/compose.yaml"
    stack.up()
    assert stack.redis_password() == password
    assert stack.audit_log() == audit_log
    assert stack.verify(phone, code) == 200


@pytest.mark.parametrize("service", ["api", "worker"])
def test_starts_anew_when_killed(stack, service):
    before = stack.containers(service)[0]
    # -1: everything but the container's first process, which is init and ends with its child.
    docker("exec", "--detach", before["Id"], "sh", "-c", "kill -9 -1")

    def restarted() -> bool:
        now = json.loads(docker("inspect", before["Id"]))[0]
        healthy = bool(now["State"]["Health"]["Status"] == "healthy")
        return healthy and now["RestartCount"] > before["RestartCount"]

    wait_for(restarted)


def test_a_new_image_restarts_all_but_redis_and_keeps_the_audit_log(stack, tmp_path):
    stack.erase("+14155554002")
    audit_log = stack.audit_log()
    (before,), (api,) = stack.containers("redis"), stack.containers("api")
    labeled = tmp_path / "labeled.yml"
    build = {"context": str(ROOT), "labels": {"of": secrets.token_hex(4)}}
    labeled.write_text(json.dumps({"services": {"api": {"build": build}}}))
    files = ("-f", str(ROOT / "docker-compose.yml"), "-f", str(labeled))
    stack.compose(*files, "up", "--build", "--detach", "--wait", "--scale", f"worker={WORKERS}")
    (after,), (newer,) = stack.containers("redis"), stack.containers("api")
    assert newer["Image"] != api["Image"]
    assert (after["Id"], after["State"]["StartedAt"]) == (
        before["Id"],
        before["State"]["StartedAt"],
    )
    assert "erasure" in audit_log
    assert stack.audit_log() == audit_log
    assert stack.generate("+14155554001") == 202


RESTORE = """
import pathlib, re, secrets
file = pathlib.Path("/var/lib/otp/redis_url")
file.write_text(re.sub(":[0-9a-f]{64}@", f":{secrets.token_hex(32)}@", file.read_text()))
"""


@pytest.mark.parametrize("stopped", [(), ("api", "worker"), ("redis",)], ids=str)
def test_a_restored_password_is_used_by_all_after_the_next_up(stack, stopped):
    before = stack.redis_password()
    stack.compose("exec", "-T", "api", "python", "-c", RESTORE)
    assert stack.redis_password() != before
    if stopped:
        stack.compose("stop", *stopped)
    stack.up()
    refused = f"redis-cli -u redis://otp:{before}@127.0.0.1:6379/0 get otp:ready"
    # Redis reads the new password at its next health check.
    wait_for(
        lambda: (
            "WRONGPASS" in stack.compose("exec", "-T", "redis", "sh", "-c", f"{refused} 2>&1; true")
        ),
        30,
    )
    number = iter(range(1000))
    phones: list[str] = []

    def goes_on() -> bool:
        """Redis has ended the connections of each process of the API, which finds out by a call."""
        phones[:] = [f"+1415556{len(stopped)}{next(number):03}" for _ in range(6)]
        return all(stack.generate(phone) == 202 for phone in phones)

    wait_for(goes_on)
    assert stack.codes(phones)


# The last ones: from now on, calls without a key are refused.


@pytest.fixture(scope="module")
def printed_key(stack) -> str:
    return stack.compose("run", "--rm", "api", "python", "-m", "api.keys", "create", "shop")


def test_a_key_is_all_that_the_documented_command_prints(printed_key):
    assert re.fullmatch("otp_[0-9a-f]{8}_[0-9a-f]{64}\n", printed_key)


def test_keys_and_services_work_after_everything_was_destroyed_and_restored(stack, printed_key):
    login = f"shop:{printed_key.strip()}"
    sid = stack.command("api.services", "create", "--app", "shop", "My Shop").strip()
    password = stack.secret("otp_admin_password")
    saved = stack.command("api.backup", "create")
    stack.down("--volumes")

    restore = ("run", "--rm", "-T", "api", "python", "-m", "api.backup", "restore")
    stack.compose(*restore, stdin=saved)
    stack.up()
    assert stack.call("GET", f"/v2/Services/{sid}", login=login)[1]["friendly_name"] == "My Shop"
    assert stack.secret("otp_admin_password") == password
    phone = "+14155555001"
    assert stack.call("POST", "/generate-otp", {"phone": phone}, login)[0] == 202
    code = {"phone": phone, "otp": stack.codes([phone])[phone]}
    assert stack.call("POST", "/verify-otp", code, login)[0] == 200
    for name in ("otp_secret_keys", "otp_admin_password", "api_keys"):
        found = stack.compose("exec", "-T", "api", "stat", "-c", "%a %u", f"/var/lib/otp/{name}")
        assert found == "600 10001\n"


def test_an_upgrade_under_load_loses_and_repeats_nothing(stack, printed_key, figure):
    rolled = roll(stack, build(None, "sixpost-next"), login=f"shop:{printed_key.strip()}")
    assert rolled.is_whole, rolled
    assert rolled.started >= 1000
    assert rolled.crossed >= 400
    figure("compose: upgrade under load", str(rolled))
