"""`python -m worker.credentials`: try the credentials of all senders without sending anything.

Prints a line for each sender, and exits with status 1 if a provider refuses one or can't be
reached. Run it where the workers run: they have the network and the proxies that count.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shared.owner.findings import Finding, report
from shared.settings import Settings, SettingsError
from worker.senders import sender_for
from worker.senders.base import DeliveryError, Provable
from worker.senders.sockets import bounded

_AT_ONCE = 8


def findings(settings: Settings) -> Iterator[Finding]:
    """One for each sender, in the order of the settings. A URL that serves several channels or apps
    is tried once."""
    senders: dict[str, list[str]] = {}
    for channel, _, name, url in settings.all_senders():
        used = senders.setdefault(url, [])
        used += [f"{channel} {name}"] * (f"{channel} {name}" not in used)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(_try, [", ".join(used) for used in senders.values()], senders)


def _try(used: str, url: str) -> Finding:
    if url == "console://":
        return Finding("warning", f"{used}: writes codes into the log instead of sending them")
    try:
        with bounded():
            sender = sender_for(url)
            tried = isinstance(sender, Provable) and sender.try_credentials()
    except DeliveryError as error:
        meaning = _OF_ERRORS.get(error.error) or _MEANINGS[error.failure]
        return Finding("wrong", f"{used}: {meaning} ({error.error})")
    except ValueError as error:
        return Finding("wrong", f"{used}: {error}")
    except Exception as error:  # noqa: BLE001 (a sender of another package must not hide the others)
        # Without the text of the exception, which may hold the credentials.
        return Finding("unknown", f"{used}: a bug in the sender ({type(error).__name__})")
    if not tried:
        return Finding("unknown", f"{used}: can't be tried without sending a message")
    return Finding("ok", f"{used}: the provider accepts the credentials")


# Sockets and HTTP have these two.
_OF_ERRORS = {
    "SSLCertVerificationError": "the server can't prove that it is the provider",
    "SMTPNotSupportedError": "the server has no TLS or no login",
}
_UNREACHED = "the provider can't be reached from here, or gives no answer"
_MEANINGS = {
    "refused": "the provider refuses the credentials",
    "transient": _UNREACHED,
    "unknown": _UNREACHED,
    # No address is in these calls.
    "invalid_recipient": _UNREACHED,
    "unreachable": _UNREACHED,
}


def main() -> None:
    try:
        settings = Settings.load()
    except SettingsError as error:
        sys.exit(f"otp credentials: {error}")
    sys.exit(report(findings(settings)))


if __name__ == "__main__":
    main()
