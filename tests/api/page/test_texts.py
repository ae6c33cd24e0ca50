"""The page's words in every language."""

import re
import tomllib

import pytest

from api import FRONTEND
from api.page.texts import Languages

FILES = sorted((FRONTEND / "texts").glob("*.toml"))
# What starting, sending again and checking are refused for, when a browser asks.
ON_THE_PAGE = {
    "channel_not_enabled",
    "country_not_allowed",
    "cross_site",
    "delivery_backlog",
    "incorrect_code",
    "proof_of_work_required",
    "rate_limited",
    "recipient_blocked",
    "storage_unavailable",
    "too_many_checks",
    "unauthorized",
}


def placeholders(path) -> dict[str, list[str]]:
    """Of every sentence, by its name."""

    def read(words, section=""):
        for name, text in words.items():
            if isinstance(text, dict):
                yield from read(text, f"{name}.")
            else:
                yield f"{section}{name}", sorted(re.findall(r"{.*?}", text))

    return dict(read(tomllib.loads(path.read_text(encoding="utf-8"))))


def test_there_are_the_promised_languages():
    assert {"en", "es", "fr", "de", "pt", "ar", "hi", "zh"} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_language_says_everything_that_english_says(path):
    assert placeholders(path) == placeholders(path.with_name("en.toml"))


def test_every_problem_of_the_page_has_words():
    said = {name.removeprefix("problem.") for name in placeholders(FILES[0])}
    assert said >= ON_THE_PAGE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nobody_is_told_to_go_back_where_they_came_from(path):
    """In most languages that is what immigrants are shouted at."""
    elsewhere = tomllib.loads(path.read_text(encoding="utf-8"))["ended"]["elsewhere"]
    assert not re.search(
        "where you came|woher Sie|d’où vous|de donde|de onde|حيث أتيت|जहाँ से आप|您来自", elsewhere
    )


def test_an_example_in_an_error_is_read_from_left_to_right(client, subtests):
    """Left-to-right isolate and pop directional isolate, U+2066 and U+2069."""
    for typed, example in [
        ({"kind": "phone", "phone": "12"}, "+1 415 555 0123"),
        ({"kind": "email", "email": "ann@"}, "you@example.com"),
    ]:
        for path in FILES:
            with subtests.test(typed=typed, language=path.stem):
                page = client.post(f"/?lang={path.stem}", data=typed).get_data(as_text=True)
                assert f"\u2066{example}\u2069" in page


LANGUAGES = [
    ("", "", "en"),
    ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
    ("fi,sv;q=0.9,pt-BR;q=0.8,en;q=0.7", "", "pt"),
    ("fi,sv;q=0.9", "", "en"),
    ("en,ar;q=0.9", "", "en"),
    ("zh-Hant-TW", "", "zh"),
    ("de", "?lang=ar", "ar"),
    ("de", "?lang=xx", "de"),
    ("de", "?lang=../en", "de"),
    ("*", "", "en"),
]


def test_the_browser_chooses_the_language_and_the_person_another(client, subtests):
    for accepted, query, language in LANGUAGES:
        with subtests.test(accepted=accepted, query=query):
            page = client.get(f"/{query}", headers={"Accept-Language": accepted}).get_data(
                as_text=True
            )
            direction = "rtl" if language == "ar" else "ltr"
            assert f'<html lang="{language}" dir="{direction}">' in page


@pytest.mark.parametrize(
    ("accepted", "query", "locale"),
    [
        ("de-AT,en;q=0.5", "", "de-AT"),
        ("de_AT", "", "de-AT"),
        ("de-AT", "?lang=fr", "fr"),
        ("de-AT", "?lang=fr_CA.UTF-8", "fr"),
        ("fi", "", "en"),
        ("*", "", "en"),
    ],
)
def test_messages_are_in_the_language_of_the_page(client, accepted, query, locale):
    headers = {"Accept-Language": accepted}
    with client.application.test_request_context(f"/{query}", headers=headers) as context:
        assert Languages(FRONTEND / "texts").locale(context.request, ["en", "de"]) == locale


@pytest.mark.parametrize(
    ("accepted", "query", "locale"),
    [
        ("sv-SE,de;q=0.5", "", "sv-SE"),
        ("fi,sv_SE;q=0.9,de;q=0.5", "", "sv-SE"),
        ("de-AT,sv;q=0.5", "", "de-AT"),
        ("sv", "?lang=de", "de"),
        ("sv", "?lang=sv", "sv"),
        ("fi", "", "en"),
    ],
)
def test_a_language_that_only_messages_are_in_is_theirs_if_the_browser_prefers_it(
    client, accepted, query, locale
):
    headers = {"Accept-Language": accepted}
    with client.application.test_request_context(f"/{query}", headers=headers) as context:
        languages = Languages(FRONTEND / "texts")
        assert languages.locale(context.request, ["en", "de", "sv"]) == locale


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0\u00a0sec"), (59, "59\u00a0sec"), (60, "1:00"), (299, "4:59"), (3600, "1:00:00")],
)
def test_a_duration_is_short(client, seconds, words):
    with client.application.test_request_context("/") as context:
        texts = Languages(FRONTEND / "texts").texts(context.request)
        assert texts.duration(seconds) == words


def test_what_is_filled_in_is_escaped(client):
    with client.application.test_request_context("/") as context:
        texts = Languages(FRONTEND / "texts").texts(context.request)
        assert texts.say("approved.text", to="<b>") == "We’ve confirmed that &lt;b&gt; is yours."
