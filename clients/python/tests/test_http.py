"""Connections: which are kept, through what they go, and what they are protected by."""

import os
import select
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients.python.tests.conftest import STARTED, playing, told

import sixpost as package
from sixpost import Sixpost


def test_a_connection_is_kept(sixpost, played):
    played.will_answer(STARTED)
    for _ in range(3):
        sixpost.start(phone="+14155550123")
    assert len(played.connections) == 1


def test_a_connection_that_the_server_has_closed_is_not_used_again(sixpost, played):
    played.hangs_up = True
    played.will_answer(STARTED, {"verified": True})
    sixpost.start(phone="+14155550123")
    kept = sixpost._server._idle[0][1]
    assert select.select([kept.sock], [], [], 5)[0]
    assert sixpost.check(otp="123456", verification_id="VE1").verified


def test_threads_do_not_share_a_connection_at_the_same_time(sixpost, played):
    played.will_answer(STARTED)
    with ThreadPoolExecutor(8) as threads:
        started = list(threads.map(lambda n: sixpost.start(phone=f"+1415555{n:04}"), range(40)))
    assert len(started) == len(played.asked) == 40
    assert len({body["phone"] for _, _, body in played.asked}) == 40
    assert len(played.connections) <= 8


def test_a_forked_process_has_connections_of_its_own(sixpost, played):
    played.will_answer(STARTED)
    sixpost.start(phone="+14155550123")
    pid, connection = sixpost._server._idle.pop()
    sixpost._server._idle.append((pid + 1, connection))
    sixpost.start(phone="+14155550123")
    assert len(played.connections) == 2
    assert sixpost._server._idle[0][0] == os.getpid()


def test_the_url_can_have_a_path_and_an_ipv6_address():
    with playing("::1") as played:
        played.will_answer(STARTED)
        client = Sixpost(f"{played.url}/otp/")
        client.start(phone="+14155550123")
        client.close()
        line, headers, _ = played.asked[0]
    assert line == "POST /otp/generate-otp"
    assert f"http://{headers['host']}" == played.url
    assert "authorization" not in headers


@pytest.mark.parametrize(
    "url",
    ["localhost:5000", "ftp://host", "http://", "http://a:b@host", "http://host/?a", "http://h#a"],
)
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="url"):
        Sixpost(url)


def test_nobody_at_the_address_is_no_connection(pauses):
    with playing() as gone:
        pass
    client = Sixpost(gone.url, timeout=2)
    with pytest.raises(package.NoConnection):
        client.check(otp="123456", verification_id="VE1")
    assert len(pauses) == 2
    assert all(0.2 <= pause <= 0.8 for pause in pauses)


def test_no_redirect_is_followed(sixpost, played):
    played.will_answer(told({}, 307, Location=f"{played.url}/elsewhere"))
    with pytest.raises(package.UnexpectedAnswer):
        sixpost.start(phone="+14155550123")
    assert [line for line, _, _ in played.asked] == ["POST /generate-otp"]


def test_a_proxy_of_the_environment_is_used(played, monkeypatch):
    monkeypatch.setenv("http_proxy", played.url.replace("//", "//user:p%40ss@"))
    monkeypatch.setenv("no_proxy", "direct.example")
    played.will_answer(STARTED)
    client = Sixpost("http://otp.example:5000/a", "a-secret-key")
    client.start(phone="+14155550123")
    client.close()
    line, headers, _ = played.asked[0]
    assert line == "POST http://otp.example:5000/a/generate-otp"
    assert headers["host"] == "otp.example:5000"
    assert headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    assert Sixpost("http://direct.example")._server._proxy is None


@pytest.mark.usefixtures("pauses")
def test_through_a_proxy_the_key_goes_only_to_the_service(played, monkeypatch):
    monkeypatch.setenv("https_proxy", played.url)
    monkeypatch.delenv("no_proxy", raising=False)
    played.will_answer(told(b"", 403))
    with pytest.raises(package.NoConnection):
        Sixpost("https://otp.example", "a-secret-key").check(otp="1", verification_id="VE1")
    line, headers, _ = played.asked[0]
    assert line == "CONNECT otp.example:443"
    assert "authorization" not in headers


def test_a_proxy_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ValueError, match="proxy"):
        Sixpost("https://otp.example")


@pytest.mark.usefixtures("pauses")
def test_certificates_are_checked(played):
    tls = Sixpost("https://otp.example")._server._open.keywords["context"]
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    # Without TLS at the other end.
    with pytest.raises(package.NoConnection, match="SSL"):
        Sixpost(played.url.replace("http:", "https:")).check(otp="1", verification_id="VE1")
