"""Rules for places that are reckoned: coordinates, distances from a point, stretches of road."""

from typing import Final

from gateway.places.coordinates import inside
from gateway.places.gazetteer import Point
from gateway.places.locate import BEARINGS, Position, between, distance, moved
from gateway.reports.draft import LEFT_ALONE, Draft, at_point
from gateway.reports.reading import Place
from gateway.reports.tokenizer import Token

_KM: Final = frozenset({"km", "kms", "kilometre", "kilometres"})
_RECKONED: Final = _KM | {"entre"}
_BETWEEN: Final = frozenset({"a", "au", "l", "de", "d", "du", "vers", "le", "la"})
AROUND_KM: Final = 5.0


def reckoned(draft: Draft) -> None:
    """Coordinates, distances and roads: read before other numbers, which they are full of."""
    if "position" in draft.sorts:
        coordinates(draft)
    if "road" not in draft.sorts and _RECKONED.isdisjoint(draft.texts):
        return
    for index, token in enumerate(draft.tokens):
        if token.field is None and token.text in _KM:
            offset(draft, index)
        elif token.field is None and (token.sort == "road" or token.text == "entre"):
            road(draft, index)


def coordinates(draft: Draft) -> None:
    """Inside the area, and not nearer to a known point the other way round; else asked, not filled."""
    for token in draft.tokens:
        if token.sort != "position" or token.fix is None:
            continue
        lat, lon = token.fix.lat, token.fix.lon
        here, turned = f"{lat:g} {lon:g}", f"{lon:g} {lat:g}"
        draft.place_named = True
        token.field = LEFT_ALONE
        if not inside(lat, lon):
            draft.problem("coordinates_out_of_area", "place", [turned] if inside(lon, lat) else ())
        elif (
            not token.fix.sure_order
            and inside(lon, lat)
            and _nearest(draft, (lon, lat)) < _nearest(draft, (lat, lon))
        ):
            draft.problem("coordinates_swapped", "place", [here, turned])
        else:
            token.field = "place"
            draft.place = Place(None, here, lat, lon, token.fix.radius_km, "coordinates")


def _nearest(draft: Draft, position: Position) -> float:
    points = draft.vocabulary.gazetteer.by_code.values()
    return min(distance(position, (p.lat, p.lon)) for p in points if p.lat is not None and p.lon is not None)


def offset(draft: Draft, index: int) -> None:
    """`40km nord arlit`: the point moved along that bearing; with no bearing, the surroundings of the point."""
    tokens = draft.tokens
    number = tokens[index - 1] if index else None
    if number is None or number.sort != "number" or (index > 1 and tokens[index - 1].gap in (",", ".")):
        draft.place_named = True
        return
    position, bearing = index + 1, None
    while position < len(tokens) and draft.touching(position):
        if bearing is None and tokens[position].text in draft.vocabulary.bearings:
            bearing = draft.vocabulary.bearings[tokens[position].text]
        elif tokens[position].text not in _BETWEEN:
            break
        position += 1
    draft.place_named = True
    point = _point_at(draft, position)
    if point is None or draft.place is not None:
        _leave(tokens[index - 1 : index + 1])
        return
    if bearing is None:
        draft.place = at_point(point, tokens[position].key, around=max(AROUND_KM, float(number.value)))
    elif point.lat is not None and point.lon is not None:
        lat, lon = moved((point.lat, point.lon), number.value, BEARINGS[bearing])
        name = f"{number.value} km {bearing} {point.name}"
        draft.place = Place(None, name, lat, lon, max(2.0, number.value / 5), "offset")
    claim(tokens[index - 1 : position + 1], "place")


def road(draft: Draft, index: int) -> None:
    """`axe Madama Dao`, `entre X et Y`: half-way; `PK45 Agadez-Arlit`: 45 km from the first to the second."""
    tokens = draft.tokens
    km, position = None, index + 1
    if tokens[index].text == "pk":
        if not draft.free(position, "number"):
            return
        km, position = float(tokens[position].value), position + 1
    ends: list[Point] = []
    last = index
    for at in range(position, min(position + 6, len(tokens))):
        point = _point_at(draft, at)
        if point is not None:
            ends.append(point)
            last = at
            if len(ends) == 2:
                break
        elif tokens[at].text not in ("de", "d", "et", "l", "a"):
            break
    if len(ends) < 2 or draft.place is not None:
        return
    _fill_road(draft, ends[0], ends[1], km)
    claim(tokens[index : last + 1], "place")


def _fill_road(draft: Draft, start: Point, end: Point, km: float | None) -> None:
    draft.place_named = True
    if start.lat is None or start.lon is None or end.lat is None or end.lon is None:
        return
    one, other = (start.lat, start.lon), (end.lat, end.lon)
    lat, lon = between(one, other, km)
    name = f"{start.name} - {end.name}" if km is None else f"PK {km:g} {start.name} - {end.name}"
    radius = round(distance(one, other) / 2, 1) if km is None else 10.0
    draft.place = Place(None, name, lat, lon, radius, "road")


def _point_at(draft: Draft, index: int) -> Point | None:
    if not draft.free(index, "place"):
        return None
    points = draft.tokens[index].points
    return points[0] if len(points) == 1 else None


def claim(tokens: list[Token], field: str) -> None:
    for token in tokens:
        token.field = field


def _leave(tokens: list[Token]) -> None:
    claim(tokens, LEFT_ALONE)
