"""The size of an SMS, which costs what its segments cost."""

# 3GPP TS 23.038: an SMS of these letters holds 160, any other one 70 units of UTF-16.
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_OF_TWO = frozenset("\f^{}\\[~]|€")
_ALL_GSM_7 = _GSM_7 | _GSM_7_OF_TWO


def is_one_segment(text: str) -> bool:
    letters = set(text)
    if letters <= _ALL_GSM_7:
        return len(text) + sum(map(text.count, letters & _GSM_7_OF_TWO)) <= 160
    return len(text.encode("utf-16-be")) <= 2 * 70
