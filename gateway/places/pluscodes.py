"""Plus Codes: the short addresses that map applications show, `6F7R9Q5V+3X`, or `9Q5V+3X Agadez`."""

from typing import Final

ALPHABET: Final = "23456789cfghjmpqrvwx"
_STEPS: Final = (20.0, 1.0, 0.05, 0.0025, 0.000125)  # degrees that a pair of letters divides
_ROWS, _COLUMNS = 5, 4  # of the grid that an eleventh letter points into

Position = tuple[float, float]


def decode(code: str) -> Position:
    """The middle of what a full code covers: pairs of letters, latitude first, each in twentieths."""
    letters = code.replace("+", "")
    lat, lon, height, width = -90.0, -180.0, 0.0, 0.0
    for step, first, second in zip(_STEPS, letters[:10:2], letters[1:10:2], strict=False):
        lat += ALPHABET.index(first) * step
        lon += ALPHABET.index(second) * step
        height = width = step
    for letter in letters[10:]:
        height, width = height / _ROWS, width / _COLUMNS
        lat += ALPHABET.index(letter) // _COLUMNS * height
        lon += ALPHABET.index(letter) % _COLUMNS * width
    return round(lat + height / 2, 6), round(lon + width / 2, 6)


def complete(short: str, near: Position) -> str:
    """The full code that a short one, whose first letters were left out, means beside a place."""
    missing = 8 - short.index("+")
    step = _STEPS[missing // 2 - 1]
    full = _first_letters(near, missing) + short
    lat, lon = decode(full)
    lat += _towards(near[0] - lat, step)
    lon += _towards(near[1] - lon, step)
    return _first_letters((lat, lon), missing) + short


def _towards(off: float, step: float) -> float:
    """One cell further when that is nearer."""
    return step if off > step / 2 else -step if off < -step / 2 else 0.0


def _first_letters(position: Position, count: int) -> str:
    lat, lon = position[0] + 90, position[1] + 180
    letters = ""
    for step in _STEPS[: count // 2]:
        # The sum of steps that are no exact binary fractions may end a hair below the true cell.
        row, column = int(lat / step + 1e-9), int(lon / step + 1e-9)
        letters += ALPHABET[row] + ALPHABET[column]
        lat, lon = lat - row * step, lon - column * step
    return letters
