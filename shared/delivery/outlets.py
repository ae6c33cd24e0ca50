"""What a worker has to know to send an app's messages as the API accepted them."""

from operator import attrgetter
from urllib.parse import urlsplit

from shared.policy import CHANNELS, Channel, Route
from shared.senders.aws import AwsSetup
from shared.senders.registry import SETUPS, make
from shared.settings import Settings

# The senders that can have their messages worded by a template at the provider.
_TEMPLATED = {"telegram", "twilio", "whatsapp"}


class Outlets:
    """Workers and APIs read the same settings, though not at the same moment. So a send says which
    outlet it is for, and a worker that does not have it leaves the send to others."""

    def __init__(self, settings: Settings) -> None:
        self._senders: dict[Channel, dict[str, list[str]]] = {
            channel: {
                app: [name for name, _ in named]
                for app, named in settings.named_senders(channel).items()
            }
            for channel in CHANNELS
        }
        own = {app: settings.app(app) for app in settings.app_names()}
        words = attrgetter("otp_web_origin", "otp_app_hash", "otp_texts")
        self._own_words = {app for app, of in own.items() if words(of) != words(settings)}
        self._own_name = {
            app for app, of in own.items() if of.otp_app_name != settings.otp_app_name
        }
        self._own_routes = {
            (channel, app)
            for app, of in own.items()
            for channel in CHANNELS
            if of.routes(channel) != settings.routes(channel)
        }
        self._has_template = {
            channel: {
                app: any(map(_has_template, named))
                for app, named in settings.named_senders(channel).items()
            }
            for channel in CHANNELS
        }
        # Whose SMS go through a sender that wants to know how the verification ended.
        self._concluding = {
            app: any(_wants_feedback(url) for _, url in named)
            for app, named in settings.named_senders("sms").items()
        }

    @property
    def apps(self) -> set[str]:
        """The apps whose table decides about one of their messages, and "" for all others."""
        with_senders = {app for by_app in self._senders.values() for app in by_app}
        with_routes = {app for _, app in self._own_routes}
        return with_senders | with_routes | self._own_words | self._own_name

    def shows_text(self, account: str, channel: Channel) -> bool:
        """Whether every sender of the channel sends our words, and not a template of its own."""
        of_channel = self._has_template[channel]
        return not of_channel.get(account, of_channel[""])

    def needed(
        self, account: str, channel: Channel, *, is_named: bool, route: Route | None = None
    ) -> dict[str, str]:
        """What start.lua keeps with a send: `outlet`, the app whose table of OTP_APPS decides about
        this message ("" for no table), the names of the `senders` that may send it, and that of its
        `route`, if there is one. `concludes` is there if a sender wants to know how the
        verification ended. `is_named` is for a send that has an app name with it."""
        senders = self._senders[channel]
        own_words = account in self._own_words or (not is_named and account in self._own_name)
        own_route = route and (channel, account) in self._own_routes
        allowed = senders.get(account, senders[""])
        if route and route.senders is not None:
            allowed = list(route.senders)
        concludes = channel == "sms" and self._concluding.get(account, self._concluding[""])
        return {
            "outlet": account if own_words or own_route or account in senders else "",
            "senders": " ".join(allowed),
            **({"route": route.name} if route else {}),
            **({"concludes": "yes"} if concludes else {}),
        }


def _has_template(sender: tuple[str, str]) -> bool:
    _, url = sender
    # Reading the URLs of other senders may take long, and much memory.
    return urlsplit(url).scheme in _TEMPLATED and not make(url, SETUPS).takes_text


def _wants_feedback(url: str) -> bool:
    return urlsplit(url).scheme == "aws" and AwsSetup.from_url(url).feedback
