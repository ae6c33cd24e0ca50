"""Which spellings of an email address are one recipient, and which are refused."""

import pytest

from shared.errors import InvalidRequest
from shared.recipient import Addresses, parse_email


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("A@Example.COM", "a@example.com"),
        (" a@example.com\n", "a@example.com"),
        ("First.Last+Tag@example.com", "first.last+tag@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("\u202aa@example.com\u202c", "a@example.com"),
        ("\u2068a@example.com\u2069\u200f", "a@example.com"),
        ("\ufeffa@example.com", "a@example.com"),
        ("a\u200b@exa\u200bmple\u200b.com", "a@example.com"),
        ("a@exa\u200d\u200bmple.com", "a@example.com"),
        ("a@ex\xadample.com", "a@example.com"),
        ("a\ufe0f@example.com", "a@example.com"),
        ("\xa0a@example.com\u3000", "a@example.com"),
        ("mailto:a@example.com", "a@example.com"),
        ("MAILTO: A@example.com", "a@example.com"),
        ("\u202amailto:\u200ea@example.com\u202c", "a@example.com"),
        ("mailto:a%2Btag@example.com", "a+tag@example.com"),
        ("a＠example.com", "a@example.com"),
        ("ａ＋ｔ＠ｅｘａｍｐｌｅ．ｃｏｍ", "a+t@example.com"),
        ("a@example。com", "a@example.com"),
        ("a@my‑shop.example", "a@my-shop.example"),
        ("first–last@example.com", "first-last@example.com"),
        # What is a part of a word in the name of a domain stays.
        ("a@コーヒー.example", "a@xn--tck2c4fb.example"),
        ("a@خانه۳.example", "a@xn--mgbn7ee47f.example"),
    ],
)
def test_every_spelling_of_an_email_address_is_one_recipient(text, to):
    recipient = parse_email(text)
    assert (recipient.kind, recipient.to, recipient.region) == ("email", to, None)


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a\r\nBcc: b@example.com",
        "a@example.com\nb",
        "a\x00@example.com",
        "\ud800@example.com",
        "ä@example.com",
        '"a b"@example.com',
        '"a"@example.com',
        "Bob <a@example.com>",
        "<a@example.com>",
        "a@example.com,b@example.com",
        "a@b@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "b." * 125 + "com",
        "\u202aBob <a@example.com>\u202c",
        "mailto:a@example.com?subject=x",
        "mailto:mailto:a@example.com",
        "mailto:",
        "a@\u200b",
        # Without the joiner it would be another domain.
        "a@نامه\u200cای.example",
        "a@exa mple.com",
        "a@exa\xa0mple.com",
        "١@example.com",
        "a@localhost",
        "a@[127.0.0.1]",
        "a..b@example.com",
        "a@example..com",
        "@example.com",
        "a@",
        "a",
        "",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_refuses_what_is_no_plain_email_address(text):
    with pytest.raises(InvalidRequest) as refused:
        parse_email(text)
    assert refused.value.errors[0][0] == "email"


class TestLocalEmail:
    @pytest.mark.parametrize(
        ("text", "to"),
        [
            ("Ann@mail.local", "ann@mail.local"),
            ("ann@printer.floor2.LOCAL", "ann@printer.floor2.local"),
            ("ann@home.arpa", "ann@home.arpa"),
            ("ann@nas.home.arpa", "ann@nas.home.arpa"),
            ("ann@shop.test", "ann@shop.test"),
            ("\u202amailto:ann@bücher.test\u202c", "ann@xn--bcher-kva.test"),
            ("ann@example.com", "ann@example.com"),
        ],
    )
    def test_is_an_address_where_the_owner_says_so(self, text, to):
        assert Addresses(local_email=True).email(text).to == to
        if not to.endswith("example.com"):
            with pytest.raises(InvalidRequest):
                parse_email(text)

    @pytest.mark.parametrize(
        "text",
        [
            "ann@local",
            "ann@test",
            "ann@arpa",
            "ann@1.168.192.in-addr.arpa",
            "ann@localhost",
            "ann@a.invalid",
            "ann@a.onion",
            "ann@.local",
            "ann@a..test",
            "ann@[10.0.0.1]",
            "@mail.local",
            "ann b@mail.local",
            "ann@mail.local\nBcc: b@example.com",
            "ann@-.local",
        ],
    )
    def test_is_no_other_domain(self, text):
        with pytest.raises(InvalidRequest):
            Addresses(local_email=True).email(text)
