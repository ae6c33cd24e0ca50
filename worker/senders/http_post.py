"""POST over HTTP, for senders: kept connections, a deadline, and whether the request left."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from worker.senders.base import DeliveryError, Failure
from worker.senders.errors import bottom, cause
from worker.senders.sockets import bounded

# Above one second, after which TCP repeats a lost first packet.
CONNECT_SECONDS = 1.5
READ_SECONDS = 5.0
# Load balancers and firewalls forget idle connections, often without a word; a request over such
# a one meets silence, which reads as "it may have been taken".
IDLE_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`json` is the body where that is a JSON object, else empty."""

    status: int
    json: Mapping[str, Any]


class Poster:
    """Posts over connections that are kept per thread. Follows no redirects, which would send the
    code to any host that the answer names. Proxies and private authorities come from the
    environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE)."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status. The query of `url` is sent byte for byte. The
        whole call, from the name lookup to the end of the answer, keeps the deadline of the send.
        Raises DeliveryError:

        transient  the request did not leave
        refused    it did not leave, as the server cannot prove that it is the provider
        unknown    it left, and no whole answer came
        """
        _call.left = False
        _call.query = url.partition("?")[2]
        try:
            with bounded():
                return _post(self._session(), url, body, headers, auth)
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = _failure(error)
        # Not inside of `except`: the error holds the request, and it would hang on the new one.
        raise failure

    def _session(self) -> requests.Session:
        """This thread's session, without connections that were idle for long."""
        now = time.monotonic()
        session: _Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = _Session()
        elif now - self._mine.used_at > IDLE_SECONDS:
            session.close()
        self._mine.used_at = now
        return session


def _post(
    session: requests.Session,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    auth: tuple[str, str] | None,
) -> Answer:
    with session.post(
        url,
        data=body,
        headers={**headers, "Accept-Encoding": "identity"},
        # With none, requests would look for one in ~/.netrc.
        auth=auth or _anonymous,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        stream=True,
    ) as response:
        content = response.raw.read(LARGEST_ANSWER_BYTES)
    if response.status_code < 200:
        # An interim response: http.client skips 100 only, and takes the others for the answer.
        raise requests.RequestException
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    return Answer(status=response.status_code, json=found if isinstance(found, dict) else {})


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _failure(error: Exception) -> DeliveryError:
    failure: Failure
    if _call.left:
        failure = "unknown"
    elif isinstance(bottom(error), SSLCertVerificationError):
        failure = "refused"
    else:
        failure = "transient"
    return DeliveryError(failure, cause(error))


class _Call(threading.local):
    """The POST that this thread is making."""

    left = False
    query = ""


_call = _Call()


# requests and urllib3 report a time-out in the TLS handshake like one of the answer, and a
# connection that breaks in mid-answer like a failed handshake. Whether the request left is known
# only here.
class _Connection(HTTPConnection):
    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        if _call.query:
            # requests and urllib3 change the spelling, which a signed query does not survive.
            url = f"{url.partition('?')[0]}?{_call.query}"
        super().putrequest(method, url, *args, **kwargs)

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        if self.sock is None:
            self.connect()
        _call.left = True
        super().endheaders(message_body, encode_chunked=encode_chunked)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _note_departures(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _note_departures(manager)
        return manager


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.mount("http://", _Adapter())
        self.mount("https://", _Adapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: not followed, nor even looked at."""


def _note_departures(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
