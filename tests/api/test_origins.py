"""Which other sites the page leads back to."""

import pytest

from api.origins import ReturnUrls, with_result

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
