"""What one SMS holds, by another implementation of its alphabet."""

import gsm0338


def is_one_segment(text: str) -> bool:
    """160 characters of GSM-7, some of which count twice; with any other one 70 of UTF-16."""
    try:
        septets, _ = gsm0338.Codec().encode(text)
    except UnicodeEncodeError:
        return len(text.encode("utf-16-be")) // 2 <= 70
    return len(septets) <= 160
