"""`python -m bench.textbook`: an OTP service of stock parts, as somebody writes it in a day.

A script checks and counts the limits and keeps the hash of the code; `queue.enqueue` is a second
round trip. A check is GET, compare, DEL. It runs on the same server as the API, and has no ledger,
no receipts, no statistics, and no care for a check that is guessed.
"""

import hmac
import secrets

import phonenumbers
from flask import Flask, request
from rq import Queue

from api.__main__ import serve
from bench import peers
from shared.settings import Settings
from shared.storage.client import connect
from shared.verification.store import PATIENCE_SECONDS

_START = """
for i = 2, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or 0) >= tonumber(ARGV[2 * i - 1]) then
    return 0
  end
end
for i = 2, #KEYS do
  if redis.call('INCR', KEYS[i]) == 1 then
    redis.call('EXPIRE', KEYS[i], ARGV[2 * i])
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_TTL_SECONDS = 300
# Count and seconds: a recipient each half minute, each ten minutes and each hour, an address each
# hour.
_LIMITS = ((1, 30), (5, 600), (10, 3600), (1_000_000, 3600))


def app() -> Flask:
    settings = Settings.load()
    redis = connect(settings.redis_url.get_secret_value(), timeout_seconds=PATIENCE_SECONDS)
    queue = Queue(peers.QUEUE, connection=redis)
    (key,) = settings.secret_keys().values()
    start = redis.register_script(_START)
    app = Flask(__name__)

    def hash_of(to: str, code: str) -> str:
        return hmac.digest(key, f"{to} {code}".encode(), "sha256").hex()

    @app.post("/generate-otp")
    def generate_otp() -> tuple[dict[str, str], int]:
        to = _normal(request.get_json()["phone"])
        if to is None:
            return {"code": "invalid_request"}, 400
        code = f"{secrets.randbelow(10**6):06}"
        ip = request.remote_addr
        keys = [f"code:{to}", f"resend:{to}", f"10m:{to}", f"1h:{to}", f"1h:{ip}"]
        limits = [word for limit in _LIMITS for word in limit]
        if not start(keys, [hash_of(to, code), _TTL_SECONDS, *limits]):
            return {"code": "rate_limited"}, 429
        peers.enqueue(queue, to, code)
        return {"to": to, "status": "pending"}, 202

    @app.post("/verify-otp")
    def verify_otp() -> tuple[dict[str, str], int]:
        typed = request.get_json()
        to = _normal(typed["phone"]) or ""
        kept = redis.get(f"code:{to}")
        expected = hash_of(to, typed["otp"]).encode()
        if not isinstance(kept, bytes) or not hmac.compare_digest(kept, expected):
            return {"code": "incorrect_code"}, 400
        redis.delete(f"code:{to}")
        return {"to": to, "status": "approved"}, 200

    @app.get("/health/ready")
    def ready() -> str:
        return ""

    return app


def _normal(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


if __name__ == "__main__":
    serve("bench.textbook:app", Settings.load())
