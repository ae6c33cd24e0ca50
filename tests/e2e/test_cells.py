"""Two cells behind one nginx, with the lines of docs/cells.md."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Thread
from typing import Any, NamedTuple

import pytest
from redis import Redis
from werkzeug.serving import make_server

from api import create_app
from shared.codes import Codes
from shared.settings import Settings
from tests.conftest import KEY
from tests.e2e import proxies
from tests.redis_servers import RedisServer, free_port, redis_server
from tests.user import OTHER_PHONE, PHONE

CELLS = ("one", "two")
ADDRESSES = {"one": "10.0.1.10:5000", "two": "10.0.2.10:5000"}
# The first is of no line, the second of one.
KEYS = {"one": f"otp_00000001_{'1' * 64}", "two": f"otp_1b9f0c2d_{'2' * 64}"}


class Cell(NamedTuple):
    """With its own Redis, and the port of its API."""

    port: int
    redis: Redis
    server: RedisServer
    codes: Codes


class Address:
    """The one address of all cells, or the name of one."""

    def __init__(self, port: int, host: str = "otp.example.com") -> None:
        self._port, self._host = port, host

    def call(self, method: str, path: str, key: str = "", **body: str) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Host": self._host, "Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        is_json = "json" in response.headers["Content-Type"]
        return response.status, json.loads(content) if is_json else content

    def start(self, key: str, phone: str = PHONE) -> str:
        status, body = self.call("POST", "/generate-otp", key, phone=phone)
        assert status == 202, body
        return body["verification_id"]


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> Iterator[dict[str, Cell]]:
    with ExitStack() as running:
        found = {}
        for name in CELLS:
            server = running.enter_context(redis_server(tmp_path_factory.mktemp(name)))
            env = {
                "OTP_SECRET_KEYS": KEY,
                "OTP_API_KEYS": f"shop:{KEYS[name]}",
                "OTP_PUBLIC_URL": f"https://{name}.otp.example.com",
                "OTP_TRUSTED_PROXIES": "1",
                "REDIS_URL": server.url,
            }
            settings = Settings.load(env, env_file=None)
            api = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
            thread = Thread(target=api.serve_forever)
            thread.start()
            running.callback(thread.join)
            running.callback(api.shutdown)
            redis = running.enter_context(Redis.from_url(server.url))
            found[name] = Cell(api.server_port, redis, server, Codes(settings.secret_keys()))
        yield found


@pytest.fixture(scope="module")
def port(cells, tmp_path_factory) -> Iterator[int]:
    """That of nginx."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (lines,) = proxies.blocks("cells.md", "nginx")
    lines = re.sub(r"^ +ssl_.*\n", "", lines, flags=re.MULTILINE)
    lines = lines.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    for name, address in ADDRESSES.items():
        assert address in lines
        lines = lines.replace(address, f"127.0.0.1:{cells[name].port}")
    with proxies.running(proxies.nginx(folder, lines), folder, port):
        yield port


@pytest.fixture
def address(port, cells) -> Address:
    for cell in cells.values():
        cell.redis.flushall()
    return Address(port)


def test_every_call_of_an_app_reaches_its_cell(address, cells):
    for name, other in (("one", "two"), ("two", "one")):
        cell = cells[name]
        phone = PHONE if name == "one" else OTHER_PHONE
        id_ = address.start(KEYS[name], phone)
        assert cell.redis.exists(f"otp:verification:{id_}")
        assert not cells[other].redis.exists(f"otp:verification:{id_}")
        assert address.call("GET", f"/verifications/{id_}", KEYS[name])[0] == 200
        assert address.call("GET", f"/verifications/{id_}", KEYS[other])[0] == 404
        otp = cell.codes.derive(cell.codes.kid, id_, 0, 6)
        checked = address.call("POST", "/verify-otp", KEYS[name], verification_id=id_, otp=otp)
        assert (checked[0], checked[1]["status"]) == (200, "approved")


def test_a_key_of_no_cell_is_refused(address):
    for key in (f"otp_99999999_{'9' * 64}", f"otp_1b9f0c2d_{'1' * 64}", ""):
        assert address.call("POST", "/generate-otp", key, phone=PHONE)[0] == 401


def test_what_has_no_key_uses_the_name_of_its_cell(address, port):
    id_ = address.start(KEYS["two"])
    pages = {
        name: Address(port, f"{name}.otp.example.com").call("GET", f"/verify/{id_}")[0]
        for name in CELLS
    }
    assert pages == {"one": 404, "two": 200}


def test_a_cell_without_its_redis_stops_no_other(address, cells):
    cell = cells["two"]
    cell.server.kill()
    try:
        assert address.call("POST", "/generate-otp", KEYS["two"], phone=PHONE)[0] == 503
        assert address.start(KEYS["one"])
    finally:
        cell.server.start()


def test_no_secret_of_a_key_is_in_the_proxy():
    """A key is otp_, its id, and its secret."""
    (lines,) = proxies.blocks("cells.md", "nginx")
    assert set(re.findall(r"otp_[0-9a-f]{8}_(\w*)", lines)) == {""}
