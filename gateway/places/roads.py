"""The roads on which a convoy may be seen at two points. The list itself is `data/roads.csv`. Rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final

from gateway.data.files import DataFile, Fault, strictly
from gateway.places.gazetteer import Point, load_gazetteer
from gateway.places.locate import Position, distance

FILE: Final = "roads.csv"
COLUMNS: Final = ("name", "points", "families", "fastest", "slowest", "source")
# So far beside the line between two points a track may run, or a position be taken.
WIDTH_KM: Final = 25.0
_KM_A_DEGREE: Final = 111.2
_SPEEDS: Final = range(1, 151)


@dataclass(frozen=True, slots=True)
class Road:
    """Points in their order, with their places; speeds are km/h along the straight lines between them."""

    name: str
    points: tuple[str, ...]
    course: tuple[Position, ...]
    families: frozenset[str]
    fastest: int
    slowest: int
    line: int = 0

    def km_at(self, place: Position) -> float | None:
        """How far along the road a place lies; None when it lies beside it."""
        best, done, found = WIDTH_KM, 0.0, None
        for start, end in pairwise(self.course):
            beside, along = _from_leg(place, start, end)
            if beside <= best and (found is None or beside < best):
                best, found = beside, done + along
            done += distance(start, end)
        return found


def _from_leg(place: Position, start: Position, end: Position) -> tuple[float, float]:
    """How far from the straight line between two points a place is, and how far along it, in km.

    On a flat earth, which over the few hundred kilometres of a leg errs by less than a phone's position.
    """
    narrow = cos(radians((start[0] + end[0]) / 2))
    x, y = _KM_A_DEGREE * narrow * (place[1] - start[1]), _KM_A_DEGREE * (place[0] - start[0])
    east, north = _KM_A_DEGREE * narrow * (end[1] - start[1]), _KM_A_DEGREE * (end[0] - start[0])
    length = hypot(east, north)
    share = min(1.0, max(0.0, (x * east + y * north) / length**2)) if length else 0.0
    return hypot(x - share * east, y - share * north), share * length


@cache
def load_roads(folder: str = "") -> tuple[Road, ...]:
    """The roads of the agency's folder, or those that come with us. Raise DataError."""
    parse = partial(parse_roads, points=load_gazetteer(folder).by_code)
    return strictly(parse, DataFile.find(FILE, folder))


def parse_roads(file: DataFile, faults: list[Fault], points: Mapping[str, Point]) -> tuple[Road, ...]:
    """Our own roads lead past what an agency with points of its own does not know."""
    roads = []
    for line, row in file.rows(COLUMNS, faults):
        codes = _parts(row["points"])
        if not file.own:
            codes = [code for code in codes if code in points and points[code].position]
            if len(codes) < 2:
                continue
        found = list(_faults(row, codes, points))
        faults += [file.fault(words, line) for words in found]
        if not found:
            course = tuple(position for code in codes if (position := points[code].position))
            families = frozenset(_parts(row["families"]))
            speeds = int(row["fastest"]), int(row["slowest"])
            roads.append(Road(row["name"], tuple(codes), course, families, *speeds, line))
    return tuple(roads)


def _faults(row: Mapping[str, str], codes: Sequence[str], points: Mapping[str, Point]) -> Iterator[str]:
    name = row["name"]
    if not name:
        yield "a road has no name: give it one"
    for code in codes:
        if code not in points:
            yield f"{name}: {code} is no point of points.csv: add it there, or leave it out"
        elif points[code].position is None:
            yield f"{name}: {code} has no position in points.csv: add one, or leave it out"
    if len(codes) < 2 or len(set(codes)) < len(codes):
        yield f"{name}: a road has two points or more, each once"
    if not row["families"]:
        yield f"{name}: no family of codes travels on it: write one, such as movement"
    speeds = [row["fastest"], row["slowest"]]
    if not all(speed.isascii() and speed.isdigit() and int(speed) in _SPEEDS for speed in speeds):
        yield f"{name}: fastest and slowest are whole km/h from {_SPEEDS.start} to {_SPEEDS.stop - 1}"
    elif int(row["fastest"]) < int(row["slowest"]):
        yield f"{name}: fastest is less than slowest: mend one of them"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]
