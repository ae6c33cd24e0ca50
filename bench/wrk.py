"""Load over HTTP, by wrk."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32
_SCRIPT = Path(__file__).with_name("requests.lua")


class NotMeasured(Exception):
    """Something does not work, so there is nothing to measure."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How a server answered. A request's time counts from when a connection was free for it."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def load(
    url: str,
    bodies: Path,
    *,
    seconds: int = 1,
    connections: int = CONNECTIONS,
    again: bool = False,
) -> Load:
    """POST the lines of a file, as fast as the connections go, each line once unless `again`.
    Raises NotMeasured for an answer that is not a success: a refusal is quick and proves nothing.
    """
    command = ["wrk", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", str(seconds), "--script", str(_SCRIPT), url, "--", str(bodies)]
    output = subprocess.run(
        [*command, *(["again"] if again else [])], check=True, capture_output=True, text=True
    ).stdout
    return read(output, url)


def read(output: str, url: str) -> Load:
    """What requests.lua printed last. Raises NotMeasured."""
    seen = json.loads(output.splitlines()[-1])
    if seen["ran_out"]:
        raise NotMeasured(f"{url}: more requests were answered than there were bodies for")
    if seen["refused"] or seen["broken"]:
        raise NotMeasured(f"{url}: {seen['refused']} refused, {seen['broken']} broken off")
    return Load(
        requests=seen["requests"],
        per_second=seen["requests"] / seen["microseconds"] * 1e6,
        p50_ms=seen["p50"] / 1000,
        p99_ms=seen["p99"] / 1000,
    )


def write(path: Path, bodies: Sequence[dict[str, str]]) -> Path:
    path.write_text("".join(f"{json.dumps(body)}\n" for body in bodies), encoding="utf-8")
    return path
