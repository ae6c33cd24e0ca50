"""What REDIS_URL may say, and what stops the start without a word of it."""

import pytest

from shared.settings import Settings, SettingsError
from shared.settings.redis_urls import RedisUrl

SECRET = "hunter22"


@pytest.mark.parametrize(
    ("url", "host", "options"),
    [
        ("redis://redis", ("redis", 6379), {}),
        ("redis://redis/", ("redis", 6379), {}),
        ("redis://redis:6380/3", ("redis", 6380), {"db": 3}),
        ("redis://redis?db=3&protocol=2", ("redis", 6379), {"db": 3, "protocol": 2}),
        ("redis://otp:p%2Fw%40%23%3F%25@r_1.local/0", ("r_1.local", 6379), {"password": "p/w@#?%"}),
        ("redis://:a:b@redis", ("redis", 6379), {"password": "a:b"}),
        ("redis://otp@redis", ("redis", 6379), {"username": "otp"}),
        ("redis://[::1]:6380/1", ("::1", 6380), {"db": 1}),
        ("redis://redis?socket_keepalive=no", ("redis", 6379), {"socket_keepalive": False}),
        ("rediss://redis?ssl_cert_reqs=none", ("redis", 6379), {"ssl_cert_reqs": "none"}),
        ("rediss://redis?ssl_check_hostname=false", ("redis", 6379), {"ssl_check_hostname": False}),
    ],
)
def test_takes_a_url_apart(url, host, options):
    found = RedisUrl.parse(url)
    assert found.hosts == (host,)
    assert found.options.items() >= options.items()
    assert (found.tls, found.master, found.path) == (url.startswith("rediss"), "", "")


def test_takes_a_socket_file():
    found = RedisUrl.parse("unix://otp:pw@/run/my%20redis.sock?db=3")
    assert (found.path, found.hosts) == ("/run/my redis.sock", ())
    assert found.options == {"db": 3, "username": "otp", "password": "pw"}


def test_takes_sentinels_with_credentials_of_their_own():
    found = RedisUrl.parse(
        "rediss+sentinel://otp:p%2Fw@h1:26380,h2,[::1]:7/my-master/2"
        "?sentinel_username=s&sentinel_password=a%26b&ssl_check_hostname=no"
    )
    assert found.hosts == (("h1", 26380), ("h2", 26379), ("::1", 7))
    assert (found.tls, found.master) == (True, "my-master")
    credentials = {"username": "otp", "password": "p/w"}
    assert found.options == {"db": 2, "ssl_check_hostname": False, **credentials}
    assert found.sentinel == {"username": "s", "password": "a&b"}
    assert found.tls_options == {"ssl_check_hostname": False}


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/0",
        ":pw@/0",
        "host:0/0",
        "host:65536/0",
        "host:port/0",
        "host:-1/0",
        "host:/0",
        "::1/0",
        "[::g]/0",
        "[::1/0",
        "h1,h2/0",
        "host/prod",
        "host/-1",
        "host/0/1",
        "host/0x1",
        "host/0?db=1",
        "host/ 1",
        "host/0#1",
        "host/0?foo=bar",
        "host/0?db=-1",
        "host/0?db=prod",
        "host/0?db=1&db=2",
        "host/0?protocol=4",
        "host/0?decode_responses=true",
        "host/0?socket_timeout=never",
        "host/0?socket_keepalive=maybe",
        "host/0?ssl_cert_reqs=CERT_NONE",
        "host/0?ssl_cert_reqs=",
        "host/0?ssl_check_hostname=perhaps",
        "host/0?ssl_ca_certs=/nowhere/at/all.pem",
        "host/0?ssl_ca_path=/nowhere",
        "host/0?ssl_certfile=/nowhere.pem",
        "host/0?ssl_keyfile=/etc/hostname",
        "host/0?ssl_ca_certs=/etc/passwd",
        "host/0?sentinel_password=x",
        *(f":p{letter}{SECRET}@host/0" for letter in "/#?@% "),
        *(f"user:{SECRET}{letter}w0rd@host:6379/0" for letter in "/#?@%"),
    ],
)
def test_a_wrong_url_stops_the_start_and_is_not_shown(scheme, rest):
    with pytest.raises(SettingsError) as stopped:
        Settings.load({"REDIS_URL": f"{scheme}://{rest}"}, None)
    said = str(stopped.value)
    assert said.startswith("REDIS_URL: ")
    assert "%2F" in said
    assert SECRET not in said
    assert "w0rd" not in said
    assert "/nowhere" not in said
    assert stopped.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "http://localhost",
        "REDIS://localhost",
        "redis:/localhost",
        "unix://var/run/redis.sock",
        "unix:///",
        "unix://",
        "redis+sentinel://host",
        "redis+sentinel://host/",
        "redis+sentinel://host:port/mymaster",
        "redis+sentinel://h1,,h2/mymaster",
        "redis+sentinel://h1,h2:0/mymaster",
        "redis+sentinel://:pw@/mymaster",
        "redis+sentinel://host/mymaster/prod",
        "redis+sentinel://host/mymaster/0/1",
        "redis+sentinel://host/mymaster?foo=bar",
        "redis+sentinel://host/mymaster?ssl_cert_reqs=none",
        "rediss+sentinel://host/mymaster?ssl_cert_reqs=no",
        "redis+sentinel://:p/w@host/mymaster",
        "redis+sentinel://:p@w@host/mymaster",
        "unix+sentinel://host/mymaster",
    ],
)
def test_a_malformed_url_is_refused(url):
    with pytest.raises(ValueError, match=r"expected|use only these options"):
        RedisUrl.parse(url)


def test_shows_no_secret():
    text = repr(RedisUrl.parse(f"redis+sentinel://:{SECRET}@h/m?sentinel_password={SECRET}"))
    assert SECRET not in text
