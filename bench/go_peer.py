"""`python -m bench.go_peer PROGRAM`: the service next to knadh/otpgateway, which sends within the
request, in the same rounds, with the same people, provider and Redis.

PROGRAM is the peer, built from a copy of https://github.com/knadh/otpgateway at commit 277bf58 by
`go build ./cmd/otpgateway`; it reads its templates from that copy, so PROGRAM must be in its top
folder. This is no part of `make bench`, because it needs Go.
"""

import base64
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from redis import Redis

from bench import chain, report
from bench.figures import Figure
from bench.load import Connection, People
from bench.provider import Provider
from bench.stands import Stands
from tests.chaos.programs import Program, free_port, wait_for
from tests.redis_servers import redis_server

_NAMESPACE, _SECRET = "bench", "a secret that guards nothing"
_CONFIG = """
[app]
address = "127.0.0.1:{port}"
server_timeout = "5s"
enable_debug_logs = false
otp_ttl = 300
otp_max_attempts = 5
otp_max_generate = 3
root_url = "http://localhost:{port}"
[store.redis]
host = "127.0.0.1"
port = "{redis_port}"
[auth.bench]
namespace = "{namespace}"
secret = "{secret}"
[webhooks.bench]
enabled = true
url = "{url}"
max_conns = 64
timeout = "5s"
subject = "Your code"
template = "{template}"
channel_name = "SMS"
address_name = "Mobile number"
max_address_len = 16
max_otp_len = 6
"""


class _Client:
    accepted, approved = 200, 200

    def __init__(self) -> None:
        credentials = base64.b64encode(f"{_NAMESPACE}:{_SECRET}".encode()).decode()
        self._headers = (
            f"Authorization: Basic {credentials}",
            "Content-Type: application/x-www-form-urlencoded",
        )

    def ask(self, connection: Connection, to: str) -> None:
        body = urlencode({"provider": "bench", "to": to})
        connection.send("PUT", self._path(to), body, *self._headers)

    def type(self, connection: Connection, to: str, code: str) -> None:
        connection.send("POST", self._path(to), urlencode({"otp": code}), *self._headers)

    def _path(self, to: str) -> str:
        return f"/api/otp/{to.removeprefix('+')}"


def figures(folder: Path, program: Path) -> Iterator[Figure]:
    pipe = folder / "codes"
    os.mkfifo(pipe)
    with Provider(folder, pipe) as provider:
        for seconds, people in ((0.0, chain.PEOPLE), (chain.SLOW_SECONDS, chain.SLOW_PEOPLE)):
            sends_to = provider.env(seconds)
            with ExitStack() as running:
                stands = Stands(running, folder, pipe, sends_to, provider.pid)
                stands.add("now", "api", [chain.OWN], people)
                port, pids = _start(running, folder, program, sends_to["BENCH_PROVIDER"])
                crowd = People(port, pipe, stands.numbers(), count=people, client=_Client())
                stands.watch("otpgateway", crowd, pids)
                how = f"over HTTP, {1000 * seconds:.0f} ms, {people} people"
                yield from chain.each(how, stands.rounds(chain.ROUNDS, chain.SECONDS))


def _start(
    running: ExitStack, folder: Path, program: Path, provider: str
) -> tuple[int, dict[str, list[int]]]:
    """The peer's port and processes."""
    redis = Redis.from_url(running.enter_context(redis_server(folder)).url)
    port = free_port()
    config = folder / f"otpgateway-{port}.toml"
    text = _CONFIG.format(
        port=port,
        redis_port=redis.connection_pool.connection_kwargs["port"],
        namespace=_NAMESPACE,
        secret=_SECRET,
        url=provider,
        template=program.parent / "static" / "sms.txt",
    )
    config.write_text(text, encoding="utf-8")
    log = program.parent / "otpgateway.log"
    peer = Program.of([str(program), "--config", str(config)], log, {})
    running.callback(peer.kill)
    wait_for(lambda: _answers(port), 20, "otpgateway to start")
    redis_pid = redis.info("server")["process_id"]
    return port, {"api": [peer.process.pid], "worker": [], "redis": [redis_pid]}


def _answers(port: int) -> bool:
    try:
        Connection(port).close()
    except OSError:
        return False
    return True


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="otp-bench-") as folder:
        found = list(figures(Path(folder), Path(sys.argv[1]).resolve()))
    print("\n".join(report.lines({"go peer": found})))


if __name__ == "__main__":
    main()
