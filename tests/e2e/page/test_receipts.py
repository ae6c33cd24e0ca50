"""A site whose backend checks receipts gets them from the page, by its link and by embed.js."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from playwright.sync_api import Page, expect

from docs.example.check_receipt import check_receipt
from tests.e2e.page.acts import type_code
from tests.redis_servers import free_port

KEY = "k" * 32
SHOP_PORT = free_port()
SHOP = f"http://localhost:{SHOP_PORT}"
URL = "http://localhost:5000"


@pytest.fixture(scope="module")
def service(start_service):
    return start_service(
        OTP_API_KEYS=f"shop:{KEY}",
        OTP_PUBLIC_URL=URL,
        OTP_RETURN_URLS=SHOP,
        OTP_APPS="[shop]\nreceipt = true\n"
        'webhook_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"',
    )


@pytest.fixture
def started(service, phone) -> str:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = service.call("POST", "/generate-otp", {"phone": phone}, headers)
    return answer.body["verification_id"]


@pytest.fixture(scope="module")
def shop(service, tmp_path_factory) -> Iterator[None]:
    """Its one page can open the dialog."""
    folder = tmp_path_factory.mktemp("shop")
    embed = f"<!doctype html><script src='{service.url}/static/embed.js'></script>"
    for name in ("index.html", "done.html"):
        (folder / name).write_text(embed)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", SHOP_PORT), handler) as server:
        Thread(target=server.serve_forever).start()
        yield
        server.shutdown()


@pytest.fixture
def page(new_context, service, shop) -> Iterator[Page]:
    context = new_context(service.url, "desktop")
    yield context.new_page()
    context.close()


def is_for(service, verification_id: str, receipt: str) -> bool:
    keys = jwt.PyJWKSet.from_dict(service.call("GET", "/.well-known/jwks.json").body)
    key = keys[jwt.get_unverified_header(receipt)["kid"]].key
    claims = check_receipt(receipt, key, url=URL, app="shop", verification_id=verification_id)
    return claims["jti"] == verification_id


def test_the_link_back_has_the_receipt(page: Page, service, started, phone):
    page.goto(f"/verify/{started}?return_url={SHOP}/done.html?receipt=old")
    type_code(page, service.code_for(phone))
    page.wait_for_url(f"{SHOP}/done.html?*")
    result = parse_qs(urlsplit(page.url).query)
    assert result["status"] == ["approved"]
    (receipt,) = result["receipt"]
    assert is_for(service, started, receipt)


def test_the_dialog_returns_the_receipt(page: Page, service, started, phone):
    page.goto(f"{SHOP}/")
    page.evaluate("id => { window.ended = OTP.verify({ verificationId: id }); }", started)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Enter the code")).to_be_visible()
    frame.locator("#code").fill(service.code_for(phone))
    ended = page.evaluate("window.ended")
    assert (ended["verificationId"], ended["status"]) == (started, "approved")
    assert is_for(service, started, ended["receipt"])
