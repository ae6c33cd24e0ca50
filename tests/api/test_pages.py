"""The pages: everything they need comes from here."""

import re

import pytest

EXTERNAL = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("env", [{"OTP_APP_NAME": "Acme & <b>Sons</b>"}])
def test_a_page_shows_the_name_and_escapes_it(client, path):
    answer = client.get(path)
    assert answer.content_type == "text/html; charset=utf-8"
    page = answer.get_data(as_text=True)
    assert "Acme &amp; &lt;b&gt;Sons&lt;/b&gt;" in page
    assert "<b>Sons" not in page


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_nothing_from_other_hosts(client, path):
    page = client.get(path).get_data(as_text=True)
    assert not re.search(r"<(?:script|link|img)[^>]*" + EXTERNAL.pattern, page)
    assert "<script>" not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_every_file_of_a_page_is_there(client, path):
    page = client.get(path).get_data(as_text=True)
    files = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"#]+)"', page)
    assert files
    for file in files:
        with client.get(f"/{file.lstrip('/')}") as answer:
            assert answer.status_code == 200, file


@pytest.mark.parametrize(
    ("env", "shown"),
    [
        ({"OTP_CODE_LENGTH": "8"}, 'data-code-length="8"'),
        ({"OTP_CALL_SENDERS": "none"}, 'data-channels="sms whatsapp email"'),
    ],
)
def test_the_page_knows_the_settings_that_it_needs(client, shown):
    assert shown in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/static/../api/__init__.py", "/static/%2e%2e/pyproject.toml", "/static//etc/passwd"]
)
def test_no_other_file_is_served(client, path):
    assert client.get(path, follow_redirects=True).status_code == 404


@pytest.mark.parametrize(
    ("env", "shown"), [({}, False), ({"OTP_TRUSTED_PROXIES": "1"}, True)], ids=["without", "with"]
)
def test_only_a_trusted_proxy_says_how_the_page_is_called(client, shown):
    forwarded = {"X-Forwarded-Host": "otp.example", "X-Forwarded-Proto": "https"}
    page = client.get("/", headers=forwarded).get_data(as_text=True)
    assert ("https://otp.example/" in page) is shown
