"""Delivers events to the backends of apps, over HTTP (Standard Webhooks 1.0.0)."""

import hashlib
import json
import logging
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import pycurl
from redis import Redis
from redis.exceptions import RedisError

from shared import VERSION
from shared.delivery.webhooks import Attempt, Event, Webhooks
from shared.errors import StorageUnavailable
from shared.logs.request import traced
from shared.senders.http_client import new_handle
from shared.settings import Settings
from shared.settings.webhooks import is_public
from shared.signatures import standard_webhook
from shared.storage.reading import timestamp
from shared.storage.scripts import Scripts

log = logging.getLogger("otp.worker")

# One request, from the name lookup to the end of the answer.
REQUEST_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 16 * 1024
GIVEN_UP_SECONDS = 86400.0
_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 6 * 3600.0
_PROBES_PER_SECOND = 100
# An event waits no longer than this until a worker sees it.
_LOOK_SECONDS = 0.2
# The settings of other workers may have the app.
_LEFT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Places:
    """How many requests are made at a time, and how many of them to endpoints that failed last or
    never answered. Of these, `new_probes` are begun at a time, and a hundred a second, because each
    takes the threads that send codes some time. While more such endpoints wait than have a place,
    each has `probe_seconds` to answer."""

    requests: int = 256
    probes: int = 192
    new_probes: int = 5
    probe_seconds: float = 1.0


@dataclass(frozen=True)
class Endpoint:
    """Where the events of an app go. The first of `keys` is the newest one, and all sign."""

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def mark(self) -> str:
        """What tells this endpoint from a later one of the app."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """By app; "" is every app without its own."""
    found = {}
    for name in ("", *settings.app_names()):
        of = settings.app(name)
        if of.otp_webhook_url:
            found[name] = Endpoint(of.otp_webhook_url, of.webhook_keys())
    return found


def start(settings: Settings, redis: Redis) -> None:
    """Deliver events in a thread, if an app has an endpoint."""
    if found := endpoints(settings):
        courier = Courier(Webhooks(Scripts(redis)), found, settings.otp_webhook_allow)
        threading.Thread(target=courier.run, name="webhooks", daemon=True).start()


class Courier:
    """Takes events that are due, posts them, and records the answers. One thread makes all requests
    at the same time, so endpoints that hang hold nobody else up. At least once: whatever happens to
    this process, an event without a recorded answer is due again."""

    def __init__(
        self,
        webhooks: Webhooks,
        endpoints: Mapping[str, Endpoint],
        allowed: Collection[str],
        places: Places = Places(),
    ) -> None:
        """`allowed` are the hosts that may be in a private network."""
        self._webhooks = webhooks
        self._endpoints = endpoints
        self._allowed = allowed
        self._places = places
        self._multi = pycurl.CurlMulti()
        self._requests: dict[pycurl.Curl, _Request] = {}
        self._idle: list[pycurl.Curl] = []
        # What is not recorded yet.
        self._ended: list[Attempt] = []
        self._next_look = self._next_probes = 0.0

    def run(self) -> None:
        """Deliver until the process ends. Survives a Redis that is unreachable."""
        while True:
            try:
                self.turn(_LOOK_SECONDS)
            except (StorageUnavailable, RedisError):
                # The worker's main loop logs that. What is under way goes on.
                self._go_on(_LOOK_SECONDS)

    def turn(self, wait_seconds: float) -> int:
        """Begin what is due, go on with what is under way, and record what has ended. Waits so long
        if there is nothing to do. Returns how many events were under way. Raises
        StorageUnavailable."""
        if time.monotonic() >= self._next_look:
            self._take(wait_seconds)
        under_way = len(self._requests)
        self._go_on(0.0 if self._ended else max(0.0, self._next_look - time.monotonic()))
        if self._ended:
            self._webhooks.settle(self._ended)
            self._ended.clear()
            # They left places.
            self._next_look = 0.0
        return under_way

    def _take(self, wait_seconds: float) -> None:
        """Begin what is due. Without a free place too, because that also notices verifications that
        have expired."""
        now, places = time.monotonic(), self._places
        events = [request.event for request in self._requests.values()]
        probes_left = places.probes - sum(event.is_probe for event in events)
        new_probes = min(probes_left, places.new_probes) if now >= self._next_probes else 0
        taken = self._webhooks.take(
            places.requests - len(events),
            most_probes=new_probes,
            under_way=Counter(event.app for event in events if not event.is_probe),
        )
        soon = taken.next_in_seconds
        self._next_look = now + (wait_seconds if soon is None else min(wait_seconds, soon))
        begun = sum(event.is_probe for event in taken.events)
        if begun == places.new_probes:
            self._next_probes = now + begun / _PROBES_PER_SECOND
        if taken.left and self._next_probes > now:
            self._next_look = min(self._next_look, self._next_probes)
        for event in taken.events:
            endpoint = self._endpoints.get(event.app) or self._endpoints.get("")
            if endpoint is None:
                self._webhooks.put(event.id, _LEFT_SECONDS)
            elif event.off == endpoint.mark:
                off = Attempt(event_id=event.id, result="given_up", answer="endpoint_off")
                self._ended.append(off)
            else:
                self._begin(event, endpoint)
        self._cut(min(taken.left, places.new_probes) - (probes_left - begun))

    def _cut(self, most: int) -> None:
        """End up to so many requests to unproven endpoints that take long, the oldest first. Others
        wait for their places."""
        begun_before = time.monotonic() - self._places.probe_seconds
        slow = (
            curl
            for curl, request in self._requests.items()
            if request.event.is_probe and request.begun_at <= begun_before
        )
        for curl in list(islice(slow, max(0, most))):
            self._ended.append(self._end(curl, pycurl.E_OPERATION_TIMEDOUT))

    def _begin(self, event: Event, endpoint: Endpoint) -> None:
        request = _Request(event, endpoint)
        curl = self._idle.pop() if self._idle else self._new_handle()
        request.prepare(curl, self._allowed)
        self._requests[curl] = request
        self._multi.add_handle(curl)

    def _go_on(self, wait_seconds: float) -> None:
        """Send and receive, and wait up to so long for that."""
        if self._requests:
            self._multi.perform()
            self._multi.select(wait_seconds)
            self._multi.perform()
        else:
            time.sleep(wait_seconds)
        _, fine, failed = self._multi.info_read()
        ended = [(curl, pycurl.E_OK) for curl in fine] + [(curl, code) for curl, code, _ in failed]
        self._ended += [self._end(curl, code) for curl, code in ended]

    def _new_handle(self) -> pycurl.Curl:
        return new_handle(
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.TIMEOUT_MS, int(REQUEST_SECONDS * 1000)),
            (pycurl.USERAGENT, f"Sixpost/{VERSION}"),
            # A proxy would connect for us, to wherever the name leads it.
            (pycurl.PROXY, ""),
        )

    def _end(self, curl: pycurl.Curl, code: int) -> Attempt:
        request = self._requests.pop(curl)
        self._multi.remove_handle(curl)
        status = curl.getinfo(pycurl.RESPONSE_CODE)
        self._idle.append(curl)
        event, answer = request.event, request.word(code, status)
        log.info(
            "webhook_attempt",
            extra={
                "event": event.id,
                "type": event.type,
                "app": event.app,
                "answer": answer,
                **traced(event.traceparent),
            },
        )
        if answer[:1] == "2":
            return Attempt(event_id=event.id, result="delivered", answer=answer)
        if answer == "410":
            log.warning("webhook_off", extra={"app": event.app})
            mark = request.endpoint.mark
            return Attempt(event_id=event.id, result="given_up", answer=answer, off=mark)
        retry_in = retry_seconds(event, time.time())
        return Attempt(
            event_id=event.id,
            result="given_up" if retry_in is None else "failed",
            answer=answer,
            retry_in_seconds=retry_in or 0,
            has_failed=True,
        )


def retry_seconds(event: Event, now: float) -> float | None:
    """When to try again an event that has just failed. Returns None after a day."""
    left = event.at + GIVEN_UP_SECONDS - now
    if left <= 0:
        return None
    usual = min(_FIRST_RETRY_SECONDS * 4.0**event.attempts, _LONGEST_RETRY_SECONDS)
    # Not all at once, and the last time when a day is over.
    return min(usual * random.uniform(0.8, 1.2), left)  # noqa: S311


def body_of(event: Event) -> bytes:
    """The same bytes for each attempt."""
    told = {
        "type": event.type,
        "timestamp": timestamp(event.at),
        "data": dict(sorted(event.data.items())),
    }
    return json.dumps(told).encode()


class _Request:
    """One attempt to deliver an event."""

    def __init__(self, event: Event, endpoint: Endpoint) -> None:
        self.event = event
        self.endpoint = endpoint
        self.begun_at = time.monotonic()
        self._is_refused = False
        self._answer_bytes = 0

    def prepare(self, curl: pycurl.Curl, allowed: Collection[str]) -> None:
        body, at = body_of(self.event), str(int(time.time()))
        signatures = (standard_webhook(key, self.event.id, at, body) for key in self.endpoint.keys)
        traceparent = self.event.traceparent
        may_be_private = urlsplit(self.endpoint.url).hostname in allowed
        for option, value in (
            (pycurl.URL, self.endpoint.url),
            (pycurl.POSTFIELDS, body),
            (
                pycurl.HTTPHEADER,
                [
                    "Content-Type: application/json",
                    "Expect:",
                    f"webhook-id: {self.event.id}",
                    f"webhook-timestamp: {at}",
                    f"webhook-signature: {' '.join(signatures)}",
                    *([f"traceparent: {traceparent}"] if traceparent else []),
                ],
            ),
            (pycurl.OPENSOCKETFUNCTION, None if may_be_private else self._open_public),
            (pycurl.WRITEFUNCTION, self._receive),
        ):
            curl.setopt(option, value)

    def word(self, code: int, status: int) -> str:
        """The answer's status, or why there is none."""
        if self._is_refused:
            return "private_address"
        if code == pycurl.E_OK or (code == pycurl.E_WRITE_ERROR and status):
            return str(status)
        return _WORDS.get(code, f"curl_{code}")

    def _open_public(self, _purpose: int, address: Any) -> Any:
        """Refuse to connect into the owner's own network. Here, after the name was looked up, no
        other answer of the name server can come in between."""
        if not is_public(ip_address(address.addr[0])):
            self._is_refused = True
            return pycurl.SOCKET_BAD
        return socket.socket(address.family, address.socktype, address.protocol)

    def _receive(self, data: bytes) -> int | None:
        self._answer_bytes += len(data)
        # -1 ends the transfer: only the status counts.
        return -1 if self._answer_bytes > LARGEST_ANSWER_BYTES else None


_WORDS = {
    pycurl.E_COULDNT_CONNECT: "no_connection",
    pycurl.E_COULDNT_RESOLVE_HOST: "no_such_host",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_PEER_FAILED_VERIFICATION: "bad_certificate",
    pycurl.E_SSL_CONNECT_ERROR: "no_tls",
}
