"""Senders by URL: the scheme picks the class.

To write one, see base.py and console.py; it needs its own file and one line in _BUILT_IN, or, in a
package of its own, an entry point in the group `otp.senders` with the scheme as its name.
"""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from urllib.parse import urlsplit

from shared.policy import Channel
from worker.senders.base import Sender

_GROUP = "otp.senders"
# By name, so that only what a configured sender needs is imported.
_BUILT_IN = {
    "apprise": "worker.senders.apprise:AppriseSender.from_url",
    "console": "worker.senders.console:ConsoleSender.from_url",
    "smtp": "worker.senders.smtp:SmtpSender.from_url",
    "smtps": "worker.senders.smtp:SmtpSender.from_url",
    "twilio": "worker.senders.twilio:TwilioSender.from_url",
    "webhook": "worker.senders.webhook:WebhookSender.from_url",
}


def sender_for(url: str) -> Sender:
    """The sender of a URL. Raises ValueError, which never repeats the URL: it may hold a
    password."""
    scheme = urlsplit(url).scheme
    found = _entry_point(scheme)
    if found is None:
        raise ValueError(f"no sender for {scheme}://; there are {', '.join(sorted(_BUILT_IN))}")
    try:
        sender: Sender = found.load()(url)
    except ValueError as error:
        reason = str(error)
    else:
        return sender
    raise ValueError(f"{scheme}:// sender: {reason}")


def named_senders(named: Iterable[tuple[str, str]], channel: Channel) -> dict[str, Sender]:
    """The senders of one channel by name, in order of preference, of their names and URLs. Raises
    ValueError, also for a sender that cannot serve the channel."""
    senders = {}
    for name, url in named:
        sender = sender_for(url)
        if channel not in sender.channels:
            raise ValueError(f"{name} cannot serve {channel}, only {', '.join(sender.channels)}")
        senders[name] = sender
    return senders


def _entry_point(scheme: str) -> EntryPoint | None:
    name = "apprise" if scheme.startswith("apprise+") else scheme
    if name in _BUILT_IN:
        return EntryPoint(name, _BUILT_IN[name], _GROUP)
    return next(iter(entry_points(group=_GROUP, name=scheme)), None)
