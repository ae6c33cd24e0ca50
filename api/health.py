"""Is the process alive, and can it serve?"""

from flask import Blueprint, Response, jsonify, request

from api.http.draining import STOPPING, Stopping
from shared.verification.store import Store


def endpoints(store: Store) -> Blueprint:
    health = Blueprint("health", __name__, url_prefix="/health")

    @health.get("/live")
    def live() -> Response:
        """Without Redis, because restarting this process would not repair the storage."""
        return jsonify(status="ok")

    @health.get("/ready")
    def ready() -> Response:
        if request.environ.get(STOPPING):
            raise Stopping
        store.write_something()
        return jsonify(status="ok")

    return health
