"""Locales as platforms write them, in one form."""

import time

import pytest

from shared.locales import bcp47


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        # BCP 47, in any case.
        ("en", "en"),
        ("EN-us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("en-US-u-hc-H12", "en-US-u-hc-h12"),
        ("x-klingon", "x-klingon"),
        ("i-klingon", "i-klingon"),
        # Java and Android.
        ("en_US", "en-US"),
        ("zh_TW_#Hant", "zh-Hant-TW"),
        ("sr__#Latn", "sr-Latn"),
        ("zh_TW_#Hant_x-java", "zh-Hant-TW-x-java"),
        ("th_TH_TH_#u-nu-thai", "th-TH-TH-u-nu-thai"),
        ("de__POSIX", "de-posix"),
        ("_GB", "und-GB"),
        ("iw", "he"),
        ("iw_IL", "he-IL"),
        ("in_ID", "id-ID"),
        ("ji", "yi"),
        ("b+sr+Latn+RS", "sr-Latn-RS"),
        ("pt-rBR", "pt-rbr"),
        # iOS and ICU.
        ("zh-Hans_CN", "zh-Hans-CN"),
        ("en_US@calendar=gregorian;numbers=latn", "en-US"),
        ("de@collation=phonebook", "de"),
        # POSIX.
        ("pt_BR.UTF-8", "pt-BR"),
        ("zh_CN.GB18030", "zh-CN"),
        ("de_DE@euro", "de-DE"),
        ("de_DE.ISO8859-15@euro", "de-DE"),
        ("en_US_POSIX", "en-US-posix"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
    ],
)
def test_every_spelling_is_one_tag(written, tag):
    assert bcp47(written) == tag
    assert bcp47(tag) == tag


@pytest.mark.parametrize(
    "text",
    ["", "e", "1", "123", "en-", "-en", "en--US", "en us", "en\n", "en-US, de", "en;q=0.5", "*",
     "../en", "x", "x-", "<b>", "en-abcdefghi", "en" + "-abcdefgh" * 4, "ä", "日本語", "en\x00",
     "\ud800", "_", "__", "_#", ".UTF-8", "@euro", "+"],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_locale_is_none(text):
    assert bcp47(text) is None


@pytest.mark.parametrize("text", ["a" * 8000, "a_" * 4000, "a_#" * 3000, "-" * 8000])
def test_a_long_text_that_is_no_locale_is_refused_soon(text):
    begun = time.process_time()
    assert bcp47(text) is None
    assert time.process_time() - begun < 0.2
