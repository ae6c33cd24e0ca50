"""The service behind nginx and HAProxy, with the lines of docs/operations.md, at the root of a host
and below a path."""

import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import proxies
from tests.e2e.conftest import Service
from tests.e2e.page.acts import ask, new_phone, type_code
from tests.redis_servers import free_port

PASSWORD = "correct horse battery"


def nginx(folder: Path, port: int, api: int) -> list[str]:
    server, location = proxies.blocks("operations.md", "nginx")
    server = re.sub(r"^ +(server_name|ssl_).*\n", "", server, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    lines = f"{server.rstrip().removesuffix('}')}{location}}}"
    return proxies.nginx(folder, lines.replace("127.0.0.1:5000", f"127.0.0.1:{api}"))


def haproxy(folder: Path, port: int, api: int) -> list[str]:
    text, path = proxies.blocks("operations.md", "haproxy")
    text = text.replace(":443 ssl crt /etc/ssl/otp.pem", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:5000", f"127.0.0.1:{api}")
    return proxies.haproxy(
        folder, text.replace("    default_backend", f"{path}    default_backend")
    )


class Place(NamedTuple):
    """Where a browser finds the service."""

    service: Service
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service(OTP_TRUSTED_PROXIES="1", OTP_ADMIN_PASSWORD=PASSWORD)
    yield service
    service.stop()


@pytest.fixture(scope="module", params=[nginx, haproxy], ids=["nginx", "haproxy"])
def port(request, service, tmp_path_factory) -> Iterator[int]:
    """The port of a proxy in front of the service."""
    make: Callable[[Path, int, int], list[str]] = request.param
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    with proxies.running(make(folder, port, service.port), folder, port):
        yield port


@pytest.fixture(params=["", "/otp"], ids=["root", "path"])
def place(request, service, port) -> Place:
    return Place(service, port, request.param)


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def scripts(request) -> bool:
    return request.param


@pytest.fixture
def page(browser, place, scripts) -> Iterator[Page]:
    """A tab, which fails the test if any part of a page is missing."""
    context = browser.new_context(java_script_enabled=scripts, reduced_motion="reduce")
    page = context.new_page()
    missing: list[str] = []
    page.on("response", lambda got: missing.append(got.url) if got.status == 404 else None)
    page.on("pageerror", lambda error: missing.append(str(error)))
    yield page
    context.close()
    assert not missing


def test_a_person_proves_a_number(page, place, scripts):
    phone = new_phone()
    page.goto(f"{place.url}/")
    ask(page, phone)
    assert page.url.startswith(f"{place.url}/verify/VE")
    page.reload()
    type_code(page, place.service.code_for(phone))
    if not scripts:
        page.locator("#code").press("Enter")
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_owner_logs_in_and_out(page, place):
    page.goto(f"{place.url}/admin")
    page.wait_for_url(f"{place.url}/admin/login")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{place.url}/admin/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{place.url}/admin/login")


@pytest.mark.parametrize("scripts", [True], indirect=True, ids=["with scripts"])
def test_the_dashboard_phone_and_documentation_work(page, place):
    phone = new_phone()
    page.goto(f"{place.url}/")
    ask(page, phone)
    code = place.service.code_for(phone)
    page.goto(f"{place.url}/phone")
    expect(page.get_by_text(f"{code} is your OTP code").first).to_be_visible()
    page.goto(f"{place.url}/docs")
    expect(page.get_by_text("/generate-otp").first).to_be_visible()
    assert page.request.get(f"{place.url}/static/embed.js").ok


def ask_raw(port: int, method: str, path: str, headers: dict[str, str], body: str = "") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_documented_lines_pass_the_host_with_its_port(place):
    """A browser that sends no Sec-Fetch-Site says by its origin that the form is ours."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    statuses = [
        ask_raw(place.port, "POST", f"{place.path}/", {**headers, "Origin": origin}, "phone=1")
        for origin in (f"http://127.0.0.1:{place.port}", "http://127.0.0.1", "http://evil.example")
    ]
    assert statuses == [422, 403, 403]


def test_the_proxy_passes_no_invented_address(place, service):
    basic = "Basic YWRtaW46d3Jvbmc="
    for name in ("X_Forwarded_For", "X-Forwarded_For", "X-Forwarded-For", "Forwarded"):
        headers = {"Authorization": basic, name: "198.51.100.1", "Content-Type": "application/json"}
        ask_raw(place.port, "DELETE", f"{place.path}/recipients", headers, "{}")
    entries = service.redis.lrange("otp:audit", 0, -1)
    assert entries
    assert not [entry for entry in entries if b"198.51.100.1" in entry]


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example:80"])
def test_a_foreign_host_is_refused_through_the_proxy(place, name):
    headers = {"Host": name, "X-Forwarded-Host": "localhost"}
    assert ask_raw(place.port, "GET", f"{place.path}/phone/messages", headers) == 403
