"""Every character of Unicode that only looks different is read as the one that it looks like."""

import sys
import unicodedata
from collections import defaultdict
from functools import cache

import pytest

from shared.typed import plain


@cache
def by_category() -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for letter in map(chr, range(sys.maxunicode + 1)):
        found[unicodedata.category(letter)].append(letter)
    return found


def test_digits_of_every_script_are_digits():
    digits = by_category()["Nd"]
    assert {*plain("".join(digits))} == {*"0123456789"}
    assert all(int(plain(digit)) == unicodedata.decimal(digit) for digit in digits)


@pytest.mark.parametrize(("category", "read"), [("Zs", " "), ("Pd", "-"), ("Cf", "")])
def test_characters_of_a_kind_are_one(category, read):
    assert {plain(letter) for letter in by_category()[category]} == {read}


@pytest.mark.parametrize("letter", "\ufe0f\ufe00\U000e0100\u034f\u180b\u3164", ids=ascii)
def test_what_cannot_be_seen_is_left_out(letter):
    assert plain(f"1{letter}2") == "12"


@pytest.mark.parametrize("letter", "−ー⁃", ids=ascii)
def test_what_looks_like_a_dash_is_one(letter):
    assert plain(letter) == "-"


def test_full_width_and_small_letters_and_signs_are_those_of_ascii():
    assert plain("ＴＥＬ：＋１（４１５） ﹢﹫") == "TEL:+1(415) +@"


@pytest.mark.parametrize("letter", "\n\r\t\x00\x1c\x85\u2028\ud800²①一ⅣаÄ", ids=ascii)
def test_everything_else_stays(letter):
    assert plain(letter) == letter
