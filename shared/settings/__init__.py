"""Settings: read once at start, typed, and wrong ones stop the start by name.

A value comes from the environment, else from `.env`, else from /run/secrets/name (secrets only),
else it is the default. In place of a secret itself, NAME_FILE may name the file that holds it.
`.env.example` lists them all.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, PrivateAttr, ValidationError

from shared.policy import CHANNELS, PAGE_APP, PHONE_CHANNELS, Channel, Guard, Policy, Routes
from shared.recipient import Addresses
from shared.settings.keys import app_keys, key_ring
from shared.settings.rules import Codes, Limits, Recipients, Senders
from shared.settings.sender_urls import named
from shared.settings.service import Keys, Processes, Receipts, Webhooks
from shared.settings.sources import SettingsError, find, made_secrets, read_sources, refuse_unknown
from shared.settings.types import APP_NAME, HookSystem, hook_keys, refusals
from shared.settings.webhooks import refuse_endpoint
from shared.signatures import webhook_key

__all__ = ["PER_APP", "SECRETS", "Settings", "SettingsError"]


# Pydantic takes the fields of the last base first.
class Settings(Receipts, Webhooks, Recipients, Limits, Senders, Codes, Keys, Processes):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)
    _api_keys_file: Path | None = PrivateAttr(default=None)

    @property
    def prints_codes(self) -> bool:
        """Whether a console sender writes codes into the worker's log."""
        return any(url.startswith("console:") for c in CHANNELS for url in self.senders(c))

    def senders(self, channel: Channel) -> tuple[str, ...]:
        """The sender URLs of a channel, in order of preference."""
        urls: tuple[str, ...] = getattr(self, f"otp_{channel}_senders")
        return urls

    def routes(self, channel: Channel) -> Routes:
        """How the channel's messages reach single countries. There are none for email."""
        found: Routes = getattr(self, f"otp_{channel}_routes", {})
        return found

    def named_senders(self, channel: Channel) -> dict[str, list[tuple[str, str]]]:
        """(name, URL) of the senders of a channel, per app; "" is every app without its own."""
        urls = {"": self.senders(channel)}
        for name in self.app_names():
            own = self.app(name).senders(channel)
            if own != urls[""]:
                urls[name] = own
        return {name: named(urls[name], app=name) for name in urls}

    def all_senders(self) -> list[tuple[Channel, str, str, str]]:
        """(channel, app, name, URL) of every sender; "" is every app without its own."""
        return [
            (channel, app, name, url)
            for channel in CHANNELS
            for app, senders in self.named_senders(channel).items()
            for name, url in senders
        ]

    def secret_keys(self) -> dict[str, bytes]:
        """The secret keys by their ids. Raises SettingsError."""
        return self.key_ring()[1]

    def key_ring(self) -> tuple[str, dict[str, bytes]]:
        """The id of the key that creates codes, and the secret keys by their ids. Raises
        SettingsError."""
        if self.otp_secret_keys is None:
            raise SettingsError(
                "OTP_SECRET_KEYS is missing: set it to kid:base64 with at least 32 random bytes, "
                "or set OTP_DATA_DIR to a folder where the service can generate and keep a key"
            )
        return key_ring(self.otp_secret_keys.get_secret_value())

    def api_keys(self) -> tuple[tuple[str, str], ...]:
        """(app, key) of every API key; an app may have several. Raises SettingsError."""
        return app_keys(self.otp_api_keys.get_secret_value()) if self.otp_api_keys else ()

    @property
    def api_keys_file(self) -> Path | None:
        """The file that OTP_API_KEYS comes from, if it comes from one. A running API follows it."""
        return self._api_keys_file

    def webhook_keys(self) -> tuple[bytes, ...]:
        """The keys in the secrets that an app shares with the service, the newest first."""
        secret = self.otp_webhook_secret
        return tuple(map(webhook_key, secret.get_secret_value().split())) if secret else ()

    def hook_keys(self, system: HookSystem) -> dict[bytes, str]:
        """The keys by which a system signs its requests to our hooks, with their apps."""
        secret = self.otp_hook_secrets
        keys = hook_keys(secret.get_secret_value()) if secret else ()
        return {of.key: of.app for of in keys if of.system == system}

    def refuse_webhook(self, prefix: str) -> None:
        """Raises SettingsError if events cannot be delivered, with the `prefix` of an app."""
        if self.otp_webhook_url is None:
            return
        try:
            refuse_endpoint(self.otp_webhook_url, self.otp_webhook_allow)
        except ValueError as error:
            raise SettingsError(f"{prefix}OTP_WEBHOOK_URL: {error}") from None
        if self.otp_webhook_secret is None:
            raise SettingsError(f"{prefix}OTP_WEBHOOK_URL needs OTP_WEBHOOK_SECRET")

    def admin_password(self) -> str | None:
        """The owner's password. Returns None if there is none, which turns the dashboard off."""
        secret = self.otp_admin_password
        return secret.get_secret_value() if secret else None

    def viewer_password(self) -> str | None:
        """The second password of the dashboard. Returns None if there is none. Raises
        SettingsError if it would let people in as the owner."""
        owner = self.admin_password()
        if self.otp_viewer_password is None:
            return None
        viewer = self.otp_viewer_password.get_secret_value()
        if owner is None:
            raise SettingsError("OTP_VIEWER_PASSWORD: OTP_ADMIN_PASSWORD is not set")
        if viewer == owner:
            raise SettingsError("OTP_VIEWER_PASSWORD cannot be the same as OTP_ADMIN_PASSWORD")
        return viewer

    def has_paid_sender(self) -> bool:
        """Whether messages cost: phones are reached by a sender that is not the console."""
        return any(
            url != "console://" for channel in PHONE_CHANNELS for url in self.senders(channel)
        )

    def refuse_to_be_open(self) -> None:
        """Without an API key anyone may send. Raises SettingsError if that goes beyond console://,
        for any app, and the owner has not allowed it by name."""
        urls = {url for *_, url in self.all_senders()}
        if urls - {"console://"} and not self.otp_allow_open:
            raise SettingsError(
                "anyone could send messages at your expense: create a key with python -m api.keys "
                "create APP, set OTP_API_KEYS to your own keys, or set OTP_ALLOW_OPEN=true to "
                "allow calls without a key"
            )

    def app_names(self) -> tuple[str, ...]:
        return tuple(self._app_tables)

    def app(self, name: str) -> Self:
        """The settings for one app, with its table in OTP_APPS. Raises SettingsError."""
        table = self._app_tables.get(name, {})
        if name == PAGE_APP:
            # People at a page ask for a code now and then; a program would give itself away.
            table = {"limit_ip": "10/1h", **table}
        if not table:
            return self
        unknown = [key for key in table if f"otp_{key}" not in PER_APP]
        if unknown:
            near = get_close_matches(unknown[0], [key.removeprefix("otp_") for key in PER_APP], 1)
            hint = f". Did you mean {near[0]}?" if near else ""
            raise SettingsError(f"OTP_APPS: {name}: {unknown[0]} cannot be set per app{hint}")
        own = {f"otp_{key}": value for key, value in table.items()}
        return self._valid({**dict(self), **own}, prefix=f"OTP_APPS: {name}: ")

    def says(self, app: str, name: str) -> bool:
        """Whether the owner has set this for an app, or for all apps. A value that is equal to the
        default changes nothing, so it counts as not set."""
        field = f"otp_{name}"
        default = type(self).model_fields[field].get_default(call_default_factory=True)
        return any(getattr(of, field) != default for of in (self, self.app(app)))

    @cached_property
    def _app_tables(self) -> dict[str, dict[str, Any]]:
        text = self.otp_apps.get_secret_value() if self.otp_apps else ""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            # Its text repeats what it cannot read, which may be a password.
            raise SettingsError("OTP_APPS is not TOML") from None
        for name, table in tables.items():
            if not re.fullmatch(APP_NAME, name) or not isinstance(table, dict):
                raise SettingsError("OTP_APPS: expected one [name] table per app")
        return tables

    def addresses(self) -> Addresses:
        return Addresses(
            default_region=self.otp_default_region,
            allowed_prefixes=self.otp_allowed_prefixes,
            test_numbers=self.otp_test_numbers,
            local_email=self.otp_allow_local_email,
        )

    def policy(self) -> Policy:
        guard = self.otp_guard or ("block" if self.has_paid_sender() else "monitor")
        return Policy(
            code_length=self.otp_code_length,
            ttl_seconds=self.otp_ttl_seconds,
            max_checks=self.otp_max_checks,
            max_sends=self.otp_max_sends,
            resend_seconds=self.otp_resend_seconds,
            resend_code=self.otp_resend_code,
            max_failed_checks=self.otp_max_failed_checks,
            limits={scope: getattr(self, f"otp_limit_{scope}") for scope in (*_SCOPES, "global")},
            budget=self.otp_budget,
            guard=Guard(
                mode=guard,
                ranges=self.otp_guard_range,
                countries=self.otp_guard_country,
                percent=self.otp_guard_percent,
            ),
            channels=tuple(channel for channel in CHANNELS if self.senders(channel)),
            allowed_countries=frozenset(self.otp_allowed_countries) or None,
            blocked_prefixes=self.otp_blocked_prefixes,
            blocked_types=frozenset(self.otp_blocked_types),
            test_numbers=self.otp_test_numbers,
            routes={channel: routes for channel in CHANNELS if (routes := self.routes(channel))},
            tells_app=self.otp_webhook_url is not None,
            workflow=self.otp_workflow,
        )

    @classmethod
    def load(
        cls,
        env: Mapping[str, str] = os.environ,
        env_file: str | Path | None = ".env",
        secrets_dir: Path = Path("/run/secrets"),
    ) -> Self:
        """Read the settings, and generate secrets in OTP_DATA_DIR. Raises SettingsError."""
        sources = read_sources(env, env_file, {*map(str.upper, SECRETS)})
        known = {*map(str.upper, cls.model_fields), *(f"{n.upper()}_FILE" for n in SECRETS)}
        refuse_unknown((name for source in sources for name in source), known)
        values: dict[str, Any] = {}
        files: dict[str, Path | None] = {}
        for field in cls.model_fields:
            found = find(field.upper(), sources, secrets_dir if field in SECRETS else None)
            if found:
                values[field], files[field] = found
        if "otp_data_dir" in values:
            values = made_secrets(Path(values["otp_data_dir"]), values) | values
        settings = cls._valid(values)
        settings._api_keys_file = files.get("otp_api_keys")  # noqa: SLF001 (of this class)
        for name in ("", *settings.app_names()):
            settings.app(name).refuse_webhook(f"OTP_APPS: {name}: " if name else "")
        return settings

    @classmethod
    def _valid(cls, values: Mapping[str, Any], prefix: str = "") -> Self:
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = (f"{name.upper()}: {told}" for name, told in refusals(cls, error).items())
            raise SettingsError(prefix + "; ".join(wrong)) from None


_SENDERS = {f"otp_{channel}_senders" for channel in CHANNELS}
_ROUTES = {f"otp_{channel}_routes" for channel in PHONE_CHANNELS}
_SCOPES = ("to", "ip", "app", "country", "range")

# These can be given as files.
SECRETS = {
    "redis_url",
    "otp_secret_keys",
    "otp_api_keys",
    "otp_apps",
    "otp_admin_password",
    "otp_viewer_password",
    "otp_hook_secrets",
    "otp_test_numbers",
    "otp_receipt_keys",
    "otp_webhook_secret",
    *_SENDERS,
    *_ROUTES,
}

# An app can have its own value of these.
PER_APP = {
    "otp_code_length",
    "otp_ttl_seconds",
    "otp_max_checks",
    "otp_max_sends",
    "otp_resend_seconds",
    "otp_resend_code",
    "otp_workflow",
    *_SENDERS,
    *_ROUTES,
    *(f"otp_limit_{scope}" for scope in _SCOPES),
    "otp_max_failed_checks",
    "otp_budget",
    "otp_guard",
    "otp_guard_range",
    "otp_guard_country",
    "otp_guard_percent",
    "otp_allowed_countries",
    "otp_blocked_prefixes",
    "otp_blocked_types",
    "otp_app_name",
    "otp_texts",
    "otp_web_origin",
    "otp_app_hash",
    "otp_receipt",
    "otp_webhook_url",
    "otp_webhook_secret",
}
