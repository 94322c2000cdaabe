"""Rules for changing a report by a later text: what is put right, what is added, and what that changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.reports.codebook import REQUIRABLE, Code, Codebook
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.reading import Problem, Reading

_COUNTED: Final = ("people", "nationalities", "transport")
_SINGLE: Final = ("place", "origin", "destination", "quantity", "occurred_at", "reference")
_LISTS: Final = ("controls", "partners", "also")
# What a later text does not change: it says how one text was read.
_OF_ONE_TEXT: Final = frozenset({"kind", "code_from", "replace", "evidence", "problems"})
_PEOPLE_PROBLEMS: Final = frozenset({"total_unclear", "total_mismatch"})


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a report that became another: both values as JSON holds them."""

    field: str
    old: Any
    new: Any


def corrected(report: Reading, correction: Reading, book: Codebook) -> Reading | None:
    """`CORR F4 ASM`: what is given is overwritten; `CORR 38 pas 83`: one value takes another's place.

    None when the correction says nothing, or the value that it speaks of is not there or there twice.
    """
    after = report
    for wrong, right in correction.replace or ():
        swapped = _swapped(after, wrong, right)
        if swapped is None:
            return None
        after = swapped
    after = _overwritten(after, correction)
    return None if after == report else settled(_resolved(after, report), book)


def completed(report: Reading, answer: Reading, book: Codebook) -> Reading:
    """An answer fills what it says; what was certain before stays."""
    given: dict[str, Any] = {name: getattr(answer, name) for name in _SINGLE if getattr(report, name) is None}
    given |= {
        name: {**getattr(answer, name), **getattr(report, name)} for name in ("nationalities", "transport")
    }
    given |= {name: _union(getattr(report, name), getattr(answer, name)) for name in _LISTS}
    after = _with_people(replace(report, **given, urgent=report.urgent or answer.urgent), answer)
    if report.occurred_at is None:
        after = replace(after, time_approximate=answer.time_approximate)
    return settled(_resolved(after, report), book)


def added(report: Reading, addition: Reading, book: Codebook) -> Reading | None:
    """`PLUS 2 bb`: counts are added up, lists and the note grow, what was empty is filled.

    None when nothing is said.
    """
    given: dict[str, Any] = {
        name: getattr(addition, name) for name in _SINGLE if getattr(report, name) is None
    }
    given |= {name: _sum(getattr(report, name), getattr(addition, name)) for name in _COUNTED}
    given |= {name: _union(getattr(report, name), getattr(addition, name)) for name in _LISTS}
    if "total" in report.people and "total" not in addition.people:
        given["people"]["total"] = report.people["total"] + sum(_parts(addition.people))
    elif "total" not in given["people"]:
        given["people"] = _added_up(given["people"])
    if "total_max" in given["people"]:
        given["people"]["total_max"] = _most(report.people) + _most(addition.people)
    after = replace(
        report,
        **given,
        urgent=report.urgent or addition.urgent,
        approximate=report.approximate or addition.approximate,
        note="; ".join(filter(None, (report.note, addition.note))) or None,
    )
    return None if after == report else settled(_resolved(after, report), book)


def carried_over(before: Reading, stands: Reading, after: Reading, book: Codebook) -> Reading:
    """The same text read anew as ``after``, with whatever was changed since it was read as ``before``.

    Counts one by one: a correction of the women leaves the children that are read only now.
    """
    since = {change.field for change in changes(before, stands)} - {"severity", "note", "code", "also"}
    if not since:
        return after
    problems = tuple(problem for problem in after.problems if problem.field not in since)
    kept = {name: getattr(stands, name) for name in since}
    for name in since.intersection(_COUNTED):
        kept[name] = _changed_since(getattr(before, name), kept[name], getattr(after, name))
    if "people" in since and _is_derived(stands.people):  # its total is nobody's word
        people = _changed_since(_but_total(before.people), _but_total(stands.people), after.people)
        kept["people"] = _added_up(people) if _is_derived(after.people) else people
    return settled(replace(after, **kept, problems=problems), book)


def _changed_since(before: Mapping[str, Any], stands: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    changed = {key: value for key, value in stands.items() if key not in before or before[key] != value}
    return {key: value for key, value in after.items() if key in stands or key not in before} | changed


def _but_total(people: Mapping[str, int]) -> dict[str, int]:
    return {key: value for key, value in people.items() if key != "total"}


def settled(reading: Reading, book: Codebook) -> Reading:
    """Severity and problems as they follow from the fields: what is there is not missing, what is not, is."""
    if reading.code is None or reading.code not in book:
        return reading  # the agency may have removed the code since
    code = book[reading.code]
    problems = [
        problem
        for problem in reading.problems
        if not _met(problem, reading) and not _wanted_no_more(problem, code)
    ]
    asked = {problem.field for problem in problems}
    hour = any(problem.code == "ambiguous_hour" for problem in problems)  # `12h` may be the people
    if "people" not in asked and reading.people.get("total", 0) < sum(_parts(reading.people)):
        problems.append(Problem("total_mismatch", "people"))
    if reading.kind in ("report", "drill"):
        problems += [
            Problem(f"missing_{field}", field)
            for field in sorted(code.required.intersection(REQUIRABLE))
            if field not in asked and not getattr(reading, field) and not (field == "people" and hour)
        ]
    severity = code.severity_for(reading.people, controls=len(reading.controls), urgent=reading.urgent)
    return replace(reading, severity=severity, problems=tuple(problems))


def changes(before: Reading, after: Reading) -> list[Change]:
    """Field by field: what from, what to."""
    old, new = before.to_dict(), after.to_dict()
    names = [name for name in new | old if name not in _OF_ONE_TEXT]
    return [Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _wanted_no_more(problem: Problem, code: Code) -> bool:
    """`CORR DCD` on a convoy: the dead need no destination."""
    return problem.code.startswith("missing_") and problem.field not in code.required


def _met(problem: Problem, reading: Reading) -> bool:
    if problem.code == "total_mismatch":
        return reading.people.get("total", 0) >= sum(_parts(reading.people))
    return problem.code.startswith("missing_") and bool(getattr(reading, problem.field))


def _resolved(after: Reading, before: Reading) -> Reading:
    """What was unclear about a field that has a new value now is so no more."""
    changed = {change.field for change in changes(before, after)}
    if "people" in changed or "occurred_at" in changed:
        changed |= {problem.field for problem in before.problems if problem.code == "ambiguous_hour"}
    problems = tuple(problem for problem in after.problems if problem.field not in changed)
    return replace(after, problems=problems)


def _overwritten(report: Reading, given: Reading) -> Reading:
    fields: dict[str, Any] = {
        name: getattr(given, name) for name in _SINGLE if name != "reference" and getattr(given, name)
    }
    fields |= {
        name: {**getattr(report, name), **getattr(given, name)} for name in ("nationalities", "transport")
    }
    fields |= {name: getattr(given, name) for name in ("controls", "partners") if getattr(given, name)}
    if given.code and given.code != report.code:
        fields |= {"code": given.code, "code_from": given.code_from}
        fields["kind"] = "drill" if report.kind == "drill" else "report"  # it may have been no report before
    if given.occurred_at:
        fields["time_approximate"] = given.time_approximate
    if given.urgent:
        fields["urgent"] = True
    return _with_people(replace(report, **fields), given)


def _with_people(report: Reading, given: Reading) -> Reading:
    """People key by key; a total that was only added up is added up anew, a stated one stays."""
    if not given.people:
        return report
    derived = _is_derived(report.people)
    people = {**report.people, **given.people}
    if "total" in given.people and "total_max" not in given.people:
        people.pop("total_max", None)
    if derived and ("total" not in given.people or _is_derived(given.people)):
        people = _added_up(people)
    elif "total" in given.people and _is_derived(given.people) and "total" in report.people:
        people["total"] = report.people["total"]
    stated = "total" in given.people and people["total"] == given.people["total"]
    approximate = given.approximate or (report.approximate and not stated)
    return replace(report, people=people, approximate=approximate)


def _swapped(report: Reading, wrong: int, right: int) -> Reading | None:
    """The value where it stands: once, or as a total and the one part that makes it up."""
    derived = _is_derived(report.people)
    where = [
        (name, key)
        for name in _COUNTED
        for key, value in getattr(report, name).items()
        if value == wrong and not (derived and (name, key) == ("people", "total") and len(report.people) > 1)
    ]
    parts = [place for place in where if place != ("people", "total")]
    if report.quantity == wrong and not where:
        return replace(report, quantity=right)
    if not where or len(parts) > 1 or report.quantity == wrong:
        return None
    fields: dict[str, Any] = {name: dict(getattr(report, name)) for name in _COUNTED}
    for name, key in where:
        fields[name][key] = right
    if derived and len(report.people) > 1:
        fields["people"] = _added_up(fields["people"])
    return replace(report, **fields)


def _is_derived(people: Mapping[str, int]) -> bool:
    """The total is what the parts come to: nobody stated another."""
    parts = list(_parts(people))
    return "total" not in people or (bool(parts) and people["total"] == sum(parts))


def _added_up(people: Mapping[str, int]) -> dict[str, int]:
    parts = list(_parts(people))
    return {**people, "total": sum(parts)} if parts else dict(people)


def _parts(people: Mapping[str, int]) -> Iterable[int]:
    return (people[key] for key in PEOPLE_SUMMED if key in people)


def _most(people: Mapping[str, int]) -> int:
    return people.get("total_max") or people.get("total") or sum(_parts(people))


def _sum(mine: Mapping[str, int | None], theirs: Mapping[str, int | None]) -> dict[str, int | None]:
    both = dict(mine)
    for key, value in theirs.items():
        known = both.get(key)
        both[key] = known if value is None else value + (known or 0)
    return both


def _union(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mine + theirs))
