"""A situation report as plain text: for a terminal, and for mail programs that show nothing else. Rules."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from gateway.digest.contents import Item, Sitrep, Table

_WIDEST: Final = 34


def to_text(sitrep: Sitrep) -> str:
    return "\n".join(_lines(sitrep)) + "\n"


def _lines(sitrep: Sitrep) -> Iterator[str]:
    says = sitrep.says
    yield f"{says['title']} · {sitrep.where}"
    yield sitrep.period
    yield ""
    for key in sitrep.keys:
        yield f"{key.figure:>8}  {key.label}"
    yield from _heading(says["open"])
    yield from _items(sitrep.open, says["none_open"])
    if sitrep.open_note:
        yield sitrep.open_note
    if sitrep.places.rows:
        yield from _heading(says["places"])
        yield from _table(sitrep.places)
    yield from _heading(says["families"])
    yield from _table(sitrep.families)
    yield from _heading(says["later"])
    yield from _items(sitrep.later, says["none_later"])
    if sitrep.silent:
        yield from _heading(says["silent"])
        yield from sitrep.silent
    yield from _heading(says["gaps"])
    yield from sitrep.gaps or (says["none_gaps"],)
    yield from _heading(says["notes"])
    yield from sitrep.notes
    yield ""
    yield f"{says['restricted']} · {sitrep.made}"


def _heading(words: str) -> tuple[str, str, str]:
    return "", words.upper(), "-" * len(words)


def _items(items: Sequence[Item], none: str) -> Iterator[str]:
    for one in items:
        people = f", {one.people}" if one.people else ""
        yield f"[{one.severity}] {one.what}, {one.where}{people}"
        yield f"    {one.state} · {one.references}"
    if not items:
        yield none


def _table(table: Table) -> Iterator[str]:
    rows = (table.heads, *table.rows)
    widths = [min(max(map(len, column)), _WIDEST) for column in zip_longest(*rows, fillvalue="")]
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        yield "  ".join(cells).rstrip()
