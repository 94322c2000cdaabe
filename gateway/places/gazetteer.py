"""The points that the agency knows, found by code or by any spelling of their name."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from gateway.text.folding import squeeze

COLUMNS = ("code", "name", "alt_names", "country", "region", "kind", "lat", "lon", "radius_km", "source")


class GazetteerError(ValueError):
    """The list of points is wrong: the message names the file, the line and the fault."""


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


def load_gazetteer() -> Gazetteer:
    name = "points.csv"
    return parse_gazetteer((files("gateway.data") / name).read_text(encoding="utf-8"), name)


def parse_gazetteer(text: str, name: str) -> Gazetteer:
    rows = csv.DictReader(io.StringIO(text))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise GazetteerError(f"{name}, line 1: the columns are not {','.join(COLUMNS)}")
    points: dict[str, Point] = {}
    for row in rows:
        point = _point(row, f"{name}, line {rows.line_num}")
        if point.code in points:
            raise GazetteerError(f"{name}, line {rows.line_num}: {point.code} stands twice")
        points[point.code] = point
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


def _point(row: dict[str, str], where: str) -> Point:
    code = row["code"] or ""
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise GazetteerError(f"{where}: {code!r} is not three capital letters")
    if not row["name"]:
        raise GazetteerError(f"{where}: {code} has no name")
    lat, lon, radius = (_number(row[column], column, where) for column in ("lat", "lon", "radius_km"))
    if (lat is None) != (lon is None):
        raise GazetteerError(f"{where}: {code} has one coordinate only")
    if not (-90 <= (lat or 0) <= 90 and -180 <= (lon or 0) <= 180 and (radius or 0) >= 0):
        raise GazetteerError(f"{where}: {code} lies outside the world")
    alternatives = tuple(part.strip() for part in row["alt_names"].split("|") if part.strip())
    return Point(
        code, row["name"], alternatives, row["country"], row["region"], row["kind"], lat, lon, radius, row["source"]
    )  # fmt: skip


def _number(text: str, column: str, where: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise GazetteerError(f"{where}: {column} {text!r} is not a number") from None
