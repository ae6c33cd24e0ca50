"""How the service connects to Redis."""

import os
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

from redis import (
    Connection,
    ConnectionPool,
    CredentialProvider,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
    exceptions,
)
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from shared.settings.redis_urls import Host, RedisUrl
from shared.settings.sources import SettingsError, file_of, read_secret

# One for each thread of the largest worker, and some. redis-py would stop at 100.
MAX_CONNECTIONS = 600


def connect(url: str, *, timeout_seconds: float) -> Redis:
    """A client for REDIS_URL, which connects at its first command. Raises ValueError, which never
    repeats the URL: it may hold a password.

    redis-py 8 repeats a command up to ten times, also one that Redis has executed already: a
    check would be counted twice. So nothing is repeated here.
    """
    to = RedisUrl.parse(url)
    usual: dict[str, Any] = {
        # The newer version begins with HELLO, which some proxies and older services lack.
        "protocol": 2,
        # Nor CLIENT, which redis-py otherwise tells its name by.
        "driver_info": None,
        "redis_connect_func": _greet,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
    }
    options = {**usual, "max_connections": MAX_CONNECTIONS, **to.options}
    file = file_of("REDIS_URL", os.environ)
    if file and "password" in options:
        given = (options.pop("username", None), options.pop("password", None))
        options["credential_provider"] = _CredentialsInFile(file, given)
    if to.master:
        sentinel = _Sentinel(  # type: ignore[no-untyped-call]
            to.hosts, sentinel_kwargs={**usual, **to.sentinel, **to.tls_options, "ssl": to.tls}
        )
        master: Redis = sentinel.master_for(to.master, ssl=to.tls, **options)  # type: ignore[no-untyped-call]
        return master
    if to.path:
        options |= {"connection_class": UnixDomainSocketConnection, "path": to.path}
    else:
        [(host, port)] = to.hosts
        kind = SSLConnection if to.tls else Connection
        options |= {"connection_class": kind, "host": host, "port": port}
    return Redis.from_pool(ConnectionPool(**options))


def _greet(connection: AbstractConnection) -> None:
    """Log in, and hear from Redis. What TLS sends after its handshake would otherwise look like an
    answer to an earlier command, for which redis-py refuses the connection."""
    connection.on_connect()  # type: ignore[no-untyped-call]
    connection.send_command("PING")  # type: ignore[no-untyped-call]
    connection.read_response()


class _CredentialsInFile(CredentialProvider):
    """Reads REDIS_URL_FILE for each connection, so that a process goes on when the password is
    replaced while it runs, as by restoring a backup of it. `given` is what it held at first."""

    def __init__(self, file: Path, given: tuple[str | None, str | None]) -> None:
        self._file = file
        self._latest = given

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        # A file that is being replaced, or is gone, leaves what was known.
        with suppress(SettingsError, ValueError):
            found = RedisUrl.parse(read_secret(self._file, "REDIS_URL_FILE")).options
            self._latest = (found.get("username"), found.get("password"))
        username, password = self._latest
        return (username, password or "") if username else (password or "",)


class _Sentinel(Sentinel):
    def discover_master(self, service_name: str) -> Host:
        try:
            found: Host = super().discover_master(service_name)  # type: ignore[no-untyped-call]
        except MasterNotFoundError as error:
            # Say so if a wrong certificate is why no sentinel has answered.
            for sentinel in self.sentinels if self.sentinel_kwargs["ssl"] else ():
                try:
                    sentinel.ping()
                except exceptions.ConnectionError as why:
                    if isinstance(why.__context__, ssl.SSLError):
                        raise MasterNotFoundError(f"{error}: {why}") from why
            raise
        return found


# By OpenSSL's number of what is wrong with a certificate, in x509_vfy.h.
_UNKNOWN_AUTHORITY = dict.fromkeys(
    (18, 19, 20, 21), "; name the authority that signed it in ssl_ca_certs"
)
_OTHER_HOST = dict.fromkeys((62, 64), "; use the host's name in the certificate in REDIS_URL")
_ADVICE = _UNKNOWN_AUTHORITY | _OTHER_HOST


def reason(error: BaseException) -> str:
    """A word for why Redis cannot be reached. An error of its certificate, which redis-py hides in
    a ConnectionError, is named as such, with what is wrong with it and what helps."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            advice = _ADVICE.get(below.verify_code, "")
            return f"SSLCertVerificationError: {below.verify_message.rstrip('.')}{advice}"
        if isinstance(below, ssl.SSLError):
            return f"{type(below).__name__}: {below.reason}"
        below = below.__cause__ or below.__context__
    return type(error).__name__
