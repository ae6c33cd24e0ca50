"""The same delivery as a textbook has it: a job of RQ that is told what to send."""

import os
from functools import cache

import requests
from rq import Queue

from bench.recorder import Recorder

QUEUE = "stock"
_TEXT = "{code} is your {app} code. It is valid for {minutes} minutes. Do not share it."


def enqueue(queue: Queue, to: str, code: str) -> None:
    # RQ would keep the job, and with it the code, for minutes after it was sent.
    queue.enqueue(deliver, to, code, result_ttl=0)


def deliver(to: str, code: str) -> None:
    _send(to, _TEXT.format(code=code, app="OTP", minutes=5), code)


def _send(to: str, text: str, code: str) -> None:
    assert code in text
    if url := os.environ.get("BENCH_PROVIDER"):
        body = {"to": to, "text": text, "code": code}
        requests.post(url, json=body, timeout=10).raise_for_status()
    else:
        _recorder().take(to, code)


@cache
def _recorder() -> Recorder:
    return Recorder(os.environ["BENCH_RECORDS"])
