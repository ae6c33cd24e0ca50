"""django-twilio-2fa, unmodified: its site names another base URL and other credentials."""

from types import SimpleNamespace

import django
import pytest
from django.conf import settings
from django.test import Client as Browser
from twilio.rest.verify import Verify

from tests.e2e.verify_v2.conftest import ACCOUNT_SID, TOKENS, new_number
from tests.user import wrong

settings.configure(
    SECRET_KEY="of-no-use-outside-of-this-test",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "rest_framework",
        "django_twilio_2fa",
    ],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    ROOT_URLCONF="django_twilio_2fa.api.urls",
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": []},
    USE_TZ=True,
    TWILIO_2FA_ACCOUNT_SID=ACCOUNT_SID,
    TWILIO_2FA_SERVICE_NAME="Django Shop",
    TWILIO_2FA_ALLOWED_METHODS=["sms", "call", "whatsapp", "email"],
    TWILIO_2FA_ALLOW_UNAUTHENTICATED_USERS=True,
    TWILIO_2FA_ALLOW_USERLESS=True,
    TWILIO_2FA_PHONE_NUMBER_CARRIER_LOOKUP=False,
    TWILIO_2FA_SEND_COOLDOWN=0,
    TWILIO_2FA_USER_EMAIL_CB=lambda user: user and user.email,
    TWILIO_2FA_USER_PHONE_NUMBER_CB=lambda user: user and user.phone,
    # Set by `site`; the package wants them to be there when it is imported.
    TWILIO_2FA_AUTH_TOKEN="",
    TWILIO_2FA_SERVICE_ID="",
)
django.setup()

from django_twilio_2fa import errors  # noqa: E402
from django_twilio_2fa.client import TwoFAClient  # noqa: E402
from django_twilio_2fa.dispatch import twilio_2fa_twilio_error  # noqa: E402
from django_twilio_2fa.options import Email, PhoneNumber  # noqa: E402

# The package calls the SDK as it was done before there was a v2.
pytestmark = pytest.mark.filterwarnings("ignore:services is deprecated. Use v2.services instead.")


@pytest.fixture(params=["shop"])
def site(request, account, monkeypatch):
    """What docs/twilio-verify.md says of programs that make their clients themselves."""
    url = account.service.url
    monkeypatch.setattr(Verify, "base_url", property(lambda _: url, lambda *_: None), raising=False)
    monkeypatch.setattr(settings, "TWILIO_2FA_AUTH_TOKEN", TOKENS[request.param])
    services = account.client(token=TOKENS[request.param]).verify.v2.services
    service = services.create(friendly_name="Django")
    monkeypatch.setattr(settings, "TWILIO_2FA_SERVICE_ID", service.sid)


@pytest.fixture
def refusals():
    """The codes of the errors that came from the service."""
    codes = []

    def note(exc, **_) -> None:
        codes.append(exc.code)

    twilio_2fa_twilio_error.connect(note)
    yield codes
    twilio_2fa_twilio_error.disconnect(note)


@pytest.fixture
def person(phone):
    return client_of(phone)


def client_of(phone: str) -> TwoFAClient:
    user = SimpleNamespace(
        phone=PhoneNumber(phone, "US", carrier_type="mobile"),
        email=Email(f"django{phone[1:]}@example.com"),
    )
    return TwoFAClient(user=user)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("method", ["sms", "call", "whatsapp", "email"])
def test_a_code_is_sent_and_checked(person, phone, keyed_service, method):
    person.send_verification(method)
    code = keyed_service.code_for(str(person.email) if method == "email" else phone)
    assert person.check_verification(wrong(code)) is False
    assert person.check_verification(code) is True


@pytest.mark.usefixtures("site")
def test_a_resend_is_known_by_its_sid(person):
    sent = [person.send_verification("sms") for _ in range(2)]
    assert sent[0] == sent[1]
    assert person.session["sends"] == 2


@pytest.mark.usefixtures("site")
def test_a_verification_is_canceled_or_approved_by_the_site(person, refusals):
    first = person.send_verification("sms")
    assert person.cancel_verification()
    with pytest.raises(errors.VerificationNotFound):
        person.check_verification("123456", first)
    second = person.send_verification("sms")
    assert second != first
    assert person.approve_verification()
    with pytest.raises(errors.VerificationNotFound):
        person.check_verification("123456")
    assert refusals == [20404, 20404]


@pytest.mark.usefixtures("site")
def test_checks_and_sends_too_many_are_named(person, phone, keyed_service, refusals):
    person.send_verification("sms")
    code = keyed_service.code_for(phone)
    for _ in range(5):
        assert person.check_verification(wrong(code)) is False
    with pytest.raises(errors.MaxAttemptsReached):
        person.check_verification(code)

    other = client_of(new_number())
    for _ in range(5):
        other.send_verification("sms")
    with pytest.raises(errors.MaxSendsReached):
        other.send_verification("sms")
    assert refusals == [60202, 60203]


@pytest.mark.usefixtures("site")
def test_parameters_that_are_wrong_are_named(person, refusals):
    person.send_verification("sms")
    with pytest.raises(errors.InvalidVerificationCode):
        # Digits to Python, and none to the service.
        person.check_verification("①②③④⑤⑥")
    with pytest.raises(errors.TwilioInvalidParameter) as caught:
        person.send_verification("sms", send_to="+12")
    assert "To" in caught.value.get_code()
    assert refusals == [60200, 60200]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("site", ["djangokiosk"], indirect=True)
def test_the_account_s_policy_is_named(refusals):
    with pytest.raises(errors.MethodNotAllowed):
        client_of(new_number()).send_verification("call")
    for _ in range(3):
        client_of(new_number()).send_verification("sms")
    with pytest.raises(errors.TwilioRateLimited):
        client_of(new_number()).send_verification("sms")
    assert refusals == [60223, 20429]


@pytest.mark.usefixtures("site")
def test_a_visitor_of_the_site_is_verified(phone, keyed_service):
    visitor = Browser()
    number = {"method": "call", "phone_number": phone, "phone_country": "US"}
    sent = visitor.post("/send", number).json()
    assert sent["verification_id"].startswith("VE")
    code = keyed_service.code_for(phone)
    assert visitor.post("/verify", {"code": wrong(code)}).json()["verified"] is False
    assert visitor.post("/verify", {"code": code}).json()["verified"] is True
    ended = visitor.post("/verify", {"code": code, "verification_id": sent["verification_id"]})
    assert ended.status_code == 404
    assert visitor.post("/send", number).json()["verification_id"] != sent["verification_id"]
    assert visitor.post("/cancel").status_code == 200
