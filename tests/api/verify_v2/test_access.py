"""Credentials: SIDs and keys as clients of this API have them."""

import base64
import re

import pytest

from api.keys.command import _new_key
from api.keys.file import changing
from api.verify_v2.access import account_sid
from tests.api.verify_v2.conftest import ACCOUNT, KEY, OTHER_KEY, V2

KEY_SID = f"SK{'b' * 32}"


@pytest.mark.parametrize("name", [ACCOUNT, KEY_SID, "shop", f"AC{'A' * 32}"])
def test_the_key_is_the_password_of_any_sid(client, name):
    assert V2(client, name).get("/Services").status_code == 200


def test_answers_name_the_account_that_was_asked_for(client):
    assert V2(client).post("/Services", FriendlyName="x").json["account_sid"] == ACCOUNT

    for name in (KEY_SID, "shop"):
        sid = V2(client, name).post("/Services", FriendlyName="x").json["account_sid"]
        assert sid == account_sid("shop")
        assert re.fullmatch("AC[0-9a-f]{32}", sid)
    assert account_sid("shop") != account_sid("bank")


OTHERS = [
    (ACCOUNT, "x" * 40),
    (ACCOUNT, ""),
    ("", KEY),
    ("bank", KEY),
    ("AC123", KEY),
    (f"XX{'1' * 32}", KEY),
    (f"AC{'g' * 32}", KEY),
    (f"{ACCOUNT}\n", KEY),
]


def test_others_are_asked_to_authenticate(client, refused, subtests):
    for name, key in OTHERS:
        with subtests.test(name=name, key=key):
            answer = V2(client, name, key).get("/Services")

            assert refused(answer, 401, 20003)["message"] == "Authenticate"
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="otp"'


@pytest.mark.parametrize("header", [{}, {"Authorization": f"Bearer {KEY}"}])
def test_nothing_but_basic_is_taken(client, refused, header):
    refused(client.get("/v2/Services", headers=header), 401, 20003)


def test_a_malformed_header_is_refused(client, refused):
    broken = base64.b64encode(b"no colon").decode()
    for header in (f"Basic {broken}", "Basic %%%", "Basic"):
        refused(client.get("/v2/Services", headers={"Authorization": header}), 401, 20003)


def test_an_account_is_what_its_key_says(client):
    V2(client).service("Shop")

    assert V2(client, ACCOUNT, OTHER_KEY).get("/Services").json["services"] == []


class TestAMadeKey:
    @pytest.fixture
    def more(self, tmp_path) -> dict[str, str]:
        return {"OTP_DATA_DIR": str(tmp_path)}

    def test_is_taken_with_and_without_its_underscores(self, client, tmp_path):
        secret, kept = _new_key("shop")
        with changing(tmp_path) as keys:
            keys.append(kept)

        bare = secret.replace("_", "")
        assert re.fullmatch("[A-Za-z0-9]+", bare)
        for key in (secret, bare):
            assert V2(client, key=key).get("/Services").status_code == 200
        assert V2(client, key=bare[:-1] + "g").get("/Services").status_code == 401


class TestWithoutKeys:
    @pytest.fixture
    def env(self) -> dict[str, str]:
        return {}

    def test_any_sid_and_password_is_the_default_app(self, client):
        assert V2(client, key="anything").service()
        assert V2(client, KEY_SID, "other").get("/Services").json["services"] != []

    @pytest.mark.parametrize(("name", "key"), [(ACCOUNT, ""), ("nobody", "x"), ("", "x")])
    def test_but_some_sid_and_password_are_needed(self, client, name, key):
        assert V2(client, name, key).get("/Services").status_code == 401
        assert client.get("/v2/Services").status_code == 401
