"""Senders by URL: the scheme picks the class.

To write one, see base.py and console.py. It needs its own file and one line in BUILT_IN; what its
URL may say goes into a file in shared/senders and SETUPS, so that the API knows it too. Or, in a
package of its own, an entry point in the group `otp.senders` with the scheme as its name.
"""

from collections.abc import Iterable

from shared.policy import Channel
from shared.senders.registry import make, make_for
from worker.senders.base import Sender

# By name, so that only what a configured sender needs is imported.
BUILT_IN = {
    "apprise": "worker.senders.apprise:AppriseSender.from_url",
    "aws": "worker.senders.aws:AwsSender.from_url",
    "console": "worker.senders.console:ConsoleSender.from_url",
    "infobip": "worker.senders.infobip:InfobipSender.from_url",
    "smsgate": "worker.senders.smsgate:SmsGateSender.from_url",
    "smtp": "worker.senders.smtp:SmtpSender.from_url",
    "smtps": "worker.senders.smtp:SmtpSender.from_url",
    "telegram": "worker.senders.telegram:TelegramSender.from_url",
    "telnyx": "worker.senders.telnyx:TelnyxSender.from_url",
    "twilio": "worker.senders.twilio:TwilioSender.from_url",
    "vonage": "worker.senders.vonage:VonageSender.from_url",
    "webhook": "worker.senders.webhook:WebhookSender.from_url",
    "whatsapp": "worker.senders.whatsapp:WhatsAppSender.from_url",
}


def sender_for(url: str) -> Sender:
    """The sender of a URL. Raises ValueError, which never repeats the URL: it may hold a
    password."""
    sender: Sender = make(url, BUILT_IN)
    return sender


def named_senders(named: Iterable[tuple[str, str]], channel: Channel) -> dict[str, Sender]:
    """The senders of one channel by name, in order of preference, of their names and URLs. Raises
    ValueError, also for a sender that cannot serve the channel."""
    return {name: make_for(channel, name, url, BUILT_IN) for name, url in named}
