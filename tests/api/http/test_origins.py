"""Which other sites the page leads back to."""

import pytest

from api.http.origins import ReturnUrls, with_result

ALLOWED = ReturnUrls(
    ["https://shop.example", "https://bank.example/otp/", "http://localhost:8080/back"]
)
ID = "VE" + "0" * 32


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example/cart?step=2&to=/a/../b",
        "https://bank.example/otp",
        "https://bank.example/otp/done",
        "http://localhost:8080/back?x=1",
    ],
)
def test_an_address_of_the_owner_s_sites_is_allowed(url):
    assert ALLOWED.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/cart",
        "//shop.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "https://shop.example@evil.example",
        "https://evil.example/https://shop.example",
        "https://evil.example?https://shop.example/",
        "https://shop.example\\@evil.example",
        "https://shop.example/\\evil",
        " https://shop.example/",
        "https://shop.example/\n",
        "https://shop.example/#fragment",
        "https://SHOP.example/",
        "https://shöp.example/",
        "javascript:alert(1)//https://shop.example/",
        "https://bank.example/",
        "https://bank.example/otpx",
        "https://bank.example/otp/../account",
        "https://bank.example/otp/%2e%2E/account",
        "https://bank.example/otp/..%2Faccount",
        "https://bank.example/otp/..\\account",
        "http://localhost:80801/back",
    ],
)
def test_no_other_is(url):
    assert not ALLOWED.allows(url)


UP = [
    *("..", "%2e%2e", "%2E.", ".%2e", "..;", "..;x=1", ".;/..", "%2e%2e;", "..%3b", "..%3Bx"),
    *("%252e%252e", "%25252e%25252e", "..%252f", "%2e%2e%2f", "..%2F", "..%5c", "..%255c", "..\\"),
    *(
        ".",
        "./..",
        "%2e/..",
        "/..",
        "//..",
        ";/..",
        "x/../..",
        "...",
        "....",
        ".. ",
        "..%20",
        "%20..",
    ),
    *("..%00", "..%09", ".%0d.", "%0a..", "..%7f", "..\t", ".\n.", "..\x00", "%u002e%u002e"),
    *(
        "%c0%ae%c0%ae",
        "%e0%80%ae.",
        "%ff..",
        "．．",
        "%ef%bc%8e%ef%bc%8e",
        "%e2%80%a5",
        "%e2%80%a4.",
    ),
    *("..%c0%af", "..%ef%bc%8f", "..%e2%88%95", "..%e2%81%84", "..%ef%bc%bc", "..%c2%a0", "..%"),
]


def test_no_way_leads_out_of_the_path():
    for up in UP:
        for path in (f"/otp/{up}/account", f"/otp/x/{up}/../account", f"/otp/{up}"):
            assert not ALLOWED.allows(f"https://bank.example{path}"), ascii(path)
            assert not ALLOWED.allows(f"https://shop.example{path}?x=1"), ascii(path)


@pytest.mark.parametrize("path", ["//", "//x", "/x//y", "/;x", "/;x/y", "/x;/..", "/%5c", "/x%25"])
def test_a_path_that_servers_read_differently_is_not_allowed(path):
    assert not ALLOWED.allows(f"https://bank.example/otp{path}")


@pytest.mark.parametrize(
    "origin",
    [
        "https://user@bank.example",
        "https://bank.example:443@evil.example",
        "https://bank.example%40evil.example",
        "https://bank.example%2eevil.example",
        "https://bank。example",
        "https://bank．example",
        "https:/bank.example",
        "https:\\\\bank.example",
        "HTTPS://bank.example",
        "https://bank.example.",
        "https://bank\t.example",
        "https://bank.example\x00",
    ],
    ids=ascii,
)
def test_an_origin_that_is_written_otherwise_is_another_one(origin):
    assert not ALLOWED.allows(f"{origin}/otp/done")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/done", "/done/", "/a.b/c..d", "/.well-known/x", "/order;v=2/done", "/a:b@c"),
        *("/a%20b", "/%C3%BCbersicht/%E7%95%AA%E5%8F%B7", "/x~y_z-1", "/done?next=/../a&b=%2e%2e"),
    ],
)
def test_ordinary_paths_are_allowed(path):
    assert ALLOWED.allows(f"https://bank.example/otp{path}")


def test_an_origin_is_named_once():
    twice = ReturnUrls(["https://shop.example/a", "https://shop.example/b", "http://localhost:1"])
    assert twice.origins == ("https://shop.example", "http://localhost:1")


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://shop.example", f"https://shop.example?verification_id={ID}&status=approved"),
        (
            "https://shop.example/a?b=c&d=",
            f"https://shop.example/a?b=c&d=&verification_id={ID}&status=approved",
        ),
        (
            "https://shop.example/a?status=approved&verification_id=VE1",
            f"https://shop.example/a?verification_id={ID}&status=approved",
        ),
    ],
)
def test_it_is_told_what_became_of_the_verification(url, result):
    assert with_result(url, ID, "approved") == result


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "[", "//", "null", "\xff", "http://]"]
)
def test_an_origin_that_is_no_url_is_another_site(client, origin):
    answer = client.post("/", data={"phone": "+14155550123"}, headers={"Origin": origin})
    assert answer.status_code == 403
