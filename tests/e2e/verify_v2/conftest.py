"""Whom the vendor's SDKs call: the running service, with accounts of different policies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.e2e.conftest import Service, started_services

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
# Of OTP_SERVICES: whoever moves keeps the SID that they have.
GIVEN_SID = "VA" + "fedcba9876543210" * 2
# A kiosk calls nobody and may send three messages an hour: each suite has its own.
KIOSKS = ("pythonkiosk", "nodekiosk", "djangokiosk")
APPS = ("shop", "meter", "pythonlists", "nodelists", *KIOSKS)
TOKENS = {app: f"{app}0123456789" * 4 for app in APPS}
KIOSK = '[{}]\ncall_senders = "none"\nlimit_app = "3/1h"\n'
SETTINGS = {
    "OTP_API_KEYS": " ".join(f"{app}:{token}" for app, token in TOKENS.items()),
    "OTP_SERVICES": f"shop:{GIVEN_SID}",
    "OTP_APPS": '[shop]\napp_name = "Given Shop"\n' + "".join(map(KIOSK.format, KIOSKS)),
    "OTP_ALLOWED_COUNTRIES": "US DE",
    "OTP_BLOCKED_PREFIXES": "+1215999",
}
UNKNOWN = "0" * 32
FRENCH, BLOCKED, LANDLINE = "+33612345678", "+12159990000", "+4930901820"

_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Credentials of an app, where they count."""

    service: Service
    token: str
    sid: str = ACCOUNT_SID

    def client(self, user: str = "", token: str = "") -> Client:
        client = Client(user or self.sid, token or self.token, account_sid=self.sid)
        client.verify.base_url = self.service.url
        return client


@pytest.fixture(scope="session")
def keyed_service(tmp_path_factory) -> Iterator[Service]:
    """One that asks for credentials."""
    with started_services(tmp_path_factory) as start:
        yield start(**SETTINGS)


@pytest.fixture(scope="session")
def account(keyed_service) -> Account:
    return Account(service=keyed_service, token=TOKENS["shop"])


@pytest.fixture(scope="session")
def kiosk(keyed_service) -> Account:
    return Account(service=keyed_service, token=TOKENS["pythonkiosk"])


@pytest.fixture(scope="session")
def services(account):
    return account.client().verify.v2.services


@pytest.fixture(scope="session")
def shop(services):
    """A Service, as its sub-resources are reached."""
    return services(services.create(friendly_name="My Shop").sid)


@pytest.fixture
def code_for(keyed_service) -> Callable[[str], str]:
    """The newest code that was sent to somebody."""
    return keyed_service.code_for


@pytest.fixture
def phone() -> str:
    return new_number()


def new_number() -> str:
    """One that no other test has used."""
    return f"+1415558{next(_numbers):04d}"


@contextmanager
def refused(status: int, code: int, *, naming: str = "") -> Iterator[Callable[[], Any]]:
    """The SDK raises what its users catch. Answers a function for the exception."""
    with pytest.raises(TwilioRestException) as caught:
        yield lambda: caught.value
    error = caught.value
    assert (error.status, error.code) == (status, code), error.msg
    assert naming in error.msg
