"""Rules for places that are reckoned: coordinates, distances from a point, stretches of road."""

from dataclasses import replace
from typing import Final

from gateway.places.coordinates import Fix, inside
from gateway.places.gazetteer import Point
from gateway.places.locate import BEARINGS, Position, between, distance, moved
from gateway.places.pluscodes import complete, decode
from gateway.reports.draft import LEFT_ALONE, Draft, at_point
from gateway.reports.reading import Place
from gateway.reports.slots import AROUND_KM, claim, role
from gateway.reports.tokenizer import Token

_KM: Final = frozenset({"km", "kms", "kilometre", "kilometres"})
_METRES: Final = frozenset({"m", "metre", "metres"})
_RECKONED: Final = _KM | _METRES | {"entre"}
_BETWEEN: Final = frozenset(
    {"a", "au", "l", "de", "d", "da", "du", "vers", "le", "la", "of", "to", "the", "from"}
)
_ON_THE_ROAD: Final = frozenset({"de", "d", "du", "et", "and", "l", "la", "a", "sur", "entre"})
_LONGEST_WAY: Final = 1.6  # times the straight line: a milestone further along is on another road


def reckoned(draft: Draft) -> None:
    """Coordinates, distances and roads: read before other numbers, which they are full of."""
    if "position" in draft.sorts:
        coordinates(draft)
    elif draft.source.half_said:
        draft.place_named = True
    if "road" not in draft.sorts and _RECKONED.isdisjoint(draft.texts):
        return
    for index, token in enumerate(draft.tokens):
        if token.field is not None:
            continue
        if token.text in _KM and not _milestone(draft, index):
            offset(draft, index, 1)
        elif token.text in _METRES and draft.free(index - 1, "number"):
            offset(draft, index, 0.001)
        elif token.sort == "road" or token.text == "entre" or token.text in _KM:
            road(draft, index)


def _milestone(draft: Draft, index: int) -> bool:
    """`km 45 axe Agadez Arlit`: the number follows."""
    return draft.free(index + 1, "number") and not draft.free(index - 1, "number")


def coordinates(draft: Draft) -> None:
    """Inside the area, and not nearer to a known point the other way round; else asked, not filled.

    After `vers` or `depuis` they are where to or where from; two positions are not chosen between.
    """
    for index, token in enumerate(draft.tokens):
        if token.sort != "position" or token.fix is None:
            continue
        slot, before = role(draft, index)
        field = slot if slot in ("origin", "destination") else "place"
        token.field = LEFT_ALONE
        if field == "place":
            draft.place_named = True
        place = _position(draft, field, token.fix, index)
        known = getattr(draft, field)
        if place is None:
            continue
        if known is not None and known != place:
            draft.problem("ambiguous_place", field, [known.name, place.name])
            draft.give_up(field)
        elif field not in draft.problems:
            setattr(draft, field, place)
            claim([token, *before], field)


def _position(draft: Draft, field: str, fix: Fix, index: int) -> Place | None:
    lat, lon = fix.lat, fix.lon
    if fix.short:
        near = _beside(draft, index)
        if near is None:
            return None
        lat, lon = decode(complete(fix.short, near))
    if lat is None or lon is None:
        return None
    here, turned = f"{lat:g} {lon:g}", f"{lon:g} {lat:g}"
    if not inside(lat, lon):
        draft.problem("coordinates_out_of_area", field, [turned] if inside(lon, lat) else ())
        return None
    if not fix.sure_order and inside(lon, lat) and _nearest(draft, (lon, lat)) < _nearest(draft, (lat, lon)):
        draft.problem("coordinates_swapped", field, [here, turned])
        return None
    return Place(None, here, lat, lon, fix.radius_km, "coordinates")


def _beside(draft: Draft, index: int) -> Position | None:
    """The place that a short Plus Code is written beside: `9Q5V+3X Agadez`."""
    for position in (index + 1, index - 1):
        point = _point_at(draft, position)
        if point is not None and point.lat is not None and point.lon is not None:
            draft.tokens[position].field = "place"
            return point.lat, point.lon
    return None


def _nearest(draft: Draft, position: Position) -> float:
    points = draft.vocabulary.gazetteer.by_code.values()
    return min(distance(position, (p.lat, p.lon)) for p in points if p.lat is not None and p.lon is not None)


def offset(draft: Draft, index: int, unit_km: float) -> None:
    """`40km nord arlit`: the point moved along that bearing; with no bearing, the surroundings of the point."""
    tokens = draft.tokens
    start = _figure_start(draft, index)
    if start is None:
        draft.place_named |= unit_km == 1
        return
    km = _figure(tokens[start:index]) * unit_km
    bearing, position = _bearing(draft, index + 1)
    last = position
    point = _point_at(draft, position)
    if _is_upper_end(draft, start):
        bearing = None  # `40 a 50 km nord arlit`: within the greater of the two
    if point is None and bearing is not None:
        last = position - 1
        start, point = _point_before(draft, start)
    if unit_km < 1 and (point is None or bearing is None):
        return  # `500 m` of anything, or minors
    draft.place_named = True
    if point is None or draft.place is not None:
        if bearing is not None or (draft.free(position, "") and _point_at(draft, position + 1) is not None):
            draft.around = max(draft.around, km)
        claim(tokens[start : index + 1], LEFT_ALONE)
        _ask_which(draft, position)
        _unsettle(draft, point, bearing, km)
        return
    if draft.free(start - 1, "preposition") and tokens[start - 1].text == "a":
        start -= 1
    if bearing is None:
        draft.place = at_point(point, tokens[position].key, around=max(AROUND_KM, km))
    elif point.lat is not None and point.lon is not None:
        lat, lon = moved((point.lat, point.lon), km, BEARINGS[bearing])
        draft.place = Place(None, f"{km:g} km {bearing} {point.name}", lat, lon, max(2.0, km / 5), "offset")
    claim(tokens[start : last + 1], "place" if draft.place else LEFT_ALONE)


def _unsettle(draft: Draft, point: Point | None, bearing: str | None, km: float) -> None:
    """A second distance: from coordinates it widens their radius, from another point it is another place."""
    place = draft.place
    if place is None or bearing is None:
        return
    if place.source == "coordinates":
        draft.place = replace(place, radius_km=max(place.radius_km or 0.0, km))
    elif point is not None:
        draft.problem("ambiguous_place", "place", [place.name, point.label])
        draft.give_up("place")


def _figure(tokens: list[Token]) -> float:
    if len(tokens) == 1:
        return float(tokens[0].value)
    return float(".".join(token.text for token in tokens))


def _is_upper_end(draft: Draft, start: int) -> bool:
    return start > 1 and draft.tokens[start - 1].text in ("a", "ou") and draft.free(start - 2, "number")


def _figure_start(draft: Draft, index: int) -> int | None:
    """Where the figure before `km` begins: `40`, or `12,5`, which has two tokens."""
    if not draft.free(index - 1, "number"):
        return None
    if index > 1 and draft.tokens[index - 1].gap in (",", ".") and draft.tokens[index - 2].sort == "number":
        figures = draft.tokens[index - 2 : index]
        return (
            index - 2 if draft.free(index - 2, "number") and all(t.text.isdigit() for t in figures) else None
        )
    return index - 1


def _bearing(draft: Draft, position: int) -> tuple[str | None, int]:
    """The bearing after a distance, `au nord de`, `N-E`, and where the words of it end."""
    tokens, bearings = draft.tokens, draft.vocabulary.bearings
    bearing = None
    while position < len(tokens) and (draft.touching(position) or tokens[position].gap == "/"):
        text = tokens[position].text
        wind = text.upper().replace("W", "O")
        wind = bearings.get(text) or (wind if wind in BEARINGS else "")
        if wind and (bearing or "") + wind in BEARINGS:
            bearing = (bearing or "") + wind
        elif text not in _BETWEEN:
            break
        position += 1
    return bearing, position


def _point_before(draft: Draft, start: int) -> tuple[int, Point | None]:
    """`Arlit 40 km nord`: the place stands before its distance."""
    position = start - 1
    if position > 0 and draft.touching(position + 1) and draft.tokens[position].text == "a":
        position -= 1
    point = _point_at(draft, position) if draft.touching(position + 1) else None
    return (start, None) if point is None else (position, point)


def road(draft: Draft, index: int) -> None:
    """`axe Madama Dao`, `entre X et Y`: half-way; `PK45 Agadez-Arlit`: 45 km from the first to the second."""
    tokens = draft.tokens
    km, position = None, index + 1
    if tokens[index].text == "pk" or tokens[index].text in _KM:
        if not draft.free(position, "number"):
            return
        km, position = float(tokens[position].value), position + 1
    ends: list[Point] = []
    last = at = index
    for at in range(position, min(position + 8, len(tokens))):
        point = _point_at(draft, at)
        if point is not None and (not ends or tokens[at].gap.strip() in ("", "-", "/", "->", ">")):
            ends.append(point)
            last = at
        elif not draft.touching(at) or not (tokens[at].text in _ON_THE_ROAD or tokens[at].sort == "road"):
            break
    if km is not None:
        draft.place_named = True
        draft.around = max(draft.around, km)
    if len(ends) != 2 or draft.place is not None:
        if len(ends) > 2:  # a road by several places: which stretch?
            draft.place_named = True
            claim(tokens[index : last + 1], LEFT_ALONE)
        elif ends:
            _ask_which(draft, at)
        return
    draft.place_named = True
    draft.place = _stretch(ends[0], ends[1], km)
    claim(tokens[index : last + 1], "place" if draft.place else LEFT_ALONE)


def _stretch(start: Point, end: Point, km: float | None) -> Place | None:
    if start.lat is None or start.lon is None or end.lat is None or end.lon is None:
        return None
    one, other = (start.lat, start.lon), (end.lat, end.lon)
    length = distance(one, other)
    if km is not None and km > length * _LONGEST_WAY:
        return None
    lat, lon = between(one, other, km)
    name = f"{start.name} - {end.name}" if km is None else f"PK {km:g} {start.name} - {end.name}"
    radius = round(length / 2, 1) if km is None else 10.0
    return Place(None, name, lat, lon, radius, "road")


def _ask_which(draft: Draft, index: int) -> None:
    """Reckoning from `Illela` is asking which."""
    if draft.place is None and draft.free(index, "place") and len(draft.tokens[index].points) > 1:
        draft.problem("ambiguous_place", "place", (point.label for point in draft.tokens[index].points))


def _point_at(draft: Draft, index: int) -> Point | None:
    if not draft.free(index, "place"):
        return None
    points = draft.tokens[index].points
    return points[0] if len(points) == 1 else None
