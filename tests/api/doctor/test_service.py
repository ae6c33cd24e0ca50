"""What the doctor says of the settings, and of the workers that run with others."""

import pytest
from rq.utils import now

from api.doctor import service
from api.keys import file as key_file
from shared.settings import Settings
from tests.conftest import KEY
from worker.__main__ import create_worker

PAID = "twilio://AC00000000000000000000000000000000:hunter22@+15005550006"


def settings_with(**env: str) -> Settings:
    return Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None)


def told(findings) -> dict[str, str]:
    """The level of each finding by its subject."""
    return {one.text.partition(":")[0]: one.level for one in findings}


def of_settings(**env: str) -> dict[str, str]:
    return told(service.settings_found(settings_with(**env)))


class TestSettings:
    def test_lists_the_senders_of_each_channel(self):
        settings = settings_with(OTP_SMS_SENDERS=f"{PAID} console://", OTP_CALL_SENDERS="none")
        first, *_ = service.settings_found(settings)
        expected = "settings: sms by twilio, console; whatsapp by console; email by console"
        assert first == ("ok", expected)

    def test_a_complete_installation_has_nothing_to_say(self):
        found = of_settings(
            OTP_SMS_SENDERS=PAID,
            OTP_API_KEYS=f"shop:{'k' * 32}",
            OTP_ADMIN_PASSWORD="correct horse battery",
            OTP_PUBLIC_URL="https://otp.example",
        )
        assert found == {"settings": "ok", "API keys": "ok"}

    def test_an_open_api_is_wrong_if_messages_cost(self):
        assert of_settings()["API keys"] == "warning"
        assert of_settings(OTP_SMS_SENDERS=PAID)["API keys"] == "wrong"
        assert of_settings(OTP_SMS_SENDERS=PAID, OTP_ALLOW_OPEN="true")["API keys"] == "warning"

    def test_keys_that_are_all_revoked_are_noticed(self, tmp_path):
        with key_file.changing(tmp_path) as keys:
            keys.clear()
        settings = settings_with(OTP_DATA_DIR=str(tmp_path))
        assert told(service.settings_found(settings))["API keys"] == "warning"

    def test_receipts_need_a_public_url(self):
        assert of_settings(OTP_SMS_SENDERS=PAID)["receipts"] == "warning"

    def test_http_is_no_public_url_for_codes(self):
        assert of_settings(OTP_PUBLIC_URL="http://otp.example")["OTP_PUBLIC_URL"] == "warning"


class TestWorkers:
    def run(self, redis, **env: str) -> None:
        """The heartbeat of a worker with these settings."""
        worker = create_worker(settings_with(**env), redis)
        worker.birth_date = now()
        worker._keep_alive()

    def found(self, redis, **env: str) -> list[tuple[str, str]]:
        return [(o.level, o.text) for o in service.workers_found(settings_with(**env), redis)]

    def test_none_is_wrong_once_a_code_waits(self, redis, user):
        assert self.found(redis)[0] == ("warning", "workers: none is running, so codes wait")
        user.ask()
        assert self.found(redis)[0] == ("wrong", "workers: none is running, so codes wait")

    def test_one_with_the_same_settings(self, redis):
        self.run(redis)
        level, text = self.found(redis)[0]
        assert level == "ok"
        assert text.endswith("runs with the keys, senders and routes of this API")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("OTP_SECRET_KEYS", "k2:" + "C" * 42 + "A="),
            ("OTP_SMS_SENDERS", PAID),
            ("OTP_APPS", "shop = {code_length = 8}"),
        ],
    )
    def test_one_with_other_settings_is_named_with_them(self, redis, name, value):
        self.run(redis, **{name: value})
        level, text = self.found(redis)[0]
        assert level == "wrong"
        assert name in text
        assert "hunter22" not in text

    def test_one_of_an_older_version_tells_nothing(self, redis):
        self.run(redis)
        [name] = [key for key in redis.keys("rq:worker:*") if redis.type(key) == b"hash"]
        redis.hdel(name, "marks")
        assert self.found(redis)[0][0] == "unknown"

    def test_a_long_wait_is_a_warning(self, redis, user):
        self.run(redis)
        send = f"otp:send:{user.ask().verification_id}:1"
        assert self.found(redis)[-1][0] == "ok"
        redis.hset(send, "asked", int(redis.hget(send, "asked")) - 60_000)
        level, text = self.found(redis)[-1]
        assert level == "warning"
        assert text.startswith("queue: 1 waiting, the first for 6")
