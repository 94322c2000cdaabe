"""The map and the chart, as marks on a sheet. Rules; SVG, PDF and PNG only draw them.

All measures are points, from the top left corner. Shades go from dark to light with what they stand for, so
that black and white tells them apart too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import cos, hypot, radians, sqrt
from typing import Final, Literal

from gateway.digest.contents import family_name, number
from gateway.digest.figures import OTHER, SEVERITIES, Figures
from gateway.places.basemap import Basemap
from gateway.places.gazetteer import Gazetteer
from gateway.places.roads import Road
from gateway.text.words import word

INK, PAPER, GREY, FAINT, LAND = "#1a1a1a", "#ffffff", "#777777", "#c4c4c4", "#f4f1ea"
SHADES: Final = {1: "#7a0c14", 2: "#dd6b20", 3: "#f6cf6b", 4: "#ffffff"}
"""By severity; white stands in a dark ring."""
_FAMILIES: Final = ("#1d3557", "#a63a50", "#3f8fa8", "#e9a94b", "#f1e3bd")
_WEST, _EAST, _SOUTH, _NORTH = -1.2, 17.0, 10.6, 24.3
_NARROWER: Final = cos(radians((_SOUTH + _NORTH) / 2))
_LEAST, _MOST = 6.5, 14.0
_MAP_WIDTH: Final = 330.0
_NEAR: Final = 11.0
"""Points: some 60 km."""
_DAY_NEEDS: Final = 28.0
"""Points: the width of a day and month."""


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; filled where it has a fill."""

    points: tuple[tuple[float, float], ...]
    ink: str
    width: float
    fill: str | None = None


@dataclass(frozen=True, slots=True)
class Disc:
    x: float
    y: float
    radius: float
    fill: str
    ink: str = INK
    width: float = 0.8


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str
    ink: str | None = INK


@dataclass(frozen=True, slots=True)
class Words:
    """On their baseline; ``x`` is their start, middle or end."""

    x: float
    y: float
    text: str
    size: float
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    ink: str = INK


Mark = Path | Disc | Box | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    marks: tuple[Mark, ...]
    says: str
    """What it shows, for those who cannot see it."""


def map_of(
    figures: Figures, basemap: Basemap, gazetteer: Gazetteer, roads: Iterable[Road], language: str, says: str
) -> Drawing:
    """The country, its roads, and a disc for each place with its number of reports; near places are one."""
    scale = _MAP_WIDTH / ((_EAST - _WEST) * _NARROWER)
    height = (_NORTH - _SOUTH) * scale

    def at(lon: float, lat: float) -> tuple[float, float]:
        return (lon - _WEST) * _NARROWER * scale, (_NORTH - lat) * scale

    marks: list[Mark] = [Path(tuple(at(*one) for one in basemap.border), INK, 1.1, LAND)]
    marks += [Path(tuple(at(*one) for one in line), FAINT, 0.7) for line in basemap.beyond]
    marks += [Path(tuple(at(lon, lat) for lat, lon in road.course), FAINT, 0.9) for road in roads]
    for code, (lon, lat) in basemap.countries.items():
        marks.append(Words(*at(lon, lat), word(language, "countries", code).upper(), 7.5, "middle", ink=GREY))
    heaps = _heaps(figures, at)
    taken = [
        (heap.x - heap.radius, heap.y - heap.radius, heap.x + heap.radius, heap.y + heap.radius)
        for heap in heaps
    ]
    names: list[Mark] = []
    for heap in heaps:
        ink = PAPER if heap.gravest == 1 else INK
        marks.append(Disc(heap.x, heap.y, heap.radius, SHADES[heap.gravest]))
        marks.append(
            Words(heap.x, heap.y + 3.2, number(heap.reports, language), 9, "middle", bold=True, ink=ink)
        )
        names += _named(heap.name, heap.x, heap.y, heap.radius, taken)
    for code in basemap.named:
        point = gazetteer.by_code.get(code)
        if point and point.lat is not None and point.lon is not None:
            x, y = at(point.lon, point.lat)
            if all(hypot(x - heap.x, y - heap.y) > heap.radius for heap in heaps):
                marks.append(Disc(x, y, 1.6, INK))
                names += _named(point.bare_name, x, y, 2, taken)
    legend = _legend(
        [
            (SHADES[severity], f"{severity} {word(language, 'severities', severity)}")
            for severity in SEVERITIES
        ],
        _MAP_WIDTH,
        height + 10,
    )
    below = Box(0, height, _MAP_WIDTH, 20, PAPER, None)
    return Drawing(_MAP_WIDTH, height + 20, (*marks, *names, below, *legend), says)


@dataclass(slots=True)
class _Heap:
    """Places that lie so near to each other that they are one disc; it bears the name of the first."""

    x: float
    y: float
    name: str
    reports: int
    gravest: int
    radius: float = 0.0


def _heaps(figures: Figures, at: Callable[[float, float], tuple[float, float]]) -> list[_Heap]:
    heaps: list[_Heap] = []
    for spot, count in figures.places:
        if (
            spot.lat is None
            or spot.lon is None
            or not (_WEST < spot.lon < _EAST and _SOUTH < spot.lat < _NORTH)
        ):
            continue
        x, y = at(spot.lon, spot.lat)
        near = next((heap for heap in heaps if hypot(x - heap.x, y - heap.y) < _NEAR), None)
        if near is None:
            heaps.append(_Heap(x, y, spot.name, count.reports, count.gravest))
        else:
            near.reports += count.reports
            near.gravest = min(near.gravest, count.gravest)
    most = max((heap.reports for heap in heaps), default=1)
    for heap in heaps:
        heap.radius = _LEAST + (_MOST - _LEAST) * sqrt(heap.reports / most)
    return heaps


_Room = tuple[float, float, float, float]


def _named(name: str, x: float, y: float, radius: float, taken: list[_Room]) -> Iterator[Words]:
    """A name beside its mark, where it hides nothing; none where there is no room."""
    size, wide = 8.0, len(name) * 4.4
    away = radius + 2
    tries: tuple[tuple[float, float, Literal["start", "middle", "end"]], ...] = (
        (x + away, y + 3, "start"),
        (x - away, y + 3, "end"),
        (x, y - away, "middle"),
        (x, y + away + 6, "middle"),
    )
    for left, base, anchor in tries:
        start = left - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        room = (start, base - 6.5, start + wide, base + 1.5)
        inside = room[0] > 0 and room[2] < _MAP_WIDTH
        if inside and not any(_overlap(room, other) for other in taken):
            taken.append(room)
            yield Words(left, base, name, size, anchor)
            return


def _overlap(one: _Room, other: _Room) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend(entries: Iterable[tuple[str, str]], width: float, y: float) -> Iterator[Mark]:
    """Shades and what they stand for, one line after the other from ``y`` on."""
    x = 0.0
    for shade, name in entries:
        long = 18 + len(name) * 4.7
        if x and x + long > width:
            x, y = 0.0, y + 13
        yield Box(x, y - 7, 8, 8, shade)
        yield Words(x + 11, y, name, 8.5)
        x += long


def chart_of(figures: Figures, language: str, says: str, width: float = 360.0) -> Drawing:
    """A bar a day, stacked by family: the most frequent ones, and the others together."""
    height, left, top = 150.0, 26.0, 14.0
    shown = _most_frequent(figures)
    bars = [_stacked(counts, shown) for _, counts in figures.days]
    ceiling = _ceiling(max(sum(bar) for bar in bars))
    ground = height - 16
    unit, step = (ground - top) / ceiling, (width - left) / len(bars)
    marks: list[Mark] = []
    for share in (0, ceiling // 2, ceiling):
        y = ground - share * unit
        marks.append(Path(((left, y), (width, y)), FAINT, 0.6))
        marks.append(Words(left - 4, y + 3, number(share, language), 8, "end", ink=GREY))
    every = 1 if step > _DAY_NEEDS else 2
    for place, ((day, _), bar) in enumerate(zip(figures.days, bars, strict=True)):
        x, y = left + place * step, ground
        for shade, reports in zip(_FAMILIES, bar, strict=False):
            if reports:
                y -= reports * unit
                marks.append(Box(x + step * 0.14, y, step * 0.72, reports * unit, shade))
        if sum(bar):
            marks.append(Words(x + step / 2, y - 3, number(sum(bar), language), 8, "middle", bold=True))
        if (len(bars) - 1 - place) % every == 0:
            marks.append(Words(x + step / 2, ground + 11, f"{day:%d/%m}", 8.5, "middle"))
    named = [(shade, family_name(family, language)) for shade, family in zip(_FAMILIES, shown, strict=False)]
    legend = tuple(_legend(named, width, height + 10))
    lowest = max((mark.y for mark in legend if isinstance(mark, Words)), default=height)
    return Drawing(width, lowest + 5, (*marks, *legend), says)


def _most_frequent(figures: Figures) -> list[str]:
    """Families by number of reports; what comes after the fourth is one, unless it is one."""
    total: Counter[str] = sum((counts for _, counts in figures.days), Counter())
    families = sorted(total, key=lambda family: (-total[family], family))
    most = len(_FAMILIES)
    return families if len(families) <= most else [*families[: most - 1], OTHER]


def _stacked(counts: Counter[str], shown: list[str]) -> list[int]:
    named = [counts[family] for family in shown if family != OTHER]
    return [*named, counts.total() - sum(named)] if OTHER in shown else named


def _ceiling(most: int) -> int:
    """The least even, round number that the highest bar stays under."""
    for size in (1, 10, 100, 1000, 10_000, 100_000):
        for times in (2, 3, 4, 5, 6, 8, 10):
            if most <= times * size and times * size % 2 == 0:
                return times * size
    return most
