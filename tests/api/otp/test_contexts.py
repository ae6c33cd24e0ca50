"""What a code is to confirm: it is bound to that, and the message can say it."""

import jwt
import pytest

from docs.example.check_receipt import check_receipt
from tests.api.otp.receipts import ENV, PAYMENT, SHOP, URL, key_of
from tests.user import PHONE


@pytest.fixture
def env():
    return ENV


class TestContexts:
    @pytest.mark.parametrize(
        "context", [PAYMENT, "an order", 49, 0.5, True, [], {}, {"é": [None, {"x": 1e-7}]}]
    )
    def test_any_json_is_a_context(self, caller, client, context):
        started = caller.generate(headers=SHOP, context=context)
        receipt = caller.verify(caller.code(started), headers=SHOP).json["receipt"]
        check_receipt(
            receipt,
            key_of(client, receipt),
            url=URL,
            app="shop",
            verification_id=started.json["verification_id"],
            context=context,
        )

    @pytest.mark.parametrize(
        "context",
        ['"' + 1024 * "x" + '"', "9007199254740993", "1e400", r'"\ud800"', 600 * "[" + 600 * "]"],
    )
    def test_others_are_refused(self, client, problem, context):
        body = f'{{"phone": "{PHONE}", "context": {context}}}'
        answer = client.post(
            "/generate-otp", data=body, headers={**SHOP, "Content-Type": "application/json"}
        )
        (error,) = problem(answer, 422, "invalid_request")["errors"]
        assert error["field"].startswith("context")

    def test_a_code_for_one_payment_is_none_for_another(self, caller, clock, problem):
        first = caller.generate(headers=SHOP, context=PAYMENT)
        clock.shift(30)
        second = caller.generate(headers=SHOP, context={**PAYMENT, "amount": "490.00"})
        assert second.json["verification_id"] != first.json["verification_id"]
        assert second.json["checks_left"] == 5
        problem(caller.verify(caller.code(first), headers=SHOP), 400, "incorrect_code")
        by_id = caller.verify(
            caller.code(first), headers=SHOP, verification_id=first.json["verification_id"]
        )
        problem(by_id, 404, "verification_not_found")
        looked_up = caller.client.get(
            f"/verifications/{first.json['verification_id']}", headers=SHOP
        )
        assert looked_up.json["status"] == "canceled"
        assert caller.verify(caller.code(second), headers=SHOP).status_code == 200

    def test_the_same_payment_gets_its_code_again(self, caller, clock):
        first = caller.generate(headers=SHOP, context=PAYMENT)
        clock.shift(30)
        again = caller.generate(headers=SHOP, context=dict(reversed(PAYMENT.items())))
        assert again.json["verification_id"] == first.json["verification_id"]

    def test_a_resend_on_the_page_keeps_the_context(self, caller, client, clock):
        started = caller.generate(headers=SHOP, context=PAYMENT)
        clock.shift(30)
        page = f"/verify/{started.json['verification_id']}"
        resent = client.post(f"{page}/resend", json={"channel": "sms"})
        assert resent.json["verification_id"] == started.json["verification_id"]
        answer = client.post(f"{page}/check", json={"otp": caller.code(started)})
        claims = jwt.decode(
            answer.json["receipt"],
            key_of(client, answer.json["receipt"]),
            ["ES256"],
            audience="shop",
        )
        assert claims["context"]

    def test_the_message_says_what_the_code_is_for(self, caller, run_worker, sender, redis):
        shown = "49.00 EUR to ACME Ltd"
        started = caller.generate(headers=SHOP, context=PAYMENT, context_text=shown)
        run_worker()
        (message,) = sender.messages
        assert message.text.splitlines()[1] == shown
        caller.verify(caller.code(started), headers=SHOP)
        assert not any(b"ACME" in repr(redis.dump(key)).encode() for key in redis.keys())

    def test_email_says_it_behind_its_first_paragraph(self, caller, run_worker, sender):
        shown = "49.00 EUR to <ACME>"
        caller.generate(headers=SHOP, email="a@example.com", context=1, context_text=shown)
        run_worker()
        (message,) = sender.messages
        assert message.text.split("\n\n")[0].splitlines()[1] == shown
        assert "<br>49.00 EUR to &lt;ACME&gt;</p>" in message.html

    def test_a_resend_says_it_again(self, caller, client, run_worker, sender, clock):
        started = caller.generate(headers=SHOP, context=1, context_text="49.00 EUR")
        clock.shift(30)
        client.post(f"/verify/{started.json['verification_id']}/resend", json={"channel": "call"})
        run_worker()
        assert all("49.00 EUR" in message.text for message in sender.messages)

    @pytest.mark.parametrize(
        ("more", "headers"),
        [
            ({"context_text": "x"}, SHOP),
            ({"context": 1, "context_text": ""}, SHOP),
            ({"context": 1, "context_text": 61 * "x"}, SHOP),
            ({"context": 1, "context_text": "a\nb"}, SHOP),
            ({"context": 1, "context_text": " a"}, SHOP),
            ({"context": 1, "context_text": "a\u202eb"}, SHOP),
        ],
    )
    def test_other_texts_are_refused(self, caller, problem, more, headers):
        (error,) = problem(caller.generate(headers=headers, **more), 422, "invalid_request")[
            "errors"
        ]
        assert error["field"] == "context_text"

    def test_the_context_is_not_kept(self, caller, everything_in_redis):
        caller.generate(headers=SHOP, context={"payee": "Somebody In Particular"})
        assert b"Somebody" not in everything_in_redis()


class TestPublicPage:
    @pytest.fixture
    def env(self):
        return ENV | {"OTP_PUBLIC_UI": "true"}

    def test_strangers_cannot_write_messages(self, caller, problem):
        answer = caller.generate(context=1, context_text="Call +1 900 555 0123")
        (error,) = problem(answer, 422, "invalid_request")["errors"]
        assert error == {
            "field": "context_text",
            "message": "this needs an API key and a context",
        }


class TestTemplates:
    @pytest.fixture
    def env(self):
        whatsapp = "whatsapp://TOKEN@123456789?template=code"
        return ENV | {"OTP_WHATSAPP_SENDERS": whatsapp}

    def test_a_channel_with_a_template_refuses_a_text(self, caller, problem):
        more = {"context": 1, "context_text": "49.00 EUR"}
        answer = caller.generate(headers=SHOP, channel="whatsapp", **more)
        (error,) = problem(answer, 422, "invalid_request")["errors"]
        assert error["message"] == "this channel cannot show it"
        assert caller.generate(headers=SHOP, **more).status_code == 202
