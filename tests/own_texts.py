"""Folders with texts of the owner."""

from collections.abc import Mapping
from pathlib import Path

# A language that Sixpost does not have.
SWEDISH = {
    "direction": "ltr",
    "sms": "{code} för {app}, {minutes} min.",
    "sms_short": "{app}: {code}",
    "whatsapp": "{code} för {app}, {minutes} min.",
    "telegram": "{code} för {app}, {minutes} min.",
    "call": "Koden för {app} är {digits}.",
    "email_subject": "{code} för {app}",
    "email": "{code} för {app}.\n\nDen gäller i {minutes} min.\nDela den inte.",
}


def toml(texts: Mapping[str, str]) -> str:
    return "\n".join(f'{key} = """{text}"""' for key, text in texts.items())


def texts_folder(path: Path, **languages: Mapping[str, str]) -> str:
    """Make a folder with these texts by language and key."""
    path.mkdir()
    for language, texts in languages.items():
        (path / f"{language}.toml").write_text(toml(texts), encoding="utf-8")
    return str(path)
