"""What a message can come from."""

from collections.abc import Mapping

from shared.policy import Channel

NUMBER = r"\+[1-9][0-9]{6,14}"
SHORT_CODE = r"[0-9]{3,8}"
# A name has up to 11 characters, and a letter among them.
SHORT_CODE_OR_NAME = rf"{SHORT_CODE}|(?=.*[A-Za-z])[A-Za-z0-9 ._+-]{{1,11}}"
ANY = f"{NUMBER}|{SHORT_CODE_OR_NAME}"
# The user name of a verified channel of Telegram, without @.
TELEGRAM_NAME = "[A-Za-z0-9_]{4,32}"

# What a route's `from` can be on each channel, and how to say that.
FORMS: Mapping[Channel, tuple[str, str]] = {
    "sms": (ANY, "a number such as +15005550006, a short code, or a name of up to 11 characters"),
    "whatsapp": (NUMBER, "a number such as +15005550006"),
    "telegram": (TELEGRAM_NAME, "the user name of your verified channel without @"),
    "call": (NUMBER, "a number such as +15005550006"),
}

# Names that belong to no sender, so anyone could use them. Networks block these, such as those in
# the United Kingdom: https://support.messagemedia.com/hc/en-us/articles/7060182992271
_GENERIC = {
    *(
        "1timepin",
        "2fa",
        "access",
        "account",
        "admin",
        "alert",
        "app",
        "auth",
        "authmsg",
        "authsms",
    ),
    *("bank", "check", "cloudotp", "code", "confirm", "info", "infosms", "key", "login", "logon"),
    *(
        "message",
        "mobile",
        "msg",
        "msgauth",
        "network",
        "noreply",
        "notice",
        "notify",
        "onetimepin",
    ),
    *("otp", "otpsms", "pin", "pincode", "protocol", "secure", "security", "service", "sign"),
    *("signin", "signon", "sms", "smsauth", "smscode", "smsinfo", "smsotp", "smsverify", "support"),
    *("system", "test", "text", "txt", "validate", "verification", "verify", "verifyme"),
    "verifysms",
}


def is_generic(name: str) -> bool:
    """Whether networks are likely to block a name. Case, spaces and punctuation do not count."""
    return "".join(filter(str.isalnum, name)).lower() in _GENERIC
