"""`python -m bench.stock`: the same service, but that its start enqueues as RQ's documents say: by
`queue.enqueue`, after the script and in a round trip of its own."""

import re
from typing import Any

from flask import Flask
from rq import Queue

import api
from api.__main__ import serve
from shared import logs
from shared.delivery import queue
from shared.settings import Settings
from shared.storage import keys
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification import store
from shared.verification.model import Started
from shared.verification.service import VerificationService


class StockScripts(Scripts):
    """The start script enqueues nothing."""

    def text(self, name: str) -> str:
        return re.sub(r"\n  enqueue\(.*\)\n", "\n", super().text(name))


def app() -> Flask:
    logs.set_up()
    settings = Settings.load()
    redis = connect(settings.redis_url.get_secret_value(), timeout_seconds=store.PATIENCE_SECONDS)
    jobs = Queue(keys.QUEUE_NAME, connection=redis)

    class StockService(VerificationService):
        def start(self, *args: Any, **kwargs: Any) -> Started:
            started = super().start(*args, **kwargs)
            jobs.enqueue(
                queue.TASK,
                started.verification_id,
                started.send,
                description="deliver",
                ttl=settings.otp_ttl_seconds,
                result_ttl=0,
                failure_ttl=settings.otp_ttl_seconds,
            )
            return started

    api.Scripts = StockScripts  # type: ignore[attr-defined]
    api.VerificationService = StockService  # type: ignore[attr-defined]
    return api.create_app(settings, redis)


if __name__ == "__main__":
    serve("bench.stock:app", Settings.load())
