"""The page in every language that it has."""

import pytest
from playwright.sync_api import expect

from api import FRONTEND
from tests.e2e.page.acts import assert_usable, type_code, wrong

LANGUAGES = sorted(path.stem for path in (FRONTEND / "texts").glob("*.toml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_is_verified_in(open_page, service, phone, language):
    page = open_page(service, size="phone", locale=f"{language}-XX")
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    code = service.code_for(phone)
    # Also where letters are wide, nothing is cut off, and no {name} was forgotten.
    type_code(page, wrong(code))
    expect(page.locator("#code-error")).not_to_be_empty()
    assert "{" not in page.locator("main").inner_text()
    assert_usable(page)
    type_code(page, code)
    expect(page.locator("[data-step=approved]")).to_be_visible()
    assert "{" not in page.locator("main").inner_text()


def test_another_language_is_chosen_and_kept(open_page, service, phone):
    page = open_page(service, "/verify/VE" + "0" * 32)
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Den Code gibt es nicht mehr")).to_be_focused()
    page.get_by_role("button", name="Neuen Code anfordern").click()
    expect(page.get_by_role("link", name="Deutsch")).to_have_attribute("aria-current", "true")
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    expect(page.locator("#code")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="Code eingeben")).to_be_visible()


def test_an_address_is_read_from_left_to_right_in_every_language(open_page, service, phone):
    page = open_page(service, "/?lang=ar")
    expect(page.locator("#phone")).to_have_css("direction", "ltr")
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    expect(page.locator("#code")).to_have_css("direction", "ltr")
    expect(page.locator("#to .address")).to_have_css("direction", "ltr")
