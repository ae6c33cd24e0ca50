"""Where the API listens."""

import errno
import os
import socket

from shared.settings import SettingsError


def address_of(host: str, port: int) -> str:
    """The IP address of HOST. Raises SettingsError if the API cannot listen there, where the server
    would end with a traceback."""
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        raise SettingsError(
            f"HOST: {host} is not an address or name of this machine; "
            "expected one such as 127.0.0.1, localhost or ::1"
        ) from None
    # IPv4 first, because not every program looks for localhost at ::1.
    family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    ip = str(address[0])
    both = ip == "::" and socket.has_dualstack_ipv6()
    try:
        socket.create_server((ip, port), family=family, dualstack_ipv6=both).close()
    except OSError as error:
        name = "HOST" if error.errno in _NOT_OURS else "PORT"
        raise SettingsError(
            f"{name}: the API cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}"
        ) from None
    return ip


_NOT_OURS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
