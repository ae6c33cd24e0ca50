"""Sender URLs: their parts and their names."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

import idna

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:(?P<userinfo>[^/?#]*)@)?"
    r"(?P<host>\[[^]@/?#]*]|[^]:@/?#[]*)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?"
    r"(?:\?(?P<query>[^#]*))?"
)


@dataclass(frozen=True, kw_only=True)
class SenderUrl:
    """scheme://user:password@host:port/path?option=value, percent-decoded except for `path` and
    `query`. The host keeps its case, because not every provider has a host name there. `query` is
    the part of the query that is not ours, exactly as written."""

    scheme: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    host: str
    port: int | None
    path: str
    options: Mapping[str, str] = field(repr=False)
    query: str = field(repr=False)

    @classmethod
    def parse(cls, url: str, options: Collection[str] = (), *, keep_others: bool = False) -> Self:
        """Read a URL with these options. With `keep_others`, everything else in its query is kept
        for the provider. Raises ValueError for a malformed URL, a repeated option and, without
        `keep_others`, an unknown one. The error repeats no part of the URL: if a password is not
        percent-encoded, any part may be one."""
        match = _URL.fullmatch(url)
        if not match:
            raise ValueError(
                "not a valid URL; percent-encode special characters in the password, "
                "for example / as %2F"
            )
        user, _, password = (match["userinfo"] or "").partition(":")
        ours, others = [], []
        for pair in (match["query"] or "").split("&"):
            name, _, value = pair.partition("=")
            if unquote(name) in options:
                ours.append((unquote(name), unquote(value)))
            else:
                others.append(pair)
        found = dict(ours)
        if len(found) < len(ours) or (any(others) and not keep_others):
            if not options:
                raise ValueError("this sender does not accept ?options")
            raise ValueError(f"use only these options, each once: {', '.join(options)}")
        return cls(
            scheme=match["scheme"],
            user=unquote(user),
            password=unquote(password),
            host=unquote(match["host"].strip("[]")),
            port=int(match["port"]) if match["port"] else None,
            path=match["path"] or "",
            options=found,
            query="&".join(others),
        )

    @property
    def ends_with_host(self) -> bool:
        """Whether only options follow the host."""
        return not self.port and not self.path.strip("/")


def named(urls: Sequence[str], app: str = "") -> list[tuple[str, str]]:
    """(name, URL) of each sender of a channel. The name is the scheme, numbered if it is there more
    than once, and behind the name of the app that has it alone, such as `shop.twilio-2`; logs,
    answers and the addresses for receipts say it."""
    schemes = [urlsplit(url).scheme for url in urls]
    prefix = f"{app}." if app else ""
    pairs = []
    for number, (url, scheme) in enumerate(zip(urls, schemes, strict=True), 1):
        nth = f"-{schemes[:number].count(scheme)}" if schemes.count(scheme) > 1 else ""
        pairs.append((f"{prefix}{scheme}{nth}", url))
    return pairs


def api_base(url: SenderUrl, usual: str) -> str:
    """Where the provider's API is: `usual`, or ?api= for another region, a private gateway or a
    test server. Raises ValueError."""
    base = url.options.get("api", usual)
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected api=https://host, with an optional port and path")
    return base.rstrip("/")


def http_base(url: SenderUrl) -> str:
    """The URL without its path, for HTTPS or with ?tls=none for HTTP. Raises ValueError."""
    host = f"[{url.host}]" if ":" in url.host else _host_in_ascii(url.host)
    port = f":{url.port}" if url.port else ""
    return f"{'http' if url.options.get('tls') == 'none' else 'https'}://{host}{port}"


def _host_in_ascii(host: str) -> str:
    """A host name in Punycode. Raises ValueError."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        # Its text repeats the host.
        raise ValueError("the host is not a valid internationalized name") from None
