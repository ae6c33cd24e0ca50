"""Everything that Redis holds for the service: the keys, and one method per script."""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from redis import Redis, exceptions
from redis.commands.core import Script

from shared.errors import StorageUnavailable
from shared.policy import Channel

_SCRIPTS = Path(__file__).with_name("scripts")
_PRELUDE = (_SCRIPTS / "prelude.lua").read_text(encoding="utf-8")

# How long a verification can be looked up after its end.
KEPT_SECONDS = 86400
# A send is looked for by the sweepers when its job has not come to a worker for this long.
OVERDUE_SECONDS = 2.0
# How long a worker may be silent before its delivery attempt is given to another one.
LEASE_SECONDS = 5.0
# A code that lives shorter than this is of no use to the person who receives it.
MIN_LIFE_SECONDS = 5.0
MAX_ATTEMPTS = 8

AttemptResult = Literal["accepted", "refused", "transient", "unknown", "invalid_recipient"]
SendStatus = Literal["sent", "queued", "failed", "lost"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A delivery attempt: one hand-over of a send to a provider. `at` is in Unix seconds."""

    sender: str
    status: AttemptResult
    at: float
    error: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right and the facts to make one delivery attempt."""

    verification_id: str
    send: int
    token: str
    attempt: int
    past: tuple[Attempt, ...]
    to: str
    channel: Channel
    locale: str
    kid: str
    generation: int
    length: int
    life_seconds: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A send that came to its end without an attempt: `dropped` or `failed`, and the reason."""

    status: str
    reason: str


class Store:
    """Redis, as the service uses it. A key's name tells nothing about whom it is for.

    otp:recipient:{tag}            the id of the recipient's open verification; the code's life
    otp:code:{id}                  who gets the code, and its keyed verifiers; the code's life
    otp:verification:{id}          status, masked address, counters; a day longer
    otp:send:{id}:{n}              status, lease and delivery attempts of a send; as long
    otp:due                        sends by the time at which a sweeper looks for them
    otp:limit:{scope}:{subject}    times of the last sends; the longest window of the limit
    otp:failed:{tag}               times of the last failed checks; their window

    Every method raises StorageUnavailable when Redis is away, full or read-only; nothing is
    written then, or (when the answer got lost) all of it.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._breaker = _Breaker()
        self._start = self._script("start")
        self._check = self._script("check")
        self._cancel = self._script("cancel")
        self._claim = self._script("claim")
        self._done = self._script("done")
        self._renew = self._script("renew")
        self._sweep = self._script("sweep")

    def start(
        self,
        request: Mapping[str, Any],
        limits: Sequence[tuple[str, str]],
        enqueue: Iterable[Sequence[Any]],
    ) -> dict[str, Any]:
        """Run start.lua, which see for the answer.

        `request` holds verification_id, send, app, channel, locale, tag, to, masked_to, ttl_ms,
        max_checks, max_sends, resend_ms, max_failed_checks, limits [{scope, windows}], and `code`
        {kid, generation, length, by_recipient, by_id} unless the code stays as it is. `limits`
        names the (scope, subject) of each limit in the same order, `enqueue` RQ's commands.
        """
        verification_id, tag = request["verification_id"], request["tag"]
        words: list[Any] = []
        for command in enqueue:
            words += (len(command), *command)
        more = {"kept_ms": KEPT_SECONDS * 1000, "overdue_ms": OVERDUE_SECONDS * 1000}
        return self._json(
            self._start,
            [
                f"otp:recipient:{tag}",
                f"otp:verification:{verification_id}",
                f"otp:code:{verification_id}",
                f"otp:send:{verification_id}:{request['send']}",
                "otp:due",
                f"otp:failed:{tag}",
                *(f"otp:limit:{scope}:{subject}" for scope, subject in limits),
            ],
            [json.dumps({**request, **more}), *words],
        )

    def check(self, subject: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run check.lua, which see. `subject` is the recipient's tag or the verification's id,
        as request["by"] says."""
        kind = "recipient" if request["by"] == "recipient" else "verification"
        return self._json(self._check, [f"otp:{kind}:{subject}"], [json.dumps(request)])

    def cancel(self, verification_id: str, app: str) -> bool:
        """Whether a pending verification was canceled."""
        keys = [f"otp:verification:{verification_id}", f"otp:code:{verification_id}"]
        return bool(self._run(lambda: self._cancel(keys, [app])))

    def view(
        self, verification_id: str
    ) -> tuple[dict[str, str], list[dict[str, str]], float] | None:
        """A verification's fields, those of its sends, and Redis's time in Unix seconds."""

        def read() -> Any:
            fields = self.redis.hgetall(f"otp:verification:{verification_id}")
            if not fields:
                return None
            with self.redis.pipeline(transaction=False) as pipe:
                for send in range(1, int(fields[b"sends"]) + 1):
                    pipe.hgetall(f"otp:send:{verification_id}:{send}")
                pipe.time()
                *sends, now = pipe.execute()
            return fields, sends, now

        found = self._run(read)
        if found is None:
            return None
        fields, sends, (seconds, micros) = found
        return _text(fields), [_text(send) for send in sends], seconds + micros / 1e6

    def claim(self, verification_id: str, send: int) -> Claim | Ended | None:
        """Claim a send for one attempt. None: it is not ours to make, now or ever."""
        token = secrets.token_hex(8)
        answer = self._json(
            self._claim,
            [
                f"otp:send:{verification_id}:{send}",
                f"otp:verification:{verification_id}",
                f"otp:code:{verification_id}",
                "otp:due",
            ],
            [
                json.dumps(
                    {
                        "member": f"{verification_id}:{send}",
                        "token": token,
                        "lease_ms": LEASE_SECONDS * 1000,
                        "min_life_ms": MIN_LIFE_SECONDS * 1000,
                        "max_attempts": MAX_ATTEMPTS,
                    }
                )
            ],
        )
        match answer.pop("outcome"):
            case "claimed":
                return Claim(
                    verification_id=verification_id,
                    send=send,
                    token=token,
                    past=tuple(read_attempt(line) for line in answer.pop("past", [])),
                    life_seconds=answer.pop("life_ms") / 1000,
                    **answer,
                )
            case "not_due":
                return None
            case status:
                return Ended(status=status, reason=answer["reason"])

    def done(
        self,
        claim: Claim,
        sender: str,
        result: AttemptResult,
        *,
        error: str | None = None,
        provider_id: str | None = None,
        retry_in_seconds: float | None = None,
    ) -> SendStatus:
        """Record what became of a claimed attempt, and answer what becomes of the send."""
        request = {
            "member": f"{claim.verification_id}:{claim.send}",
            "token": claim.token,
            "attempt": claim.attempt,
            "sender": sender,
            "result": result,
            "error": error,
            "provider_id": provider_id,
            "retry_in_ms": None if retry_in_seconds is None else round(retry_in_seconds * 1000),
        }
        keys = [
            f"otp:send:{claim.verification_id}:{claim.send}",
            f"otp:verification:{claim.verification_id}",
            "otp:due",
        ]
        body = json.dumps({name: value for name, value in request.items() if value is not None})
        return cast(SendStatus, self._run(lambda: self._done(keys, [body])).decode())

    def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong the leases of attempts that are under way."""
        keys, words = ["otp:due"], [str(round(LEASE_SECONDS * 1000))]
        for claim in claims:
            keys.append(f"otp:send:{claim.verification_id}:{claim.send}")
            words += (f"{claim.verification_id}:{claim.send}", claim.token)
        self._run(lambda: self._renew(keys, words))

    def sweep(self, queue_key: str, most: int) -> list[tuple[str, int]]:
        """(verification id, send) of up to `most` overdue sends, each for this caller alone."""
        words = [most, round(OVERDUE_SECONDS * 1000), round(2 * OVERDUE_SECONDS * 1000)]
        members = self._run(lambda: self._sweep(["otp:due", queue_key], words))
        pairs = (member.decode().split(":") for member in members)
        return [(verification_id, int(send)) for verification_id, send in pairs]

    def write_something(self) -> None:
        """Prove that Redis takes writes."""
        self._run(lambda: self.redis.set("otp:ready", 1, ex=60))

    def _script(self, name: str) -> Script:
        text = (_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")
        return self.redis.register_script(f"{_PRELUDE}\n{text}")

    def _json(self, script: Script, keys: list[str], args: list[Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._run(lambda: script(keys, args)))
        return answer

    def _run(self, call: Callable[[], Any]) -> Any:
        self._breaker.pass_or_raise()
        try:
            answer = call()
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            self._breaker.open()
            raise StorageUnavailable(f"Redis is away: {type(error).__name__}") from error
        except exceptions.RedisError as error:
            if _refuses_writes(error):
                raise StorageUnavailable("Redis takes no writes now") from error
            raise
        self._breaker.close()
        return answer


class _Breaker:
    """Fails at once while Redis is away, so that waiting requests do not use up the threads. One
    caller in every half second tries whether it is back."""

    _PAUSE_SECONDS = 0.5

    def __init__(self) -> None:
        self._open_until: float | None = None

    def pass_or_raise(self) -> None:
        if self._open_until is None:
            return
        if time.monotonic() < self._open_until:
            raise StorageUnavailable("Redis is away")
        self.open()

    def open(self) -> None:
        self._open_until = time.monotonic() + self._PAUSE_SECONDS

    def close(self) -> None:
        self._open_until = None


def read_attempt(fields: Mapping[str, Any]) -> Attempt:
    """A delivery attempt from what done.lua wrote."""
    return Attempt(**{**fields, "at": fields["at"] / 1000})


def _refuses_writes(error: exceptions.RedisError) -> bool:
    if isinstance(error, exceptions.OutOfMemoryError | exceptions.ReadOnlyError):
        return True
    # In a script these arrive as plain errors, behind their code word.
    words = ("OOM", "READONLY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "LOADING", "-OOM")
    return isinstance(error, exceptions.ResponseError) and str(error).startswith(words)


def _text(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}
