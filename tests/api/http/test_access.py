"""Who is calling: API keys, and the client's address behind proxies."""

import base64
import logging

import pytest

from api.http.access import Access
from tests.user import OTHER_PHONE, PHONE

SHOP, SHOP_TOO, BANK, METRICS = "s" * 32, "t" * 40, "b" * 32, "m" * 32
KEYS = {"OTP_API_KEYS": f"shop:{SHOP} shop:{SHOP_TOO} bank:{BANK}"}
WITH_METRICS = {
    "OTP_API_KEYS": f"shop:{SHOP} metrics:{METRICS}",
    "OTP_PUBLIC_UI": "true",
    "OTP_ADMIN_PASSWORD": "correct horse battery",
}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(app: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{app}:{key}".encode()).decode()}


REFUSED = {
    "nothing": {},
    "nothing in it": {"Authorization": ""},
    "no key": {"Authorization": "Bearer"},
    "an empty key": {"Authorization": "Bearer "},
    "no scheme": {"Authorization": SHOP},
    "another scheme": {"Authorization": f'Digest username="shop", response="{SHOP}"'},
    "no base64": {"Authorization": "Basic ???"},
    "basic without an app": {"Authorization": "Basic " + base64.b64encode(SHOP.encode()).decode()},
    "one character more": bearer(SHOP + "x"),
    "one character less": bearer(SHOP[:-1]),
    "other letters": bearer(SHOP.upper()),
    "the name of an app": bearer("shop"),
    "name and key": bearer(f"shop:{SHOP}"),
    "no ASCII": bearer("\xff" * 32),
    "the key of another app": basic("bank", SHOP),
    "an unknown app": basic("nobody", SHOP),
    "an app without a name": basic("", SHOP),
    "an app without a key": basic("shop", ""),
    "an app with a wrong key": basic("shop", "x" * 32),
}


@pytest.mark.parametrize("env", [KEYS])
class TestWithKeys:
    @pytest.mark.parametrize(
        "headers", [bearer(SHOP), bearer(SHOP_TOO), basic("shop", SHOP), basic("bank", BANK)]
    )
    def test_a_right_key_is_let_in(self, caller, headers):
        assert caller.generate(headers=headers).status_code == 202

    def test_anything_else_is_not(self, caller, redis, problem, subtests):
        for headers in REFUSED.values():
            with subtests.test(headers=headers):
                answer = caller.generate(headers=headers)
                problem(answer, 401, "unauthorized")
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="otp"'
                assert redis.keys() == []

    @pytest.mark.parametrize("key", [SHOP, SHOP_TOO, BANK, "x" * 32])
    def test_every_key_is_compared_whichever_is_right(self, caller, key, monkeypatch):
        compared = []

        def compare(known: bytes, given: bytes) -> bool:
            compared.append(known)
            return known == given

        monkeypatch.setattr("hmac.compare_digest", compare)
        caller.generate(headers=bearer(key))
        assert len(set(compared)) == 3

    def test_the_key_comes_before_the_body(self, client, problem):
        problem(client.post("/generate-otp", data=b"{"), 401, "unauthorized")

    def test_two_apps_see_nothing_of_each_other(self, caller, problem):
        shop, bank = bearer(SHOP), bearer(BANK)
        started = caller.generate(headers=shop)
        url = f"/verifications/{started.json['verification_id']}"
        by_id = {"verification_id": started.json["verification_id"]}
        code = caller.code(started)
        problem(caller.client.get(url, headers=bank), 404, "verification_not_found")
        problem(caller.client.delete(url, headers=bank), 404, "verification_not_found")
        problem(caller.verify(code, headers=bank), 404, "verification_not_found")
        problem(caller.verify(code, headers=bank, **by_id), 404, "verification_not_found")
        of_bank = caller.generate(headers=bank)
        assert of_bank.status_code == 202
        problem(caller.verify(code, headers=bank), 400, "incorrect_code")
        assert caller.client.get(url, headers=shop).json["checks_left"] == 5
        assert caller.verify(code, headers=shop).status_code == 200
        assert caller.verify(caller.code(of_bank), headers=bank).status_code == 200

    def test_all_keys_of_an_app_are_one_caller(self, caller):
        started = caller.generate(headers=bearer(SHOP))
        answer = caller.verify(caller.code(started), headers=basic("shop", SHOP_TOO))
        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/openapi.json"])
    def test_pages_and_health_need_no_key(self, client, path):
        assert client.get(path).status_code == 200

    def test_no_key_is_kept_or_logged(self, caller, caplog, settings):
        caplog.set_level(logging.DEBUG)
        caller.generate(headers=bearer(SHOP))
        caller.generate(headers=bearer("x" * 32))
        logged = str([vars(record) for record in caplog.records])
        assert SHOP not in logged
        assert "x" * 32 not in logged
        assert SHOP not in str(vars(Access(settings)))

    def test_a_refused_call_is_logged_with_where_it_came_from(self, client, caplog):
        client.get(
            f"/verifications/{PHONE}",
            headers=bearer("x" * 32),
            environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
        )
        (record,) = [r for r in caplog.records if r.message == "unauthorized"]
        assert record.levelno == logging.WARNING
        assert (record.path, record.client) == ("/verifications/<verification_id>", "192.0.2.7")
        assert PHONE not in str(vars(record))


@pytest.mark.parametrize("env", [WITH_METRICS])
class TestAKeyForTheMetrics:
    @pytest.mark.parametrize("headers", [bearer(METRICS), basic("metrics", METRICS)])
    def test_reads_the_metrics(self, client, headers):
        assert client.get("/metrics", headers=headers).status_code == 200

    def test_is_refused_by_everything_else_that_takes_a_key(self, client, problem, redis, subtests):
        calls = [
            ("POST", "/generate-otp"),
            ("POST", "/verify-otp"),
            ("GET", f"/verifications/VE{'0' * 32}"),
            ("DELETE", f"/verifications/VE{'0' * 32}"),
            ("POST", "/hooks/send"),
            ("POST", "/hooks/logto"),
            ("POST", "/hooks/fusionauth"),
        ]
        for method, path in calls:
            with subtests.test(path=path):
                answer = client.open(path, method=method, json={}, headers=bearer(METRICS))
                problem(answer, 403, "metrics_only")
        assert redis.keys() == [b"otp:key_used:given:metrics"]

    def test_the_document_names_all_of_these(self, client):
        paths = client.get("/openapi.json").json["paths"]
        refusing = {
            (method.upper(), path)
            for path, item in paths.items()
            for method, operation in item.items()
            if method != "parameters" and "metrics_only" in str(operation["responses"].get("403"))
        }
        assert refusing == {
            ("POST", "/generate-otp"),
            ("POST", "/verify-otp"),
            ("GET", "/verifications/{verification_id}"),
            ("DELETE", "/verifications/{verification_id}"),
            ("POST", "/hooks/send"),
        }

    @pytest.mark.parametrize("name", ["metrics", "AC" + "1" * 32])
    def test_is_no_password_of_the_compatible_api(self, client, name):
        answer = client.get("/v2/Services", headers=basic(name, METRICS))
        assert (answer.status_code, answer.json["code"]) == (401, 20003)

    @pytest.mark.parametrize("headers", [bearer(METRICS), basic("admin", METRICS)])
    def test_is_not_the_owner(self, client, problem, headers):
        erase = client.delete("/recipients", json={"phone": PHONE}, headers=headers)
        problem(erase, 401, "unauthorized")
        answer = client.get("/admin/stats.json", headers={**headers, "Accept": "application/json"})
        problem(answer, 401, "log_in_needed")

    def test_is_refused_with_where_it_came_from(self, client, caplog):
        client.post("/generate-otp", json={"phone": PHONE}, headers=bearer(METRICS))
        (record,) = [r for r in caplog.records if r.message == "unauthorized"]
        assert (record.path, record.client) == ("/generate-otp", "127.0.0.1")


def test_without_keys_anybody_may_call_with_or_without_one(caller):
    assert caller.generate().status_code == 202
    assert caller.generate(OTHER_PHONE, headers=bearer("whatever")).status_code == 202


ONE_EACH = {"OTP_LIMIT_IP": "1/1h"}


@pytest.fixture
def limited(client):
    """Ask twice, from two addresses: are they one client to the limit?"""

    def limited(first: dict[str, str], second: dict[str, str]) -> bool:
        answers = []
        for phone, who in ((PHONE, first), (OTHER_PHONE, second)):
            environ = {"REMOTE_ADDR": who.pop("peer", "10.0.0.1")}
            answers.append(
                client.post(
                    "/generate-otp", json={"phone": phone}, headers=who, environ_overrides=environ
                )
            )
        assert answers[0].status_code == 202
        if answers[1].status_code == 202:
            return False
        assert answers[1].json["scope"] == "ip"
        return True

    return limited


def forwarded(addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": addresses}


@pytest.mark.parametrize("env", [ONE_EACH])
@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "not an address", True),
    ],
)
def test_a_client_is_known_by_its_address_an_ipv6_one_by_its_64(limited, first, second, alike):
    assert limited({"peer": first}, {"peer": second}) is alike


@pytest.mark.parametrize("env", [ONE_EACH])
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"])
def test_without_trusted_proxies_no_header_makes_another_client(limited, header):
    assert limited({header: "192.0.2.1"}, {header: "192.0.2.2"})


ONE_PROXY = {**ONE_EACH, "OTP_TRUSTED_PROXIES": "1"}
TWO_PROXIES = {**ONE_EACH, "OTP_TRUSTED_PROXIES": "2"}


@pytest.mark.parametrize(
    ("env", "first", "second", "alike"),
    [
        (ONE_PROXY, "192.0.2.1", "192.0.2.2", False),
        (ONE_PROXY, "6.6.6.1, 192.0.2.1", "6.6.6.2, 192.0.2.1", True),
        (TWO_PROXIES, "192.0.2.1, 10.0.0.2", "192.0.2.2, 10.0.0.2", False),
        (TWO_PROXIES, "6.6.6.1, 192.0.2.1, 10.0.0.2", "6.6.6.2, 192.0.2.1, 10.0.0.2", True),
        (ONE_PROXY, "unknown", "garbage", True),
        (ONE_PROXY, "2001:db8::1", "2001:db8::2", True),
    ],
)
def test_as_many_forwarded_addresses_count_as_proxies_are_trusted(limited, first, second, alike):
    assert limited(forwarded(first), forwarded(second)) is alike


@pytest.mark.parametrize("env", [ONE_PROXY])
def test_a_header_that_comes_twice_is_one_list(client):
    for phone, forged, status in ((PHONE, "6.6.6.1", 202), (OTHER_PHONE, "6.6.6.2", 429)):
        headers = [("X-Forwarded-For", forged), ("X-Forwarded-For", "192.0.2.1")]
        answer = client.post("/generate-otp", json={"phone": phone}, headers=headers)
        assert answer.status_code == status
