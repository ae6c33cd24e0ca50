"""telegram:// against a server that checks each request as Telegram documents it, counts the fees,
and answers in Telegram's form."""

import json
from typing import Any

import pytest

from tests.fakes import DirectDeliverer, claim_one, done_one, outlets
from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.base import DeliveryError
from worker.senders.conformance.servers import HttpServer, Reply, Request, nobody
from worker.senders.telegram import TelegramSender

RECEIPT_URL = "https://otp.example.com/receipts/telegram?send=VE0-1&attempt=1"
ATTEMPT = "VE0123456789abcdef0123456789abcdef-1-1"


def sender_for(address: str, more: str = "") -> TelegramSender:
    return TelegramSender.from_url(f"telegram://AAHtoken@gateway?api=http://{address}{more}")


def make_telegram(**changes: Any):
    return make_message(**{"channel": "telegram", **changes})


def fails(name: str) -> Reply:
    return Reply(body=json.dumps({"ok": False, "error": name}).encode())


class Gateway:
    """Charges for each request that it begins, and sends one message within it. `lose` answers get
    lost after the request is done."""

    def __init__(self) -> None:
        self.fees = 0
        self.sent: dict[str, dict[str, Any]] = {}
        self.lose: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: Request) -> Reply:
        assert request.method == "POST"
        assert request.headers["Authorization"] == "Bearer AAHtoken"
        assert request.headers["Content-Type"] == "application/json"
        method, given = request.path.removeprefix("/"), json.loads(request.body)
        reply = getattr(self, method)(given)
        if method in self.lose:
            self.lose.remove(method)
            raise ConnectionAbortedError
        return reply

    def checkSendAbility(self, given: dict[str, Any]) -> Reply:  # noqa: N802 (Telegram's name)
        assert given.keys() == {"phone_number"}
        self.fees += 1
        return self._status(f"10351113310200{self.fees}", given)

    def sendVerificationMessage(self, given: dict[str, Any]) -> Reply:  # noqa: N802
        assert given.keys() >= {"phone_number", "code", "ttl", "request_id"}
        assert 4 <= len(given["code"]) <= 8
        assert 30 <= given["ttl"] <= 3600
        assert len(given["payload"]) <= 128
        assert len(given.get("callback_url", "https:")) <= 256
        if given["request_id"] in self.sent:
            return fails("MESSAGE_ALREADY_SENT")
        self.sent[given["request_id"]] = given
        return self._status(given["request_id"], given)

    def checkVerificationStatus(self, given: dict[str, Any]) -> Reply:  # noqa: N802
        assert self.sent[given["request_id"]]["code"] == given["code"]
        self.told.append(("entered", given))
        status = {"status": "code_valid", "updated_at": 1795902083, "code_entered": given["code"]}
        return self._status(given["request_id"], self.sent[given["request_id"]], status=status)

    def revokeVerificationMessage(self, given: dict[str, Any]) -> Reply:  # noqa: N802
        assert given["request_id"] in self.sent
        self.told.append(("revoked", given))
        return Reply(body=b'{"ok": true, "result": true}')

    def _status(self, request_id: str, given: dict[str, Any], **more: Any) -> Reply:
        status = {
            "request_id": request_id,
            "phone_number": given["phone_number"],
            "request_cost": 0.01,
            "remaining_balance": 9.5,
            **{f"verification_{name}": value for name, value in more.items()},
        }
        return Reply(body=json.dumps({"ok": True, "result": status}).encode())


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def address(http_server, gateway) -> str:
    found: tuple[str, HttpServer] = http_server(gateway)
    return found[0]


def test_asks_first_and_sends_within_the_same_request(address, gateway):
    message = make_telegram(receipt_url=RECEIPT_URL, attempt=ATTEMPT)
    assert sender_for(address).send(message) == "103511133102001"
    assert gateway.fees == 1
    assert gateway.sent == {
        "103511133102001": {
            "phone_number": "+14155550123",
            "request_id": "103511133102001",
            "code": "739158",
            "ttl": 240,
            "payload": ATTEMPT,
            "callback_url": RECEIPT_URL,
        }
    }


def test_comes_from_a_verified_channel(address, gateway):
    sender_for(address, "&from=sixpost_codes").send(make_telegram())
    (sent,) = gateway.sent.values()
    assert sent["sender_username"] == "sixpost_codes"
    assert "callback_url" not in sent


@pytest.mark.parametrize(
    "url", ["http://otp.example.com/receipts/telegram", f"https://{'x' * 250}.example"]
)
def test_gives_no_address_for_receipts_that_telegram_would_refuse(address, gateway, url):
    sender_for(address).send(make_telegram(receipt_url=url))
    (sent,) = gateway.sent.values()
    assert "callback_url" not in sent


@pytest.mark.parametrize(("life", "ttl"), [(5, 30), (31, 31), (3600, 3600), (86_400, 3600)])
def test_is_valid_for_the_codes_remaining_life(address, gateway, life, ttl):
    sender_for(address).send(make_telegram(expires_in=life))
    (sent,) = gateway.sent.values()
    assert sent["ttl"] == ttl


@pytest.mark.parametrize("code", ["123", "123456789", "1234567890", "7AB4"])
def test_refuses_codes_that_telegram_does_not_take(address, gateway, code):
    raised = failure_of(sender_for(address), make_telegram(code=code))
    assert (raised.failure, raised.error) == ("refused", "telegram_code_length")
    assert gateway.fees == 0


def test_a_retry_after_a_lost_answer_costs_no_second_fee(address, gateway):
    gateway.lose = ["sendVerificationMessage"]
    sender = sender_for(address)
    raised = failure_of(sender, make_telegram())
    assert (raised.failure, raised.provider_id) == ("unknown", "103511133102001")
    again = make_telegram(earlier_id=raised.provider_id)
    assert sender.send(again) == "103511133102001"
    assert (gateway.fees, len(gateway.sent)) == (1, 1)


class TestWithTheLedger:
    @pytest.fixture
    def env(self):
        return {"OTP_TELEGRAM_SENDERS": "console://"}

    @pytest.fixture
    def deliverer(self, address, ledger, codes):
        named = {"telegram": sender_for(address)}
        return DirectDeliverer(ledger, codes, outlets({"telegram": named}))

    @pytest.fixture
    def sent(self, user, deliverer):
        started = user.ask(channel="telegram")
        deliverer.deliver(started.verification_id, 1)
        return started

    @pytest.fixture
    def sweep(self, ledger, redis, deliverer):
        """Do what workers do when nothing is queued. Returns the sends that were due."""

        def sweep():
            redis.delete("rq:queue:otp")
            due = ledger.sweep(10)
            for send in due:
                deliverer.deliver(*send)
            return due

        return sweep

    def test_a_lost_answer_is_settled_within_the_same_request(
        self, gateway, user, deliverer, service, clock
    ):
        gateway.lose = ["sendVerificationMessage"]
        started = user.ask(channel="telegram")
        deliverer.deliver(started.verification_id, 1)
        clock.shift(6)
        deliverer.deliver(started.verification_id, 1)
        assert (gateway.fees, len(gateway.sent)) == (1, 1)
        (send,) = service.view(started.verification_id, app="default").sends
        assert [(a.status, a.provider_id) for a in send.attempts] == [
            ("unknown", "103511133102001"),
            ("accepted", "103511133102001"),
        ]

    def test_hears_that_the_code_was_entered(self, gateway, user, sent, sweep, redis):
        user.type(user.code(sent))
        assert sweep() == [(sent.verification_id, 1)]
        told = {"request_id": "103511133102001", "code": user.code(sent)}
        assert gateway.told == [("entered", told)]
        assert sweep() == []
        assert len(gateway.told) == 1
        assert not redis.hexists(f"otp:send:{sent.verification_id}:1", "conclusion")

    def test_revokes_the_message_of_a_canceled_verification(self, gateway, service, sent, sweep):
        service.cancel(sent.verification_id, app="default")
        sweep()
        assert gateway.told == [("revoked", {"request_id": "103511133102001"})]

    def test_nothing_depends_on_what_telegram_answers(
        self, gateway, user, sent, sweep, service, caplog
    ):
        gateway.lose = ["checkVerificationStatus"]
        user.type(user.code(sent))
        caplog.set_level("INFO", "otp.worker")
        sweep()
        (lost,) = [record for record in caplog.records if record.message == "conclusion_lost"]
        assert (lost.sender, lost.error) == ("telegram", "RemoteDisconnected")
        (send,) = service.view(sent.verification_id, app="default").sends
        assert send.status == "sent"
        assert sweep() == []

    def test_hears_nothing_of_messages_on_other_channels(self, gateway, user, sweep, ledger):
        started = user.ask(channel="sms")
        done_one(ledger, claim_one(ledger, started.verification_id, 1), "accepted")
        user.type(user.code(started))
        assert sweep() == []
        assert gateway.told == []


def test_does_not_know_when_the_first_answer_is_lost(address, gateway):
    """The fee may be charged, so it waits as for a message."""
    gateway.lose = ["checkSendAbility"]
    raised = failure_of(sender_for(address), make_telegram())
    assert (raised.failure, raised.provider_id) == ("unknown", None)


@pytest.mark.parametrize(
    ("reply", "failure", "word"),
    [
        (fails("PHONE_NUMBER_NOT_FOUND"), "unreachable", "telegram_phone_number_not_found"),
        (fails("PHONE_NUMBER_NOT_AVAILABLE"), "unreachable", "telegram_phone_number_not_available"),
        (fails("PHONE_NUMBER_INVALID"), "invalid_recipient", "telegram_phone_number_invalid"),
        (fails("ACCESS_TOKEN_INVALID"), "refused", "telegram_access_token_invalid"),
        (fails("BALANCE_NOT_ENOUGH"), "refused", "telegram_balance_not_enough"),
        (fails("FLOOD_WAIT_17"), "transient", "telegram_flood_wait_17"),
        (fails("sorry, +14155550123"), "unknown", "telegram_http_200"),
        (Reply(status=401, body=fails("ACCESS_TOKEN_INVALID").body), "refused", None),
        (Reply(status=429, body=fails("TOO_MANY_REQUESTS").body), "transient", None),
        (Reply(status=500, body=fails("INTERNAL").body), "unknown", "telegram_http_500"),
        (Reply(status=408), "unknown", "telegram_http_408"),
        (Reply(status=429), "transient", "telegram_http_429"),
        (Reply(status=503), "transient", "telegram_http_503"),
        (Reply(status=502, body=b"<html>"), "unknown", "telegram_http_502"),
        (Reply(status=403, body=b"<html>"), "refused", "telegram_http_403"),
        (Reply(status=200, body=b"<html>"), "unknown", "telegram_http_200"),
        (Reply(body=b'{"ok": true, "result": {}}'), "unknown", "telegram_http_200"),
        (Reply(body=b'{"ok": true, "result": 17}'), "unknown", "telegram_http_200"),
    ],
)
@pytest.mark.parametrize("earlier_id", [None, "103511133102001"])
def test_says_what_an_answer_means(http_server, reply, failure, word, earlier_id):
    address, server = http_server(lambda _: reply)
    raised = failure_of(sender_for(address), make_telegram(earlier_id=earlier_id))
    assert raised.failure == failure
    assert word is None or raised.error == word
    assert raised.provider_id == earlier_id
    assert len(server.requests) == 1


def test_is_transient_without_a_connection():
    """Some hosts block Telegram's addresses."""
    assert failure_of(sender_for(nobody()), make_telegram()).failure == "transient"


def test_shows_nothing_of_what_was_raised_before(http_server):
    def hang_up(_: Request) -> Reply:
        raise ConnectionAbortedError

    address, _ = http_server(hang_up)
    raised = failure_of(sender_for(address), make_telegram(earlier_id="1"))
    assert isinstance(raised, DeliveryError)
    assert raised.__context__ is None


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("telegram://gateway", "expected telegram://TOKEN"),
        ("telegram://t@gate", "expected telegram://TOKEN"),
        ("telegram://t:p@gateway", "expected telegram://TOKEN"),
        ("telegram://t@gateway/path", "expected telegram://TOKEN"),
        ("telegram://t@gateway?from=@codes", "from=NAME"),
        ("telegram://t@gateway?api=x", "api=https://host"),
        ("telegram://t@gateway?ttl=60", "use only these options"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named):
        TelegramSender.from_url(url)


def test_reaches_telegram_unless_told_otherwise():
    assert TelegramSender.from_url("telegram://t@gateway").api == "https://gatewayapi.telegram.org"


def test_sends_from_the_channel_that_the_route_of_the_country_says(http_server):
    gateway = Gateway()
    address, _ = http_server(gateway)
    sender_for(address, "&from=sixpost").send(make_telegram(from_number="sixpost_in"))
    [message] = gateway.sent.values()
    assert message["sender_username"] == "sixpost_in"
