"""How much the page weighs."""

import pytest

from tests.e2e.page.acts import PICKER

HEAVIEST_KIB = 150


@pytest.mark.parametrize("language", ["en", "hi"])
def test_the_page_is_light(new_context, service, figure, language):
    context = new_context(service.url, "phone")
    page = context.new_page()
    sizes = {"page": 0, "picker": 0}

    def weigh(response) -> None:
        sizes["picker" if PICKER.search(response.url) else "page"] += int(
            response.headers["content-length"]
        )

    page.on("response", weigh)
    page.goto(f"/?lang={language}")
    page.locator(".picker").wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    weight, picker = (sizes[part] / 1024 for part in ("page", "picker"))
    figure(f"/ in {language}, compressed (bar {HEAVIEST_KIB} KiB)", f"{weight:.0f} KiB")
    figure(f"country picker in {language}, loaded later", f"{picker:.0f} KiB")
    assert weight < HEAVIEST_KIB
    assert picker > 0
