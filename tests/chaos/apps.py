"""Verifications of many apps, started without the API, which would need a key of each."""

from collections.abc import Mapping

from redis import Redis

from shared.codes import Codes
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService
from shared.verification.store import Store


class AppStarter:
    """`env` are the settings of the service, whose apps all have its policy."""

    def __init__(self, redis: Redis, env: Mapping[str, str]) -> None:
        settings = Settings.load(env, env_file=None)
        policy = settings.policy()
        store = Store(Scripts(redis), keep_seconds=settings.otp_keep)
        self._service = VerificationService(store, Codes(settings.secret_keys()), lambda _: policy)

    def start(self, app: str, number: str) -> None:
        recipient = parse_phone(number)
        request = StartRequest(recipient=recipient, channel="sms", app=app, ip="::1", locale="en")
        self._service.start(request)
