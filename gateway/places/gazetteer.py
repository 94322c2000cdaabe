"""The points that the agency knows, found by code or by any spelling of their name."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.data.files import DataFile, Fault, strictly
from gateway.places.coordinates import inside
from gateway.text.folding import squeeze

FILE: Final = "points.csv"
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
MOST_KM: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    code: str
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
    def spellings(self) -> tuple[str, ...]:
        """The name, the name without what stands in brackets, and the alternatives."""
        bare = self.name.partition("(")[0].strip()
        return tuple(dict.fromkeys((self.name, bare, *self.alt_names)))


@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    by_code: Mapping[str, Point]
    by_name: Mapping[str, tuple[Point, ...]]
    """From a squeezed name to its points: several where a name is ambiguous."""
    prefixes: frozenset[str]
    """Every beginning of every squeezed name, so that a reader knows when to stop joining words."""

    starts: frozenset[str]
    """The first words that a name may begin with, whole or cut short: `dan`, `n`, `assa`."""
    deletes: Mapping[str, frozenset[str]]
    """From a name with up to two letters left out to the names it came from."""

    def similar(self, word: str) -> tuple[Point, ...]:
        """The points that a misspelt name may mean: one slip in five letters or more, two in eight."""
        shorter = {word, *_without_letters(word, 2)}
        names = {name for key in shorter for name in self.deletes.get(key, ())}
        allowed = [name for name in names if edits(word, name) <= (2 if len(name) >= 8 else 1)]
        points = {point.code: point for name in sorted(allowed) for point in self.by_name[name]}
        return tuple(points.values())

    def named(self, name: str) -> tuple[Point, ...]:
        return self.by_name.get(squeeze(name), ())


@cache
def load_gazetteer(folder: str = "") -> Gazetteer:
    """The points of the agency's folder, or those that come with us. Raise DataError."""
    return strictly(parse_gazetteer, DataFile.find(FILE, folder))


def parse_gazetteer(file: DataFile, faults: list[Fault]) -> Gazetteer:
    points: dict[str, Point] = {}
    for line, row in file.rows(COLUMNS, faults):
        found = list(_faults(row, points))
        faults += [file.fault(words, line) for words in found]
        if not found:
            points[row["code"]] = _point(row, line)
    return build(points)


def build(points: Mapping[str, Point]) -> Gazetteer:
    names: defaultdict[str, list[Point]] = defaultdict(list)
    for point in points.values():
        for key in dict.fromkeys(map(squeeze, point.spellings)):
            names[key].append(point)
    by_name = {key: tuple(found) for key, found in names.items() if key}
    _spread_ambiguity(by_name)
    prefixes = frozenset(key[:end] for key in by_name for end in range(1, len(key) + 1))
    firsts = {
        squeeze(part) for point in points.values() for name in point.spellings for part in _first_words(name)
    }
    starts = frozenset(firsts | {prefix for prefix in prefixes if len(prefix) > 2})
    deletes: defaultdict[str, set[str]] = defaultdict(set)
    for key in by_name:
        if 5 <= len(key) <= 16:
            for shorter in (key, *_without_letters(key, 2 if len(key) >= 8 else 1)):
                deletes[shorter].add(key)
    return Gazetteer(
        points, by_name, prefixes, starts, {key: frozenset(names) for key, names in deletes.items()}
    )


def _first_words(name: str) -> list[str]:
    return [
        name.replace("'", " ").replace("-", " ").replace("’", " ").split(maxsplit=1)[0],
        name.split(maxsplit=1)[0],
    ]


def _without_letters(word: str, most: int) -> set[str]:
    if len(word) > 18:
        return set()
    found, last = set(), {word}
    for _ in range(most):
        last = {part[:cut] + part[cut + 1 :] for part in last for cut in range(len(part))}
        found |= last
    return found


def edits(one: str, other: str) -> int:
    """Letters inserted, deleted, replaced, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        current = [i]
        for j, b in enumerate(other, start=1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, row = row, current
    return row[-1]


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
    numbers = [row[column] for column in ("lat", "lon", "radius_km")]
    if any(numbers) and not all(numbers):
        yield f"{code} needs lat, lon and radius_km, or none of them: fill in what is missing"
    elif all(numbers):
        yield from _faulty_position(code, numbers)


def _faulty_position(code: str, numbers: Iterable[str]) -> Iterator[str]:
    try:
        lat, lon, radius = map(float, numbers)
    except ValueError:
        yield f"{code}: lat, lon and radius_km are numbers with a dot, such as 19.367"
        return
    if not inside(lat, lon):
        turned = " (latitude and longitude are the wrong way round)" if inside(lon, lat) else ""
        yield f"{code} lies outside 10 to 35 N, 10 W to 26 E{turned}: mend lat and lon"
    if not 0 < radius <= MOST_KM:
        yield f"{code}: radius_km is more than 0 and at most {MOST_KM}"


def _point(row: Mapping[str, str], line: int) -> Point:
    alternatives = tuple(part.strip() for part in row["alt_names"].split("|") if part.strip())
    lat, lon, radius = (float(row[column]) if row[column] else None for column in ("lat", "lon", "radius_km"))
    return Point(
        row["code"], row["name"], alternatives, row["country"], row["region"], row["kind"],
        lat, lon, radius, row["source"], line,
    )  # fmt: skip
