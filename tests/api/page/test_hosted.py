"""What the page of a verification asks for: by the id alone, for whichever app it is."""

import re

import pytest

from tests.user import PHONE, wrong

KEY = "k" * 32
UNKNOWN = "VE" + "0" * 32


@pytest.fixture
def env(request) -> dict[str, str]:
    return {"OTP_API_KEYS": f"shop:{KEY}", **getattr(request, "param", {})}


@pytest.fixture
def started(caller):
    return caller.generate(headers={"Authorization": f"Bearer {KEY}"})


@pytest.fixture
def path(started) -> str:
    return f"/verify/{started.json['verification_id']}"


def test_it_says_what_became_of_it(client, started, path):
    answer = client.get(f"{path}/status")
    assert answer.status_code == 200
    assert answer.json["verification_id"] == started.json["verification_id"]
    assert answer.json["to"] == "+1415*****23"
    assert PHONE not in answer.get_data(as_text=True)


def test_a_code_is_checked(client, caller, started, path, problem):
    code = caller.code(started)
    refused = client.post(f"{path}/check", json={"otp": wrong(code)})
    assert problem(refused, 400, "incorrect_code")["checks_left"] == 4
    assert client.post(f"{path}/check", json={"otp": code}).json["verified"] is True
    assert client.get(f"{path}/status").json["status"] == "approved"


@pytest.mark.parametrize("env", [{"OTP_RESEND_SECONDS": "0"}], indirect=True)
def test_it_is_sent_again_by_another_channel_without_the_address(client, started, path):
    answer = client.post(f"{path}/resend", json={"channel": "call"})
    assert answer.status_code == 202
    assert answer.json["verification_id"] == started.json["verification_id"]
    assert answer.json["channel"] == "call"
    assert answer.json["to"] == "+1415*****23"
    assert answer.json["sends_left"] == 3


def test_a_resend_waits_like_any_other(client, path, problem):
    refused = client.post(f"{path}/resend", json={"channel": "sms"})
    assert problem(refused, 429, "rate_limited")["scope"] == "resend"


def test_it_is_canceled(client, path, problem):
    assert client.post(f"{path}/cancel").status_code == 204
    assert client.get(f"{path}/status").json["status"] == "canceled"
    problem(client.post(f"{path}/cancel"), 404, "verification_not_found")


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("GET", "/status", None),
        ("POST", "/check", {"otp": "123456"}),
        ("POST", "/resend", {"channel": "sms"}),
        ("POST", "/cancel", None),
    ],
)
def test_an_unknown_one_is_not_there(client, problem, method, what, body):
    answer = client.open(f"/verify/{UNKNOWN}{what}", method=method, json=body)
    problem(answer, 404, "verification_not_found")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("check", {}),
        ("check", {"otp": 123456}),
        ("check", {"otp": "123456", "phone": PHONE}),
        ("resend", {}),
        ("resend", {"channel": "pigeon"}),
        ("resend", {"channel": "sms", "locale": "not a locale"}),
    ],
)
def test_a_body_is_read_strictly(client, path, problem, what, body):
    problem(client.post(f"{path}/{what}", json=body), 422, "invalid_request")


def test_only_json_is_taken(client, path, problem):
    """So that no form of another site can ask for anything here."""
    form = client.post(f"{path}/resend", data={"channel": "sms"})
    problem(form, 415, "unsupported_media_type")


def test_a_phone_s_code_goes_to_no_email(client, path, problem):
    problem(client.post(f"{path}/resend", json={"channel": "email"}), 403, "channel_not_enabled")


@pytest.mark.parametrize(
    ("query", "said"), [("", "Waiting to send"), ("?lang=de", "Wartet auf den Versand")]
)
def test_it_says_where_the_message_is_in_the_language_of_the_page(client, path, query, said):
    assert client.get(f"{path}/status{query}").json["delivery"] == said


def test_a_page_gets_its_own_sentence_for_a_problem(client, path, problem):
    def refused(query: str) -> str:
        answer = client.post(f"{path}/resend{query}", json={"channel": "sms"})
        return problem(answer, 429, "rate_limited")["detail"]

    german = r"Im Moment können keine .* Versuchen Sie es in [0-9]+\xa0s noch einmal\."
    assert re.fullmatch(german, refused("?lang=de"))
    assert refused("").startswith("Another code cannot be sent yet.")
