"""The country picker, which comes when the page can be used already."""

import re
from threading import Event

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import wait_for
from tests.e2e.page.acts import PICKER, SIZES, ask, assert_usable, new_phone, rendered

WHOLE_NUMBERS = [
    ("+4915123456789", "en-US"),
    ("+49 (0)1512 3456789", "en-US"),
    ("＋49 1512 3456789", "en-US"),
    ("\u202a+49 1512 3456789\u202c", "en-US"),
    ("TEL:+4915123456789", "en-US"),
    ("0049 1512 3456789", "en-US"),
    ("00 49 (0)1512 3456789", "fr-FR"),
    ("٠٠٤٩ ١٥١٢ ٣٤٥٦٧٨٩", "ar-EG"),
    ("0049 1512 3456789", "ja-JP"),
    ("011 49 1512 3456789", "en-US"),
    ("011-49-1512-3456789", "fr-CA"),
    ("0011 49 1512 3456789", "en-AU"),
    ("810 49 1512 3456789", "ru-RU"),
]


@pytest.fixture
def open_picker(open_page):
    def open_picker(service, path="/", **options):
        page = open_page(service, path, **options)
        expect(page.locator(".picker button").first).to_be_visible()
        wait_for_judgment(page)
        return page

    return open_picker


def wait_for_judgment(page) -> None:
    """What judges numbers comes last."""
    library = "/static/vendor/intl-tel-input/intlTelInput.mjs"
    is_there = f"import('{library}').then(({{ default: {{ utils }} }}) => Boolean(utils))"
    wait_for(lambda: page.evaluate(is_there))


def chosen(page):
    return page.locator(".picker .iti__selected-dial-code")


def sent_number(page) -> str:
    """What is asked for when the form is sent."""
    with page.expect_request("**/generate-otp*") as request:
        page.locator("#send").click()
    return request.value.post_data_json["phone"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_country_is_searched_for_and_chosen(open_picker, service, size, language):
    page = open_picker(service, f"/?lang={language}", size=size)
    flag = page.locator(".picker button").first
    flag.click()
    expect(page.get_by_role("option")).not_to_have_count(0)
    assert_usable(page)
    page.get_by_role("combobox").press_sequentially("49" if language == "ar" else "germ")
    expect(page.get_by_role("option").nth(2)).to_have_count(0)
    page.get_by_role("option", name="+49").click()
    expect(chosen(page)).to_have_text("+49")
    expect(page.locator("#phone")).to_be_focused()
    page.locator("#phone").press_sequentially("01512 3456789")
    expect(page.locator("#phone")).to_have_class(re.compile("is-valid"))
    assert_usable(page)
    assert sent_number(page) == "+4915123456789"


@pytest.mark.parametrize(
    "pasted",
    [
        "\u202a+49\xa01512\u20113456789\u202c",
        "TEL:+49-1512-3456789",
        "＋４９ １５１２ ３４５６７８９",
        "\u2066+٤٩١٥١٢٣٤٥٦٧٨٩\u2069",
    ],
    ids=ascii,
)
def test_a_pasted_number_keeps_its_country(open_picker, service, pasted):
    page = open_picker(service, locale="en-US", permissions=("clipboard-read", "clipboard-write"))
    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    page.locator("#phone").press("ControlOrMeta+v")
    expect(chosen(page)).to_have_text("+49")
    assert sent_number(page) == "+4915123456789"


@pytest.mark.parametrize(
    ("locale", "code"), [("de-AT", "+43"), ("pt-BR", "+55"), ("ar", "+20"), ("en-US", "+1")]
)
def test_the_first_country_is_that_of_the_browser(open_picker, service, locale, code):
    expect(chosen(open_picker(service, locale=locale))).to_have_text(code)


def test_the_first_country_is_that_of_the_service(open_picker, service):
    page = open_picker(service, ready=rendered(OTP_DEFAULT_REGION="CH"), locale="de-AT")
    expect(chosen(page)).to_have_text("+41")


def test_only_the_allowed_countries_are_offered(open_picker, service):
    page = open_picker(service, ready=rendered(OTP_ALLOWED_COUNTRIES="GB FR"), locale="de-AT")
    expect(chosen(page)).to_have_text("+44")
    page.locator(".picker button").first.click()
    names = page.get_by_role("option").all_inner_texts()
    assert [name.split()[0] for name in names] == ["France", "United"]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("415 555", "This number looks too short."),
        ("415 555 0123 456", "This number looks too long."),
        ("115 555 0123", "This doesn’t look like a number from this country."),
    ],
)
def test_a_number_is_doubted_while_it_is_typed_but_never_refused(open_picker, service, typed, hint):
    page = open_picker(service)
    page.locator("#phone").press_sequentially(typed)
    expect(page.locator("#phone-doubt")).to_have_text(hint)
    expect(page.locator("#phone-doubt")).to_have_role("status")
    expect(page.locator("#phone")).to_have_accessible_description(re.compile(re.escape(hint)))
    assert_usable(page)
    assert sent_number(page).startswith("+1")
    expect(page.locator("#address-error")).to_contain_text(
        "Enter a valid phone number with its country code"
    )


@pytest.mark.parametrize(("typed", "locale"), WHOLE_NUMBERS)
def test_a_whole_number_is_understood_as_soon_as_it_is_typed(open_picker, service, typed, locale):
    page = open_picker(service, locale=locale)
    page.locator("#phone").fill(typed)
    assert sent_number(page) == "+4915123456789"


@pytest.mark.parametrize(("typed", "locale"), WHOLE_NUMBERS)
def test_a_whole_number_chooses_its_country(open_picker, service, typed, locale):
    page = open_picker(service, locale=locale)
    page.locator("#phone").fill(typed)
    expect(chosen(page)).to_have_text("+49")
    expect(page.locator("#phone")).to_have_class(re.compile("is-valid"))
    expect(page.locator("#phone-doubt")).to_be_empty()


@pytest.mark.parametrize("typed", ["+33612345678", "0033 6 12 34 56 78"])
def test_a_number_of_a_country_that_is_not_allowed_gets_one_message(
    open_picker, start_service, typed
):
    page = open_picker(start_service(OTP_ALLOWED_COUNTRIES="GB DE"), locale="en-GB")
    page.locator("#phone").fill(typed)
    refusal = "We don’t send codes to numbers in this country. Use a different number."
    expect(page.locator("#phone-doubt")).to_have_text(refusal)
    page.locator("#send").click()
    expect(page.locator("#address-error")).to_have_text(refusal)
    expect(page.locator("#phone-doubt")).to_be_hidden()
    assert_usable(page)
    page.locator("#phone").fill("+44 7400 123456")
    expect(page.locator("#address-error")).to_be_empty()
    expect(page.locator("#phone")).to_have_class(re.compile("is-valid"))
    expect(page.locator("#phone-doubt")).to_be_empty()


def test_who_is_typing_goes_on_typing_when_it_comes(open_page, service, phone):
    released = Event()

    def hold(route: Route) -> None:
        route.fallback() if released.is_set() else held.append(route)

    held: list[Route] = []
    page = open_page(service, ready=lambda page: page.route(PICKER, hold))
    page.locator("#phone").press_sequentially(phone[:8])
    released.set()
    for route in held:
        route.fallback()
    expect(chosen(page)).to_have_text("+1")
    expect(page.locator("#phone")).to_be_focused()
    page.keyboard.type(phone[8:])
    wait_for_judgment(page)
    assert sent_number(page) == phone


def test_without_it_the_field_takes_numbers(open_page, service):
    failed = []
    page = open_page(
        service, ready=lambda page: page.route(PICKER, lambda r: (failed.append(r), r.abort()))
    )
    ask(page, new_phone())
    assert failed
    expect(page.locator(".picker")).to_have_count(0)
