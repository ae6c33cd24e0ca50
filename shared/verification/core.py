"""What the API and the workers start verifications with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Self

from shared.codes import Codes
from shared.delivery.outlets import Outlets
from shared.messages.apps import texts_of_apps
from shared.messages.texts import Texts
from shared.policy import Policy
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verification.store import Store


@dataclass(frozen=True, kw_only=True)
class Core:
    """`settings_of`, `policy` and `texts` return those of an app."""

    codes: Codes
    store: Store
    settings_of: Callable[[str], Settings]
    policy: Callable[[str], Policy]
    texts: Callable[[str], Texts]
    outlets: Outlets
    service: VerificationService

    @classmethod
    def of(cls, settings: Settings, scripts: Scripts) -> Self:
        """Raises SettingsError."""
        kid, keys = settings.key_ring()
        codes = Codes(keys, kid)
        store = Store(scripts, keep_seconds=settings.otp_keep)
        settings_of = cache(settings.app)
        policy = cache(lambda app: settings_of(app).policy())
        by_app = texts_of_apps(settings)

        def texts(app: str) -> Texts:
            return by_app.get(app, by_app[""])

        outlets = Outlets(settings)
        service = VerificationService(store, codes, policy, outlets=outlets, texts=texts)
        return cls(
            codes=codes,
            store=store,
            settings_of=settings_of,
            policy=policy,
            texts=texts,
            outlets=outlets,
            service=service,
        )
