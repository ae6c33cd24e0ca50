"""Phone numbers for as many people as are needed."""

from collections.abc import Iterator


def numbers(area_code: int) -> Iterator[str]:
    """Valid ones, each of another range than the one before, eight million of them."""
    return (f"+1{area_code}{2_000_000 + i * 104_729 % 8_000_000}" for i in range(8_000_000))
