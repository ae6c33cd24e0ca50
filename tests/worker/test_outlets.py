"""Which senders and words a channel, an app and a Service have."""

import pytest

from shared.delivery.outlets import Outlets
from shared.messages.texts import Texts
from shared.policy import Policy
from shared.settings import Settings
from shared.verification.model import Terms
from tests.conftest import KEY
from tests.fakes import DirectDeliverer, outlets
from tests.user import OTHER_PHONE, PHONE
from worker.deliverer import Outlet
from worker.messages import Messages


def test_channels_have_senders_of_their_own(user, ledger, codes, first, second):
    senders = {
        "sms": {"first": first},
        "email": {"second": second},
    }
    deliverer = DirectDeliverer(ledger, codes, outlets(senders))
    deliverer.deliver(user.ask(OTHER_PHONE).verification_id, 1)
    deliverer.deliver(user.ask("a@example.com", "email").verification_id, 1)
    assert [message.to for message in first.messages] == [OTHER_PHONE]
    assert [message.to for message in second.messages] == ["a@example.com"]


@pytest.fixture
def shop(ledger, codes, first, second) -> DirectDeliverer:
    """Where the app `shop` has its own sender and name."""
    own = Outlet(messages=Messages(Texts("Shop")), senders={"sms": {"shop.second": second}})
    return DirectDeliverer(ledger, codes, {**outlets({"sms": {"first": first}}), "shop": own})


def test_an_app_has_its_own_words_and_senders(shop, user, first, second):
    shop.deliver(user.ask(app="shop").verification_id, 1)
    shop.deliver(user.ask(app="other").verification_id, 1)
    assert [(len(sender.messages)) for sender in (first, second)] == [1, 1]
    assert "your Shop code" in second.messages[0].text
    assert "your Test code" in first.messages[0].text


def test_a_service_has_the_senders_of_its_account_and_a_name_of_its_own(shop, user, first, second):
    def ask(to: str, account: str, name: str) -> str:
        terms = Terms(policy=Policy(), account=account, app_name=name)
        return user.ask(to, app=f"VA{'0' * 32}", terms=terms).verification_id

    shop.deliver(ask(PHONE, "shop", "Corner Shop"), 1)
    shop.deliver(ask(OTHER_PHONE, "other", "Other"), 1)
    assert [m.to for m in second.messages] == [PHONE]
    assert "your Corner Shop code" in second.messages[0].text
    assert [m.to for m in first.messages] == [OTHER_PHONE]


def test_only_apps_with_their_own_words_senders_or_routes_have_an_outlet():
    tables = """
        [limited]
        limit_to = "3/1h"
        [named]
        app_name = "Named"
        [routed.sms_routes.US]
        from = "+15005550006"
        [sending]
        sms_senders = "console://"
        [told]
        webhook_url = "https://told.example/"
        """
    env = {
        "OTP_SECRET_KEYS": KEY,
        "OTP_SMS_SENDERS": "webhook://whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw@gateway.example/",
        "OTP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "OTP_APPS": tables,
    }
    assert Outlets(Settings.load(env, env_file=None)).apps == {"", "named", "routed", "sending"}
