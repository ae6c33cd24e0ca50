"""HTTP for senders: kept connections, a deadline, and whether the request left."""

import json
import select
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies_environment

import pycurl

from shared import VERSION
from shared.senders.http_client import new_handle
from worker.senders.base import DeliveryError, Failure
from worker.senders.sockets import seconds_left

# Name lookup, TCP and TLS. TCP repeats a lost first packet after one second.
CONNECT_SECONDS = 3.0
# Everything. So even after a slow connection the provider has 5 s for its answer.
POST_SECONDS = 8.0
# Load balancers and firewalls forget idle connections without closing them. A request on such a
# connection gets no answer, and then the provider may have taken it.
IDLE_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 64 * 1024

# Without a value: libcurl does not send its own.
_USUAL_HEADERS = ("Accept-Encoding: identity", "Content-Type:", "Expect:")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`json` is the body where that is a JSON object, else empty."""

    status: int
    json: Mapping[str, Any]

    @property
    def failure(self) -> Failure:
        """What the status says by itself, for an answer that is not in the provider's form: it may
        be of something in between."""
        if self.status in (429, 503):
            return "transient"
        return "unknown" if self.status // 100 == 2 or self.status >= 500 else "refused"


class Poster:
    """Posts from many threads. Each post in progress has one connection, and later posts reuse it.
    Follows no redirects, which would send the code to any host that the answer names. Proxies and
    private authorities come from the environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE)."""

    def __init__(self) -> None:
        # The one used last is at the end.
        self._idle: list[_Line] = []

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status. `url` is ASCII, and sent byte for byte. The
        whole call, from the name lookup to the end of the answer, keeps the deadline of the send.
        Raises DeliveryError:

        transient  the request did not leave
        refused    it did not leave, because the server cannot prove that it is the provider, or
                   because a header has other characters than printable ASCII
        unknown    it left, and no whole answer came
        """
        return self._ask(url, body, headers, auth)

    def get(
        self, url: str, headers: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> Answer:
        """As post(), for a request that changes nothing."""
        return self._ask(url, None, headers, auth)

    def _ask(
        self,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        auth: tuple[str, str] | None,
    ) -> Answer:
        if auth:
            login = b64encode(":".join(auth).encode()).decode()
            headers = {**headers, "Authorization": f"Basic {login}"}
        lines = [*_USUAL_HEADERS, *[f"{name}: {value}" for name, value in headers.items()]]
        together = "".join(lines)
        if not (together.isascii() and together.isprintable()):
            raise DeliveryError("refused", "InvalidHeader")
        try:
            line = self._idle.pop()
        except IndexError:
            line = _Line()
        answer = line.ask(url, body, lines)
        self._idle.append(line)
        if isinstance(answer, DeliveryError):
            raise answer
        return answer

    def post_json(
        self,
        url: str,
        content: Mapping[str, Any],
        headers: Mapping[str, str],
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """As post()."""
        headers = {"Content-Type": "application/json", **headers}
        return self.post(url, json.dumps(content).encode(), headers, auth)


class _Line:
    """A handle of libcurl, which keeps its connection. For one post at a time."""

    def __init__(self) -> None:
        self._url = ""
        self._used_at = time.monotonic()
        self._progress = _Progress()
        self._proxies = getproxies_environment()
        self._curl = new_handle(
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.CONNECTTIMEOUT_MS, int(CONNECT_SECONDS * 1000)),
            (pycurl.USERAGENT, f"Sixpost/{VERSION}"),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.MAXCONNECTS, 1),
            # The smallest ones, for waiting threads to hold less memory. Requests and answers are
            # short.
            (pycurl.UPLOAD_BUFFERSIZE, 16 * 1024),
            (pycurl.BUFFERSIZE, 1024),
            (pycurl.PREREQFUNCTION, self._progress.leave),
            (pycurl.WRITEFUNCTION, self._progress.receive),
        )

    def ask(self, url: str, body: bytes | None, headers: list[str]) -> Answer | DeliveryError:
        """POST a body, or GET without one. Returns an error, because a raised one would keep
        libcurl's error as its context."""
        curl, progress = self._curl, self._progress
        progress.begin()
        if url != self._url:
            curl.setopt(pycurl.URL, url)
            curl.setopt(pycurl.PROXY, self._proxy(url))
            self._url = url
        curl.setopt(pycurl.HTTPHEADER, headers)
        if body is None:
            curl.setopt(pycurl.HTTPGET, 1)
        else:
            curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.FRESH_CONNECT, self._needs_connection())
        try:
            curl.setopt(pycurl.TIMEOUT_MS, int(seconds_left(POST_SECONDS) * 1000) + 1)
            curl.perform()
        except TimeoutError:
            return DeliveryError("transient", "TimeoutError")
        except pycurl.error as error:
            code = error.args[0]
            if not (code == pycurl.E_WRITE_ERROR and progress.is_full):
                return DeliveryError(_failure(code, left=progress.left), self._word(code))
        self._used_at = time.monotonic()
        return Answer(
            status=curl.getinfo(pycurl.RESPONSE_CODE), json=_json_object(progress.content)
        )

    def _proxy(self, url: str) -> str:
        """libcurl reads NO_PROXY itself, but it does not read HTTP_PROXY in capital letters."""
        scheme = url.partition(":")[0]
        return self._proxies.get(scheme) or self._proxies.get("all") or ""

    def _needs_connection(self) -> bool:
        """Whether the kept connection was idle for long, the provider has closed it, or the last
        post has found none. libcurl looks for that only once a second, and until then takes one
        that is closed."""
        socket = self._curl.getinfo(pycurl.ACTIVESOCKET)
        if socket < 0:
            return True
        poll = select.poll()
        poll.register(socket, select.POLLIN)
        return time.monotonic() - self._used_at > IDLE_SECONDS or bool(poll.poll(0))

    def _word(self, code: int) -> str:
        """A word for what went wrong, the same as for senders that use Python's connections."""
        if code == pycurl.E_COULDNT_CONNECT:
            return type(OSError(self._curl.getinfo(pycurl.OS_ERRNO), "")).__name__
        return _WORDS.get(code, f"curl_{code}")


class _Progress:
    """What libcurl reports of a post."""

    def begin(self) -> None:
        self.left = False
        self.content = bytearray()

    @property
    def is_full(self) -> bool:
        return len(self.content) >= LARGEST_ANSWER_BYTES

    def leave(self, *_: object) -> object:
        """The connection is ready, through a proxy and TLS if need be, and the request is next.
        If the provider closes a kept connection without an answer, libcurl would send the request
        again, although the provider may have taken it."""
        if self.left:
            return pycurl.PREREQFUNC_ABORT
        self.left = True
        return pycurl.PREREQFUNC_OK

    def receive(self, data: bytes) -> int | None:
        self.content += data
        # -1 ends the transfer.
        return -1 if self.is_full else None


_WORDS = {
    pycurl.E_ABORTED_BY_CALLBACK: "RemoteDisconnected",
    pycurl.E_COULDNT_RESOLVE_HOST: "gaierror",
    pycurl.E_COULDNT_RESOLVE_PROXY: "gaierror",
    pycurl.E_GOT_NOTHING: "RemoteDisconnected",
    pycurl.E_OPERATION_TIMEDOUT: "TimeoutError",
    pycurl.E_PARTIAL_FILE: "IncompleteRead",
    pycurl.E_PEER_FAILED_VERIFICATION: "SSLCertVerificationError",
    pycurl.E_RECV_ERROR: "ConnectionResetError",
    pycurl.E_SEND_ERROR: "ConnectionResetError",
    pycurl.E_SSL_CONNECT_ERROR: "SSLError",
}


def _failure(code: int, *, left: bool) -> Failure:
    if left:
        return "unknown"
    return "refused" if code == pycurl.E_PEER_FAILED_VERIFICATION else "transient"


def _json_object(content: bytearray) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
