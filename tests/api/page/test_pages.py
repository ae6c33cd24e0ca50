"""The pages: everything they need comes from here."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

OTHER_SENDERS = [f"OTP_{channel}_SENDERS" for channel in ("SMS", "WHATSAPP", "CALL", "EMAIL")]
EXTERNAL = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


@pytest.mark.parametrize("env", [{"OTP_APP_NAME": "Acme & <b>Sons</b>"}])
def test_the_page_shows_the_name_of_the_app_and_escapes_it(client):
    answer = client.get("/")
    assert answer.content_type == "text/html; charset=utf-8"
    page = answer.get_data(as_text=True)
    assert "Acme &amp; &lt;b&gt;Sons&lt;/b&gt;" in page
    assert "<b>Sons" not in page


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/docs", "API – Sixpost"),
        ("/phone", "Virtual phone – Sixpost"),
        ("/admin/login", "Log in – Sixpost"),
    ],
)
def test_pages_for_developers_and_the_owner_show_the_name_of_the_product(client, path, title):
    assert f"<title>{title}</title>" in client.get(path).get_data(as_text=True)


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


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "8"}])
def test_the_page_knows_the_settings_that_it_needs(client):
    assert 'data-code-length="8"' in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("env", "channels"),
    [
        ({"OTP_CALL_SENDERS": "none"}, ["sms", "whatsapp"]),
        ({"OTP_TELEGRAM_SENDERS": "console://"}, ["sms", "whatsapp", "telegram", "call"]),
    ],
)
def test_the_page_offers_the_channels_that_are_enabled(client, env, channels):
    page = client.get("/").get_data(as_text=True)
    assert re.findall(r'name="channel" id="channel-(\w+)"', page) == channels
    assert re.findall(r'name="kind" id="kind-(\w+)"', page) == ["phone", "email"]


@pytest.mark.parametrize(
    "path", ["/static/../api/__init__.py", "/static/%2e%2e/pyproject.toml", "/static//etc/passwd"]
)
def test_no_other_file_is_served(client, path):
    assert client.get(path, follow_redirects=True).status_code == 404


NAMED = {"OTP_PUBLIC_URL": "https://otp.example"}


@pytest.mark.parametrize(
    ("env", "status"),
    [(NAMED, 403), ({"OTP_TRUSTED_PROXIES": "1", **NAMED}, 422)],
    ids=["without", "with"],
)
def test_only_a_trusted_proxy_says_how_the_page_is_called(client, status):
    forwarded = {"X-Forwarded-Host": "otp.example", "X-Forwarded-Proto": "https"}
    headers = {"Origin": "https://otp.example", **forwarded}
    assert client.post("/", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("env", "shown"),
    [
        ({}, True),
        (dict.fromkeys(OTHER_SENDERS, "webhook://whsec_" + "QUJD" * 11 + "@a.example"), False),
    ],
    ids=["console", "real senders"],
)
def test_where_the_code_stands_is_said_in_development_only(client, shown):
    assert ("docker compose logs worker" in client.get("/").get_data(as_text=True)) is shown


PUBLIC = {"OTP_API_KEYS": "shop:" + "k" * 32, "OTP_PUBLIC_UI": "true"}


@pytest.mark.parametrize(("env", "is_open"), [({}, True), (PUBLIC, False)], ids=["open", "keys"])
def test_what_is_for_developers_is_shown_in_open_mode_only(client, is_open):
    page = client.get("/").get_data(as_text=True)
    assert "Send code" in page
    for shown in 'href="./docs"', 'href="./phone"', "docker compose":
        assert (shown in page) is is_open


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": "shop:" + "k" * 32}])
def test_with_keys_the_page_says_that_it_is_switched_off(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert ">This page is turned off<" in answer.get_data(as_text=True)


@pytest.mark.parametrize("env", [{"OTP_RETURN_URLS": "https://shop.example/a https://b.example"}])
@pytest.mark.parametrize(
    ("path", "ancestors"),
    [
        (f"/verify/VE{'0' * 32}", "https://shop.example https://b.example"),
        (f"/verify/VE{'0' * 32}/status", "'none'"),
        ("/", "'none'"),
        ("/docs", "'none'"),
    ],
)
def test_only_the_page_of_a_verification_may_be_a_part_of_the_owner_s_sites(
    client, path, ancestors
):
    answer = client.get(path)
    assert f"frame-ancestors {ancestors};" in answer.headers["Content-Security-Policy"]
    assert ("X-Frame-Options" in answer.headers) is (ancestors == "'none'")


@pytest.mark.parametrize("env", [{"OTP_RETURN_URLS": "https://shop.example"}])
def test_only_the_site_around_the_page_is_told_how_it_ended(client):
    for asked, told in ("https://shop.example", True), ("https://evil.example", False):
        page = client.get(f"/verify/VE1?embed={asked}").get_data(as_text=True)
        assert ("&#34;embedder&#34;: &#34;https://shop.example&#34;" in page) is told
        assert "evil" not in page.partition("<footer")[0]


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": f"shop:{'k' * 32}"}])
def test_coding_assistants_read_without_a_key_what_this_is_and_where_more_is(client):
    with client.get("/llms.txt") as answer:
        assert answer.content_type == "text/plain; charset=utf-8"
        text = answer.get_data(as_text=True)
    assert text.startswith("# Sixpost\n\n> ")
    links = re.findall(r"\]\((.+?)\)", text)
    assert {"docs", "openapi.json"} <= set(links)
    for link in links:
        # Relative, because the service may be below a path.
        assert client.get(urljoin("/llms.txt", link)).status_code == 200, link
    pages = re.findall(r"`((?:docs|clients)/.+?)`", text)
    assert {"docs/for-agents.md", "docs/hooks.md", "clients/python/README.md"} <= set(pages)
    for page in pages:
        assert (Path(__file__).parents[3] / page).is_file(), page
    for method, path in re.findall(r"`(POST) ([\w-]+)`", text):
        assert client.open(f"/{path}", method=method, json={}).status_code == 401, path
