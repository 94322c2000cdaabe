"""A report's fields in words, for tables and lists."""

from collections.abc import Mapping
from typing import Any, Final

NOTHING: Final = "–"
# The order in which people are counted; the database keeps none.
_PEOPLE: Final = (
    "total", "total_max", "men", "women", "boys", "girls", "minors", "adults",
    "under_5", "pregnant", "elderly", "disabled",
)  # fmt: skip


def in_words(value: Any) -> str:
    """A field as JSON holds it: `Assamaka (ASM)`, `total 647, men 590`, `missing_place`."""
    if isinstance(value, Mapping):
        return _mapping(value) if value else NOTHING
    if isinstance(value, list):
        return ", ".join(map(in_words, value)) or NOTHING
    if value is True:
        return "yes"
    return NOTHING if value in (None, False, "") else str(value)


def _mapping(value: Mapping[str, Any]) -> str:
    """A place, a country, a problem with its candidates, or counts."""
    match value:
        case {"country": country}:
            return str(country)
        case {"name": name, "lat": lat, "lon": lon, "code": code}:
            position = "" if lat is None else f" ({lat:g} {lon:g})"
            return f"{name} ({code})" if code else f"{name}{position}"
        case {"code": code, "field": _}:
            return " ".join([code, *value.get("candidates", ())])
        case _:
            keys = [key for key in _PEOPLE if key in value] + [key for key in value if key not in _PEOPLE]
            return ", ".join(key if value[key] is None else f"{key} {value[key]}" for key in keys)
