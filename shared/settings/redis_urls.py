"""What REDIS_URL says. All of it is checked at the start. No error repeats a part of the URL: if a
password is not percent-encoded, any part may be one."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote

from pydantic import AfterValidator, BaseModel, DirectoryPath, Field, SecretStr, ValidationError

from shared.settings.types import OneLine, refusals

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
_Text = Annotated[OneLine, Field(min_length=1)]

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
            master, slash, rest = path.removeprefix("/").partition("/")
            path = slash + rest
            if not re.fullmatch(r"[\w.%-]+", master):
                raise ValueError(_MALFORMED)
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
            master=unquote(master),
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


class _Options(BaseModel, hide_input_in_errors=True):
    """What the URL may say of redis-py's options for a connection. None is redis-py's default."""

    db: int | None = Field(None, ge=0, le=99999)
    protocol: int | None = Field(None, ge=2, le=3)
    username: _Text | None = None
    password: _Text | None = None
    client_name: _Text | None = None
    health_check_interval: int | None = Field(None, ge=0, le=3600)
    max_connections: int | None = Field(None, ge=1, le=100000)
    socket_timeout: float | None = Field(None, ge=0.001, le=999)
    socket_connect_timeout: float | None = Field(None, ge=0.001, le=999)
    socket_keepalive: bool | None = None
    ssl_ca_certs: _Text | None = None
    ssl_ca_path: DirectoryPath | None = None
    ssl_certfile: _Text | None = None
    ssl_keyfile: _Text | None = None
    ssl_password: _Text | None = None
    ssl_check_hostname: bool | None = None
    ssl_cert_reqs: Literal["none", "optional", "required"] | None = None
    sentinel_username: _Text | None = None
    sentinel_password: _Text | None = None


def _options(query: str, *, tls: bool, by_sentinel: bool) -> dict[str, Any]:
    unfit = tuple(p for p, fits in (("ssl_", tls), ("sentinel_", by_sentinel)) if not fits)
    known = [name for name in _Options.model_fields if not name.startswith(unfit)]
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    given = {name: unquote(value) for name, _, value in pairs}
    if len(given) < len(pairs) or not given.keys() <= {*known}:
        raise ValueError(
            f"use only these options, each once: {', '.join(known)}"
            + ("" if tls else ", and those of TLS with rediss://")
        )
    try:
        options = _Options.model_validate(given).model_dump(exclude_unset=True)
    except ValidationError as error:
        [(name, sentence), *_] = refusals(_Options, error).items()
        raise ValueError(f"{name}: {sentence}") from None
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


def _checked(secret: SecretStr) -> SecretStr:
    RedisUrl.parse(secret.get_secret_value())
    return secret


RedisUrlSecret = Annotated[SecretStr, AfterValidator(_checked)]
