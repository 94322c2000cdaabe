"""Positions written as figures: decimal degrees, degrees and minutes, with or without hemispheres."""

import re
from dataclasses import dataclass
from typing import Final

# A quick look that most texts fail, so that the long expressions below seldom run.
_HINT: Final = re.compile(r"\d[.,]\d|°|[nsewo] ?\d{1,2}[ .]\d|\d ?[ns]\W{0,3}\d")

_BEFORE: Final = re.compile(
    r"(?<![^\W_])([ns]) ?(\d{1,2}(?:[.,]\d+)?)°?(?: ?(?<=[° ])(\d{1,2}(?:[.,]\d+)?)['’]?)?(?: ?(\d{1,2}(?:[.,]\d+)?)(?:\"|''))?"
    r"[ ,;/]*"
    r"([ewo]) ?(\d{1,3}(?:[.,]\d+)?)°?(?: ?(?<=[° ])(\d{1,2}(?:[.,]\d+)?)(?![\d%])['’]?)?(?: ?(\d{1,2}(?:[.,]\d+)?)(?:\"|''))?"
)
_AFTER: Final = re.compile(
    r"(?<![\w.,])(\d{1,2}(?:[.,]\d+)?)°?(?: ?(?<=[° ])(\d{1,2}(?:[.,]\d+)?)['’]?)?(?: ?(\d{1,2}(?:[.,]\d+)?)(?:\"|''))? ?([ns])"
    r"[ ,;/]*"
    r"(\d{1,3}(?:[.,]\d+)?)°?(?: ?(?<=[° ])(\d{1,2}(?:[.,]\d+)?)['’]?)?(?: ?(\d{1,2}(?:[.,]\d+)?)(?:\"|''))? ?([ewo])(?![^\W_])"
)
_DECIMAL: Final = re.compile(
    r"(?<![\w.,])(-?\d{1,2}[.,]\d{1,7})°?(?: ?[ ;/] ?|, ?|,)(-?\d{1,3}[.,]\d{1,7})°?(?![\w]|[.,]\d)"
)
_LINK: Final = re.compile(
    r"https?://\S*?(?:q=|@|ll=|loc:|query=)(-?\d{1,2}\.\d+),(?:%20|\+)?(-?\d{1,3}\.\d+)\S*"
)


_COARSE: Final = 100.0  # km: whole degrees, which we do not take for a position


@dataclass(frozen=True, slots=True)
class Fix:
    """A pair of figures, where it stands in the text, and how exact it is."""

    start: int
    end: int
    lat: float
    lon: float
    radius_km: float
    sure_order: bool
    """Hemispheres say which is the latitude."""


def find(normal: str) -> Fix | None:
    """The first position in a normalised text."""
    if _HINT.search(normal) is None:
        return None
    return _link(normal) or _hemispheres_before(normal) or _hemispheres_after(normal) or _decimal(normal)


def inside(lat: float, lon: float) -> bool:
    """The area that reports come from."""
    return 10 <= lat <= 35 and -10 <= lon <= 26


def _link(normal: str) -> Fix | None:
    match = _LINK.search(normal)
    return match and Fix(
        match.start(),
        match.end(),
        float(match[1]),
        float(match[2]),
        _decimals(match[1], match[2]),
        sure_order=True,
    )


def _hemispheres_before(normal: str) -> Fix | None:
    match = _BEFORE.search(normal)
    if match is None:
        return None
    return _fix(match, match.group(2, 3, 4), match.group(6, 7, 8), match[1], match[5])


def _hemispheres_after(normal: str) -> Fix | None:
    match = _AFTER.search(normal)
    if match is None:
        return None
    return _fix(match, match.group(1, 2, 3), match.group(5, 6, 7), match[4], match[8])


def _fix(
    match: re.Match[str], lat: tuple[str | None, ...], lon: tuple[str | None, ...], north: str, east: str
) -> Fix | None:
    # Both figures are written alike; `E5 48 pers` beside `N19` is no minute.
    if (lat[1] is None) != (lon[1] is None) or _exactness(lat) >= _COARSE:
        return None
    values = [_degrees(part) for part in (lat, lon)]
    if None in values:
        return None
    lat_value, lon_value = (value or 0.0 for value in values)
    return Fix(
        match.start(), match.end(),
        -lat_value if north == "s" else lat_value,
        -lon_value if east in "wo" else lon_value,
        max(_exactness(lat), _exactness(lon)),
        sure_order=True,
    )  # fmt: skip


def _degrees(parts: tuple[str | None, ...]) -> float | None:
    degrees, minutes, seconds = (float((part or "0").replace(",", ".")) for part in parts)
    if minutes >= 60 or seconds >= 60:
        return None
    return round(degrees + minutes / 60 + seconds / 3600, 6)


def _exactness(parts: tuple[str | None, ...]) -> float:
    degrees, minutes, seconds = parts
    if seconds is not None:
        return 0.1
    if minutes is not None:
        return 0.1 if "." in minutes or "," in minutes else 2
    return _decimals(degrees or "")


def _decimal(normal: str) -> Fix | None:
    """`20.55 13.41`, `20,55 13,41`, `19.367,5.8`: the latitude first."""
    match = _DECIMAL.search(normal)
    if match is None:
        return None
    lat, lon = (float(match[part].replace(",", ".")) for part in (1, 2))
    return Fix(match.start(), match.end(), lat, lon, _decimals(match[1], match[2]), sure_order=False)


def _decimals(*figures: str) -> float:
    """One decimal is 10 km, two are 1 km, three or more 100 m; the coarser figure counts."""
    fewest = min(len(re.split(r"[.,]", figure)[1]) if re.search(r"[.,]", figure) else 0 for figure in figures)
    return {0: _COARSE, 1: 10, 2: 1}.get(fewest, 0.1)
