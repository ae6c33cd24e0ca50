"""The page in a real browser."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.conftest import started_services
from tests.e2e.page.acts import SIZES, new_phone


@pytest.fixture
def phone() -> str:
    return new_phone()


@pytest.fixture(scope="module")
def new_context(browser) -> Callable[..., BrowserContext]:
    def new_context(url, size, **options):
        is_phone = size == "phone"
        options = {"reduced_motion": "reduce", "color_scheme": "light", **options}
        return browser.new_context(
            base_url=url, viewport=SIZES[size], has_touch=is_phone, is_mobile=is_phone, **options
        )

    return new_context


@pytest.fixture(scope="module")
def shared_context(new_context) -> Callable[..., BrowserContext]:
    """A tab keeps its state to itself, so that tests can share what takes long to make."""
    return cache(new_context)


@pytest.fixture
def open_page(new_context, shared_context) -> Iterator[Callable[..., Page]]:
    """Open a page of a service, with a clock that the test moves if it wants. The test fails if
    the page complained or asked another host."""
    opened, pages, complaints = [], [], []

    def open_page(service, path="/", *, size="desktop", clock=False, ready=None, **options):
        # The clock is one for all pages of a context.
        context = (new_context if clock else shared_context)(service.url, size, **options)
        page = context.new_page()
        opened.append(context if clock else page)
        pages.append(page)
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(_foreign(request, service.url)))
        if clock:
            page.clock.install()
        if ready:
            ready(page)
        page.goto(path)
        return page

    yield open_page
    for page in pages:
        page.unroute_all(behavior="ignoreErrors")
    for context_or_page in opened:
        context_or_page.close()
    assert not complaints


def _complaint(message) -> list[str]:
    # A browser logs every answer of 400 and above by itself.
    is_answer = "Failed to load resource" in message.text
    return [message.text] if message.type in ("error", "warning") and not is_answer else []


def _foreign(request, own_url: str) -> list[str]:
    return [] if request.url.startswith((own_url, "data:")) else [request.url]


@pytest.fixture(scope="session")
def strict(tmp_path_factory):
    """A service that runs out of everything quickly."""
    with started_services(tmp_path_factory) as start:
        yield start(
            OTP_MAX_CHECKS="2",
            OTP_MAX_SENDS="2",
            OTP_RESEND_SECONDS="1",
            OTP_LIMIT_TO="2/10m",
        )
