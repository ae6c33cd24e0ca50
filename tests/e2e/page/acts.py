"""What a person does on the page, and what a test makes of a service's answers."""

import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any, Literal

import altcha
import fakeredis
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from api import FRONTEND, create_app
from api.otp.proof import ALGORITHM, ROUNDS
from api.page.texts import Texts
from shared.errors import TooManyLogIns
from shared.locales import texts_in
from shared.settings import Settings
from tests.conftest import KEY
from tests.e2e.conftest import Service

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
PAGE_OF_ONE = re.compile(r"/verify/VE[0-9a-f]{32}$")
PICKER = re.compile(r"/vendor/intl-tel-input/")
STATUS = re.compile(r"/verify/VE[0-9a-f]{32}/status\?")
ENGLISH = Texts(language="en", words=texts_in(FRONTEND / "texts")["en"])

_lines = count(7000)


def new_phone() -> str:
    """A number that no other test has used."""
    return f"+1415555{next(_lines):04d}"


def ask(page: Page, address: str) -> None:
    page.locator("#email" if "@" in address else "#phone").fill(address)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def type_code(page: Page, code: str) -> None:
    """As a person does: at the last digit it is sent, once the page has loaded."""
    page.wait_for_load_state()
    page.locator("#code").fill(code)


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def verification_id(page: Page) -> str:
    return re.search("VE[0-9a-f]{32}", page.url)[0]


def problem(status: int, code: str, retry_after: int = 0, **more) -> Callable[[Route], None]:
    """The service's answer when something is wrong, in the words of the English page."""
    detail = ENGLISH.refusal(code, TooManyLogIns(retry_after), code_length=6)
    body = {"type": "about:blank", "title": "T", "status": status, "detail": detail, "code": code}
    headers = {"Content-Type": "application/problem+json"}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return lambda route: route.fulfill(
        status=status, headers=headers, body=json.dumps({**body, **more})
    )


def record_send(page: Page, service: Service, number: int = 1, *, status: str) -> None:
    """Change the status of a message that was sent, as a receipt would."""
    expect(page.locator("#delivery")).to_have_attribute("data-status", "sent")
    service.redis.hset(f"otp:send:{verification_id(page)}:{number}", "status", status)


def telling(**changes) -> Callable[[Route], None]:
    """The service's answer, but for some of its members."""

    def tell(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), **changes})

    return tell


def rendered(path: str = "/", **env: str) -> Callable[[Page], object]:
    """The page as a service with other settings would answer it."""
    settings = Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None)
    html = create_app(settings, fakeredis.FakeRedis()).test_client().get(path).get_data()
    answer = {"body": html, "content_type": "text/html; charset=utf-8"}
    return lambda page: page.route(re.compile(r":\d+/$"), lambda route: route.fulfill(**answer))


def recolor(page: Page, scheme: Literal["dark", "light"]) -> None:
    """Show a page in other colors, none of which is still changing."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    # Scripts hear of it in the next frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def assert_usable(page: Page) -> None:
    """No axe violation, light and dark, and nothing to scroll sideways for."""
    # Half a megabyte, so once for each document.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    axe = Axe(axe_script="null")
    # Only the colors differ when it is dark.
    recolor(page, "dark")
    dark = axe.run(page, options={"runOnly": ["color-contrast"], "resultTypes": ["violations"]})
    assert dark.violations_count == 0, dark.generate_report()
    recolor(page, "light")
    light = axe.run(page)
    assert light.violations_count == 0, light.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def challenge(*, counter: int) -> dict[str, Any]:
    """As the service makes them, with the try that is to be found."""
    made = altcha.create_challenge(ALGORITHM, ROUNDS, counter=counter, hmac_secret="s")
    return made.to_dict()
