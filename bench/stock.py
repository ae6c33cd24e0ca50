"""`python -m bench.stock`: the same service, but that its start enqueues as RQ's documents say: by
`queue.enqueue`, after the script and in a round trip of its own."""

from typing import Any

from flask import Flask
from rq import Queue

from api import create_app
from api.__main__ import serve
from shared import logs, queue, store
from shared.redis_client import connect
from shared.settings import Settings
from shared.store import PATIENCE_SECONDS


def app() -> Flask:
    logs.set_up()
    settings = Settings.load()
    redis = connect(settings.redis_url.get_secret_value(), timeout_seconds=PATIENCE_SECONDS)
    stock = Queue(queue.QUEUE_NAME, connection=redis)
    queue.WakeUps.job = lambda *_: ()  # type: ignore[assignment, method-assign]
    store.enqueue_in_lua = lambda: "local function enqueue() end\n"
    app = create_app(settings, redis)
    start = app.view_functions["otp.generate_otp"]

    def start_and_enqueue() -> Any:
        response = start()
        started = response.get_json()
        stock.enqueue(
            queue.TASK,
            started["verification_id"],
            1,
            description="deliver",
            ttl=settings.otp_ttl_seconds,
            result_ttl=0,
            failure_ttl=settings.otp_ttl_seconds,
        )
        return response

    app.view_functions["otp.generate_otp"] = start_and_enqueue
    return app


if __name__ == "__main__":
    serve("bench.stock:app", Settings.load())
