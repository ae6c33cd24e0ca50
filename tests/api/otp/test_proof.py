"""The public page: no key, but a proof of work for each code that is sent."""

import base64

import altcha
import pytest
from werkzeug.test import TestResponse

from api import create_app
from api.otp.proof import doublings
from shared.verification.store import GuardCount
from tests.api.http.test_access import REFUSED, SHOP, bearer
from tests.api.otp.proofs import challenge, changed, solved
from tests.conftest import KEY, Caller
from tests.user import OTHER_PHONE, PHONE

PUBLIC = {"OTP_API_KEYS": f"shop:{SHOP}", "OTP_PUBLIC_UI": "true"}
FREE = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1000/1h"}


@pytest.fixture
def env():
    return {**PUBLIC, **FREE}


@pytest.fixture(autouse=True)
def prices(monkeypatch) -> list[int]:
    """Among how many tries each challenge hid the right one; here it is always an early one."""
    prices = []

    def choose(tries: int) -> int:
        prices.append(tries)
        return 2

    monkeypatch.setattr("api.otp.proof.secrets.randbelow", choose)
    return prices


class TestThePage:
    def test_is_let_in_for_work(self, caller, problem):
        refused = caller.generate()
        body = problem(refused, 403, "proof_of_work_required")
        proof = solved(altcha.Challenge.from_dict(body["challenge"]))
        started = caller.generate(proof=proof)
        assert started.status_code == 202
        url = f"/verifications/{started.json['verification_id']}"
        assert caller.client.get(url).json["status"] == "pending"
        assert caller.verify(caller.code(started)).json["verified"] is True

    def test_cannot_choose_a_workflow_whose_steps_take_no_work(self, caller, problem):
        proof = solved(challenge(caller))
        answer = caller.generate(
            proof=proof, workflow=[{"channel": "sms", "wait": 15}, {"channel": "sms"}]
        )
        (error,) = problem(answer, 422, "invalid_request")["errors"]
        assert error == {"field": "workflow", "message": "this needs an API key"}

    def test_may_cancel(self, caller):
        started = caller.generate(proof=solved(challenge(caller)))
        url = f"/verifications/{started.json['verification_id']}"
        assert caller.client.delete(url).status_code == 204

    def test_is_an_app_of_its_own(self, caller, problem):
        started = caller.generate(proof=solved(challenge(caller)))
        code = caller.code(started)
        problem(caller.verify(code, headers=bearer(SHOP)), 404, "verification_not_found")
        assert caller.verify(code).status_code == 200

    def test_pays_for_every_resend(self, caller, problem):
        started = caller.generate(proof=solved(challenge(caller)))
        problem(caller.generate(), 403, "proof_of_work_required")
        again = caller.generate(proof=solved(challenge(caller)))
        assert again.json["verification_id"] == started.json["verification_id"]
        assert again.json["sends_left"] == started.json["sends_left"] - 1

    def test_pays_for_a_resend_by_the_page_of_its_verification(self, caller, problem):
        started = caller.generate(proof=solved(challenge(caller)))
        resend = f"/verify/{started.json['verification_id']}/resend"
        refused = caller.client.post(resend, json={"channel": "call"})
        body = problem(refused, 403, "proof_of_work_required")
        proof = solved(altcha.Challenge.from_dict(body["challenge"]))
        again = caller.client.post(resend, json={"channel": "call", "proof": proof})
        assert (again.status_code, again.json["sends_left"]) == (202, 3)
        again = caller.client.post(resend, json={"channel": "call", "proof": proof})
        problem(again, 403, "proof_of_work_required")

    def test_cannot_pay_by_a_form_without_a_script(self, caller, redis):
        started = caller.generate(proof=solved(challenge(caller)))
        form = {"phone": "+14155550199", "channel": "sms"}
        assert caller.client.post("/", data=form).status_code == 403
        page = f"/verify/{started.json['verification_id']}"
        assert caller.client.post(page, data={"resend": "sms"}).status_code == 403
        assert caller.client.get(f"{page}/status").json["sends_left"] == 4
        assert len(redis.keys("otp:verification:*")) == 1

    def test_pays_for_email_too(self, caller):
        email = {"email": "a@example.com"}
        assert caller.generate(**email, proof=solved(challenge(caller, **email))).status_code == 202

    def test_is_limited_more_strictly_by_address_than_an_app(self, caller, problem):
        def start(line: int) -> TestResponse:
            phone = f"+141555501{line}"
            return caller.generate(phone, proof=solved(challenge(caller, phone)))

        assert [start(line).status_code for line in range(10, 20)] == [202] * 10
        assert problem(start(20), 429, "rate_limited")["scope"] == "ip"
        assert caller.generate(headers=bearer(SHOP)).status_code == 202

    def test_is_not_let_in_elsewhere(self, client, problem):
        problem(client.get("/metrics"), 401, "unauthorized")


class TestAnApp:
    def test_needs_no_proof(self, caller):
        assert caller.generate(headers=bearer(SHOP)).status_code == 202

    def test_with_a_wrong_key_is_not_the_page(self, caller, problem, subtests):
        for headers in filter(None, REFUSED.values()):
            with subtests.test(headers=headers):
                proof = solved(challenge(caller))
                problem(caller.generate(headers=headers, proof=proof), 401, "unauthorized")


@pytest.mark.parametrize("env", [{}, {"OTP_PUBLIC_UI": "true"}], ids=["not public", "public"])
def test_without_keys_nobody_has_to_work(caller):
    assert caller.generate().status_code == 202


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": PUBLIC["OTP_API_KEYS"]}])
def test_the_page_is_not_public_by_itself(caller, problem):
    problem(caller.generate(), 401, "unauthorized")


TAMPERED = [
    {"challenge__parameters__cost": 1},
    {"challenge__parameters__keyPrefix": ""},
    {"challenge__parameters__keyPrefix": "00"},
    {"challenge__parameters__algorithm": "SHA-256"},
    {"challenge__parameters__expiresAt": 2**53},
    {"challenge__parameters__nonce": "0" * 32},
    {"challenge__parameters__data": {"more": 1}},
    {"challenge__signature": ""},
    {"challenge__signature": None},
    {"challenge__signature": "0" * 64},
    {"solution__counter": 1},
    {"solution__counter": -1},
    {"solution__counter": 2**40},
    {"solution__counter": "2"},
    {"solution__counter": None},
    {"solution__derivedKey": "00" * 32},
    {"solution__derivedKey": None},
    {"solution": {}},
    {"challenge": {}},
]
GARBAGE = [
    "",
    " ",
    "{}",
    "e30=",
    "bnVsbA==",
    "W10=",
    "MQ==",
    "é",
    "=" * 2048,
    "A" * 2047,
    base64.b64encode(b"\xff\xfe").decode(),
    base64.b64encode(b"[" * 1500).decode(),
    base64.b64encode(b"9" * 1500).decode(),
    base64.b64encode(b'{"challenge": 1, "solution": 1}').decode(),
    base64.b64encode(b'{"challenge": [], "solution": []}').decode(),
    base64.b64encode(b'{"challenge": {"parameters": []}, "solution": {}}').decode(),
]


class TestAProof:
    def test_is_good_for_one_start(self, caller, problem):
        proof = solved(challenge(caller))
        assert caller.generate(proof=proof).status_code == 202
        answer = problem(caller.generate(proof=proof), 403, "proof_of_work_required")
        fresh = solved(altcha.Challenge.from_dict(answer["challenge"]))
        assert caller.generate(proof=fresh).status_code == 202

    @pytest.mark.parametrize("env", [{**PUBLIC, "OTP_RESEND_SECONDS": "30"}])
    def test_is_not_spent_by_a_refusal(self, caller, problem, clock):
        caller.generate(proof=solved(challenge(caller)))
        proof = solved(challenge(caller))
        problem(caller.generate(proof=proof), 429, "rate_limited")
        clock.shift(31)
        assert caller.generate(proof=proof).status_code == 202

    @pytest.mark.parametrize(
        "rewrite",
        [changed, lambda proof: changed(proof, solution__time=1), lambda proof: f" {proof}\n"],
        ids=["spaced", "timed", "broken"],
    )
    def test_written_otherwise_is_the_same_one(self, caller, problem, rewrite):
        proof = solved(challenge(caller))
        assert caller.generate(proof=rewrite(proof)).status_code == 202
        problem(caller.generate(proof=proof), 403, "proof_of_work_required")

    def test_is_for_one_recipient(self, caller, problem):
        proof = solved(challenge(caller))
        problem(caller.generate(OTHER_PHONE, proof=proof), 403, "proof_of_work_required")
        email = caller.generate(email="a@example.com", proof=proof)
        problem(email, 403, "proof_of_work_required")

    def test_is_for_every_spelling_of_the_recipient(self, caller):
        proof = solved(challenge(caller))
        assert caller.generate("+1 (415) 555-0123", proof=proof).status_code == 202

    def test_ends_after_five_minutes(self, caller, problem, clock):
        early, late = solved(challenge(caller)), solved(challenge(caller))
        clock.shift(299)
        assert caller.generate(proof=early).status_code == 202
        clock.shift(2)
        problem(caller.generate(proof=late), 403, "proof_of_work_required")

    def test_stays_used_for_as_long_as_it_is_good(self, caller, problem, clock):
        proof = solved(challenge(caller))
        caller.generate(proof=proof)
        for _ in range(3):
            clock.shift(100)
            problem(caller.generate(proof=proof), 403, "proof_of_work_required")

    def test_holds_nothing_of_the_recipient(self, caller, codes):
        proof = base64.b64decode(solved(challenge(caller))).decode()
        # Four digits of the number would be in the random hex now and then.
        for secret in (PHONE[-8:], codes.tag("page", PHONE)):
            assert secret not in proof

    def test_of_a_cheaper_challenge_is_none(self, caller, problem):
        cheap = altcha.create_challenge("PBKDF2/SHA-256", 1, counter=1, hmac_secret="guessed")
        problem(caller.generate(proof=solved(cheap)), 403, "proof_of_work_required")

    def test_that_was_tampered_with_is_none(self, caller, redis, problem, subtests):
        for changes in TAMPERED:
            with subtests.test(changes=changes):
                proof = changed(solved(challenge(caller)), **changes)
                problem(caller.generate(proof=proof), 403, "proof_of_work_required")
                assert not redis.exists("otp:due")

    def test_that_is_garbage_is_none(self, caller, problem, subtests):
        for proof in GARBAGE:
            with subtests.test(proof=proof):
                problem(caller.generate(proof=proof), 403, "proof_of_work_required")

    def test_of_another_type_or_too_long_is_a_wrong_request(self, caller, problem, subtests):
        for proof in [1, {}, [], True, "A" * 2049]:
            with subtests.test(proof=proof):
                problem(caller.generate(proof=proof), 422, "invalid_request")

    def test_of_the_old_key_is_good_in_a_rotation(self, caller, settings, codes, redis, problem):
        def with_keys(keys: str) -> Caller:
            changed = type(settings).load({**PUBLIC, "OTP_SECRET_KEYS": keys}, env_file=None)
            return Caller(create_app(changed, redis).test_client(), codes)

        new = "k2:" + "Z" * 43 + "="
        proof = solved(challenge(caller))
        problem(with_keys(new).generate(proof=proof), 403, "proof_of_work_required")
        assert with_keys(f"{new} {KEY}").generate(proof=proof).status_code == 202


@pytest.mark.parametrize(
    ("number_type", "in_range", "in_country", "expected"),
    [
        ("mobile", (0, 0), (0, 0), 0),
        ("fixed_line_or_mobile", (0, 0), (0, 0), 0),
        ("voip", (0, 0), (0, 0), 2),
        ("fixed_line", (0, 0), (0, 0), 2),
        ("no_country", (0, 0), (0, 0), 2),
        ("mobile", (2, 0), (0, 0), 0),
        ("mobile", (3, 0), (0, 0), 1),
        ("mobile", (8, 6), (0, 0), 0),
        ("mobile", (6, 0), (0, 0), 2),
        ("mobile", (112, 100), (0, 0), 3),
        ("mobile", (0, 0), (19, 0), 0),
        ("mobile", (0, 0), (20, 10), 0),
        ("mobile", (0, 0), (20, 9), 1),
        ("mobile", (0, 0), (20, 4), 2),
        ("mobile", (0, 0), (20, 1), 3),
        ("mobile", (3, 0), (20, 9), 2),
        ("premium_rate", (99, 0), (999, 0), 4),
    ],
)
def test_the_price_rises_step_by_step_with_what_is_known(
    number_type, in_range, in_country, expected
):
    def guarded(sums):
        return GuardCount(sent=sums[0], verified=sums[1])

    assert doublings(number_type, guarded(in_range), guarded(in_country)) == expected


class TestThePrice:
    @pytest.mark.parametrize(
        ("to", "price"),
        [
            ({"phone": "+14155550123"}, 1000),
            ({"phone": "+4915112345678"}, 1000),
            ({"email": "a@example.com"}, 1000),
            ({"phone": "+4930901820"}, 4000),
            ({"phone": "+883510000000"}, 4000),
        ],
        ids=str,
    )
    def test_is_of_the_kind_of_number(self, caller, prices, to, price):
        caller.generate(**to)
        assert prices == [price]

    def test_rises_for_a_range_where_no_codes_are_typed_in_and_falls_when_they_are(
        self, caller, prices
    ):
        def start(phone: str) -> TestResponse:
            return caller.generate(phone, proof=solved(challenge(caller, phone)))

        started = [start(f"+1415555010{line}") for line in range(3)]
        prices.clear()
        caller.generate("+14155550199")
        caller.generate("+14155560199")
        assert prices == [2000, 1000]
        caller.verify(caller.code(started[0]), phone="+14155550100")
        caller.generate("+14155550199")
        assert prices[-1] == 1000

    def test_is_not_of_what_another_app_sends(self, caller, prices):
        for line in range(3):
            caller.generate(f"+1415555010{line}", headers=bearer(SHOP))
        caller.generate("+14155550199")
        assert prices == [1000]

    def test_forgets_with_the_guard(self, caller, prices, clock):
        for line in range(3):
            phone = f"+1415555010{line}"
            caller.generate(phone, proof=solved(challenge(caller, phone)))
        clock.shift(86400 + 3600)
        prices.clear()
        caller.generate("+14155550199")
        assert prices == [1000]
