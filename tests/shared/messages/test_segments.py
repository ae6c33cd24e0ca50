"""The size of an SMS, held against another implementation of GSM-7."""

import gsm0338
import pytest

from shared.messages.segments import is_one_segment, size_of


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "others"),
    [
        ("", "GSM-7", 0, 1, ""),
        ("a" * 160, "GSM-7", 160, 1, ""),
        ("a" * 161, "GSM-7", 161, 2, ""),
        ("a" * 306, "GSM-7", 306, 2, ""),
        ("a" * 307, "GSM-7", 307, 3, ""),
        ("€" * 80, "GSM-7", 160, 1, ""),
        # 153 is odd, so the last place of each segment stays empty.
        ("€" * 152, "GSM-7", 304, 2, ""),
        ("€" * 153, "GSM-7", 306, 3, ""),
        ("ó" * 70, "UCS-2", 70, 1, "ó"),
        ("żółć" * 18, "UCS-2", 72, 2, "óćłż"),
        ("ó" * 134, "UCS-2", 134, 2, "ó"),
        ("ó" * 135, "UCS-2", 135, 3, "ó"),
        ("🔑" * 35, "UCS-2", 70, 1, "🔑"),
        ("🔑" * 66, "UCS-2", 132, 2, "🔑"),
        ("🔑" * 67, "UCS-2", 134, 3, "🔑"),
        # In UCS-2, every letter of GSM-7 is one unit.
        ("€" * 69 + "ó", "UCS-2", 70, 1, "ó"),
    ],
)
def test_an_sms_has_as_many_segments_as_its_letters_need(text, encoding, units, segments, others):
    size = size_of(text)
    assert (size.encoding, size.units) == (encoding, units)
    assert (size.segments, size.others) == (segments, others)
    assert is_one_segment(text) == (segments == 1)


def test_gsm_7_has_the_letters_of_the_standard():
    codec = gsm0338.Codec()
    for letter in map(chr, range(0x3000)):
        if letter == "\x1b":
            continue  # It only announces a letter of two septets.
        try:
            septets = len(codec.encode(letter)[0])
        except UnicodeEncodeError:
            septets = 0
        size = size_of(letter)
        found = size.units if size.encoding == "GSM-7" else 0
        assert found == septets, hex(ord(letter))
