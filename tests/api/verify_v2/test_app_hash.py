"""`AppHash`, as clients of Twilio Verify send it."""

import pytest

HASH = "FA+9qCX9VSu"


def test_the_sms_ends_in_it(v2, service, sender, run_worker):
    v2.start(service, AppHash=HASH)
    run_worker()

    (message,) = sender.messages
    assert message.text.endswith(f"\n\n{HASH}")


@pytest.mark.parametrize("app_hash", ["FA+9qCX9VS", "FA-9qCX9VSu", "FA+9qCX9VSuu", f"{HASH}\n"])
def test_what_is_no_hash_is_refused_by_name(v2, service, refused, app_hash):
    error = refused(v2.ask(service, AppHash=app_hash), 400, 60200)

    assert "AppHash" in error["message"]


@pytest.mark.parametrize("channel", ["call", "whatsapp", "email"])
def test_it_is_for_sms_only(v2, service, refused, channel):
    to = "a@example.com" if channel == "email" else "+14155550123"
    error = refused(v2.ask(service, to, channel, AppHash=HASH), 400, 60602)

    assert error["message"] == "App hash can only be used with SMS channel"
    assert v2.start(service, to, channel, AppHash="")


def test_a_name_that_leaves_no_room_for_it_is_refused(v2, service, refused, redis):
    long_name = "日" * 32
    before = redis.dbsize()
    error = refused(v2.ask(service, AppHash=HASH, CustomFriendlyName=long_name), 400, 60200)

    assert error["message"] == (
        "Invalid parameter `AppHash`: an SMS that ends in it does not fit in 140 bytes; "
        "use a shorter app name"
    )
    assert redis.dbsize() == before
    assert v2.start(service, AppHash=HASH, CustomFriendlyName="Corner Shop")
    assert v2.start(service, CustomFriendlyName=long_name)


class TestTheHashOfTheSettings:
    @pytest.fixture
    def env(self, env):
        return {**env, "OTP_APP_HASH": HASH}

    def test_refuses_no_name_that_leaves_no_room_for_it(self, v2, service):
        assert v2.start(service, CustomFriendlyName="日" * 32)
