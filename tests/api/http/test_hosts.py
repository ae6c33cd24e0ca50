"""Without an API key, no name but our own leads here: a site could let its name lead anywhere."""

import socket

import pytest

from api.http.hosts import is_ours
from tests.user import PHONE

OURS = [
    *("localhost", "localhost:5000", "LOCALHOST", "localhost.", "otp.localhost:5000"),
    *("127.0.0.1", "127.0.0.1:5000", "192.168.1.20:80", "[::1]", "[::1]:5000", "[2001:DB8::1]"),
    *("api", "api:5000", "API", socket.gethostname(), f"{socket.gethostname()}.:5000"),
]
OTHERS = [
    *("evil.example", "evil.example:5000", "evil", "localhost.evil.example", "evillocalhost"),
    *("127.0.0.1.evil.example", "api.evil.example", "localhost@evil.example", "127.1", "0x7f.1"),
    *("evil.example@localhost", "localhost:5000@evil.example", "localhost/", "localhost evil"),
    *("localhost, evil.example", "evil.example, localhost", "localhost#", "localhost:x", "."),
    *("::1", "[::1", "[localhost]:5000", "[::1]evil.example", "xn--lcalhost-7wf.example"),
]


def test_our_hosts(client, subtests):
    for host in OURS:
        with subtests.test(host=host):
            assert client.get("/phone/messages", headers={"Host": host}).status_code == 200


def test_other_hosts(client, problem, subtests):
    for host in OTHERS:
        with subtests.test(host=host):
            problem(client.get("/phone/messages", headers={"Host": host}), 403, "host_not_allowed")


PATHS = ["/", "/docs", "/phone", "/phone/messages", "/metrics", "/health/live", "/static/style.css"]
PATHS += ["/admin/", "/openapi.json", "/nothing", f"/verify/VE{'0' * 32}"]


def test_without_a_key_other_hosts_are_refused_on_every_path(client, problem, subtests):
    for path in PATHS:
        with subtests.test(path=path):
            answer = client.get(path, headers={"Host": "evil.example"})
            assert "OTP_PUBLIC_URL" in problem(answer, 403, "host_not_allowed")["detail"]


def test_a_refused_call_sends_nothing(client, problem, redis):
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = client.post("/generate-otp", json={"phone": PHONE}, headers=headers)
    problem(answer, 403, "host_not_allowed")
    answer = client.get("/v2/Services", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, 20403)
    assert redis.keys() == []


@pytest.mark.parametrize(
    "env",
    [{"OTP_API_KEYS": "shop:" + "k" * 32}, {"OTP_PUBLIC_URL": "https://OTP.example:8443"}],
    ids=["with a key", "public"],
)
@pytest.mark.parametrize("host", ["otp.example", "otp.example:8443", "Otp.Example."])
def test_a_key_or_the_public_url_lets_a_host_in(client, host):
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("env", "direct", "forwarded", "status"),
    [
        ({}, "localhost", "evil.example", 200),
        ({}, "evil.example", "localhost", 403),
        ({"OTP_TRUSTED_PROXIES": "1"}, "api:5000", "evil.example", 403),
        ({"OTP_TRUSTED_PROXIES": "1"}, "api:5000", "localhost:8080", 200),
        # What a page adds is passed on by a proxy that does not set it.
        ({"OTP_TRUSTED_PROXIES": "1"}, "evil.example", "localhost", 403),
        ({"OTP_TRUSTED_PROXIES": "2"}, "api:5000", "evil.example, inner", 403),
        ({"OTP_TRUSTED_PROXIES": "1"}, "", "evil.example", 403),
    ],
)
def test_a_trusted_proxy_names_the_host_too(client, direct, forwarded, status):
    headers = {"Host": direct, "X-Forwarded-Host": forwarded}
    assert client.get("/health/live", headers=headers).status_code == status


def test_a_client_without_a_host_is_no_browser(client):
    assert client.get("/health/live", headers={"Host": ""}).status_code == 200


def test_no_public_url_is_no_host():
    assert not is_ours("", {"localhost"})
