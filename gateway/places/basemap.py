"""What a map is drawn on: borders and the names of countries and towns. From `data/basemap.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Positions = tuple[tuple[float, float], ...]
"""As (longitude, latitude)."""


@dataclass(frozen=True, slots=True)
class Basemap:
    border: Positions
    beyond: tuple[Positions, ...]
    """Borders between the neighbours, and coasts."""
    countries: Mapping[str, tuple[float, float]]
    """Where the name of a neighbour stands, by its ISO 3166 code."""
    named: tuple[str, ...]
    """Codes of the points whose names are always shown."""


@cache
def load_basemap() -> Basemap:
    plain = json.loads((files("gateway.data") / "basemap.json").read_text(encoding="utf-8"))
    return Basemap(
        border=_positions(plain["border"]),
        beyond=tuple(_positions(line) for line in plain["beyond"]),
        countries={code: (lon, lat) for code, (lon, lat) in plain["countries"].items()},
        named=tuple(plain["named"]),
    )


def _positions(pairs: list[tuple[float, float]]) -> Positions:
    return tuple((lon, lat) for lon, lat in pairs)
