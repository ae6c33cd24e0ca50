"""The page's forms, as a browser without scripts sends them."""

import re

import pytest

from tests.fakes import SENDER_NAMES, done_one
from tests.user import PHONE, wrong

OWN = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}


class Browser:
    """Sends forms, and keeps the page that it is answered with."""

    def __init__(self, client, codes) -> None:
        self._client = client
        self._codes = codes

    def send(self, path="/", headers=OWN, **fields) -> int:
        answer = self._client.post(path, data=fields, headers=headers)
        self.status, self.location = answer.status_code, answer.headers.get("Location", "")
        self.page = answer.get_data(as_text=True)
        return self.status

    def ask(self, phone=PHONE, query="", headers=OWN, **fields) -> str:
        """The path of the verification's page."""
        fields = {"kind": "phone", "phone": phone, "channel": "sms", **fields}
        assert self.send(f"/{query}", headers, **fields) == 303
        return f"/{self.location}"

    def code(self, path: str) -> str:
        return self._codes.derive(self._codes.kid, id_in(path), 0, 6)

    def get(self, path: str) -> str:
        return self._client.get(path).get_data(as_text=True)


def id_in(path: str) -> str:
    return re.search("VE[0-9a-f]{32}", path)[0]


@pytest.fixture
def browser(client, codes) -> Browser:
    return Browser(client, codes)


def test_a_code_is_asked_for_and_typed_in(browser):
    path = browser.ask()
    assert "+1415*****23" in browser.get(path)
    assert browser.send(path, otp=browser.code(path)) == 303
    assert re.search(r'<section data-step="approved"[^>]*class="text-center">', browser.get(path))


def test_what_the_page_was_called_with_is_kept(browser):
    path = browser.ask(query="?lang=de")
    assert path.endswith("?lang=de")
    browser.send(path, otp=browser.code(path))
    assert browser.location == path.removeprefix("/verify/")


def test_a_wrong_code_is_answered_with_the_page(browser):
    path = browser.ask()
    assert browser.send(path, otp=wrong(browser.code(path))) == 400
    assert "That code isn’t right. Check it and try again. Attempts left: 4." in browser.page


@pytest.mark.parametrize("otp", ["", "12345", "abcdef", "1234567"])
def test_what_is_no_code_counts_nothing(browser, otp):
    path = browser.ask()
    assert browser.send(path, otp=otp) == 422
    assert "Enter the 6-digit code." in browser.page
    assert "Attempts left: 5" in browser.page


def test_digits_of_other_scripts_are_digits(browser):
    path = browser.ask()
    otp = "".join(chr(ord("٠") + int(digit)) for digit in browser.code(path))
    assert browser.send(path, otp=otp) == 303
    assert "</strong> is yours." in browser.get(path)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"phone": "12"}, 422, "Enter a valid phone number with its country code"),
        ({"phone": ""}, 422, "Enter a valid phone number with its country code"),
        ({}, 422, "Enter a valid phone number with its country code"),
        ({"kind": "email", "email": "ann@"}, 422, "Enter an email address in the correct format"),
        (
            {"phone": PHONE, "channel": "pigeon"},
            403,
            "We can’t send codes this way. Choose another option.",
        ),
        (
            {"phone": PHONE, "channel": ""},
            403,
            "We can’t send codes this way. Choose another option.",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(browser, fields, status, words):
    assert browser.send(**fields) == status
    assert re.search(rf'<p class="error" id="address-error" role="alert">{words}', browser.page)


@pytest.mark.parametrize("env", [{"OTP_WHATSAPP_SENDERS": "none", "OTP_CALL_SENDERS": "none"}])
def test_the_only_channel_for_numbers_needs_no_choice(browser):
    hidden = r'<input type="hidden" name="channel" value="(\w+)">'
    assert (channels := re.findall(hidden, browser.get("/"))) == ["sms"]
    assert browser.send(phone=PHONE, channel=channels[0]) == 303


def test_what_was_typed_stays_and_is_escaped(browser):
    browser.send(phone='+1"><script>')
    assert 'value="+1&#34;&gt;&lt;script&gt;"' in browser.page


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("0049 1512 3456789", "en-US"),
        ("0049 1512 3456789", ""),
        ("011 49 1512 3456789", "en-US"),
        ("011 49 1512 3456789", "fr-CA,fr;q=0.9"),
        ("0011 49 1512 3456789", "en-AU"),
        ("810 49 1512 3456789", "ru-RU"),
    ],
)
def test_a_number_may_begin_as_it_is_dialed_from_where_the_browser_is(browser, typed, language):
    path = browser.ask(typed, headers={**OWN, "Accept-Language": language})
    assert "+4915*******89" in browser.get(path)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8080"},
    ],
)
def test_a_form_of_another_site_sends_nothing(browser, headers, store):
    assert browser.send(phone=PHONE, channel="sms", headers=headers) == 403
    assert ">That request came from another site." in browser.page
    path = browser.ask()
    assert browser.send(path, otp=browser.code(path), headers=headers) == 403
    assert browser.send(path, resend="call", headers=headers) == 403
    assert browser.send(path, change="1", headers=headers) == 403
    assert "Resends left: 4" in browser.get(path)
    assert "Attempts left: 5" in browser.get(path)


@pytest.mark.parametrize("headers", [OWN, {"Origin": "http://localhost"}, {}])
def test_our_own_forms_are_taken_from_every_browser(browser, headers):
    assert browser.send(phone=PHONE, channel="sms", headers=headers) == 303


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": "shop:" + "k" * 32}])
def test_a_page_that_is_switched_off_sends_nothing(browser):
    assert browser.send(phone=PHONE, channel="sms") == 401
    assert ">This page is turned off<" in browser.page


def test_the_form_of_nothing_says_so(browser):
    path = "/verify/VE" + "0" * 32
    assert browser.send(path, otp="123456") == 303
    assert ">This code no longer works<" in browser.get(path)


@pytest.mark.parametrize("name", ["http:evil.example", "%5C%5Cevil.example", "a%0D%0AX-More:1"])
def test_what_is_no_id_leads_nowhere_else(browser, name):
    assert browser.send(f"/verify/{name}", otp="123456") == 303
    # Relative to the page, as it has neither a scheme nor a host.
    assert re.fullmatch("[A-Za-z0-9%.-]+", browser.location)


@pytest.mark.parametrize("name", ["VE123", "nothing", "VE" + "g" * 32])
def test_what_is_no_id_is_not_there(client, name):
    answer = client.get(f"/verify/{name}")
    assert answer.status_code == 404
    assert ">This code no longer works<" in answer.get_data(as_text=True)


@pytest.mark.parametrize("env", [{"OTP_EMAIL_SENDERS": ","}])
def test_after_a_failure_another_way_is_promised_where_it_is_open(browser, ledger):
    def fail(send: int) -> None:
        (claim,) = ledger.claim([(id_in(path), send)], SENDER_NAMES)
        done_one(ledger, claim, "refused")

    path = browser.ask()
    assert "sent. Try another way" not in browser.get(path)
    for send, channel in (1, "call"), (2, "whatsapp"):
        fail(send)
        assert "Couldn’t be sent. Try another way." in browser.get(path)
        assert browser.send(path, resend=channel) == 303
        assert "sent. Try another way" not in browser.get(path)
    fail(3)
    assert "Couldn’t be sent<" in browser.get(path)
    assert browser.send(path, resend="call") == 429


@pytest.mark.parametrize("env", [{"OTP_TELEGRAM_SENDERS": "console://"}])
@pytest.mark.parametrize(
    ("language", "to", "instead"),
    [
        ("en", "Check Telegram on", "Use Telegram instead"),
        ("ar", "سيصلك الرمز عبر تيليجرام على", "أفضّل تيليجرام"),
    ],
)
def test_telegram_is_offered_where_it_is_on(browser, language, to, instead):
    assert browser.send(f"/?lang={language}", phone=PHONE, channel="sms") == 303
    path = browser.location
    assert instead in browser.get(f"/{path}")
    assert browser.send(f"/?lang={language}", phone="+14155550124", channel="telegram") == 303
    assert to in browser.get(f"/{browser.location}")


def test_a_person_who_is_not_on_the_channel_is_offered_another_one(browser, ledger):
    path = browser.ask()
    (claim,) = ledger.claim([(id_in(path), 1)], SENDER_NAMES)
    done_one(ledger, claim, "unreachable", error="whatsapp_131026")
    assert "This number can’t be reached this way. Try another way." in browser.get(path)


@pytest.mark.parametrize("env", [{"OTP_TEST_NUMBERS": f"{PHONE}:4242"}])
def test_the_code_of_a_test_number_is_typed_as_any(browser, run_worker, sender):
    path = browser.ask()
    run_worker()
    assert sender.messages == []
    assert browser.send(path, otp="4243") == 400
    assert browser.send(path, otp="4242") == 303
    assert "</strong> is yours." in browser.get(path)
