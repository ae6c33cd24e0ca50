"""Senders by URL: the scheme picks the class.

To write one, see base.py and console.py; it needs its own file and one line in _SENDERS, or, in a
package of its own, an entry point in the group `otp.senders` with the scheme as its name.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from worker.senders.base import Sender
from worker.senders.console import ConsoleSender
from worker.senders.smtp import SmtpSender

_SENDERS: dict[str, Callable[[str], Sender]] = {
    "console": ConsoleSender.from_url,
    "smtp": SmtpSender.from_url,
    "smtps": SmtpSender.from_url,
}


@dataclass(frozen=True, kw_only=True)
class NamedSender:
    """A sender and what it is called in logs and answers: its scheme, numbered if it is there
    more than once."""

    name: str
    sender: Sender


def sender_for(url: str) -> Sender:
    """Raises ValueError, which never repeats the URL: it may hold a password."""
    scheme = _scheme(url)
    make = _SENDERS.get(scheme)
    if make is None:
        for plugin in entry_points(group="otp.senders", name=scheme):
            make = plugin.load()
    if make is None:
        raise ValueError(f"no sender for {scheme}://; there are {', '.join(sorted(_SENDERS))}")
    try:
        return make(url)
    except ValueError as error:
        raise ValueError(f"{scheme}:// sender: {error}") from None


def named_senders(urls: Sequence[str]) -> tuple[NamedSender, ...]:
    """The senders of one channel, in order of preference. Raises ValueError."""
    schemes = [_scheme(url) for url in urls]
    seen: Counter[str] = Counter()
    senders = []
    for url, scheme in zip(urls, schemes, strict=True):
        seen[scheme] += 1
        name = f"{scheme}-{seen[scheme]}" if schemes.count(scheme) > 1 else scheme
        senders.append(NamedSender(name=name, sender=sender_for(url)))
    return tuple(senders)


def _scheme(url: str) -> str:
    # Not by urlsplit, whose errors repeat what stands before the host.
    return url.partition("://")[0]
