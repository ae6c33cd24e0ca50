"""The language of a person, in one form however their platform writes it."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# With room for the calendar and currency that platforms write behind a language.
LONGEST_WRITTEN = 128
_LONGEST = 35
# A well-formed tag of BCP 47, as far as we tell languages apart: x- and i- begin private ones.
_TAG = re.compile("(?:[a-z]{2,8}|[xi](?=-))(?:-[a-z0-9]{1,8})*")
# Java writes the script behind country and variant: zh_TW_#Hant, sr__#Latn, th_TH_TH_#u-nu-thai.
_JAVA_SCRIPT = re.compile("([a-z]+)(.*)_#([a-z]{4})?[_-]?(.*)")
# The names by which Java and old Androids know Hebrew, Indonesian and Yiddish.
_OLD_NAMES = {"iw": "he", "in": "id", "ji": "yi"}


def bcp47(text: str) -> str | None:
    """Return the tag (RFC 5646) of a locale as BCP 47, POSIX (pt_BR.UTF-8, de_DE@euro), Java
    (zh_CN_#Hans), Android (b+sr+Latn) or ICU (en_US@calendar=buddhist) writes it. No language, as
    in C and POSIX, is English. Returns None if it is no locale."""
    if len(text) > LONGEST_WRITTEN:
        return None
    # What follows is about encodings, currencies and calendars.
    name = re.split("[.@]", text.lower(), maxsplit=1)[0]
    if name in {"c", "posix"}:
        return "en"
    if java := _JAVA_SCRIPT.fullmatch(name):
        language, middle, script, rest = java.groups()
        name = "_".join(filter(None, (language, script, middle.strip("_"), rest)))
    # An empty part stands for a language or a country that is not known.
    name = f"und{name}" if name.startswith("_") else name.rstrip("_")
    name = re.sub("_+", "-", name).removeprefix("b+").replace("+", "-")
    if not _TAG.fullmatch(name) or len(name) > _LONGEST:
        return None
    language, *others = name.split("-")
    return "-".join([_OLD_NAMES.get(language, language), *_cased(others)])


def _cased(subtags: list[str]) -> list[str]:
    """As RFC 5646 (2.1.1) recommends: Hant for scripts, TW for regions, the others in lower case,
    and so is everything behind a single letter, which begins an extension."""
    end = next((at for at, subtag in enumerate(subtags) if len(subtag) == 1), len(subtags))
    by_length = {2: str.upper, 4: str.title}
    return [*(by_length.get(len(s), str)(s) for s in subtags[:end]), *subtags[end:]]


@cache
def texts_in(folder: Path) -> Mapping[str, Any]:
    """The texts in each LANGUAGE.toml of a folder, by language. Each file is read once per process,
    because each app has its own object that words messages."""
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.toml"))
    }
