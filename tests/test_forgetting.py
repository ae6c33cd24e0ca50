"""No clear address stays in the memory of a process after the call that it came with."""

import gc
import weakref

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from api.http.access import client_ip
from shared.errors import InvalidRequest
from shared.policy import Limit, Policy
from shared.recipient import parse_email, parse_phone
from shared.verification import admission
from shared.verification.model import StartRequest
from tests.user import PHONE

HOURLY = {"to": (Limit.parse("5/1h"),), "ip": (Limit.parse("5/1h"),)}


class Text(str):
    """Text that a test can see go."""

    __slots__ = ("__weakref__",)


def caller(ip: str, _codes) -> None:
    request = EnvironBuilder().get_request()
    request.remote_addr = ip
    client_ip(Request(request.environ))


def limits(ip: str, codes) -> None:
    request = StartRequest(
        recipient=parse_phone(PHONE), channel="sms", app="default", ip=ip, locale="en"
    )
    admission.limits(Policy(limits=HOURLY), codes, request)


@pytest.mark.parametrize(
    ("text", "use"),
    [
        (PHONE, lambda text, _: parse_phone(text)),
        (" +1 415-555-0123 ", lambda text, _: parse_phone(text)),
        ("0151 23456789", lambda text, _: parse_phone(text, "DE")),
        ("a@example.com", lambda text, _: parse_email(text)),
        ("192.0.2.1", caller),
        ("2001:db8::1", caller),
        ("192.0.2.1", limits),
        ("192.0.2.1", lambda text, codes: admission.network_tag(codes, "default", text)),
    ],
)
def test_an_address_is_gone_after_its_use(codes, text, use):
    typed = Text(text)
    gone = weakref.ref(typed)
    use(typed, codes)
    del typed
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("text", [PHONE, "+1 415 555 0123"])
def test_a_recipient_is_gone_after_its_use(text):
    recipient = parse_phone(text)
    gone = weakref.ref(recipient)
    del recipient
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(("text", "read"), [("+1415", parse_phone), ("a@", parse_email)])
def test_a_wrong_address_is_gone_with_its_refusal(text, read):
    typed = Text(text)
    gone = weakref.ref(typed)
    with pytest.raises(InvalidRequest):
        read(typed)
    del typed
    gc.collect()
    assert gone() is None
