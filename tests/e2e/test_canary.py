"""No code and no clear address may be left anywhere: not in Redis, not in what Redis writes to the
disk, not in a log, not in an answer. Codes have ten digits here, so that none occurs by chance."""

import base64
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.conftest import CONSOLE_LINE, Answer, Service, wait_for
from tests.redis_servers import free_port
from tests.user import wrong

CODE = re.compile(rb"\b\d{10}\b")
PHONES = [f"+1214{2_000_000 + n}" for n in range(600)]
EMAILS = [f"canary{n:04}@example.org" for n in range(300)]
# The mail server refuses these, and repeats in its answer what it was given.
BOUNCING = [f"bounce{n:04}@example.org" for n in range(60)]
UNKNOWN = [f"nobody{n:04}@example.org" for n in range(40)]
PEOPLE = [*PHONES, *EMAILS, *BOUNCING, *UNKNOWN]


class Needles:
    """Words of one length, to be found in clear and in the forms that they are easily read from."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word.encode() for word in words]
        self._searches = [self._search(form) for form in (_clear, _hex, *map(_base64, range(3)))]

    def __len__(self) -> int:
        return len(self._words)

    def found_in(self, haystack: bytes) -> set[bytes]:
        return {
            words[form]
            for pattern, words in self._searches
            for match in pattern.finditer(haystack)
            if (form := match[0] + match[1]) in words
        }

    def _search(
        self, form: Callable[[bytes], bytes]
    ) -> tuple[re.Pattern[bytes], dict[bytes, bytes]]:
        """A quick pattern that every word's form fits, and the words by their forms. It takes one
        byte, which `re` quickly finds, and looks at the others, where the next may begin."""
        words = {form(word): word for word in self._words}
        columns = (re.escape(bytes(sorted(set(column)))) for column in zip(*words, strict=True))
        first, *others = (b"[%s]" % column for column in columns)
        # Part of a longer number is another number.
        before, after = (b"(?<![0-9]%s)" % first, b"(?![0-9])") if form is _clear else (b"", b"")
        return re.compile(b"%s%s(?=(%s)%s)" % (first, before, b"".join(others), after)), words


def _clear(word: bytes) -> bytes:
    return word.removeprefix(b"+")


def _hex(word: bytes) -> bytes:
    return word.hex().encode()


def _base64(shift: int) -> Callable[[bytes], bytes]:
    """The middle of the base64 of a text in which `shift` more than a multiple of three bytes stand
    before the word: the part that depends on the word alone."""

    def form(word: bytes) -> bytes:
        encoded = base64.b64encode(bytes(shift) + word)
        return encoded[(0, 2, 3)[shift] : (shift + len(word)) * 8 // 6]

    return form


def found_in(haystack: bytes, needles: Iterable[Needles]) -> set[bytes]:
    return set().union(*(some.found_in(haystack) for some in needles))


def contents(redis) -> dict[bytes, bytes]:
    """All that Redis holds: key -> the key, its values, and what is compressed in them."""
    keys = redis.keys()
    kinds = _answers(redis, [("TYPE", key) for key in keys])
    values = _answers(redis, starmap(_reading, zip(keys, kinds, strict=True)))
    return {
        key: b"\n".join([key, *map(_readable, _parts(value))])
        for key, value in zip(keys, values, strict=True)
    }


def _answers(redis, commands: Iterable[tuple[Any, ...]]) -> list[Any]:
    with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        return pipe.execute()


def _reading(key: bytes, kind: bytes) -> tuple[Any, ...]:
    match kind:
        case b"string" | b"none":  # It may have ended since the keys were listed.
            return "GET", key
        case b"hash":
            return "HGETALL", key
        case b"list":
            return "LRANGE", key, 0, -1
        case b"set":
            return "SMEMBERS", key
        case b"zset":
            return "ZRANGE", key, 0, -1, "WITHSCORES"
    raise AssertionError(f"{key!r} is a {kind!r}, which is not looked into")


def _parts(value) -> list[bytes]:
    match value:
        case bytes():
            return [value]
        case dict():
            return [part for pair in value.items() for part in pair]
        case list() | set():
            # What is in a sorted set comes with its score.
            return [part if isinstance(part, bytes) else b"%s %f" % (*part,) for part in value]
    return []


def _readable(value: bytes) -> bytes:
    try:
        return value + b"\n" + zlib.decompress(value)
    except zlib.error:
        return value


class EchoingMailServer:
    def __init__(self) -> None:
        self.codes: list[tuple[str, str]] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in UNKNOWN:
            return f"550 there is no {address} here"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        (to,) = envelope.rcpt_tos
        mail = message_from_bytes(envelope.content, policy=default)
        text = mail.get_body(("plain",)).get_content()
        self.codes.append((to, CODE.search(text.encode())[0].decode()))
        if to in BOUNCING:
            return f"554 {to} does not want: {' '.join(text.split())}"
        return "250 taken"


@pytest.fixture
def mail_server() -> Iterator[Controller]:
    server = Controller(EchoingMailServer(), hostname="127.0.0.1", port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def service(start_service, mail_server) -> Iterator[Service]:
    service = start_service(
        redis_options=("--appendonly", "yes"),
        OTP_CODE_LENGTH="10",
        OTP_RESEND_SECONDS="0",
        OTP_RESEND_CODE="new",
        OTP_EMAIL_SENDERS=f"smtp://127.0.0.1:{mail_server.port}?from=otp@example.com&tls=none",
        OTP_ALLOW_OPEN="true",
        # The most that it ever logs.
        OTP_LOG_LEVEL="debug",
    )
    yield service
    service.stop()


class People:
    """All of them do the same at the same time. `answers` is what they were told."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.answers: list[Answer] = []

    def ask(self, people: Iterable[str]) -> list[str]:
        """The ids of their verifications."""
        answers = self._all(lambda to: self._post("/generate-otp", to), people)
        assert {answer.status for answer in answers} == {202}
        return [answer.body["verification_id"] for answer in answers]

    def type(self, people: Iterable[str], codes: Callable[[str], str]) -> Counter[int]:
        answers = self._all(lambda to: self._post("/verify-otp", to, otp=codes(to)), people)
        return Counter(answer.status for answer in answers)

    def look(self, method: str, ids: Iterable[str]) -> Counter[int]:
        """GET their verifications, or DELETE them."""
        answers = self._all(lambda v: self._service.call(method, f"/verifications/{v}"), ids)
        return Counter(answer.status for answer in answers)

    def _post(self, path: str, to: str, **more: str) -> Answer:
        field = "email" if "@" in to else "phone"
        return self._service.call("POST", path, {field: to, **more})

    def _all(self, do: Callable[[str], Answer], whom: Iterable[str]) -> list[Answer]:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(do, whom))
        self.answers += answers
        return answers


def wait_until_nothing_is_queued(service: Service) -> None:
    wait_for(lambda: not service.redis.exists("otp:due", "rq:queue:otp"))


def commands(append_only_file: bytes) -> Iterator[list[bytes]]:
    """What Redis would do again after a crash."""
    rest = iter(append_only_file.split(b"\r\n"))
    for line in rest:
        if line.startswith(b"*"):
            words = []
            for _ in range(int(line[1:])):
                length = int(next(rest)[1:])
                word = next(rest)
                while len(word) < length:
                    word += b"\r\n" + next(rest)
                words.append(word)
            yield words


def written_commands(service: Service) -> list[bytes]:
    """The words of each command in the append-only files, and what is compressed in them."""
    files = [path.read_bytes() for path in service.folder.rglob("*.aof")]
    return [b"\n".join(map(_readable, words)) for file in files for words in commands(file)]


def test_a31_no_code_and_no_address_stays_anywhere(service, mail_server, figure):
    people = People(service)
    redis_at = {}
    with service.worker.paused():
        ids = dict(zip(PEOPLE, people.ask(PEOPLE), strict=True))
        redis_at["queued"] = contents(service.redis)
    wait_until_nothing_is_queued(service)
    redis_at["delivered"] = contents(service.redis)
    people.ask(PEOPLE[::5])
    wait_until_nothing_is_queued(service)
    redis_at["sent again"] = contents(service.redis)

    delivered = [(line["to"], line["code"]) for line in service.sent()]
    delivered += mail_server.handler.codes
    codes = dict(delivered)
    approved, canceled, used_up = PHONES[:300] + EMAILS[:200], PHONES[320:], PHONES[300:320]
    canceled += [*EMAILS[200:], *BOUNCING, *UNKNOWN]
    assert people.type(PHONES[::3], lambda to: wrong(codes[to])).keys() == {400}
    for _ in range(6):
        people.type(used_up, lambda to: wrong(codes[to]))
    assert people.type(approved, codes.__getitem__) == {200: len(approved)}
    assert people.type(used_up, codes.__getitem__) == {429: len(used_up)}
    assert people.look("DELETE", [ids[to] for to in canceled]) == {204: len(canceled)}
    assert people.look("GET", ids.values()) == {200: len(PEOPLE)}
    redis_at["over"] = contents(service.redis)

    secrets = Needles({code for _, code in delivered})
    # Nobody unknown was sent a code, but a fifth of the others was sent a second one.
    assert len(secrets) > 1100
    addresses = [Needles(PHONES), Needles([*EMAILS, *BOUNCING, *UNKNOWN])]

    for when, held in redis_at.items():
        assert not secrets.found_in(b"\n".join(held.values())), when
        elsewhere = [content for key, content in held.items() if not key.startswith(b"otp:code:")]
        assert not found_in(b"\n".join(elsewhere), addresses), when
    assert len([key for key in redis_at["delivered"] if key.startswith(b"otp:code:")]) == 1000
    assert not [key for key in redis_at["over"] if key.startswith(b"otp:code:")]

    written = written_commands(service)
    assert len(written) > 10_000
    assert not secrets.found_in(b"\n".join(written))
    elsewhere = [words for words in written if not words.startswith(b"HSET\notp:code:")]
    assert not found_in(b"\n".join(elsewhere), addresses)
    service.redis.bgrewriteaof()
    wait_for(lambda: not service.redis.info("persistence")["aof_rewrite_in_progress"])
    answers = [bytes(str(answer.headers), "utf-8") + answer.content for answer in people.answers]
    assert not found_in(b"\n".join(answers), [secrets, *addresses])
    for path in filter(Path.is_file, service.folder.rglob("*")):
        # A console sender is there to show the code.
        content = re.sub(CONSOLE_LINE.pattern.encode(), b"", path.read_bytes(), flags=re.MULTILINE)
        assert not found_in(content, [secrets, *addresses]), path
    places = len(written) + len(people.answers) + sum(map(len, redis_at.values()))
    figure(
        f"{len(delivered)} codes, {len(PEOPLE)} people: left in clear, hex or base64",
        f"0 of either in {places} places",
    )


PLACES = {
    "string": lambda redis, text: redis.set("k", text),
    "key": lambda redis, text: redis.set(b"k:" + text, 1),
    "field": lambda redis, text: redis.hset("k", text, 1),
    "value": lambda redis, text: redis.hset("k", "f", b'{"a":"%s"}' % text),
    "list": lambda redis, text: redis.rpush("k", text),
    "member": lambda redis, text: redis.zadd("k", {text: 1}),
    "score": lambda redis, _: redis.zadd("k", {"m": 123456789}),
    "set": lambda redis, text: redis.sadd("k", text),
    "job": lambda redis, text: redis.hset("k", "data", zlib.compress(b"(" + text + b")")),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_search_finds_what_is_there(real_redis, place):
    code = b"0123456789" if place != "score" else b"123456789"
    needles = Needles([code.decode(), "9" * len(code)])
    PLACES[place](real_redis, code)
    (content,) = contents(real_redis).values()
    assert needles.found_in(content) == {code}
    others = Needles(["8" * len(code)])
    assert others.found_in(content) == set()


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encode", [bytes, _hex, base64.b64encode])
def test_the_search_sees_through_encodings(encode, before):
    needles = Needles(["0123456789", "5555555555"])
    assert needles.found_in(encode(f"{before}5555555555!".encode())) == {b"5555555555"}
    assert not needles.found_in(b"1795459123916 55555555555 5555555554")


def test_bytes_per_verification(start_service, figure):
    service = start_service()
    people = People(service)
    people.ask([f"+1214{3_000_000 + n}" for n in range(50)])
    wait_until_nothing_is_queued(service)
    phones = [f"+1214{3_100_000 + n}" for n in range(2_000)]
    used = partial(service.redis.info, "memory")
    before = used()["used_memory"]
    with service.worker.paused():
        people.ask(phones)
        queued = (used()["used_memory"] - before) / len(phones)
    wait_until_nothing_is_queued(service)
    pending = (used()["used_memory"] - before) / len(phones)
    figure("bytes in Redis per verification, its message queued", f"{queued:.0f}")
    figure("bytes in Redis per verification, its message sent", f"{pending:.0f}")
    assert pending < queued < 8_000
    service.stop()
