"""What people type and paste: characters that only look different are read as the same."""

import re
import unicodedata

# The Default_Ignorable_Code_Point characters of Unicode that are not of category Cf: variation
# selectors, fillers and the like (DerivedCoreProperties.txt).
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
# Dashes to the eye, which Unicode counts as signs, punctuation and a letter: the minus sign, the
# hyphen bullet, the modifier minus, and the long vowel mark that Japanese keyboards have.
_MORE_DASHES = "\u2212\u2043\u02d7\u30fc"
# Parts of words in names of domains: the long vowel mark, and the zero-width joiners that tell
# words apart in Persian and in Indian scripts. In other places a joiner is as stray as any mark.
_IN_NAMES = "\u30fc\u200c\u200d"
_STRAY_JOINERS = re.compile(r"(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
# The small and the full-width forms of ASCII.
_OTHER_WIDTH = re.compile("[\ufe50-\ufe6f\uff01-\uff5e]")


def plain(text: str) -> str:
    """Replace the decimal digits, spaces and dashes of any script, and small or full-width letters
    and signs, by those of ASCII, and remove what cannot be seen (bidi marks, zero-width spaces,
    soft hyphens). Everything else stays, control characters and line breaks too."""
    return text if text.isascii() else "".join(map(_plain, text))


def plain_name(text: str) -> str:
    """As plain(), except for what the name of a domain can have: the digits of other scripts, the
    long vowel mark, and joiners between their letters."""
    if text.isascii():
        return text
    kept = "".join(letter if letter in _IN_NAMES else _plain_sign(letter) for letter in text)
    return _STRAY_JOINERS.sub("", kept)


def _plain(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else _plain_sign(letter)


def _plain_sign(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf" or _IGNORABLE.match(letter):
        return ""
    if category == "Zs":
        return " "
    if category == "Pd" or letter in _MORE_DASHES:
        return "-"
    return unicodedata.normalize("NFKC", letter) if _OTHER_WIDTH.match(letter) else letter
