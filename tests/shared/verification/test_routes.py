"""The route to a number: chosen at the start, kept with the send, refused if it has no sender."""

import json

import pytest

from shared.delivery.outlets import Outlets
from shared.errors import ChannelNotEnabled, InvalidRequest
from shared.settings import Settings
from shared.verification.model import Terms
from shared.verification.service import VerificationService
from tests.conftest import KEY
from tests.counts import counts
from tests.user import PHONE, User

WEBHOOK = "webhook://whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw@gateway.example/"
SENDERS = {"OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK} {WEBHOOK}", "OTP_CALL_SENDERS": WEBHOOK}
INDIAN, BRITISH, AMERICAN, BAHAMIAN = "+919876543210", "+447400123456", PHONE, "+12423591234"
ROUTES = """
[IN]
senders = ["webhook-3", "webhook-1"]
[GB]
from = "EXMPLE"
["+1242"]
senders = "none"
"""


@pytest.fixture
def env():
    return {**SENDERS, "OTP_SMS_ROUTES": ROUTES}


@pytest.fixture
def users(store, codes):
    """Somebody who asks an API with the settings of an environment."""

    def make(**env: str) -> User:
        settings = Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None)
        service = VerificationService(
            store, codes, lambda app: settings.app(app).policy(), outlets=Outlets(settings)
        )
        return User(service, codes)

    return make


@pytest.fixture
def user(users, env) -> User:
    return users(**env)


@pytest.fixture
def send_of(redis):
    """What Redis keeps of a send."""

    def send_of(started) -> dict[str, str]:
        key = f"otp:send:{started.verification_id}:{started.send}"
        return {name.decode(): value.decode() for name, value in redis.hgetall(key).items()}

    return send_of


@pytest.mark.parametrize(
    ("to", "route", "senders"),
    [
        (INDIAN, "IN", "webhook-3 webhook-1"),
        (BRITISH, "GB", "webhook-1 webhook-2 webhook-3"),
        (AMERICAN, None, "webhook-1 webhook-2 webhook-3"),
    ],
)
def test_a_send_keeps_its_route_and_the_senders_it_allows(user, send_of, to, route, senders):
    send = send_of(user.ask(to))
    assert (send.get("route"), send["senders"], send["outlet"]) == (route, senders, "")


def test_without_routes_nothing_more_is_kept(users, send_of):
    without = send_of(users(**SENDERS).ask(INDIAN))
    routed = send_of(users(**SENDERS, OTP_SMS_ROUTES=ROUTES).ask(BRITISH))
    assert routed.keys() - without.keys() == {"route"}


def test_a_default_route_takes_every_other_number(users, send_of):
    user = users(**SENDERS, OTP_SMS_ROUTES=f"{ROUTES}\n[default]\nsenders = ['webhook-2']")
    assert send_of(user.ask(AMERICAN))["route"] == "default"
    assert send_of(user.ask(INDIAN))["route"] == "IN"


def test_each_channel_has_its_own_routes(user, send_of):
    assert "route" not in send_of(user.ask(INDIAN, "call"))
    assert "route" not in send_of(user.ask("a@example.com"))


def test_a_resend_takes_the_route_of_its_channel(user, send_of, clock):
    started = user.ask(INDIAN, "call")
    clock.shift(31)
    again = user.ask_again(started)
    assert (again.send, send_of(again)["route"]) == (2, "IN")


def test_a_route_without_senders_refuses_as_a_channel_that_is_off(user, redis, caplog):
    caplog.set_level("INFO")
    with pytest.raises(ChannelNotEnabled):
        user.ask(BAHAMIAN)
    (refusal,) = map(json.loads, redis.lrange("otp:refusals", 0, -1))
    assert (refusal["rule"], refusal["subject"]) == ("channel_not_enabled", "sms")
    assert counts(redis)["refused:channel_not_enabled"] == 1
    (line,) = [record for record in caplog.records if record.msg == "start_refused"]
    assert line.rule == "channel_not_enabled"
    assert user.ask(BAHAMIAN, "call").channel == "call"


def test_a_resend_by_a_channel_without_senders_there_is_refused(user, clock):
    started = user.ask(BAHAMIAN, "call")
    clock.shift(31)
    with pytest.raises(ChannelNotEnabled):
        user.ask_again(started, "sms")


def test_a_message_for_one_sender_goes_only_where_the_route_has_that(user, send_of):
    with pytest.raises(InvalidRequest) as refused:
        user.ask(INDIAN, sender="webhook-2")
    assert [field for field, _ in refused.value.errors] == ["sender"]
    assert send_of(user.ask(INDIAN, sender="webhook-1"))["sender"] == "webhook-1"
    assert send_of(user.ask(BRITISH, sender="webhook-2"))["sender"] == "webhook-2"


@pytest.mark.parametrize(
    "env",
    [
        {
            **SENDERS,
            "OTP_SMS_ROUTES": ROUTES,
            "OTP_APPS": "[shop.sms_routes.IN]\nsenders = 'webhook-2'",
        }
    ],
)
class TestAnAppsOwnRoutes:
    def test_replace_those_of_all_apps(self, user, send_of):
        send = send_of(user.ask(INDIAN, app="shop"))
        assert (send["route"], send["senders"]) == ("IN", "webhook-2")
        assert send_of(user.ask(INDIAN))["senders"] == "webhook-3 webhook-1"

    def test_are_in_its_table_which_a_worker_needs_for_them_only(self, user, send_of):
        assert send_of(user.ask(INDIAN, app="shop"))["outlet"] == "shop"
        assert send_of(user.ask(BRITISH, app="shop"))["outlet"] == ""

    def test_are_those_of_its_services_too(self, user, settings, send_of):
        policy = settings.app("shop").policy()
        terms = Terms(policy=policy, account="shop", app_name="Corner Shop")
        send = send_of(user.ask(INDIAN, app=f"VA{'0' * 32}", terms=terms))
        assert (send["outlet"], send["route"], send["senders"]) == ("shop", "IN", "webhook-2")


@pytest.mark.parametrize(
    ("prefix", "shown"), [("+4474", "+4474"), ("+44740012", "+4474…"), ("GB", "GB")]
)
def test_the_name_of_a_route_shows_no_more_of_a_number_than_its_mask(users, store, prefix, shown):
    user = users(**SENDERS, OTP_SMS_ROUTES=f"['{prefix}']\nfrom = 'EXMPLE'")
    verification = store.records(user.ask(BRITISH).verification_id)
    assert verification.to == "+4474******56"
    assert verification.sends[0].route == shown
