"""Rules for reading an old text again by today's rules: what becomes another, what stays, what a person must see."""

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Final, Literal

from gateway.reports.codebook import Codebook
from gateway.reports.reading import Problem, Reading
from gateway.reports.revision import Change, settled

Sort = Literal["filled", "changed", "emptied"]

# What goes with a field that a person has changed.
_TOGETHER: Final = {
    "code": ("kind", "code_from", "also"),
    "people": ("approximate",),
    "occurred_at": ("time_approximate",),
}
# What follows from the other fields, or belongs to one reading of the text.
_FOLLOWS: Final = frozenset({"severity", "problems", "evidence", "replace"})
_READABLE: Final = frozenset(part.name for part in fields(Reading)) - _FOLLOWS
_OF_EARLIER: Final = frozenset({"correction", "cancel", "addition"})
_GRAVE: Final = 2


def reread(before: Reading, fresh: Reading, mended: Collection[str], book: Codebook) -> Reading:
    """Today's reading, but every field that a person has changed since stays as it was left.

    Severity and problems follow from the fields.
    """
    kept = {*mended, *(name for field in mended for name in _TOGETHER.get(field, ()))} & _READABLE
    if not kept:
        return fresh
    after = replace(
        fresh,
        **{name: getattr(before, name) for name in kept},
        problems=(
            *(problem for problem in fresh.problems if not _about(problem, kept)),
            *(problem for problem in before.problems if _about(problem, kept)),
        ),
        evidence=tuple(part for part in fresh.evidence if part.field not in kept),
    )
    return settled(after, book) if after.code in book else after


def _about(problem: Problem, kept: Collection[str]) -> bool:
    """An hour that may be a count is no doubt any more when a person has told either."""
    return problem.field in kept or (
        problem.code == "ambiguous_hour" and not {"people", "occurred_at"}.isdisjoint(kept)
    )


def needs_a_person(before: Reading, after: Reading, book: Codebook) -> str | None:
    """Why a report is not changed by itself: what was understood once is not taken back unseen."""
    if after.kind in _OF_EARLIER:
        return f"reads as a {after.kind} of another report now"
    if before.kind not in ("unknown", after.kind):
        return f"was filed as {before.kind} and reads as {after.kind} now"
    if before.code and after.code is None:
        return f"no code is found in it any more, it is filed as {before.code}"
    if after.code is not None and after.code not in book:
        return f"its code {after.code} is not in the codebook any more"
    return None


def differences(before: Reading, after: Reading) -> tuple[Change, ...]:
    """Field by field what is another now, the kind and the doubts too; as JSON holds them."""
    old, new = before.to_dict(), after.to_dict()
    names = [name for name in {**old, **new} if name not in ("evidence", "replace")]
    return tuple(
        Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def sort_of(change: Change) -> Sort:
    """Whether a field was empty before, is empty now, or holds another value."""
    if not change.old:
        return "filled"
    return "changed" if change.new else "emptied"


def would_have_alerted(before: Reading, after: Reading) -> bool:
    """Grave now and not before. No old report wakes anybody: whoever reads it again is told instead."""
    return after.kind in ("report", "hotline") and _grave(after) and not _grave(before)


def _grave(reading: Reading) -> bool:
    return reading.severity is not None and reading.severity <= _GRAVE
