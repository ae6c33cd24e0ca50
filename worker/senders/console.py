"""console:// prints the message instead of sending it. For development: it shows the code."""

import socket
import sys
from threading import Lock

from shared.logs.lines import highlighted
from shared.senders.setups import ConsoleSetup
from worker.senders.base import Message


class ConsoleSender(ConsoleSetup):
    """One line per message on stdout, for a person to read and for a script to parse."""

    def __init__(self) -> None:
        self._host = socket.gethostname()
        self._lock = Lock()

    def send(self, message: Message) -> None:
        by_route = {
            "dlt_entity": message.dlt_entity,
            "dlt_template": message.dlt_template,
            "from": message.from_number,
        }
        line = (
            f"console-sender host={self._host} channel={message.channel} to={message.to} "
            f"code={message.code} expires_in={message.expires_in}s"
            f"{''.join(f' {name}={value}' for name, value in by_route.items() if value)}"
        )
        with self._lock:
            sys.stdout.write(f"{highlighted(line, sys.stdout)}\n")
            sys.stdout.flush()
