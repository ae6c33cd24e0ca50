"""The pages in docs/integrations: short, listed, and with the very files that the tests run."""

import re
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.conftest import KEY
from tests.test_documents import read

FOLDER = Path(__file__).parent.parent / "docs/integrations"
INDEX = FOLDER / "README.md"
PAGES = sorted(set(FOLDER.glob("*.md")) - {INDEX})
# A link to a file, a colon, and the file.
SHOWN = re.compile(
    r"\[[^]]+\]\((examples/[^)]+)\):\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def test_the_index_lists_every_page():
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", read(INDEX))) == {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_short(page):
    assert len(read(page).splitlines()) <= 80


def test_a_page_shows_the_files_that_are_tested():
    shown = {path: text for page in PAGES for path, text in SHOWN.findall(read(page))}
    assert shown
    for path, text in shown.items():
        assert text == read(FOLDER / path), path


def test_every_example_is_on_a_page():
    linked = {path for page in PAGES for path in re.findall(r"\((examples/[^)]+)\)", read(page))}
    files = {f.relative_to(FOLDER).as_posix() for f in FOLDER.glob("examples/**/*") if f.is_file()}
    assert {file for file in files if "__pycache__" not in file} == linked


def test_the_settings_against_pumping_are_right():
    [lines] = re.findall(r"```sh\n(OTP_.*?)```", read(FOLDER / "sms-pumping.md"), re.DOTALL)
    env = dict(line.split("=", 1) for line in lines.splitlines())
    settings = Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None)
    assert settings.otp_guard == "block"
