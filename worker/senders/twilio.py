"""twilio:// sends SMS and WhatsApp messages and makes calls.

twilio://ACCOUNT_SID:AUTH_TOKEN@+15005550006              from a number
twilio://ACCOUNT_SID:AUTH_TOKEN@MG0123…                   from a Messaging Service (no calls)
twilio://ACCOUNT_SID:AUTH_TOKEN@Example                   from an alphanumeric sender (SMS only)
twilio://API_KEY_SID:SECRET@+15005550006?account=AC0123…  with an API key

?auth_token=…   the account's, with an API key: receipts are signed with it, so there are none
                without it
?content=HX…    the Content Template for WhatsApp, its only variable being the code. WhatsApp takes
                no other message to somebody who has not written before
?api=https://api.dublin.ie1.twilio.com
                another region, or a test server. Keys and tokens belong to one region

What the errors mean is from Twilio's error dictionary (https://www.twilio.com/docs/api/errors).
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from shared.senders.setups import TwilioSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Answer, Poster

# Not a number, not a mobile one, or its owner has opted out (21610 by STOP, 63014 on WhatsApp).
_INVALID_RECIPIENT = {21211, 21214, 21217, 21604, 21610, 21614, 63003, 63014, 63024}
# Too much at a time: of calls, of messages, in the queue of a number, of requests.
_BUSY = {10004, 14107, 20429, 21611, 63018}

# What <Say> can speak without naming a voice; of a language, the first one is the usual one.
_SPOKEN = (  # noqa: SIM905 (a list would have a line for each)
    "en-US en-GB en-AU en-CA en-IN ca-ES da-DK de-DE es-ES es-MX fi-FI fr-FR fr-CA it-IT ja-JP "
    "ko-KR nb-NO nl-NL pl-PL pt-BR pt-PT ru-RU sv-SE zh-CN zh-HK zh-TW"
).split()
# What it speaks with these voices only, which have names of their own for their languages.
_VOICES = {"ar": ("arb", "Polly.Zeina"), "hi": ("hi-IN", "Polly.Aditi")}

# How long Twilio lets a telephone ring if it is not told otherwise.
_LONGEST_RING_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class TwilioSender(TwilioSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        resource, form = ("Calls", self._call(message))
        if message.channel != "call":
            resource, form = ("Messages", self._message(message))
        if message.receipt_url and self.auth_token:
            form["StatusCallback"] = message.receipt_url
        answer = self._poster.post(
            f"{self.api}/2010-04-01/Accounts/{self.account}/{resource}.json",
            urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
            self.auth,
        )
        sid = str(answer.json.get("sid"))
        if answer.status // 100 == 2 and re.fullmatch("(SM|MM|CA)[0-9a-fA-F]{32}", sid):
            return sid
        raise _failure(answer)

    def try_credentials(self) -> bool:
        """API keys may not read the account, but they may read its messages."""
        url = f"{self.api}/2010-04-01/Accounts/{self.account}/Messages.json?PageSize=1"
        answer = self._poster.get(url, {}, self.auth)
        if answer.status // 100 != 2:
            raise _failure(answer)
        return True

    def _message(self, message: Message) -> dict[str, str]:
        prefix = "whatsapp:" if message.channel == "whatsapp" else ""
        form = {
            "To": prefix + message.to,
            # Twilio's queue can be long; a code that has ended is not sent.
            "ValidityPeriod": str(min(max(message.expires_in, 1), 36_000)),
        }
        origin = message.from_number or self.from_number
        if re.fullmatch("MG[0-9a-fA-F]{32}", origin):
            form["MessagingServiceSid"] = origin
        else:
            form["From"] = prefix + origin
        if message.channel == "whatsapp" and self.content:
            form["ContentSid"] = self.content
            form["ContentVariables"] = json.dumps({"1": message.code})
        else:
            form["Body"] = message.text
        return form

    def _call(self, message: Message) -> dict[str, str]:
        """The text says the digits twice, with a comma, which is heard as a pause, behind each."""
        say = f"<Say {_spoken(message.locale)}>{escape(message.text)}</Say>"
        return {
            "To": message.to,
            "From": message.from_number or self.from_number,
            # The first second, in which people put the telephone to their ear, stays silent.
            "Twiml": f'<Response><Pause length="1"/>{say}</Response>',
            "Timeout": str(min(max(message.expires_in, 1), _LONGEST_RING_SECONDS)),
        }


def _spoken(locale: str) -> str:
    """The attributes by which <Say> speaks a locale, or else English."""
    language = locale.partition("-")[0].lower()
    if language in _VOICES:
        return 'language="{}" voice="{}"'.format(*_VOICES[language])
    same = [one for one in _SPOKEN if one.lower() == locale.lower()]
    spoken = [*same, *(one for one in _SPOKEN if one.startswith(f"{language}-")), _SPOKEN[0]][0]
    return f'language="{spoken}"'


def _failure(answer: Answer) -> DeliveryError:
    code = answer.json.get("code")
    if not (isinstance(code, int) and 10_000 <= code <= 99_999):
        return DeliveryError(answer.failure, f"twilio_http_{answer.status}")
    if code in _INVALID_RECIPIENT:
        return DeliveryError("invalid_recipient", f"twilio_{code}")
    # "Too many requests" and Twilio's own 5xx (20500, 20503) say that nothing was made of it.
    if code in _BUSY or answer.status == 429 or answer.status >= 500:
        return DeliveryError("transient", f"twilio_{code}")
    return DeliveryError("refused", f"twilio_{code}")
