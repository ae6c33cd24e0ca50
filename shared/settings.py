"""Settings: read once at start, typed, and wrong ones stop the start by name.

A value comes from the environment, else from `.env`, else from /run/secrets/name (secrets only),
else it is the default. In place of a secret itself, NAME_FILE may name the file that holds it.
`.env.example` lists them all.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import SecretStr as Secret

from shared.policy import CHANNELS, Channel, Limit, Limits, Policy
from shared.redis_client import connect

_SHORTEST_KEY = 32


class SettingsError(Exception):
    """A setting is missing, unknown or malformed; the message names it and what is expected."""


def _words(text: object) -> object:
    """What is listed; `none` lists nothing, where a list left empty has its default."""
    if not isinstance(text, str):
        return text
    return () if text == "none" else tuple(text.replace(",", " ").split())


def _limits(text: object) -> object:
    words = _words(text)
    return tuple(map(Limit.parse, words)) if isinstance(words, tuple) else words


def _limit(text: object) -> object:
    return Limit.parse(text) if isinstance(text, str) else text


def _redis_url(secret: Secret) -> Secret:
    connect(secret.get_secret_value(), timeout_seconds=1).close()
    return secret


def _region(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise ValueError("expected ISO 3166 regions such as US")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected printable characters")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{0,14}", text):
        raise ValueError("expected number ranges such as +1900")
    return text


def _sender_url(text: str) -> str:
    if not re.match(r"[a-z][a-z0-9+.-]*://", text):
        # The value may hold a password, so it is not repeated.
        raise ValueError("expected sender URLs such as console:// separated by spaces")
    return text


Words = BeforeValidator(_words)
SenderUrls = Annotated[tuple[Annotated[str, BeforeValidator(_sender_url)], ...], Words]
WindowLimits = Annotated[Limits, BeforeValidator(_limits)]

_CONSOLE = ("console://",)


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)

    redis_url: Annotated[Secret, AfterValidator(_redis_url)] = Secret("redis://localhost:6379/0")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 5000
    api_processes: Annotated[int, Field(ge=1, le=64)] = 2
    worker_concurrency: Annotated[int, Field(ge=1, le=512)] = 32

    otp_data_dir: Path | None = None
    otp_secret_keys: Secret | None = None
    otp_api_keys: Secret | None = None

    otp_code_length: Annotated[int, Field(ge=4, le=10)] = 6
    otp_ttl_seconds: Annotated[int, Field(ge=30, le=3600)] = 300
    otp_max_checks: Annotated[int, Field(ge=1, le=10)] = 5
    otp_max_sends: Annotated[int, Field(ge=1, le=10)] = 5
    otp_resend_seconds: Annotated[int, Field(ge=0, le=600)] = 30
    otp_resend_code: Literal["same", "new"] = "same"

    # A sender URL may hold a password.
    otp_sms_senders: SenderUrls = Field(default=_CONSOLE, repr=False)
    otp_whatsapp_senders: SenderUrls = Field(default=_CONSOLE, repr=False)
    otp_call_senders: SenderUrls = Field(default=_CONSOLE, repr=False)
    otp_email_senders: SenderUrls = Field(default=_CONSOLE, repr=False)

    otp_limit_to: WindowLimits = _limits("5/10m 10/1h")  # type: ignore[assignment]
    otp_limit_ip: WindowLimits = _limits("30/1h")  # type: ignore[assignment]
    otp_limit_app: WindowLimits = ()
    otp_limit_country: WindowLimits = ()
    otp_limit_global: WindowLimits = ()
    otp_max_failed_checks: Annotated[Limit, BeforeValidator(_limit)] = Limit.parse("20/24h")

    otp_allowed_countries: Annotated[
        tuple[Annotated[str, BeforeValidator(_region)], ...], Words
    ] = ()
    otp_blocked_prefixes: Annotated[
        tuple[Annotated[str, BeforeValidator(_prefix)], ...], Words
    ] = ()
    otp_trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    otp_default_region: Annotated[str, BeforeValidator(_region)] | None = None
    otp_app_name: Annotated[str, Field(max_length=30), AfterValidator(_one_line)] = "OTP"
    otp_public_url: Annotated[str, Field(pattern=r"^https?://[^/?#]+$")] | None = None
    otp_web_origin: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+$")] | None = None

    def senders(self, channel: Channel) -> tuple[str, ...]:
        """The sender URLs of a channel, in order of preference."""
        urls: tuple[str, ...] = getattr(self, f"otp_{channel}_senders")
        return urls

    def secret_keys(self) -> dict[str, bytes]:
        """The key ring, first one makes codes. Raises SettingsError."""
        if self.otp_secret_keys is None:
            raise SettingsError(
                "OTP_SECRET_KEYS is missing: expected kid:base64 of at least 32 random bytes; "
                "or set OTP_DATA_DIR to a folder where one is made at first start and kept"
            )
        pairs = _pairs("OTP_SECRET_KEYS", self.otp_secret_keys)
        keys = {kid: _decode_key(encoded) for kid, encoded in pairs}
        if not keys:
            raise SettingsError("OTP_SECRET_KEYS is empty: expected kid:base64")
        if len(keys) < len(pairs):
            raise SettingsError("OTP_SECRET_KEYS holds the same key id twice")
        if len(set(keys.values())) < len(keys):
            raise SettingsError("OTP_SECRET_KEYS holds the same key twice")
        return keys

    def api_keys(self) -> tuple[tuple[str, str], ...]:
        """(app, key) of every API key; an app may have several. Raises SettingsError."""
        if self.otp_api_keys is None:
            return ()
        pairs = tuple(_pairs("OTP_API_KEYS", self.otp_api_keys))
        if not pairs:
            raise SettingsError("OTP_API_KEYS is empty: expected app:key")
        if len({key for _, key in pairs}) < len(pairs):
            raise SettingsError("OTP_API_KEYS holds the same key twice")
        if any(len(key) < _SHORTEST_KEY for _, key in pairs):
            raise SettingsError(f"OTP_API_KEYS: a key has under {_SHORTEST_KEY} characters")
        return pairs

    def policy(self) -> Policy:
        return Policy(
            code_length=self.otp_code_length,
            ttl_seconds=self.otp_ttl_seconds,
            max_checks=self.otp_max_checks,
            max_sends=self.otp_max_sends,
            resend_seconds=self.otp_resend_seconds,
            resend_code=self.otp_resend_code,
            max_failed_checks=self.otp_max_failed_checks,
            limits={
                "to": self.otp_limit_to,
                "ip": self.otp_limit_ip,
                "app": self.otp_limit_app,
                "country": self.otp_limit_country,
                "global": self.otp_limit_global,
            },
            channels=tuple(channel for channel in CHANNELS if self.senders(channel)),
            allowed_countries=frozenset(self.otp_allowed_countries) or None,
            blocked_prefixes=self.otp_blocked_prefixes,
        )

    @classmethod
    def load(
        cls,
        env: Mapping[str, str] = os.environ,
        env_file: str | Path | None = ".env",
        secrets_dir: Path = Path("/run/secrets"),
    ) -> Self:
        """Read the settings, and make the secrets that OTP_DATA_DIR asks for.

        Raises SettingsError.
        """
        dotenv = dotenv_values(env_file) if env_file else {}
        # What is empty counts as not given.
        sources = [{name: v for name, v in source.items() if v} for source in (env, dotenv)]
        known = {*map(str.upper, cls.model_fields), *(f"{n.upper()}_FILE" for n in _SECRETS)}
        for name in {name for source in sources for name in source}:
            if name.startswith("OTP_") and name not in known:
                raise SettingsError(f"{name} is not a setting; .env.example lists them")
        values: dict[str, Any] = {}
        for field in cls.model_fields:
            files = secrets_dir if field in _SECRETS else None
            value = _find(field.upper(), sources, files)
            if value is not None:
                values[field] = value
        if "otp_data_dir" in values and "otp_secret_keys" not in values:
            values["otp_secret_keys"] = _kept_secret(
                Path(values["otp_data_dir"]) / "otp_secret_keys", _new_key
            )
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(
                "; ".join(
                    f"{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}"
                    for e in error.errors(include_input=False, include_url=False)
                )
            ) from None


# These can be given as files.
_SECRETS = {
    "redis_url",
    "otp_secret_keys",
    "otp_api_keys",
    *(f"otp_{channel}_senders" for channel in CHANNELS),
}


def _find(name: str, sources: Sequence[Mapping[str, str]], secrets_dir: Path | None) -> str | None:
    """The value as it is given, None: nowhere. `secrets_dir` is there for secrets only."""
    for source in sources:
        if name in source:
            return source[name]
        if secrets_dir and (path := source.get(f"{name}_FILE")):
            return _read(Path(path), f"{name}_FILE")
    mounted = secrets_dir / name.lower() if secrets_dir else None
    return _read(mounted, f"{mounted}") if mounted and mounted.is_file() else None


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name} cannot be read: it is not UTF-8 text") from None


def _new_key() -> str:
    return f"k{secrets.token_hex(2)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _kept_secret(path: Path, make: Any) -> str:
    """The secret in the file, made at the first call. Processes that start together agree: the
    whole file appears at once, and the first one stays."""
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(make() + "\n", encoding="utf-8")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as error:
            raise SettingsError(f"OTP_DATA_DIR cannot be written: {error.strerror}") from None
    return _read(path, "OTP_DATA_DIR")


def _pairs(name: str, secret: Secret) -> list[tuple[str, str]]:
    """Split `name:value name:value` (or by commas)."""
    pairs = []
    for word in secret.get_secret_value().replace(",", " ").split():
        left, colon, right = word.partition(":")
        if not colon or not right or not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", left):
            raise SettingsError(f"{name}: expected name:value pairs, separated by spaces")
        pairs.append((left, right))
    return pairs


def _decode_key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise SettingsError("OTP_SECRET_KEYS: a key is not base64") from None
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"OTP_SECRET_KEYS: a key has under {_SHORTEST_KEY} bytes")
    return key
