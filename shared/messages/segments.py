"""The size of an SMS, which costs what its segments cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038: an SMS of these letters holds 160, any other one 70 units of UTF-16.
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_OF_TWO = frozenset("\f^{}\\[~]|€")
_ALL_GSM_7 = _GSM_7 | _GSM_7_OF_TWO

Encoding = Literal["GSM-7", "UCS-2"]
ONE_SEGMENT: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
# In each of several, a header takes six bytes.
_OF_SEVERAL: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of an SMS. `units` are septets in GSM-7 and UTF-16 code units in UCS-2; `others` are
    the letters for which it is not in GSM-7."""

    encoding: Encoding
    units: int
    segments: int
    others: str


def size_of(text: str) -> Size:
    others = "".join(sorted(set(text) - _ALL_GSM_7))
    encoding: Encoding = "UCS-2" if others else "GSM-7"
    widths = [_width(letter, encoding) for letter in text]
    units = sum(widths)
    is_one = units <= ONE_SEGMENT[encoding]
    segments = 1 if is_one else _filled(widths, _OF_SEVERAL[encoding])
    return Size(encoding=encoding, units=units, segments=segments, others=others)


def is_one_segment(text: str) -> bool:
    """The same as size_of(), and cheaper for each message."""
    letters = set(text)
    if letters <= _ALL_GSM_7:
        return len(text) + sum(map(text.count, letters & _GSM_7_OF_TWO)) <= ONE_SEGMENT["GSM-7"]
    return len(text.encode("utf-16-be")) <= 2 * ONE_SEGMENT["UCS-2"]


def _width(letter: str, encoding: Encoding) -> int:
    takes_two = letter in _GSM_7_OF_TWO if encoding == "GSM-7" else letter > "\uffff"
    return 2 if takes_two else 1


def _filled(widths: Iterable[int], most: int) -> int:
    """How many segments of `most` units letters fill. No letter is in two of them."""
    segments, units = 1, 0
    for width in widths:
        if units + width > most:
            segments, units = segments + 1, 0
        units += width
    return segments
