"""The settings for codes: their form, who sends them, how many and to whom. Each class is a section
of docs/settings.md. `make docs` writes its docstring there as the title, and those of its settings
there and in .env.example."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from shared.policy import Limit
from shared.settings.fictional_numbers import refuse_real
from shared.settings.types import (
    AppHash,
    Budget,
    CallRoutes,
    Folder,
    NumberTypes,
    OneLine,
    Prefixes,
    Region,
    Regions,
    ReturnUrls,
    SenderUrls,
    SmsRoutes,
    Steps,
    TelegramRoutes,
    TestNumbers,
    WebOrigin,
    WhatsAppRoutes,
    WindowLimit,
    WindowLimits,
    from_to,
)

_CONSOLE = ("console://",)


class Codes(BaseModel):
    """Codes and texts"""

    otp_code_length: int = Field(default=6, ge=4, le=10)
    """The number of digits of a code, from 4 to 10."""
    otp_ttl_seconds: int = Field(default=300, ge=30, le=3600)
    """Seconds until a code expires, from 30 to 3600."""
    otp_max_checks: int = Field(default=5, ge=1, le=10)
    """The number of checks per verification, from 1 to 10."""
    otp_max_sends: int = Field(default=5, ge=1, le=10)
    """The number of sends per verification, from 1 to 10."""
    otp_resend_seconds: int = Field(default=30, ge=0, le=600)
    """Seconds between two sends of a verification, from 0 to 600. If a send fails, they apply only
    to the same channel."""
    otp_resend_code: Literal["same", "new"] = "same"
    """`same`: a resend repeats the code, so it does not matter which message arrives first. `new`:
    a resend has a new code, and the old one stops working."""
    otp_workflow: Steps = Field(default=(), examples=["whatsapp 30s, sms 45s, call"])
    """The [workflow](workflows.md) of starts that name no channel: up to five channels in order,
    and how long after each the next one gets the code, from `15s` to `600s`. Channels for phone
    numbers and `email` cannot be in one workflow."""
    otp_app_name: OneLine = Field(default="OTP", max_length=30)
    """What messages and the page call your app, with up to 30 characters."""
    otp_texts: Folder | None = Field(default=None, examples=["/texts"])
    """A folder with [your own texts](operations.md#change-the-words-of-messages) for messages, in
    files such as `de.toml`. An app can have its own folder, whose texts replace those in this
    one. The API and the workers read both at the start."""
    otp_return_urls: ReturnUrls = Field(
        default=(), examples=["https://shop.example https://example.org/account/"]
    )
    """The sites that the [page of a verification](pages.md) can lead back to and be embedded in,
    separated by spaces. If a URL has a path, `return_url` must begin with it."""
    otp_web_origin: WebOrigin | None = Field(default=None, examples=["https://shop.example"])
    """The origin of your site, where a phone's browser [fills in the
    code](pages.md#fill-in-the-code) from an SMS. The host can have up to 40 characters, or about 20
    for texts in Arabic, Hindi or Chinese. If the site is also in `OTP_RETURN_URLS`, it can show the
    page in a dialog, and an SMS then names the host of `OTP_PUBLIC_URL` too."""
    otp_app_hash: AppHash | None = Field(default=None, examples=["FA+9qCX9VSu"])
    """The hash of your Android app, to which phones [give the
    code](pages.md#fill-in-the-code-in-an-android-app). Every SMS ends in the hash instead of the
    line of `OTP_WEB_ORIGIN`. A request can give another one as `app_hash`."""
    otp_keep: Annotated[int, from_to("1h", "7d")] = Field(
        default=86400, json_schema_extra={"written": "1d"}
    )
    """How long you can look up the result of a verification after its end, from `1h` to `7d`."""
    otp_keep_audit: Annotated[int, from_to("1d", "365d")] = Field(
        default=30 * 86400, json_schema_extra={"written": "30d"}
    )
    """How long the [audit log](operations.md#the-audit-log) keeps the owner's actions, from `1d` to
    `365d`."""


# A sender URL may hold a password.
class Senders(BaseModel):
    """Senders"""

    otp_sms_senders: SenderUrls = Field(
        default=_CONSOLE,
        repr=False,
        examples=[
            "console://",
            "twilio://ACCOUNT_SID:AUTH_TOKEN@+15005550006",
            "twilio://API_KEY_SID:SECRET@MG0123?account=AC0123&auth_token=TOKEN",
            "smsgate://USER:PASSWORD@192.168.1.10:8080/message?tls=none",
            "telnyx://API_KEY@+15005550006?public_key=KEY",
            "vonage://API_KEY:API_SECRET@Example?signature_secret=SECRET",
            "infobip://API_KEY@BASE?from=Example",
            "aws://ACCESS_KEY:SECRET_KEY@eu-west-1?from=+15005550006",
            "webhook://whsec_SECRET@gateway.example.com/otp",
            "webhook://whsec_SECRET@gateway:8080/otp?tls=none",
            "webhook://whsec_SECRET@app.example.com/otp?code=K",
            "apprise+clicksend://USER:API_KEY@{to}",
        ],
    )
    """The [senders](senders.md) for SMS as URLs in order of preference, separated by spaces. If one
    fails, the next one delivers. `none` turns the channel off. In names, passwords and options,
    write `/` as `%2F` and `+` as `%2B`."""
    otp_whatsapp_senders: SenderUrls = Field(
        default=_CONSOLE,
        repr=False,
        examples=[
            "whatsapp://TOKEN@PHONE_NUMBER_ID?template=NAME&app_secret=SECRET&verify_token=WORD"
        ],
    )
    """The senders for WhatsApp."""
    otp_telegram_senders: SenderUrls = Field(
        default=(), repr=False, examples=["telegram://TOKEN@gateway"]
    )
    """The senders for Telegram. The channel is off by default, because it costs money and is not
    known everywhere."""
    otp_call_senders: SenderUrls = Field(default=_CONSOLE, repr=False)
    """The senders for voice calls."""
    otp_email_senders: SenderUrls = Field(
        default=_CONSOLE,
        repr=False,
        examples=[
            "smtp://user:password@mail.example.com:587?from=otp@example.com",
            "smtps://user:password@mail.example.com:465?from=otp@example.com",
        ],
    )
    """The senders for email. `smtp://` uses STARTTLS, and `smtps://` uses TLS from the start."""
    otp_sms_routes: SmsRoutes = Field(
        default_factory=dict,
        examples=[
            'IN = {senders = ["vonage", "infobip"], from = "EXMPLE"}',
            'CU = {senders = "none"}',
        ],
    )
    """How SMS reach single countries: [routes](routes.md) in TOML, a table for each ISO 3166
    country, number prefix in quotes, or `default`. Usually in a file that `OTP_SMS_ROUTES_FILE`
    names. `none` means no routes."""
    otp_whatsapp_routes: WhatsAppRoutes = Field(
        default_factory=dict, examples=['default = {from = "+15005550006"}']
    )
    """Routes for WhatsApp, with `senders` and `from` only."""
    otp_telegram_routes: TelegramRoutes = Field(
        default_factory=dict, examples=['IR = {senders = "none"}']
    )
    """Routes for Telegram, with `senders` and `from` only."""
    otp_call_routes: CallRoutes = Field(
        default_factory=dict, examples=['GB = {from = "+442079460000"}']
    )
    """Routes for voice calls, with `senders` and `from` only."""


class Limits(BaseModel):
    """Limits and costs"""

    otp_limit_to: WindowLimits = (Limit.parse("5/10m"), Limit.parse("10/1h"))
    """Sends per recipient, as `COUNT/WINDOW` in `s`, `m`, `h` or `d`. Separate several windows by
    spaces. `none` means no limit, here and in the other limits."""
    otp_limit_ip: WindowLimits = (Limit.parse("30/1h"),)
    """Sends per client address. For IPv6, the /64 network counts."""
    otp_limit_app: WindowLimits = ()
    """Sends per app."""
    otp_limit_country: WindowLimits = ()
    """Sends per app and country."""
    otp_limit_range: WindowLimits = ()
    """Sends per app and number range. The numbers of a range differ only in the last four
    digits."""
    otp_limit_global: WindowLimits = ()
    """Sends of all apps together."""
    otp_max_failed_checks: WindowLimit = Limit.parse("20/1d")
    """Incorrect codes per recipient, across verifications. A correct code resets the count."""
    otp_budget: Budget = Field(default_factory=dict, examples=["sms:1000 call:50"])
    """Messages per app and day (UTC) by channel. `none` means no limit."""
    otp_guard: Literal["block", "monitor", "off"] | None = None
    """The [pumping guard](operations.md#limit-your-costs): `block`, `monitor` to show only what it
    would block, or `off`. Without this setting, it blocks if a sender for phone numbers costs
    money, and monitors otherwise."""
    otp_guard_range: WindowLimit = Limit.parse("20/1d")
    """The guard acts when a number range has received this many messages and less than
    `OTP_GUARD_PERCENT` of them led to a verified number. Until the window has passed, it blocks
    messages there, except to numbers that were verified before."""
    otp_guard_country: WindowLimit = Limit.parse("500/1d")
    """The same for a country."""
    otp_guard_percent: int = Field(default=10, ge=1, le=100)
    """The share of messages that must lead to a verified number, in percent."""


class Recipients(BaseModel):
    """Recipients"""

    otp_allowed_countries: Regions = Field(default=(), examples=["US GB"])
    """The countries that codes are sent to, as ISO 3166 codes. `none` means all."""
    otp_blocked_prefixes: Prefixes = Field(default=(), examples=["+1900"])
    """Number ranges that get no codes."""
    otp_blocked_types: NumberTypes = (
        "premium_rate",
        "shared_cost",
        "personal_number",
        "no_country",
    )
    """Types of numbers that get no codes: `premium_rate`, `shared_cost`, `personal_number` (such as
    +44 70, which costs like premium rate), `no_country` (satellites and other numbers of no
    country), `fixed_line`, `voip`, `pager`, `toll_free`, `uan` and `voicemail`."""
    otp_allowed_prefixes: Prefixes = Field(default=(), examples=["+4915"])
    """Number ranges that Sixpost accepts although its numbering plans do not know them yet. Their
    type is unknown, and their country is that of the country code."""
    otp_default_region: Region | None = Field(default=None, examples=["US"])
    """The country of numbers entered without a country code."""
    otp_allow_local_email: bool = False
    """`true` accepts email addresses in `.local`, `home.arpa` and `.test`, for closed networks."""
    otp_allow_test_numbers: Literal["fictional", "any"] = "fictional"
    """`any` lets `OTP_TEST_NUMBERS` name numbers that can belong to a person."""
    # The codes are in it, and these never change.
    otp_test_numbers: TestNumbers = Field(
        default_factory=dict, repr=False, examples=["+14155550123:424242 +14155550124:123456"]
    )
    """[Fictional numbers](operations.md#test-numbers) with a fixed code, for app store reviewers
    and tests. Sixpost sends nothing to them. Anyone who knows the code passes as the owner of the
    number."""

    @field_validator("otp_test_numbers")
    @classmethod
    def _nobodys(cls, numbers: Mapping[str, str], given: ValidationInfo) -> Mapping[str, str]:
        if given.data.get("otp_allow_test_numbers") == "fictional":
            refuse_real(numbers, given.data.get("otp_allowed_prefixes", ()))
        return numbers
