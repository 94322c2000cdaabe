"""The points that the agency knows and the towns of the country and its neighbours, found by any spelling."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import inf
from typing import Final

from gateway.data.files import DataFile, Fault, strictly
from gateway.places.coordinates import inside
from gateway.places.locate import Position, distance
from gateway.text.folding import fold_for_matching, squeeze

FILE: Final = "points.csv"
TOWNS_FILE: Final = "places.csv"
COLUMNS: Final = (
    "code",
    "name",
    "alt_names",
    "country",
    "region",
    "kind",
    "lat",
    "lon",
    "radius_km",
    "source",
)
TOWN_COLUMNS: Final = ("name", "alt_names", "country", "region", "lat", "lon", "radius_km")
HOME: Final = "NE"
MOST_KM: Final = 200
UNTOLD: Final = frozenset({"shelter", "ghetto"})


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point of the agency's list, or a town of the gazetteer, which has no code."""

    code: str | None
    name: str
    alt_names: tuple[str, ...]
    country: str
    region: str
    kind: str
    lat: float | None
    lon: float | None
    radius_km: float | None
    source: str
    line: int = 0
    """Where it stands in its file."""

    @property
    def bare_name(self) -> str:
        """The name without what stands in brackets."""
        return self.name.partition("(")[0].strip()

    @property
    def spellings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, self.bare_name, *self.alt_names)))

    @property
    def position(self) -> Position | None:
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    @property
    def label(self) -> str:
        """What a question calls it, and an answer may say: the code, or the town with its region."""
        return self.code or f"{self.name} {self.region}"


@dataclass(frozen=True, eq=False)
class Gazetteer:
    by_code: Mapping[str, Point]
    by_name: Mapping[str, tuple[Point, ...]]
    """From a squeezed name to its points: several where a name is ambiguous."""
    towns: Mapping[str, tuple[Point, ...]]
    """The same for towns, among them namesakes of points."""
    written: frozenset[str]
    """The towns' names of several words, as they are written: elsewhere the words stand for themselves."""
    prefixes: frozenset[str]
    """Every beginning of every squeezed name, so that a reader knows when to stop joining words."""

    starts: frozenset[str]
    """The first words that a name may begin with, whole or cut short: `dan`, `n`, `assa`."""

    def similar(self, word: str) -> tuple[Point, ...]:
        """The places that a misspelt name may mean: those of the points' names, then of the towns'.

        One slip in five letters or more, two in eight; of the towns, which are many, in six and in ten.
        A town that is as near as the nearest point makes the name ambiguous.
        """
        if not 4 <= len(word) <= 18:
            return ()
        points = _near(word, self._point_names, one_from=5, two_from=8)
        towns = _near(word, self._town_names, one_from=6, two_from=10)
        if points:
            nearest = min(points.values())
            towns = {name: slips for name, slips in towns.items() if slips <= nearest}
        found = [
            *(self.by_name[name] for name in sorted(points)),
            *(self.towns[name] for name in sorted(towns)),
        ]
        return tuple(dict.fromkeys(point for places in found for point in places))

    def named(self, name: str) -> tuple[Point, ...]:
        key = squeeze(name)
        return self.by_name.get(key) or self.towns.get(key, ())

    def called(self, label: str) -> Point | None:
        """The place that a question called so."""
        towns = (town for places in self.towns.values() for town in places)
        return self.by_code.get(label) or next((town for town in towns if town.label == label), None)

    def neighbours(self, here: Point) -> Sequence[Point]:
        """The points by their distance from one of them, itself first; no shelter and no ghetto.

        Where those are does not go into a pocket, nor onto a screen that others may see.
        """
        if (start := here.position) is None:
            return (here,)
        if here not in self._neighbours:
            told = [point for point in self.by_code.values() if point.position and point.kind not in UNTOLD]
            self._neighbours[here] = tuple(
                sorted(told, key=lambda point: (point is not here, _km(start, point)))
            )
        return self._neighbours[here]

    @property
    def regions(self) -> list[str]:
        """Those of the country, by name."""
        return sorted({point.region for point in self.by_code.values() if point.country == HOME})

    def region(self, code: str | None, lat: float | None, lon: float | None) -> str | None:
        """The region of the country in which a place lies: that of its code, or of the nearest point."""
        point = self.by_code.get(code or "")
        if point is None and lat is not None and lon is not None:
            here = (lat, lon)
            located = (point for point in self.by_code.values() if point.position)
            point = min(located, key=lambda point: _km(here, point), default=None)
        return point.region if point and point.country == HOME else None

    @cached_property
    def _neighbours(self) -> dict[Point, tuple[Point, ...]]:
        """Those that were asked for already: a menu asks at every step."""
        return {}

    @cached_property
    def _point_names(self) -> list[str]:
        return [name for name in self.by_name if len(name) >= 5]

    @cached_property
    def _town_names(self) -> list[str]:
        return [name for name in self.towns if len(name) >= 6 and name.isascii() and name not in self.by_name]


def _km(start: Position, point: Point) -> float:
    return distance(start, point.position) if point.position else inf


def _near(word: str, names: list[str], *, one_from: int, two_from: int) -> dict[str, int]:
    """The names that so few slips lead to, each with their number."""
    # Few texts need it, and it would cost every start 20 ms.
    from rapidfuzz.distance import OSA  # noqa: PLC0415
    from rapidfuzz.process import extract  # noqa: PLC0415

    found = extract(word, names, scorer=OSA.distance, score_cutoff=2, limit=None)
    return {name: slips for name, slips, _ in found if len(name) >= (one_from if slips < 2 else two_from)}


@cache
def load_gazetteer(folder: str = "") -> Gazetteer:
    """The points and towns of the agency's folder, or those that come with us. Raise DataError."""
    points = strictly(parse_points, DataFile.find(FILE, folder))
    return build(points, strictly(parse_towns, DataFile.find(TOWNS_FILE, folder)))


def load_points() -> dict[str, Point]:
    """The points that come with us, without the towns."""
    return strictly(parse_points, DataFile.find(FILE))


def parse_points(file: DataFile, faults: list[Fault]) -> dict[str, Point]:
    points: dict[str, Point] = {}
    for line, row in file.rows(COLUMNS, faults):
        found = list(_faults(row, points))
        faults += [file.fault(words, line) for words in found]
        if not found:
            points[row["code"]] = _point(row, line)
    return points


def parse_towns(file: DataFile, faults: list[Fault]) -> tuple[Point, ...]:
    towns = []
    for line, row in file.rows(TOWN_COLUMNS, faults):
        found = list(_faulty_town(row))
        faults += [file.fault(words, line) for words in found]
        if not found:
            lat, lon, radius = (float(row[column]) for column in ("lat", "lon", "radius_km"))
            other = tuple(row["alt_names"].split("|")) if row["alt_names"] else ()
            towns.append(
                Point(
                    None, row["name"], other, row["country"], row["region"], "town",
                    lat, lon, radius, "GeoNames", line,
                )
            )  # fmt: skip
    return tuple(towns)


def _faulty_town(row: Mapping[str, str]) -> Iterator[str]:
    if not row["name"]:
        yield "a town has no name: give it one"
    yield from _faulty_country(row["name"], row["country"])
    yield from _faulty_position(
        row["name"], [row[column] for column in ("lat", "lon", "radius_km")], far=True
    )


def _faulty_country(name: str, country: str) -> Iterator[str]:
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        yield f"{name}: {country!r} is no country of two letters, such as NE: write its ISO code"


def build(points: Mapping[str, Point], towns: Iterable[Point]) -> Gazetteer:
    names: defaultdict[str, list[Point]] = defaultdict(list)
    firsts = set()
    for point in points.values():
        for spelling in point.spellings:
            if point not in names[key := squeeze(spelling)]:
                names[key].append(point)
            firsts |= {squeeze(part) for part in _first_words(spelling)}
    by_name = {key: tuple(found) for key, found in names.items() if key}
    _spread_ambiguity(by_name)
    prefixes = {key[:end] for key in by_name for end in range(1, len(key) + 1)}
    starts = firsts | {prefix for prefix in prefixes if len(prefix) > 2}
    towns_by_name: dict[str, tuple[Point, ...]] = {}
    written = set()
    for town in towns:
        for spelling in (town.name, *town.alt_names):
            words = words_of(spelling)
            key = "".join(words)
            known = towns_by_name.get(key, ())
            if town not in known:
                towns_by_name[key] = (*known, town)
            if len(words) > 1:
                written.add(" ".join(words))
                prefixes.update("".join(words[:count]) for count in range(1, len(words) + 1))
            starts.add(words[0])
            starts.add(key)
    return Gazetteer(
        points, by_name, towns_by_name, frozenset(written), frozenset(prefixes), frozenset(starts)
    )


def words_of(name: str) -> list[str]:
    """The words as a reader of texts takes them apart: `N'Djamena` has two."""
    folded = fold_for_matching(name)
    if folded.isalpha():
        return [folded]
    return "".join(letter if letter.isalnum() else " " for letter in folded).split()


def _first_words(name: str) -> list[str]:
    return [
        name.replace("'", " ").replace("-", " ").replace("’", " ").split(maxsplit=1)[0],
        name.split(maxsplit=1)[0],
    ]


def _spread_ambiguity(by_name: dict[str, tuple[Point, ...]]) -> None:
    """A spelling one edit from a shared name is as ambiguous as that name: Ilela, Ilella = Illela."""
    shared = {key: found for key, found in by_name.items() if len(found) > 1}
    for name, found in shared.items():
        for key in by_name:
            if by_name[key][0] in found and key not in shared and within_one_edit(key, name):
                by_name[key] = found


def within_one_edit(one: str, other: str) -> bool:
    """Insert, delete, replace one letter or swap two neighbours."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    rest, longer = one[start:], other[start:]
    if len(one) < len(other):
        return rest == longer[1:]
    swapped = rest[1:2] + rest[:1] == longer[:2] and rest[2:] == longer[2:]
    return rest[1:] == longer[1:] or swapped


def _faults(row: Mapping[str, str], seen: Container[str]) -> Iterator[str]:
    code = row["code"]
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        yield f"{code!r} is not three capital letters: give the point such a code"
    if code in seen:
        yield f"{code} stands twice: remove one, or give it another code"
    if not row["name"]:
        yield f"{code} has no name: give it one"
    yield from _faulty_country(code, row["country"])
    numbers = [row[column] for column in ("lat", "lon", "radius_km")]
    if any(numbers) and not all(numbers):
        yield f"{code} needs lat, lon and radius_km, or none of them: fill in what is missing"
    elif all(numbers):
        yield from _faulty_position(code, numbers)


def _faulty_position(name: str, numbers: Iterable[str], *, far: bool = False) -> Iterator[str]:
    """A town may lie farther away than where anything is reported from."""
    try:
        lat, lon, radius = map(float, numbers)
    except ValueError:
        yield f"{name}: lat, lon and radius_km are numbers with a dot, such as 19.367"
        return
    if far and not (abs(lat) <= 90 and abs(lon) <= 180):
        yield f"{name} lies outside the world: mend lat and lon"
    if not (far or inside(lat, lon)):
        turned = " (latitude and longitude are the wrong way round)" if inside(lon, lat) else ""
        yield f"{name} lies outside 10 to 35 N, 10 W to 26 E{turned}: mend lat and lon"
    if not 0 < radius <= MOST_KM:
        yield f"{name}: radius_km is more than 0 and at most {MOST_KM}"


def _point(row: Mapping[str, str], line: int) -> Point:
    alternatives = tuple(part.strip() for part in row["alt_names"].split("|") if part.strip())
    lat, lon, radius = (float(row[column]) if row[column] else None for column in ("lat", "lon", "radius_km"))
    return Point(
        row["code"], row["name"], alternatives, row["country"], row["region"], row["kind"],
        lat, lon, radius, row["source"], line,
    )  # fmt: skip
