"""What people ask of the API: codes for ever new numbers, and checks of codes that they got."""

from itertools import islice
from pathlib import Path

from redis import Redis

from bench import wrk
from bench.numbers import numbers
from bench.parts import Served
from bench.seeds import Seeds
from bench.wrk import Load

# For the first load; later ones get three times as many as were ever answered, and never few: a
# machine that was busy may be so no more.
_MANY, _FEW = 20_000, 10_000


class Traffic:
    """Requests to the services on one Redis, which is empty at first."""

    def __init__(self, folder: Path, redis: Redis, **env: str) -> None:
        self.seeds = Seeds(redis, **env)
        self._bodies = folder / "bodies"
        self._redis = redis
        self._new, self._sent = numbers(212), numbers(305)
        self._most: dict[str, int] = {}

    def start(
        self, served: Served, path: str = "/generate-otp", *, connections: int = wrk.CONNECTIONS
    ) -> Load:
        bodies = [{"phone": to} for to in islice(self._new, self._enough(path))]
        load = self._load(served, path, bodies, connections)
        # No worker takes the jobs here; a start would be refused because of them.
        self._redis.delete("rq:queue:otp")
        return load

    def check(self, served: Served, *, by_id: bool = False) -> Load:
        path = "/verify-otp"
        pending = self.seeds.make(self._sent, self._enough(path))
        bodies = [
            {"verification_id": each.verification_id, "otp": each.code}
            if by_id
            else {"phone": each.to, "otp": each.code}
            for each in pending
        ]
        return self._load(served, path, bodies)

    def _enough(self, path: str) -> int:
        return max(3 * self._most[path], _FEW) if path in self._most else _MANY

    def _load(
        self,
        served: Served,
        path: str,
        bodies: list[dict[str, str]],
        connections: int = wrk.CONNECTIONS,
    ) -> Load:
        file = wrk.write(self._bodies, bodies)
        load = wrk.load(served.url(path), file, connections=connections)
        self._most[path] = max(load.requests, self._most.get(path, 0))
        return load
