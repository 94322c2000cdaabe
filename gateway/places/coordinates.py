"""Positions written as figures: degrees in every notation, links of maps, Plus Codes and MGRS references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.places.pluscodes import ALPHABET, decode

# A quick look that most texts fail, so that the long expressions below seldom run.
_HINT: Final = re.compile(
    r"\d[.,]\d|[°+]|\d[*:'] ?\d|[nsewo] ?\d{1,3}[ .]\d|\d ?[nsewo]\W{0,3}\d|goo\.gl|\d\d[p-s] ?[a-z]{2} ?\d"
)

_NORTHING: Final = r"nord|north|n|sud|south|s"
_EASTING: Final = r"est|east|e|ouest|west|w|o"
_SIDE: Final = rf"(?:{_NORTHING}|{_EASTING})"
_WEST_OR_SOUTH: Final = "swo"
_FIGURES: Final = r"\d[\d .,:°*'\"]*"
_TWO_SIDES: Final = re.compile(
    rf"(?<![^\W\d_])(?P<first>{_SIDE})[ :=,;/|-]*(?:(?:et|and) )?(?P<figure>{_FIGURES}?)[ ,;/|-]*(?:(?:et|and) )?"
    rf"(?P<second>{_SIDE})(?![^\W\d_])"
)
# How one figure may be written, from the most exact: a dotted and a plain degrees-minutes-seconds,
# degrees-minutes, decimal degrees. Whole degrees alone are no position.
_SHAPES: Final = tuple(
    (radius, re.compile(shape), re.compile(rf"(?<![\d.,])(?:{shape})$"))
    for radius, shape in (
        (0.1, r"(\d{1,3})\.(\d{1,2})\.(\d{1,2}(?:\.\d{1,4})?)"),
        (0.1, r"(\d{1,3})[°*: ] ?(\d{1,2})['*: ] ?(\d{1,2}(?:[.,]\d{1,4})?)(?: ?(?:\"|''))?"),
        (2.0, r"(\d{1,3})[°*: ] ?(\d{1,2}(?:[.,]\d{1,6})?)(?: ?')?"),
        (None, r"(\d{1,3}[.,]\d{1,8})(?: ?°)?"),
    )
)
_UNIT: Final = r"(?:prs?|pers\w*|people|pax|migrants?|mutane|f|fcfa|cfa|kms?|h|l|litres?|kgs?|kits|mn|ans)"
_DECIMAL: Final = re.compile(
    r"(?<![\w.,/])(?<!\ble )(?<!\bdu )(?<!\bau )"
    r"(?P<lat>[+-]?\d{1,3}[.,]\d{1,8})°?"
    r"(?P<gap>\s*[;/|#*=!]+\s*|\s*,\s*|\s+-\s+|\s+|-)"
    rf"(?P<lon>[+-]?\d{{1,3}}[.,]\d{{1,8}})°?(?:(?!\w|[.,]\d|\s?{_UNIT}(?!\w))|(?<=\d{{4}})(?=\.\d))"
)
_LABEL: Final = r"(?:lat(?:itude)?|long?(?:gitude|itude)?)"
_LABELLED: Final = re.compile(
    rf"(?<!\w)(?P<first>{_LABEL})[.:= ]*(?P<one>[+-]?\d{{1,3}}[.,]\d{{1,8}})°?[ ,;/|\n]*"
    rf"(?P<second>{_LABEL})[.:= ]*(?P<other>[+-]?\d{{1,3}}[.,]\d{{1,8}})°?(?!\w|[.,]\d)"
)
_LINK: Final = re.compile(
    r"(?<!\S)(?=https?:|www\.|maps\.|geo:|google\.)\S*?(?:\b(?:q|ll|query|destination|daddr)=|@|loc:|geo:)"
    r"(?:loc:)?\+?(?P<lat>-?\d{1,3}\.\d+)(?:,|%2c)(?:%20|\+| )?(?P<lon>-?\d{1,3}\.\d+)\S*"
)
_CLOSED_LINK: Final = re.compile(r"\S*goo\.gl/\S*")
_PLUS: Final = re.compile(
    rf"(?<![\w+])(?=[\d+]*[a-z])(?P<code>(?:[{ALPHABET}]{{8}}|[{ALPHABET}]{{6}}|[{ALPHABET}]{{4}})"
    rf"\+[{ALPHABET}]{{2,3}})(?![\w+])"
)
# The zones and bands of the area; three letters that are a word, `30 per 1234`, are none.
_MGRS: Final = re.compile(
    r"(?<!\w)(?P<zone>(?:29|3[0-5])[p-s]) ?(?P<square>(?!er\b|er\d|rs\b|rs\d|ax\b|ax\d|pl\b|pl\d)[a-hj-np-z]{2})"
    r" ?(?P<figures>\d{5} \d{5}|\d{4} \d{4}|\d{3} \d{3}|\d{2} \d{2}|\d{4}|\d{6}|\d{8}|\d{10})(?!\w)"
)


_HALF: Final = re.compile(
    r"\d ?°|(?<!\d)\d{4,7} ?[ns]\W{0,3}\d{4,8} ?[ewo](?!\w)|(?<![\d.,])\d{1,2}[.,]\d{4,}(?!\d)|(?<!\w)(?:gps|coord\w*|lat|latitude|lon|long|longitude)[ :=]{1,3}\d{1,3}[.,]\d"
)


@dataclass(frozen=True, slots=True)
class Fix:
    """A position, where it stands in the text, and how exact it is."""

    start: int
    end: int
    lat: float | None
    """None: said, and not to be understood by itself."""
    lon: float | None
    radius_km: float
    sure_order: bool = True
    """Nobody can have written the longitude first."""
    short: str = ""
    """A Plus Code that needs a place beside it."""


def find(normal: str) -> list[Fix]:
    """The positions in a normalised text, in order; of two that overlap the surer notation."""
    if _HINT.search(normal) is None:
        return []
    found: list[Fix] = []
    for notation in (_links, _plus_codes, _grid_references, _sides, _labelled, _decimals):
        for fix in notation(normal):
            if all(fix.end <= other.start or fix.start >= other.end for other in found):
                found.append(fix)
    return sorted(found, key=lambda fix: fix.start)


def half_said(normal: str) -> bool:
    """Figures of a position that no notation above reads: `gps 19.3671`, `20° 13°`."""
    return _HALF.search(normal) is not None


def inside(lat: float, lon: float) -> bool:
    """The area that reports come from."""
    return 10 <= lat <= 35 and -10 <= lon <= 26


def _links(normal: str) -> Iterator[Fix]:
    for match in _LINK.finditer(normal):
        yield _pair(match, match["lat"], match["lon"], sure_order=False)
    for match in _CLOSED_LINK.finditer(normal):
        yield Fix(*match.span(), None, None, 0)


def _plus_codes(normal: str) -> Iterator[Fix]:
    for match in _PLUS.finditer(normal):
        code = match["code"]
        if code.index("+") == 8:
            yield Fix(*match.span(), *decode(code), 0.1)
        else:
            yield Fix(*match.span(), None, None, 0.1, short=code)


def _grid_references(normal: str) -> Iterator[Fix]:
    for match in _MGRS.finditer(normal):
        figures = match["figures"].replace(" ", "")
        position = _on_grid(f"{match['zone']}{match['square']}{figures}".upper())
        if position is not None:
            yield Fix(*match.span(), *position, 1 if len(figures) == 4 else 0.1)


def _on_grid(reference: str) -> tuple[float, float] | None:
    import mgrs  # noqa: PLC0415 - a binary library that few texts need

    try:
        lat, lon = mgrs.MGRS().toLatLon(reference)
    except mgrs.core.MGRSError:
        return None
    return round(lat, 6), round(lon, 6)


def _sides(normal: str) -> Iterator[Fix]:
    """`N19°22 E5°48`, `19.22.00N 5.48.00E`: the figure between the two letters tells how the other is written.

    Letters stand before their figures or after them; where both could be meant, nothing is read.
    """
    for match in _TWO_SIDES.finditer(normal):
        if (match["first"][0] in "ns") == (match["second"][0] in "ns"):
            continue
        for radius, shape, at_end in _SHAPES:
            between = shape.fullmatch(match["figure"].rstrip())
            if between is None:
                continue
            before = at_end.search(normal[: match.start()].rstrip(" "))
            after = shape.match(normal, match.end() + (normal[match.end() : match.end() + 1] == " "))
            if after is not None and normal[after.end() : after.end() + 1].isalnum():
                after = None
            if (before is None) == (after is None):
                if before is not None and after is not None:
                    yield Fix(before.start(), after.end(), None, None, 0)
                break
            fix = _sided(match, radius, before, between, after)
            if fix is not None:
                yield fix
            break


def _sided(
    match: re.Match[str],
    radius: float | None,
    before: re.Match[str] | None,
    between: re.Match[str],
    after: re.Match[str] | None,
) -> Fix | None:
    if before is not None:
        start, end, one, other = before.start(), match.end(), before, between
    elif after is not None:
        start, end, one, other = match.start(), after.end(), between, after
    values = [_degrees(one, match["first"]), _degrees(other, match["second"])]
    lat, lon = values if match["first"][0] in "ns" else reversed(values)
    if lat is None or lon is None:
        return None
    if radius is None:
        radius = _exactness(one[1], other[1])
    elif radius == 2.0 and min(_places(one[2]), _places(other[2])) > 1:
        radius = 0.1  # `N19 22.000`: thousandths of a minute
    return Fix(start, end, lat, lon, radius)


def _degrees(figure: re.Match[str], side: str) -> float | None:
    degrees, minutes, seconds = ([float(part.replace(",", ".")) for part in figure.groups()] + [0.0, 0.0])[:3]
    if minutes >= 60 or seconds >= 60:
        return None
    value = round(degrees + minutes / 60 + seconds / 3600, 6)
    return -value if side[0] in _WEST_OR_SOUTH else value


def _labelled(normal: str) -> Iterator[Fix]:
    """`lat 19.367 lon 5.8`, in either order."""
    for match in _LABELLED.finditer(normal):
        if match["first"][:2] != match["second"][:2]:
            lat, lon = (
                match.group("one", "other") if match["first"][:2] == "la" else match.group("other", "one")
            )
            yield _pair(match, lat, lon, sure_order=True)


def _decimals(normal: str) -> Iterator[Fix]:
    """`20.55 13.41`, `20,55 13,41`, `19.367,5.8`, `20.55/13.41`: the latitude first."""
    for match in _DECIMAL.finditer(normal):
        lat, gap, lon = match.group("lat", "gap", "lon")
        if gap == "," and "," in lat + lon and min(_places(lat), _places(lon)) < 2:
            continue  # `12,3,4,5` is a list
        if gap == "-":
            if _hour(lat) and _hour(lon):
                continue  # `14.30-15.45`
            if _number(lon) <= 10:  # the sign of a longitude west of Greenwich, or only a dash?
                yield Fix(*match.span(), None, None, 0)
                continue
        if abs(_number(lat)) <= 90:
            yield _pair(match, lat, lon, sure_order=False)


def _pair(match: re.Match[str], lat: str, lon: str, *, sure_order: bool) -> Fix:
    return Fix(*match.span(), _number(lat), _number(lon), _exactness(lat, lon), sure_order)


def _number(figure: str) -> float:
    return float(figure.replace(",", "."))


def _hour(figure: str) -> bool:
    hours, minutes = re.split(r"[.,]", figure)
    return len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60


def _exactness(*figures: str) -> float:
    """One decimal is 10 km, two are 1 km, three or more 100 m; the coarser figure counts."""
    return {1: 10.0, 2: 1.0}.get(min(map(_places, figures)), 0.1)


def _places(figure: str) -> int:
    return len(re.split(r"[.,]", figure)[1]) if re.search(r"[.,]", figure) else 0
