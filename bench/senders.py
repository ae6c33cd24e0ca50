"""recorder:///path?seconds=0.2, the sender of the worker that is measured."""

from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from bench.recorder import Recorder
from shared.policy import CHANNELS
from worker.senders.base import Message


class RecordingSender:
    channels = CHANNELS

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = urlsplit(url)
        (seconds,) = parse_qs(parts.query).get("seconds", ["0"])
        return cls(Recorder(parts.path, float(seconds)))

    def send(self, message: Message) -> None:
        self._recorder.take(message.to, message.code)


def plug_in(folder: Path) -> None:
    """Make `folder` one that, on the path of Python, brings this sender into the worker as it is
    shipped, in the way of every sender that is a package of its own."""
    package = folder / "otp_bench-0.dist-info"
    package.mkdir(exist_ok=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: otp-bench\nVersion: 0\n")
    (package / "entry_points.txt").write_text(
        "[otp.senders]\nrecorder = bench.senders:RecordingSender.from_url\n"
    )


def env(records: Path, seconds: float = 0.0) -> dict[str, str]:
    """What makes workers send to a recorder in their own process."""
    return {
        "OTP_SMS_SENDERS": f"recorder://{records}?seconds={seconds}",
        "BENCH_RECORDS": str(records),
    }
