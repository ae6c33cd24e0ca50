"""Signature Version 4, which AWS wants of every request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs for one service in one region."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str
    service: str

    def headers(
        self, url: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> dict[str, str]:
        """The headers of a POST, with the signature and its time, which is UTC. `url` has no query,
        and a path that needs no escapes."""
        time = now.strftime("%Y%m%dT%H%M%SZ")
        parts = urlsplit(url)
        sent = {**headers, "X-Amz-Date": time}
        signed = {name.lower(): value for name, value in sent.items()} | {"host": parts.netloc}
        names = ";".join(sorted(signed))
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        request = ["POST", parts.path or "/", "", *lines, "", names, sha256(body).hexdigest()]
        scope = f"{time[:8]}/{self.region}/{self.service}/aws4_request"
        digest = sha256("\n".join(request).encode()).hexdigest()
        signature = hmac.digest(
            self._key(time[:8]), f"{_ALGORITHM}\n{time}\n{scope}\n{digest}".encode(), sha256
        )
        return {
            **sent,
            "Authorization": f"{_ALGORITHM} Credential={self.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature.hex()}",
        }

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), sha256)
        return key
