"""`make image`: retake the pictures of image/, from a service started for this.

UI.png is the page, phone.png the virtual phone, dashboard.png the dashboard. Text is drawn in
the system's font: the pictures differ a little from machine to machine. Needs a chromium on the
PATH, or named by CHROMIUM.
"""

import base64
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright
from redis import Redis

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "image"
NARROW: ViewportSize = {"width": 400, "height": 735}
WIDE: ViewportSize = {"width": 1000, "height": 735}
WIDER: ViewportSize = {"width": 1240, "height": 911}
FRAME = """<!doctype html>
<style>
  html { background: #dfe5e8 }
  body { display: flex; gap: 20px; width: max-content; margin: 0; padding: 20px }
  img { height: 735px; border-radius: 20px }
</style>
"""


class Service:
    """A running one, with a Redis of its own."""

    def __init__(self, place: Path, redis: Redis, port: int) -> None:
        self.url = f"http://localhost:{port}"
        self.redis = redis
        self.password = (place / "otp_admin_password").read_text(encoding="utf-8").strip()

    def call(self, path: str, body: dict[str, str] | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or "null")

    def code_for(self, verification_id: str) -> str:
        """As the virtual phone shows it, which is looked at by this."""
        for _ in range(100):
            for message in self.call("phone/messages")["messages"]:
                if message["id"].startswith(verification_id) and message["appeared"]:
                    return str(message["code"])
            time.sleep(0.1)
        sys.exit("no message came to the phone")


@contextmanager
def running_service() -> Iterator[Service]:
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if not binary:
        sys.exit("no redis-server on the PATH")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="otp-") as folder, ExitStack() as running:
        sock = f"{folder}/redis.sock"
        env = os.environ | {"PORT": str(port), "REDIS_URL": f"unix://{sock}"}
        # Everybody comes from this machine, and nobody waits for a picture.
        env |= {"OTP_DATA_DIR": folder, "OTP_LIMIT_IP": "100000/1h", "OTP_RESEND_SECONDS": "0"}
        log = running.enter_context(Path(folder, "log").open("wb"))
        for command in (
            [binary, "--port", "0", "--unixsocket", sock, "--save", "", "--dir", folder],
            [sys.executable, "deploy/run.py"],
        ):
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.terminate)
        while b"Ready: " not in Path(folder, "log").read_bytes():
            time.sleep(0.1)
        yield Service(Path(folder), Redis(unix_socket_path=sock), port)


def main() -> None:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not program:
        sys.exit("no chromium on the PATH; CHROMIUM may name one")
    with running_service() as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=service.url, device_scale_factor=2, reduced_motion="reduce", locale="en-US"
        )
        compose(browser, "UI.png", *take_page(context), scale=2)
        compose(browser, "phone.png", take_phone(context, service))
        compose(browser, "dashboard.png", *take_dashboard(context, service))
        browser.close()


def take_page(context: BrowserContext) -> Iterator[bytes]:
    """Being asked for a code, light, and with a code typed in, dark."""
    page = open_page(context, "/", NARROW)
    # The languages in it take fonts that a machine may not have.
    page.locator("footer").evaluate("footer => footer.remove()")
    expect(page.locator(".picker")).to_be_visible()
    page.locator("#phone").fill("415 555 7144")
    expect(page.locator("#phone.is-valid")).to_be_visible()
    yield take(page)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    # Typed in, it would be sent at its last digit.
    page.locator("#code").evaluate("field => { field.value = '246810'; }")
    page.emulate_media(color_scheme="dark")
    yield take(page)
    page.close()


def take_phone(context: BrowserContext, service: Service) -> bytes:
    page = open_page(context, "/phone", WIDE)
    service.call("generate-otp", {"phone": "+14155550123", "channel": "whatsapp"})
    service.call("generate-otp", {"phone": "+14155550123"})
    expect(page.get_by_role("button", name="Copy")).to_have_count(3)
    picture = take(page)
    page.close()
    return picture


def take_dashboard(context: BrowserContext, service: Service) -> Iterator[bytes]:
    """How it all goes, light, and where one code is, dark."""
    past_hour(service.redis)
    for number in range(20):
        started = service.call("generate-otp", {"phone": f"+1415555{2000 + number}"})
        if number % 5:
            verify(service, started["verification_id"])
    service.call("phone/carrier", {"carrier": "fail"})
    phone = "+14155550187"
    started = service.call("generate-otp", {"phone": phone})
    path = f"verifications/{started['verification_id']}"
    while service.call(path)["sends"][-1]["status"] != "undelivered":
        service.call("phone/messages")
        time.sleep(0.2)
    service.call("generate-otp", {"phone": phone, "channel": "call"})
    verify(service, started["verification_id"])

    page = open_page(context, "/admin/", WIDER)
    page.get_by_label("Password").fill(service.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Everything is working")).to_be_visible()
    page.wait_for_timeout(1000)
    yield take(page)
    page.emulate_media(color_scheme="dark")
    page.get_by_label("Find a code").fill(phone)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("+1415*****87").first).to_be_visible()
    page.wait_for_timeout(500)
    yield take(page)
    page.close()


def past_hour(redis: Redis) -> None:
    """What an hour of use would have counted: nobody waits for it."""
    chance = random.Random(7)
    minute = int(time.time() // 60)
    for ago in range(1, 60):
        started = round(14 + 6 * (1 - ago / 60) + chance.uniform(-3, 3))
        sent = started + chance.randint(0, 2)
        approved = round(started * chance.uniform(0.72, 0.86))
        counts: dict[Any, Any] = {
            "started:sms": started,
            "sends_requested:sms": sent,
            "sends:sms:sent": sent,
            "attempts:sms:console:accepted": sent,
            "receipts:sms:console:delivered": sent - chance.randint(0, 1),
            "checks:sms:approved": approved,
            "country:US:requested": sent,
            "country:US:approved": approved,
            "to_sent:sms:50": sent - 2,
            "to_sent:sms:100": 2,
            "to_approved:sms:10000": approved - approved // 3,
            "to_approved:sms:20000": approved // 3,
        }
        key = f"otp:stats:minute:{minute - ago}"
        redis.hset(key, mapping=counts)
        redis.expire(key, 3600)


def verify(service: Service, verification_id: str) -> None:
    otp = service.code_for(verification_id)
    service.call("verify-otp", {"verification_id": verification_id, "otp": otp})


def open_page(context: BrowserContext, path: str, size: ViewportSize) -> Page:
    page = context.new_page()
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")
    page.goto(path)
    return page


def take(page: Page) -> bytes:
    return page.screenshot(animations="disabled", caret="hide")


def compose(browser: Browser, name: str, *panels: bytes, scale: float = 1) -> None:
    """Side by side, in one picture."""
    page = browser.new_page(device_scale_factor=scale)
    images = [base64.b64encode(panel).decode("ascii") for panel in panels]
    page.set_content(FRAME + "".join(f'<img src="data:image/png;base64,{i}">' for i in images))
    page.locator("body").screenshot(path=IMAGES / name)
    page.close()
    print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
