"""The organisations that agents name. The list itself is `data/partners.csv`."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.data.files import DataFile, Fault

FILE: Final = "partners.csv"
COLUMNS: Final = ("short_name", "synonyms", "full_name", "active_from", "active_to")


@dataclass(frozen=True, slots=True)
class Partner:
    """Who is or was there. A text about one who has left is still read: the dates are for those who ask."""

    short_name: str
    synonyms: tuple[str, ...]
    full_name: str
    active_from: date | None
    active_to: date | None
    line: int

    def is_active(self, today: date) -> bool:
        began = self.active_from is None or self.active_from <= today
        return began and (self.active_to is None or today <= self.active_to)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.short_name, *self.synonyms)


def parse_partners(file: DataFile, faults: list[Fault]) -> dict[str, Partner]:
    partners: dict[str, Partner] = {}
    for line, row in file.rows(COLUMNS, faults):
        found = list(_faults(row, partners))
        faults += [file.fault(words, line) for words in found]
        if not found:
            partners[row["short_name"]] = Partner(
                row["short_name"],
                tuple(part.strip() for part in row["synonyms"].split("|") if part.strip()),
                row["full_name"],
                _day(row["active_from"]),
                _day(row["active_to"]),
                line,
            )
    return partners


def _faults(row: Mapping[str, str], seen: Container[str]) -> Iterator[str]:
    name = row["short_name"]
    if not (name and name == name.upper()):
        yield f"{name!r} is no short name in capitals: write it so"
    if name in seen:
        yield f"{name} stands twice: remove one"
    try:
        since, until = _day(row["active_from"]), _day(row["active_to"])
    except ValueError:
        yield f"{name}: active_from and active_to are days such as 2026-01-31, or empty"
        return
    if since and until and until < since:
        yield f"{name}: active_to is before active_from: mend one of them"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
