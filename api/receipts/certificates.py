"""The certificates that Amazon SNS signs with, which the API has to fetch.

A forged message must neither slow the API down nor lead it elsewhere. So the caller makes the
address from its own settings, one request at a time may wait for a certificate, for two seconds,
and the next one is fetched ten seconds later.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.exceptions import TooManyRequests

FETCH_SECONDS = 2.0
PAUSE_SECONDS = 10.0
LARGEST_CERTIFICATE_BYTES = 16 * 1024
# SNS has one per region, and a new one each year.
MOST_CERTIFICATES = 32


class NotFetched(Exception):
    """There was no certificate at the address."""


class Certificates:
    """The certificates of one process. `fetch` gets one from its address, or raises NotFetched."""

    def __init__(self, fetch: Callable[[str], bytes] | None = None) -> None:
        self._fetch = fetch or fetch_certificate
        self._fetching = threading.Lock()
        self._next_fetch_at = 0.0
        self._known: dict[str, x509.Certificate] = {}

    def public_key(self, url: str) -> RSAPublicKey | None:
        """The key of the certificate at an address. Returns None if none is valid there. Raises
        TooManyRequests if another one was just fetched: SNS repeats what gets a 429."""
        found = self._known.get(url) or self._fetch_once(url)
        now = datetime.now(UTC)
        if not found or not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            return None
        key = found.public_key()
        return key if isinstance(key, RSAPublicKey) else None

    def _fetch_once(self, url: str) -> x509.Certificate | None:
        if not self._fetching.acquire(blocking=False):
            raise TooManyRequests
        try:
            if time.monotonic() < self._next_fetch_at:
                raise TooManyRequests
            self._next_fetch_at = time.monotonic() + PAUSE_SECONDS
            found = x509.load_pem_x509_certificate(self._fetch(url))
        except (NotFetched, ValueError):
            return None
        finally:
            self._fetching.release()
        if len(self._known) >= MOST_CERTIFICATES:
            self._known.clear()
        self._known[url] = found
        return found


def fetch_certificate(url: str) -> bytes:
    """What is at an https:// address, without redirects, within FETCH_SECONDS and up to
    LARGEST_CERTIFICATE_BYTES. Raises NotFetched."""
    # libcurl takes 7 MB, which an API without a topic is spared.
    import pycurl  # noqa: PLC0415

    from shared.senders.http_client import new_handle  # noqa: PLC0415

    content = bytearray()

    def receive(data: bytes) -> int | None:
        content.extend(data)
        # -1 ends the transfer.
        return -1 if len(content) > LARGEST_CERTIFICATE_BYTES else None

    curl = new_handle(
        (pycurl.URL, url),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
        (pycurl.TIMEOUT_MS, int(FETCH_SECONDS * 1000)),
        (pycurl.WRITEFUNCTION, receive),
    )
    try:
        curl.perform()
        status = curl.getinfo(pycurl.RESPONSE_CODE)
    except pycurl.error as error:
        raise NotFetched from error
    finally:
        curl.close()
    if status != 200:
        raise NotFetched
    return bytes(content)
