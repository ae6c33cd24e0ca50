"""What a worker makes of a send that has a route: its senders, its text and where it comes from."""

import pytest

from shared.delivery.outlets import Outlets
from shared.messages.texts import Texts
from shared.settings import Settings
from shared.verification.service import VerificationService
from tests.conftest import KEY
from tests.fakes import DirectDeliverer, FakeSender
from tests.user import PHONE, User
from worker.deliverer import Outlet
from worker.messages import Messages
from worker.senders.base import DeliveryError

WEBHOOK = "webhook://whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw@gateway.example/"
INDIAN = "+919876543210"
REFUSED = DeliveryError("refused", "webhook_401")
TRANSIENT = DeliveryError("transient", "webhook_503")


@pytest.fixture
def env():
    return {
        "OTP_SMS_SENDERS": f"{WEBHOOK} {WEBHOOK} {WEBHOOK}",
        "OTP_CALL_SENDERS": WEBHOOK,
        "OTP_SMS_ROUTES": """
            [IN]
            senders = ["webhook-3", "webhook-1"]
            from = "EXMPLE"
            dlt_entity = "1101"
            dlt_template = "1107"
            text = " {#numeric#} is your code for Example. \\n- Example "
        """,
    }


@pytest.fixture
def user(store, codes, settings) -> User:
    service = VerificationService(
        store, codes, lambda app: settings.app(app).policy(), outlets=Outlets(settings)
    )
    return User(service, codes)


@pytest.fixture
def fakes() -> dict[str, FakeSender]:
    return {f"webhook-{n}": FakeSender() for n in (1, 2, 3)}


@pytest.fixture
def deliverer(ledger, codes, settings, fakes) -> DirectDeliverer:
    outlet = Outlet(
        messages=Messages(Texts("Test", "https://shop.example")),
        senders={"sms": fakes, "call": {"webhook": fakes["webhook-2"]}},
        routes=settings.policy().routes,
    )
    return DirectDeliverer(ledger, codes, {"": outlet})


@pytest.fixture
def tried(store):
    """The sender and the route of each attempt."""

    def tried(started) -> list[tuple[str, str | None]]:
        (send,) = store.records(started.verification_id).sends
        return [(attempt.sender, attempt.route) for attempt in send.attempts]

    return tried


def test_the_first_sender_of_the_route_sends_the_registered_text(user, deliverer, fakes):
    started = user.ask(INDIAN, locale="de")
    deliverer.deliver(started.verification_id, 1)
    (message,) = fakes["webhook-3"].messages
    assert message.text == f" {user.code(started)} is your code for Example. \n- Example "
    assert message.from_number == "EXMPLE"
    assert (message.dlt_entity, message.dlt_template) == ("1101", "1107")


def test_a_message_without_a_route_is_as_ever(user, deliverer, fakes):
    deliverer.deliver(user.ask(PHONE).verification_id, 1)
    (message,) = fakes["webhook-1"].messages
    assert message.text.splitlines()[-1].startswith("@shop.example #")
    assert (message.from_number, message.dlt_entity, message.dlt_template) == (None, None, None)


def test_another_channel_has_its_own_words(user, deliverer, fakes):
    deliverer.deliver(user.ask(INDIAN, "call").verification_id, 1)
    (message,) = fakes["webhook-2"].messages
    assert message.text.startswith("Your Test code is ")
    assert message.from_number is None


@pytest.mark.parametrize("failure", [REFUSED, TRANSIENT])
def test_if_one_sender_fails_the_next_one_of_the_route_sends(
    user, deliverer, fakes, tried, failure
):
    fakes["webhook-3"].failures = [failure]
    started = user.ask(INDIAN)
    deliverer.deliver(started.verification_id, 1)
    assert tried(started) == [("webhook-3", "IN"), ("webhook-1", "IN")]
    (message,) = fakes["webhook-1"].messages
    assert message.from_number == "EXMPLE"


def test_no_sender_beside_the_route_gets_what_all_of_the_route_refuse(
    user, deliverer, fakes, tried, store
):
    for name in ("webhook-1", "webhook-3"):
        fakes[name].failures = [REFUSED]
    started = user.ask(INDIAN)
    deliverer.deliver(started.verification_id, 1)
    assert tried(started) == [("webhook-3", "IN"), ("webhook-1", "IN")]
    assert store.records(started.verification_id).sends[0].status == "failed"
    assert fakes["webhook-2"].messages == []


def test_the_log_names_the_route_of_an_attempt(user, deliverer, caplog):
    caplog.set_level("INFO")
    for to in (INDIAN, PHONE):
        deliverer.deliver(user.ask(to).verification_id, 1)
    routes = [record.route for record in caplog.records if record.msg == "delivery_attempt"]
    assert routes == ["IN", None]


def test_the_log_shows_no_more_of_a_number_than_its_mask(store, ledger, codes, fakes, caplog):
    caplog.set_level("INFO")
    env = {"OTP_SECRET_KEYS": KEY, "OTP_SMS_SENDERS": WEBHOOK}
    settings = Settings.load({**env, "OTP_SMS_ROUTES": "'+91987654'.from = 'EXMPLE'"}, None)
    service = VerificationService(
        store, codes, lambda _: settings.policy(), outlets=Outlets(settings)
    )
    outlet = Outlet(
        messages=Messages(Texts("Test")),
        senders={"sms": {"webhook": fakes["webhook-1"]}},
        routes=settings.policy().routes,
    )
    started = User(service, codes).ask(INDIAN)
    DirectDeliverer(ledger, codes, {"": outlet}).deliver(started.verification_id, 1)
    (line,) = [record for record in caplog.records if record.msg == "delivery_attempt"]
    assert (line.to, line.route) == ("+9198******10", "+9198…")
