"""Take image/UI.png, the picture of the page in the README, from a running service:

    python deploy/screenshot.py http://localhost:5000 [LOG_FILE]

The page is shown being asked for a code, light, and with the code typed in, dark. With LOG_FILE, to
which the worker's log goes (`docker compose logs -f worker > LOG_FILE`), it is the right code.
Needs playwright from requirements-dev.txt and a chromium on the PATH, or named by
CHROMIUM. Text is drawn in the system's font: the picture differs a little from machine to machine.
"""

import base64
import os
import re
import secrets
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

PICTURE = Path(__file__).parent.parent / "image" / "UI.png"
PANEL: ViewportSize = {"width": 400, "height": 735}
FRAME = """<!doctype html>
<style>
  html { background: #dfe5e8 }
  body { display: flex; gap: 20px; width: max-content; margin: 0; padding: 20px }
  img { width: %(width)dpx; height: %(height)dpx; border-radius: 20px }
</style>
"""


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not program:
        sys.exit("no chromium on the PATH; CHROMIUM may name one")
    log = Path(sys.argv[2]) if len(sys.argv) == 3 else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        panels = take_panels(browser, sys.argv[1], log)
        compose(browser, panels)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KiB")


def take_panels(browser: Browser, url: str, log: Path | None) -> list[bytes]:
    # Another number each time, so that a picture may be taken again at once.
    phone = f"+1415555{1000 + secrets.randbelow(9000)}"
    page = browser.new_page(
        viewport=PANEL, device_scale_factor=2, reduced_motion="reduce", locale="en-US"
    )
    page.goto(url)
    # The languages in it take fonts that a machine may not have.
    page.locator("footer").evaluate("footer => footer.remove()")
    expect(page.locator(".picker")).to_be_visible()
    page.locator("#phone").fill(f"{phone[2:5]} {phone[5:8]} {phone[8:]}")
    expect(page.locator("#phone.is-valid")).to_be_visible()
    panels = [take(page)]

    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_text("Handed to the carrier")).to_be_visible()
    # Typed in, it would be sent at its last digit.
    code = newest_code(log, phone) if log else "246810"
    page.locator("#code").evaluate("(field, code) => { field.value = code; }", code)
    page.emulate_media(color_scheme="dark")
    panels.append(take(page))
    return panels


def take(page: Page) -> bytes:
    return page.screenshot(animations="disabled", caret="hide")


def newest_code(log: Path, phone: str) -> str:
    printed = re.compile(rf"to={re.escape(phone)} code=(\d+)")
    for _ in range(50):
        if codes := printed.findall(log.read_text(encoding="utf-8")):
            return str(codes[-1])
        time.sleep(0.1)
    sys.exit(f"{log} has no code for {phone}")


def compose(browser: Browser, panels: list[bytes]) -> None:
    page = browser.new_page(viewport=PANEL, device_scale_factor=2)
    images = [base64.b64encode(panel).decode("ascii") for panel in panels]
    page.set_content(
        FRAME % PANEL + "".join(f'<img src="data:image/png;base64,{i}">' for i in images)
    )
    PICTURE.parent.mkdir(exist_ok=True)
    page.locator("body").screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
