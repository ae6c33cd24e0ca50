"""`python -m bench.floors`: what any Flask service costs on our server, with Redis and without.

/empty takes JSON and answers JSON; /evalsha also runs a script that does nothing.
"""

from flask import Flask, request

from api.__main__ import serve
from shared.settings import Settings
from shared.storage.client import connect
from shared.verification.store import PATIENCE_SECONDS


def app() -> Flask:
    settings = Settings.load()
    redis = connect(settings.redis_url.get_secret_value(), timeout_seconds=PATIENCE_SECONDS)
    nothing = redis.register_script("return 1")
    app = Flask(__name__)

    @app.post("/empty")
    def empty() -> dict[str, str]:
        return {"got": request.get_json()["phone"]}

    @app.post("/evalsha")
    def evalsha() -> dict[str, str]:
        asked = request.get_json()
        nothing(["otp:nothing"], [asked["phone"]])
        return {"got": asked["phone"]}

    @app.get("/health/ready")
    def ready() -> str:
        return ""

    return app


if __name__ == "__main__":
    serve("bench.floors:app", Settings.load())
