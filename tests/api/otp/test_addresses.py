"""Which spellings of an address and of a code the endpoints take."""

import pytest

from tests.user import PHONE


@pytest.mark.parametrize(
    "typed",
    [
        "{} {}",
        "{}-{}",
        " {}{} ",
        "\u202a{}\xa0{}\u202c\n",
        "\ufeff{}\u2011{}",
        "{}\u200b\r\n{}\ufe0f",
    ],
    ids=ascii,
)
def test_an_otp_may_be_typed_in_groups_and_pasted(caller, typed):
    code = caller.code(caller.generate())
    assert caller.verify(typed.format(code[:3], code[3:])).status_code == 200


@pytest.mark.parametrize("zero", "٠۰०０", ids=ascii)
def test_an_otp_may_have_the_digits_of_any_script(caller, zero):
    code = caller.code(caller.generate())
    otp = "".join(chr(ord(zero) + int(digit)) for digit in code)
    assert caller.verify(f"\u2067{otp}\u2069").status_code == 200


def test_other_spellings_are_the_same_number_everywhere(caller):
    started = caller.generate("+1 (415) 555-0123")
    again = caller.generate("tel:+14155550123")
    assert again.json["scope"] == "resend"
    assert caller.verify(caller.code(started), phone="＋1.415.555.0123").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        {"phone": "\u202a+1\u2011415\u2011555\u20110123\u202c"},
        {"phone": "TEL:\u2066＋1 415 555 0123\u2069"},
        {"phone": "\u2068\u2069".join("+14155550123")},
        {"email": "\u202aMAILTO:ann@example.com\u202c"},
        {"email": "\u2068\u2069".join("ann@example.com")},
        {"email": "ann＠example.com\xa0"},
    ],
    ids=ascii,
)
def test_a_pasted_address_is_the_same_everywhere(client, caller, address):
    started = client.post("/generate-otp", json=address)
    (field,) = address
    plain = {"phone": PHONE} if field == "phone" else {"email": "ann@example.com"}
    assert client.post("/generate-otp", json=plain).json["scope"] == "resend"
    assert caller.verify(caller.code(started), **plain).status_code == 200


@pytest.mark.parametrize("env", [{"OTP_DEFAULT_REGION": "US"}])
def test_a_national_number_is_read_in_the_default_region(caller):
    started = caller.generate("(415) 555-0123")
    assert started.json["to"] == "+1415*****23"
    assert caller.verify(caller.code(started), phone="415-555-0123").status_code == 200


@pytest.mark.parametrize(
    "env", [{"OTP_ALLOWED_PREFIXES": "+1999 +4915", "OTP_ALLOW_LOCAL_EMAIL": "true"}]
)
@pytest.mark.parametrize(
    "to", [{"phone": "+1 999 555 0123"}, {"phone": "+4915000"}, {"email": "Ann@mail.local"}]
)
def test_what_the_owner_admits_is_an_address_everywhere(client, caller, run_worker, sender, to):
    started = client.post("/generate-otp", json=to)
    run_worker()
    page = f"/verify/{started.json['verification_id']}"
    assert (
        client.post(f"{page}/resend", json={"channel": started.json["channel"]}).status_code == 429
    )
    assert len(sender.messages) == 1
    assert caller.verify(caller.code(started), **to).status_code == 200


@pytest.mark.parametrize("to", [{"phone": "+1 999 555 0123"}, {"email": "ann@mail.local"}])
def test_what_no_plan_has_is_refused_unless_the_owner_admits_it(client, problem, to):
    problem(client.post("/generate-otp", json=to), 422, "invalid_request")
