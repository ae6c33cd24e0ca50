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
# From here to their full-width forms it is the same distance for all of ASCII.
_FULL_WIDTH = 0xFEE0


def plain(text: str) -> str:
    """Replace the decimal digits, spaces and dashes of any script, and full-width letters and
    signs, by those of ASCII, and remove what cannot be seen (bidi marks, zero-width spaces, soft
    hyphens). Everything else stays, control characters and line breaks too."""
    return text if text.isascii() else "".join(map(_plain, text))


def is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) == "Cf" or bool(_IGNORABLE.match(letter))


def is_dash(letter: str) -> bool:
    return unicodedata.category(letter) == "Pd" or letter in _MORE_DASHES


def half_width(letter: str) -> str:
    """A full-width form of ASCII as ASCII."""
    return chr(ord(letter) - _FULL_WIDTH) if "\uff01" <= letter <= "\uff5e" else letter


def _plain(letter: str) -> str:
    if is_invisible(letter):
        return ""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if unicodedata.category(letter) == "Zs":
        return " "
    return "-" if is_dash(letter) else half_width(letter)
