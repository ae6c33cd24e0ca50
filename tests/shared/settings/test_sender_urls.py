"""What stands in a sender URL."""

from itertools import product

import pytest

from shared.settings.sender_urls import SenderUrl, named


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("a://host", ("", "", "host")),
        ("a+b.c-d://user:pass@host", ("user", "pass", "host")),
        ("a://u%40x:p%2F%3A%20@h", ("u@x", "p/: ", "h")),
        ("a://me@example.com:p@ss:w@h", ("me@example.com", "p@ss:w", "h")),
        ("a://Key@MGaB", ("Key", "", "MGaB")),
        ("a://u:p@+15005550006", ("u", "p", "+15005550006")),
        ("a://[::1]", ("", "", "::1")),
        ("a://My%20Shop", ("", "", "My Shop")),
    ],
)
@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("?", {}),
        ("?k=v", {"k": "v"}),
        ("?k=a+b%20c%26", {"k": "a+b c&"}),
        ("?k=http://h:1/x&l=", {"k": "http://h:1/x", "l": ""}),
    ],
)
def test_takes_a_url_apart(url, parts, query, options):
    for port, path in product((None, 25), ("", "/", "/x%2Fy/z")):
        whole = url + (f":{port}" if port else "") + path + query
        found = SenderUrl.parse(whole, ("k", "l"))
        assert found.scheme == url.partition(":")[0], whole
        assert (found.user, found.password, found.host) == parts, whole
        assert (found.port, found.path) == (port, path), whole
        assert found.options == options, whole


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "a:",
        "a:/host",
        "A://host",
        "a://host#fragment",
        "a://u:hunter22/x@host",
        "a://u:hunter22?x@host",
        "a://u:1?hunter22=x@host",
        "a://u:hunter22#x@host",
        "a://host:hunter22",
        "a://host?hunter22",
        "a://host?hunter22=x",
        "a://host?k=1&k=2",
        "a://[::1",
    ],
)
def test_refuses_what_is_no_url_without_a_word_of_it(url):
    with pytest.raises(
        ValueError, match=r"not a valid URL|use only these options|does not accept"
    ) as error:
        SenderUrl.parse(url, ("k",))
    assert "hunter22" not in str(error.value)
    assert error.value.__context__ is None


def test_shows_no_secret():
    url = SenderUrl.parse("a://key:hunter22@host?token=hunter23", ("token",))
    assert "hunter2" not in repr(url)
    assert "key" not in repr(url)


def test_numbers_what_is_there_more_than_once():
    assert named(["b://1", "a://2", "b://3"]) == [
        ("b-1", "b://1"),
        ("a", "a://2"),
        ("b-2", "b://3"),
    ]
    assert named([]) == []


@pytest.mark.parametrize(
    ("query", "tls", "rest"),
    [
        ("", None, ""),
        ("?", None, ""),
        ("?tls=none", "none", ""),
        ("?%74ls=none&a", "none", "a"),
        ("?b=1&tls=none&b=%31&a=tls=none", "none", "b=1&b=%31&a=tls=none"),
        ("?hunter22", None, "hunter22"),
    ],
)
def test_keeps_the_rest_of_a_query_beside_its_own_option(query, tls, rest):
    url = SenderUrl.parse(f"a://host/path{query}", ("tls",), keep_others=True)
    assert (url.options.get("tls"), url.query) == (tls, rest)
    assert "hunter22" not in repr(url)
