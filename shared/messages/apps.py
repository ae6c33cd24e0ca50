"""The texts of each app. For each language and key, the app's own text comes first, then that of
OTP_TEXTS, then the one in shared/texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.locales import texts_in
from shared.messages.own_texts import KEYS, read
from shared.messages.segments import ONE_SEGMENT, size_of
from shared.messages.texts import FOLDER, MOST_BYTES_WITH_HASH, Language, Texts
from shared.settings import Settings, SettingsError

# What a Service of /v2 can have instead of the app's own.
_SERVICES_NAME, _SERVICES_CODE = "A" * 30, "0" * 10


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """`setting` is what errors call it."""

    setting: str
    path: Path
    languages: Mapping[str, Language]

    @classmethod
    def read(cls, setting: str, path: Path) -> "_Folder":
        """Raises SettingsError."""
        try:
            return cls(setting=setting, path=path, languages=read(path))
        except ValueError as error:
            raise SettingsError(f"{setting}: {error}") from None

    def error(self, language: str, told: str) -> SettingsError:
        return SettingsError(f"{self.setting}: {self.path / language}.toml: {told}")


def texts_of_apps(settings: Settings) -> dict[str, Texts]:
    """The texts of each app in OTP_APPS, and those of all others under "". Raises SettingsError,
    also for an SMS that could be longer than one segment."""
    common = [_Folder.read("OTP_TEXTS", settings.otp_texts)] if settings.otp_texts else []
    texts = {"": _texts("", settings, common)}
    for app in settings.app_names():
        own = settings.app(app)
        folders = common
        if own.otp_texts and own.otp_texts != settings.otp_texts:
            folders = [_Folder.read(f"OTP_APPS: {app}: OTP_TEXTS", own.otp_texts), *common]
        texts[app] = _texts(app, own, folders)
    return texts


def _texts(app: str, own: Settings, folders: Sequence[_Folder]) -> Texts:
    """The texts of an app from the folders, the nearest first. Raises SettingsError."""
    texts = Texts.of(own, _merged(folders))
    for language in texts.languages:
        for key in "sms", "sms_short":
            folder = next((f for f in folders if key in f.languages.get(language, {})), None)
            if folder and (problem := _too_long(texts, language, key, own)):
                of_app = f" (app {app})" if app else ""
                raise folder.error(language, f"{key}: {problem}{of_app}")
    _refuse_hash_without_room(app, own, texts)
    return texts


def _refuse_hash_without_room(app: str, own: Settings, texts: Texts) -> None:
    """Raises SettingsError."""
    if own.otp_app_hash is None:
        return
    length, life = own.otp_code_length, own.otp_ttl_seconds
    for language in texts.languages:
        if not texts.fit_with(own.otp_app_hash, language, code_length=length, life_seconds=life):
            raise SettingsError(
                f"{f'OTP_APPS: {app}: ' if app else ''}OTP_APP_HASH: in the language {language}, "
                f"an SMS that ends in it does not fit in {MOST_BYTES_WITH_HASH} bytes; "
                "use a shorter OTP_APP_NAME or sms_short"
            )


def _merged(folders: Sequence[_Folder]) -> dict[str, Language]:
    """Raises SettingsError for a language of which a text is missing."""
    languages: dict[str, Language] = dict(texts_in(FOLDER))
    for folder in reversed(folders):
        for language, texts in folder.languages.items():
            languages[language] = {**languages.get(language, {}), **texts}
            if missing := [key for key in KEYS if key not in languages[language]]:
                raise folder.error(
                    language, f"a new language needs all texts: add {', '.join(missing)}"
                )
    return languages


def _too_long(texts: Texts, language: str, key: str, own: Settings) -> str | None:
    """Why an SMS with this text could take several segments. Returns None if it cannot."""
    code, life = "0" * own.otp_code_length, own.otp_ttl_seconds
    text = texts.sms(language, key, code, life)
    longest = {"the app's name and longest code": text}
    if key == "sms_short":
        longest["the line for OTP_WEB_ORIGIN"] = text + texts.line(code)
        longest["a Service's longest name and code"] = texts.sms(
            language, key, _SERVICES_CODE, life, _SERVICES_NAME
        )
    for what, text in longest.items():
        size = size_of(text)
        if size.segments > 1:
            most = ONE_SEGMENT[size.encoding]
            letters = f" with {' '.join(size.others[:5])}" if size.others else ""
            return f"with {what}, it has {size.units} characters, and an SMS{letters} holds {most}"
    return None
