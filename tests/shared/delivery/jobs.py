"""Jobs at the head of the queue that say nothing of how long a send has waited."""

from typing import Any

from redis import Redis

QUEUE = "rq:queue:otp"
_ID = "VE" + 30 * "0"
# Each is the job and, where there is one, what stands in its send's place.
UNREADABLE_JOBS: list[tuple[bytes, Any]] = [
    (b"\xff\x00", None),
    (b"", None),
    (b"4c4b2b1a-6f0e-4f3d-9a6e-0d4b6a1b1f11", None),
    (f"{_ID}01".encode(), None),
    (f"{_ID}02-x".encode(), None),
    (f"{_ID}03-1".encode(), None),
    (f"{_ID}04-1".encode(), {"status": "queued"}),
    (f"{_ID}05-1".encode(), {"asked": "yesterday"}),
    (f"{_ID}06-1".encode(), "no hash"),
]


def put_in_front(redis: Redis, job: tuple[bytes, Any], times: int) -> None:
    name, send = job
    redis.lpush(QUEUE, *[name] * times)
    key = "otp:send:" + name.decode(errors="replace").replace("-", ":")
    if isinstance(send, dict):
        redis.hset(key, mapping=send)
    elif send:
        redis.set(key, send)


def now_ms(redis: Any) -> int:
    seconds, micros = redis.time()
    return int(seconds * 1000 + micros // 1000)
