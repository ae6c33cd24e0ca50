"""Providers that answer byte by byte hold up nobody but themselves."""

import base64
from contextlib import ExitStack

from tests.api.hooks.supabase import KEYS, SECRETS, SMS, encoded, signed, sms
from tests.e2e.conftest import wait_for
from worker.senders.conformance.servers import DripServer, serving

SECRET = "whsec_" + base64.b64encode(b"0" * 24).decode()


def test_calls_go_out_and_hooks_are_answered_while_a_webhook_and_a_mail_server_hang(start_service):
    with ExitStack() as running:
        drips = DripServer(b"X-Name: value\r\n", head=b"HTTP/1.1 200 OK\r\n", after=b"\r\n\r\n")
        webhook = running.enter_context(serving(drips))
        mail = running.enter_context(serving(DripServer(b"250-x\r\n", head=b"220 ready\r\n")))
        service = start_service(
            WORKER_CONCURRENCY="2",
            OTP_ALLOW_OPEN="true",
            OTP_HOOK_SECRETS=f"shop:{SECRETS[0]}",
            OTP_SMS_SENDERS=f"webhook://{SECRET}@{webhook}/?tls=none",
            OTP_EMAIL_SENDERS=f"smtp://{mail}?from=otp@example.com&tls=none",
        )
        for number in range(3):
            for to in ({"phone": f"+1415555013{number}"}, {"email": f"a{number}@example.com"}):
                assert service.call("POST", "/generate-otp", to).status == 202
        wait_for(lambda: int(service.redis.zcard("otp:due")) == 6)
        hook = service.call("POST", SMS, sms(), signed(encoded(sms()), KEYS[:1]))
        assert (hook.status, hook.content) == (200, b"{}")
        assert hook.seconds < 1
        body = {"phone": "+14155550139", "channel": "call"}
        assert service.call("POST", "/generate-otp", body).status == 202
        service.code_for("+14155550139", timeout=6)
        service.worker.kill()
