"""References of reports: five digits and a Damm check digit, so that one slip never hits another report."""

from typing import Final

# Damm's quasigroup of order 10: it catches every single wrong digit and every swap of neighbours.
_TABLE: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


# A step that is prime to the range, so that the references of neighbours differ.
_STEP, _START, _RANGE = 61_803, 48_213, 100_000


def make(five: int | str) -> str:
    """The six digits of a reference, from its first five."""
    digits = f"{int(five):05d}"
    if len(digits) != 5:
        raise ValueError(f"a reference is made from five digits, not from {digits!r}")
    return digits + str(_interim(digits))


def scattered(number: int) -> int:
    """The number-th reference's five digits."""
    return (number * _STEP + _START) % _RANGE


def valid(six: str) -> bool:
    return len(six) == 6 and six.isascii() and six.isdigit() and _interim(six) == 0


def _interim(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = _TABLE[interim][int(digit)]
    return interim
