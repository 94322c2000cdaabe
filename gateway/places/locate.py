"""Positions reckoned from others, on a round earth."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import Final

EARTH_KM: Final = 6371.0
WINDS: Final = "N NNE NE ENE E ESE SE SSE S SSO SO OSO O ONO NO NNO"
BEARINGS: Final = {wind: 22.5 * number for number, wind in enumerate(WINDS.split())}

Position = tuple[float, float]


def moved(start: Position, km: float, bearing: float) -> Position:
    """Where one is after so many kilometres in that direction."""
    lat, lon = map(radians, start)
    angle, way = km / EARTH_KM, radians(bearing)
    new_lat = asin(sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(way))
    new_lon = lon + atan2(sin(way) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(new_lat))
    return round(degrees(new_lat), 5), round(degrees(new_lon), 5)


def distance(one: Position, other: Position) -> float:
    lat_1, lon_1, lat_2, lon_2 = map(radians, (*one, *other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def bearing_to(one: Position, other: Position) -> float:
    lat_1, lon_1, lat_2, lon_2 = map(radians, (*one, *other))
    east = sin(lon_2 - lon_1) * cos(lat_2)
    north = cos(lat_1) * sin(lat_2) - sin(lat_1) * cos(lat_2) * cos(lon_2 - lon_1)
    return degrees(atan2(east, north)) % 360


def between(one: Position, other: Position, km: float | None = None) -> Position:
    """So many kilometres from the first towards the second; half-way when not said."""
    return moved(one, distance(one, other) / 2 if km is None else km, bearing_to(one, other))
