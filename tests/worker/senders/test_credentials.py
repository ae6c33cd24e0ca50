"""`python -m worker.credentials`, against providers that answer as their documentation says."""

import base64
import json
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest
from aiosmtpd.smtp import AuthResult

from shared.senders import registry
from shared.settings import Settings
from tests.providers import aws
from tests.providers.vonage import APPLICATION, PRIVATE_KEY
from worker.credentials import findings
from worker.senders.conformance.servers import Reply, Request

TOKEN = "hunter22-hunter22"
ACCOUNT = "AC" + "0" * 32


def bearer(token: str = TOKEN) -> str:
    return f"Bearer {token}"


def basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


@dataclass(frozen=True)
class Provider:
    """What it is asked and by which header, what it answers to that, and to anything else."""

    setting: str
    url: str
    asked: str
    header: str
    yes: tuple[int, object]
    no: tuple[int, object]
    error: str
    body: object = None

    def answer(self, request: Request) -> Reply:
        assert f"{request.method} {request.path}" == self.asked
        if self.body is not None:
            assert json.loads(request.body) == self.body
        is_right = request.headers.get("Authorization") == self.header
        status, body = self.yes if is_right else self.no
        return Reply(status=status, body=json.dumps(body).encode())


PROVIDERS = {
    "twilio": Provider(
        "OTP_SMS_SENDERS",
        f"twilio://{ACCOUNT}:{TOKEN}@+15005550006",
        f"GET /2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1",
        basic(f"{ACCOUNT}:{TOKEN}"),
        (200, {"messages": []}),
        (401, {"code": 20003, "message": "Authenticate", "status": 401}),
        "twilio_20003",
    ),
    "whatsapp": Provider(
        "OTP_WHATSAPP_SENDERS",
        f"whatsapp://{TOKEN}@106540352242922?template=code",
        "GET /v23.0/106540352242922?fields=id",
        bearer(),
        (200, {"id": "106540352242922"}),
        (401, {"error": {"code": 190, "type": "OAuthException"}}),
        "whatsapp_190",
    ),
    "telegram": Provider(
        "OTP_TELEGRAM_SENDERS",
        f"telegram://{TOKEN}@gateway",
        "POST /checkVerificationStatus",
        bearer(),
        (200, {"ok": False, "error": "REQUEST_ID_INVALID"}),
        (200, {"ok": False, "error": "ACCESS_TOKEN_INVALID"}),
        "telegram_access_token_invalid",
        {"request_id": "0"},
    ),
    "telnyx": Provider(
        "OTP_SMS_SENDERS",
        f"telnyx://{TOKEN}@+15005550006",
        "GET /v2/balance",
        bearer(),
        (403, {"errors": [{"code": "10010"}]}),
        (401, {"errors": [{"code": "10009"}]}),
        "telnyx_10009",
    ),
    "vonage": Provider(
        "OTP_SMS_SENDERS",
        f"vonage://abcd1234:{TOKEN}@Example",
        "GET /accounts/abcd1234/secrets",
        basic(f"abcd1234:{TOKEN}"),
        (200, {"_embedded": {"secrets": []}}),
        (401, {"type": "https://developer.vonage.com/api-errors#unauthorized"}),
        "vonage_unauthorized",
    ),
    "infobip": Provider(
        "OTP_SMS_SENDERS",
        f"infobip://{TOKEN}@abc?from=Example",
        "GET /account/1/balance",
        f"App {TOKEN}",
        (403, {"errorCode": "E403"}),
        (401, {"errorCode": "E401"}),
        "infobip_E401",
    ),
    "smsgate": Provider(
        "OTP_SMS_SENDERS",
        f"smsgate://sms:{TOKEN}@127.0.0.1/message?tls=none",
        "GET /message/none",
        basic(f"sms:{TOKEN}"),
        (404, {"message": "not found"}),
        (401, {}),
        "smsgate_401",
    ),
}


def found(setting: str, *urls: str, **more: str) -> list[tuple[str, str]]:
    """What is found about the senders of one channel, the others being off."""
    off = dict.fromkeys((f"OTP_{c}_SENDERS" for c in ("SMS", "WHATSAPP", "CALL", "EMAIL")), "none")
    env = {**off, setting: " ".join(urls), **more}
    return [(one.level, one.text) for one in findings(Settings.load(env, env_file=None))]


def at(url: str, address: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}api=http://{address}"


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
class TestAProvider:
    def test_accepts_the_credentials(self, provider, http_server):
        address, server = http_server(provider.answer)
        [(level, text)] = found(provider.setting, at(provider.url, address))
        assert level == "ok"
        assert text.endswith("the provider accepts the credentials")
        assert len(server.requests) == 1

    def test_refuses_the_credentials(self, provider, http_server):
        address, _ = http_server(provider.answer)
        [(level, text)] = found(provider.setting, at(provider.url.replace(TOKEN, "wrong"), address))
        assert level == "wrong"
        assert text.endswith(f"the provider refuses the credentials ({provider.error})")
        assert "wrong" not in text

    def test_is_not_there(self, provider):
        [(level, text)] = found(provider.setting, at(provider.url, "127.0.0.1:9"))
        assert level == "wrong"
        assert text.endswith(
            "can't be reached from here, or gives no answer (ConnectionRefusedError)"
        )

    def test_answers_with_an_error_of_its_own(self, provider, http_server):
        address, _ = http_server(status=500)
        [(level, text)] = found(provider.setting, at(provider.url, address))
        assert (level, "gives no answer" in text) == ("wrong", True)


class TestAws:
    URL = f"aws://{aws.ACCESS_KEY}:{aws.SECRET_KEY}@{aws.REGION}?from=Example"

    @pytest.mark.parametrize(
        ("status", "body", "level"),
        [
            (200, {"AccountAttributes": []}, "ok"),
            # The signature was right.
            (400, {"__type": "com.amazonaws#AccessDeniedException"}, "ok"),
            (400, {"__type": "com.amazonaws#UnrecognizedClientException"}, "wrong"),
            (403, {"__type": "com.amazonaws#InvalidSignatureException"}, "wrong"),
        ],
    )
    def test_is_asked_with_a_signature(self, http_server, status, body, level):
        address, server = http_server(status=status, body=json.dumps(body).encode())
        [(found_level, _)] = found("OTP_SMS_SENDERS", f"{self.URL}&api=http://{address}")
        assert found_level == level
        [request] = server.requests
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert headers["x-amz-target"] == "PinpointSMSVoiceV2.DescribeAccountAttributes"
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.parametrize(
    ("password", "level", "ends"),
    [
        (TOKEN, "ok", "the provider accepts the credentials"),
        ("wrong", "wrong", "the provider refuses the credentials (smtp_535)"),
    ],
)
def test_a_mail_server_is_logged_in_to(mail_server, password, level, ends):
    def authenticator(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == TOKEN.encode(), handled=False)

    port, inbox = mail_server(authenticator=authenticator, auth_require_tls=False)
    url = f"smtp://otp:{password}@127.0.0.1:{port}?from=otp@example.com&tls=none"
    [(found_level, text)] = found("OTP_EMAIL_SENDERS", url)
    assert (found_level, text.endswith(ends)) == (level, True)
    assert inbox.mails == []


def test_a_server_without_a_trusted_certificate_is_not_said_to_refuse(mail_server, tls):
    port, _ = mail_server(ssl_context=tls)
    [(level, text)] = found("OTP_EMAIL_SENDERS", f"smtps://127.0.0.1:{port}?from=otp@example.com")
    assert level == "wrong"
    assert text.endswith(
        "the server can't prove that it is the provider (SSLCertVerificationError)"
    )


def test_a_broken_sender_of_another_package_hides_no_other(monkeypatch):
    class Broken:
        channels = ("sms",)
        from_url = staticmethod(lambda _: Broken())

        def send(self, message):
            raise AssertionError

        def try_credentials(self):
            raise LookupError(TOKEN)

    class Found(EntryPoint):
        def load(self):
            return Broken.from_url

    monkeypatch.setattr(registry, "entry_points", lambda group, name: [Found(name, "x:X", group)])
    assert found("OTP_SMS_SENDERS", f"broken://{TOKEN}@x", "console://") == [
        ("unknown", "sms broken: a bug in the sender (LookupError)"),
        ("warning", "sms console: writes codes into the log instead of sending them"),
    ]


def test_senders_that_cannot_be_tried_say_so():
    webhook = "webhook://whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz@otp.example/x"
    application = f"vonage://{APPLICATION}@Example?private_key={PRIVATE_KEY}"
    assert found("OTP_SMS_SENDERS", webhook, application) == [
        ("unknown", "sms webhook: can't be tried without sending a message"),
        ("unknown", "sms vonage: can't be tried without sending a message"),
    ]


def test_a_sender_of_several_channels_and_apps_is_tried_once(http_server):
    provider = PROVIDERS["twilio"]
    address, server = http_server(provider.answer)
    url = at(provider.url, address)
    apps = f'[bank]\nsms_senders = "{url}"\n[shop]\ncall_senders = "console://"'
    told = found("OTP_SMS_SENDERS", url, OTP_CALL_SENDERS=url, OTP_APPS=apps)
    assert told == [
        ("ok", "sms twilio, call twilio: the provider accepts the credentials"),
        ("warning", "call shop.console: writes codes into the log instead of sending them"),
    ]
    assert len(server.requests) == 1
