"""What an apprise+SCHEME:// URL may say. In a file of its own, as apprise costs 0.4 s and 50 MB."""

import logging
from dataclasses import dataclass, field
from typing import ClassVar, Self
from urllib.parse import quote, unquote

import apprise

from shared.policy import CHANNELS

# One number and one address to try a URL with.
_SAMPLES = ("+15005550006", "otp@example.com")


@dataclass(frozen=True, kw_only=True)
class AppriseSetup:
    url: str = field(repr=False)
    asset: apprise.AppriseAsset = field(repr=False, compare=False)
    channels: ClassVar = CHANNELS

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Raises ValueError."""
        # It logs the URLs that it does not take, with their passwords.
        logging.getLogger("apprise").propagate = False
        setup = cls(
            url=url.removeprefix("apprise+"),
            asset=apprise.AppriseAsset(
                # Its time limit and its parallel mode share a pool of a few threads; the worker has
                # its own of both.
                async_mode=False,
                service_timeout=0,
                http_redirects=False,
            ),
        )
        if "{to}" not in url:
            raise ValueError("put {to} where the recipient goes")
        if not any(setup.service(to) for to in _SAMPLES):
            raise ValueError(
                "apprise does not accept this URL; see https://appriseit.com/services/"
            )
        return setup

    def service(self, to: str) -> apprise.NotifyBase | None:
        """apprise's object for one recipient, or None if it rejects the address.

        It drops what does not look like a number to it, as those of under ten digits, and several
        services then send to the account's own number. So the number has to be in what it made of
        the URL.
        """
        service = apprise.Apprise.instantiate(
            self.url.replace("{to}", quote(to, safe="")), asset=self.asset
        )
        if not isinstance(service, apprise.NotifyBase):
            return None
        made = unquote(service.url())  # type: ignore[no-untyped-call]
        taken = getattr(service, "targets", True) and to.lstrip("+") in made
        return service if taken else None
