import logging

import pytest

from api.http.proxies import UNKNOWN, TrustedProxies, address_in

V4, V6 = "203.0.113.7", "2001:db8::1"


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        (V4, V4),
        (f" {V4}\t", V4),
        (f"{V4}:41001", V4),
        (f'"{V4}:41001"', V4),
        (f"[{V4}]", V4),
        (V6, V6),
        ("2001:DB8:0:0:0:0:0:1", V6),
        (f"[{V6}]", V6),
        (f"[{V6}]:443", V6),
        (f'"[{V6}]:443"', V6),
        (f"{V6}%eth0", V6),
        (f"[{V6}%25eth0]:443", V6),
        (f"::ffff:{V4}", V4),
        ("::ffff:cb00:7107", V4),
        (f"[::ffff:{V4}]:443", V4),
        (f"for={V4}", V4),
        (f'For="[{V6}]:443"', V6),
        (f'proto=https;for="{V4}:41001";by=203.0.113.43', V4),
    ],
)
def test_reads_every_form_that_proxies_write(entry, address):
    assert address_in(entry) == address


@pytest.mark.parametrize(
    "entry",
    [
        *("", '"', "\xff", "[]:443", "unknown", "for=unknown", "_hidden", "localhost"),
        *("203.0.113", "203.0.113.256", "0203.0.113.7", "203.0.113.7 6.6.6.6", "2001:db8::1::2"),
    ],
)
def test_reads_no_address_where_there_is_none(entry):
    assert address_in(entry) is None


def seen(proxies: int, peer: str = "10.0.0.1", **headers: str) -> dict[str, str]:
    """What an app behind so many trusted proxies sees."""
    found: list[dict[str, str]] = []
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "api:5000"}
    environ |= {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}

    def app(environ, _start_response) -> list[bytes]:
        found.append(environ)
        return []

    TrustedProxies(app, proxies)(environ, lambda *_: lambda _: None)
    return found[0]


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (1, f"6.6.6.6, {V4}", V4),
        (1, f"6.6.6.6,{V4}:80", V4),
        (1, f"{V4},", V4),
        (1, f'"6.6.6.6, {V4}', V4),
        (1, f'6.6.6.6", "{V4}', V4),
        (2, f"6.6.6.6, {V4}, 10.0.0.2", V4),
        (2, f"6.6.6.6,, {V4}:1, [fd00::2]:443", V4),
        (2, f'"6.6.6.6, {V4}, 10.0.0.2', V4),
        (3, f"6.6.6.6, 7.7.7.7, {V4}, 10.0.0.3, 10.0.0.2", V4),
        (2, V4, V4),
        (1, "6.6.6.6, unknown", UNKNOWN),
        (1, f"{V4}, \xff", UNKNOWN),
        (1, " , ", "10.0.0.1"),
    ],
)
def test_counts_addresses_from_the_right(proxies, header, address):
    assert seen(proxies, **{"for": header})["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("proxies", "header", "scheme"),
    [
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (1, "https, http", "http"),
        (1, "http, https", "https"),
        (2, "https, http", "https"),
        (2, "https,http", "https"),
        (2, "http, https", "http"),
        (2, "https", "https"),
        (2, "http, https, http", "https"),
        (3, "https, http", "https"),
        (3, "https, http, http", "https"),
        (1, "gopher", "http"),
        (1, "", "http"),
    ],
)
def test_the_scheme_is_the_one_that_the_outermost_trusted_proxy_saw(proxies, header, scheme):
    assert seen(proxies, proto=header)["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(
    ("proxies", "header", "host"),
    [
        (1, "otp.example:8443", "otp.example:8443"),
        (1, "evil.example, otp.example", "otp.example"),
        (2, "otp.example, inner:8080", "otp.example"),
        (2, "otp.example", "otp.example"),
        (2, "evil.example, otp.example, inner:8080", "otp.example"),
        (1, "", "api:5000"),
    ],
)
def test_the_host_is_the_one_that_the_outermost_trusted_proxy_saw(proxies, header, host):
    assert seen(proxies, host=header)["HTTP_HOST"] == host


def test_an_unreadable_address_is_logged_once(caplog):
    caplog.set_level(logging.WARNING)
    proxies = TrustedProxies(lambda _environ, _start: [], 1)
    for entry in ("unknown", "x" * 5000, f"{V4}:80", "_hidden"):
        proxies({"HTTP_X_FORWARDED_FOR": entry}, lambda *_: lambda _: None)
    (record,) = caplog.records
    assert (record.message, record.forwarded_for) == ("client_unreadable", "unknown")
