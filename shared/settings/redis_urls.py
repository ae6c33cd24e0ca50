"""What REDIS_URL says. All of it is checked at the start. No error repeats a part of the URL: if a
password is not percent-encoded, any part may be one."""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

_MALFORMED = (
    "expected redis://host:6379/0, rediss://, unix:///path or "
    "redis+sentinel://host:26379,host2:26379/mymaster/0"
)
# A password that is not encoded can look like any other mistake.
_HINT = "percent-encode special characters in a password, for example / as %2F and @ as %40"

_TEXT = r"(?:[^@:/?#%\s]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(
    rf"(?P<scheme>unix|rediss?(?:\+sentinel)?)://"
    rf"(?:(?P<username>{_TEXT})(?::(?P<password>{_TEXT}(?::{_TEXT})*))?@)?"
    r"(?P<hosts>[^@/?#\s]*)"
    r"(?P<path>/[^@?#\s]*)?"
    r"(?:\?(?P<query>[^@?#\s]*))?"
)
_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>[0-9]{1,5}))?")
_DATABASE = re.compile(r"/?|/(?P<db>[0-9]{1,5})/?")
_MASTER = re.compile(r"/(?P<master>[\w.%-]+)(?P<rest>/.*)?")

Host = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class RedisUrl:
    """`hosts` are those of Redis, or of the sentinels if there is a `master`; there is none with a
    socket file, `path`. `options` are redis-py's for a connection to Redis, those of TLS included;
    `sentinel` are the credentials for the sentinels."""

    tls: bool
    hosts: tuple[Host, ...]
    path: str = ""
    master: str = ""
    options: Mapping[str, Any] = field(repr=False)
    sentinel: Mapping[str, str] = field(repr=False)

    @property
    def tls_options(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name.startswith("ssl_")}

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError, which says what is expected."""
        try:
            return cls._parse(url)
        except ValueError as error:
            raise ValueError(f"{error}; {_HINT}") from None

    @classmethod
    def _parse(cls, url: str) -> Self:
        match = _URL.fullmatch(url)
        if not match:
            raise ValueError(_MALFORMED)
        scheme, path = match["scheme"], match["path"] or ""
        tls, by_sentinel = scheme.startswith("rediss"), scheme.endswith("sentinel")
        master = ""
        if by_sentinel:
            master, path = _master(path)
        if scheme == "unix":
            if match["hosts"] or not path.strip("/"):
                raise ValueError(_MALFORMED)
            hosts: tuple[Host, ...] = ()
            database = {}
        else:
            hosts = _hosts(match["hosts"], several=by_sentinel)
            database = _database(path)
        options = _options(match["query"] or "", tls=tls, by_sentinel=by_sentinel)
        sentinel = {
            name: options.pop(f"sentinel_{name}")
            for name in ("username", "password")
            if f"sentinel_{name}" in options
        }
        if database.keys() & options.keys():
            raise ValueError(_MALFORMED)
        credentials = {
            name: unquote(match[name]) for name in ("username", "password") if match[name]
        }
        return cls(
            tls=tls,
            hosts=hosts,
            path=unquote(path) if scheme == "unix" else "",
            master=master,
            options={**options, **database, **credentials},
            sentinel=sentinel,
        )


def _hosts(text: str, *, several: bool) -> tuple[Host, ...]:
    matches = [_HOST.fullmatch(word) for word in (text.split(",") if several else [text])]
    hosts = []
    for match in matches:
        if not match:
            raise ValueError(_MALFORMED)
        port = int(match["port"] or (26379 if several else 6379))
        if not 1 <= port <= 65535:
            raise ValueError(_MALFORMED)
        if match["v6"]:
            try:
                IPv6Address(match["v6"])
            except ValueError:
                # Its own message repeats the text.
                raise ValueError(_MALFORMED) from None
        hosts.append((match["v6"] or match["name"], port))
    return tuple(hosts)


def _database(path: str) -> dict[str, int]:
    """Empty if the path names none."""
    match = _DATABASE.fullmatch(path)
    if not match:
        raise ValueError(f"expected a database number after the last /; {_MALFORMED}")
    return {"db": int(match["db"])} if match["db"] else {}


def _master(path: str) -> tuple[str, str]:
    """The sentinels' name for the master, and the rest of the path."""
    match = _MASTER.fullmatch(path)
    if not match:
        raise ValueError(_MALFORMED)
    return unquote(match["master"]), match["rest"] or ""


def _options(query: str, *, tls: bool, by_sentinel: bool) -> dict[str, Any]:
    readers = {
        **_OPTIONS,
        **(_TLS_OPTIONS if tls else {}),
        **(_SENTINEL_OPTIONS if by_sentinel else {}),
    }
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    given = {name: unquote(value) for name, _, value in pairs}
    if len(given) < len(pairs) or not given.keys() <= readers.keys():
        raise ValueError(
            f"use only these options, each once: {', '.join(readers)}"
            + ("" if tls else ", and those of TLS with rediss://")
        )
    options = {}
    for name, value in given.items():
        try:
            options[name] = readers[name](value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if tls:
        _check_tls(options)
    return options


def _check_tls(options: Mapping[str, Any]) -> None:
    """Load the files as a connection will."""
    context = ssl.create_default_context()
    certificate, key = options.get("ssl_certfile"), options.get("ssl_keyfile")
    if key and not certificate:
        raise ValueError("ssl_keyfile: ssl_certfile is required too")
    try:
        if certificate:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate, key, password=options.get("ssl_password", ""))
    except OSError as error:
        raise ValueError(f"ssl_certfile, ssl_keyfile: {_reason(error)}") from None
    try:
        if "ssl_ca_certs" in options:
            context.load_verify_locations(options["ssl_ca_certs"])
    except OSError as error:
        raise ValueError(f"ssl_ca_certs: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "not a PEM file, the wrong key, or the wrong password"
    return f"cannot be read: {error.strerror}"


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"expected a number from {least} to {most}")
        return int(text)

    return read


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) or not float(text):
        raise ValueError("expected seconds, such as 0.5")
    return float(text)


_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _bool(text: str) -> bool:
    if text.lower() not in _BOOLS:
        raise ValueError("expected true or false")
    return _BOOLS[text.lower()]


def _that(is_fine: Callable[[str], object], expected: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not is_fine(text):
            raise ValueError(f"expected {expected}")
        return text

    return read


_text = _that(lambda text: text and text.isprintable(), "only printable characters")


_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "db": _number(0, 99999),
    "protocol": _number(2, 3),
    "username": _text,
    "password": _text,
    "client_name": _text,
    "health_check_interval": _number(0, 3600),
    "max_connections": _number(1, 100000),
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
    "socket_keepalive": _bool,
}
_TLS_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "ssl_ca_certs": _text,
    "ssl_ca_path": _that(lambda text: Path(text).is_dir(), "a folder of certificates"),
    "ssl_certfile": _text,
    "ssl_keyfile": _text,
    "ssl_password": _text,
    "ssl_check_hostname": _bool,
    "ssl_cert_reqs": _that(
        ("none", "optional", "required").__contains__, "none, optional or required"
    ),
}
_SENTINEL_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "sentinel_username": _text,
    "sentinel_password": _text,
}
