"""The codes of incidents and the rule of their severity. The list itself is `data/codebook.toml`."""

import operator
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gateway.data.files import DataFile, Fault, remedy, strictly
from gateway.text.gsm7 import fold
from gateway.text.words import LANGUAGES, words

FILE: Final = "codebook.toml"
FIELDS: Final = frozenset(
    {
        "place", "people", "nationalities", "origin", "destination", "transport",
        "controls", "partners", "quantity", "reference", "exploitation",
    }
)  # fmt: skip
REQUIRABLE: Final = ("place", "people", "quantity", "partners", "destination")
"""In the order in which they are asked for and written."""

_TEXTS: Final = (
    "code", "family", "label_fr", "label_en", "short_fr", "short_en", "short_ha", "htcds_exploitation", "basis",
)  # fmt: skip
_LISTS: Final = ("required", "optional", "escalation", "aliases")
_MAY_LACK: Final[Mapping[str, Any]] = {
    "optional": [], "escalation": [], "aliases": [], "htcds_exploitation": "", "basis": "",
}  # fmt: skip
LABEL_MOST: Final = 40
"""So many letters of a label leave an alert room for place, people and reply code."""
_KEYS: Final = frozenset({*_TEXTS, *_LISTS, "severity"})
_Wrong = tuple[str, str, str]

_RULE = re.compile(r"(?:urgent|(?P<fact>[a-z_0-9]+?)(?P<sign>>=|>)(?P<bound>\d+)):(?P<severity>[1-4])")
_SIGNS: Final[dict[str, Callable[[int, int], bool]]] = {">=": operator.ge, ">": operator.gt}
_COUNTABLE: Final = frozenset(
    {
        "total", "men", "women", "boys", "girls", "minors", "adults",
        "under_5", "pregnant", "elderly", "disabled", "people", "controls",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Escalation:
    """A fact that raises the severity: `total>=100:1`, `urgent:1`."""

    fact: str
    sign: str
    bound: int
    severity: int

    def applies(self, facts: Mapping[str, int]) -> bool:
        return _SIGNS[self.sign](facts.get(self.fact, 0), self.bound)


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    family: str
    label_fr: str
    label_en: str
    short: Mapping[str, str]
    severity: int
    escalation: tuple[Escalation, ...]
    required: frozenset[str]
    optional: frozenset[str]
    aliases: tuple[str, ...]
    htcds_exploitation: str
    basis: str
    number: int = 0
    """The how manieth [[code]] of its file it is."""

    def label(self, language: str) -> str:
        return self.short.get(language, self.short["fr"])

    def severity_for(self, people: Mapping[str, int], *, controls: int = 0, urgent: bool = False) -> int:
        """The base severity, raised as the escalation rules say; never lowered."""
        if not self.escalation:
            return self.severity
        anybody = max(people.values(), default=0)
        facts = {**people, "people": anybody, "controls": controls, "urgent": int(urgent)}
        return min([self.severity, *(rule.severity for rule in self.escalation if rule.applies(facts))])


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    codes: Mapping[str, Code]

    def __getitem__(self, code: str) -> Code:
        return self.codes[code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def label(self, code: str, language: str) -> str:
        """The code's short name; the code itself where the agency has since removed it."""
        return self.codes[code].label(language) if code in self.codes else code


@cache
def load_codebook(folder: str = "") -> Codebook:
    """The codes of the agency's folder, or those that come with us. Raise DataError."""
    return strictly(parse_codebook, DataFile.find(FILE, folder))


def parse_codebook(file: DataFile, faults: list[Fault]) -> Codebook:
    before = len(faults)
    tables = file.tables(faults).get("code", [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        faults.append(file.fault("each code begins with a line [[code]]", 1))
        return Codebook({})
    codes: dict[str, Code] = {}
    for number, table in enumerate(tables, start=1):
        wrong = list(_faults(table, codes))
        faults += [file.fault(words, line_of(file, number, key, value)) for key, value, words in wrong]
        if not wrong:
            codes[table["code"]] = _code(table, number)
    if not tables and len(faults) == before:
        faults.append(file.fault("holds no [[code]]: write at least one", 1))
    return Codebook(codes)


def line_of(file: DataFile, number: int, key: str = "code", value: str = "") -> int:
    """Where a value of a code stands in its file."""
    return file.line_of("[[code]]", key, value, number=number)


def _faults(table: Mapping[str, Any], seen: Container[str]) -> Iterator[_Wrong]:
    """What is wrong with one code: the key and the value that are to be mended, and what to do."""
    name = table.get("code", "a code")
    for key in table.keys() - _KEYS:
        yield key, "", f"{name}: unknown key {key}: {remedy(key, sorted(_KEYS))}"
    sound = dict(_MAY_LACK)
    for key in (*_TEXTS, *_LISTS, "severity"):
        if key not in table and key not in _MAY_LACK:
            yield "", "", f"{name}: {key} is missing: add it"
        elif key in table and not _is(key, table[key]):
            yield key, "", f"{name}: {key} must be {_wanted(key)}"
        else:
            sound[key] = table.get(key, _MAY_LACK.get(key))
    for check in (_faulty_family, _faulty_labels, _faulty_fields, _faulty_escalation):
        yield from ((key, value, f"{name}: {wrong}") for key, value, wrong in check(sound))
    yield from ((key, value, f"{name}: {wrong}") for key, value, wrong in _faulty_name(sound, seen))


def _faulty_name(sound: Mapping[str, Any], seen: Container[str]) -> Iterator[_Wrong]:
    name = sound.get("code", "")
    if "code" in sound and not re.fullmatch(r"[A-Z]{3}", name):
        yield "code", "", "a code has three capital letters: choose such a code"
    if name in seen:
        yield "code", "", "stands twice: remove one, or give it another code"


def _faulty_family(sound: Mapping[str, Any]) -> Iterator[_Wrong]:
    """The agency may have families of its own, which the card shows as they are written."""
    known = words("fr")["families"]
    family = sound.get("family", "")
    if family not in known and remedy(family, known) != remedy("", known):
        yield "family", "", f"family {family!r}: {remedy(family, known)} There are {', '.join(known)}"


def _faulty_labels(sound: Mapping[str, Any]) -> Iterator[_Wrong]:
    """An alert has room for a label, and an SMS carries its letters or their likes."""
    for language in LANGUAGES:
        key = f"short_{language}"
        label = sound.get(key, "")
        if len(label) > LABEL_MOST:
            yield key, "", f"{key} has {len(label)} letters: shorten it to {LABEL_MOST}"
        if lost := [letter for letter in dict.fromkeys(label) if not fold(letter)]:
            yield key, "", f"{key} has what no SMS can carry: replace {' '.join(lost)}"


def _faulty_fields(sound: Mapping[str, Any]) -> Iterator[_Wrong]:
    for key, allowed in (("required", REQUIRABLE), ("optional", FIELDS)):
        for field in sound.get(key, ()):
            if field not in FIELDS:
                yield key, field, f"unknown field {field}: use {', '.join(sorted(allowed))}"
            elif field not in allowed:
                yield key, field, f"{field} cannot be required: use {', '.join(sorted(allowed))}"


def _faulty_escalation(sound: Mapping[str, Any]) -> Iterator[_Wrong]:
    for rule in sound["escalation"]:
        match = _RULE.fullmatch(rule)
        if match is None:
            yield "escalation", rule, f"escalation {rule!r} must be like total>=100:1 or urgent:1"
        elif match["fact"] is not None and match["fact"] not in _COUNTABLE:
            yield (
                "escalation",
                rule,
                f"escalation {rule!r} counts an unknown thing: use {', '.join(sorted(_COUNTABLE))}",
            )


def _is(key: str, value: object) -> bool:
    if key == "severity":
        return type(value) is int and 1 <= value <= 4
    if key in _LISTS:
        return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)
    return isinstance(value, str) and (key in _MAY_LACK or bool(value.strip()))


def _wanted(key: str) -> str:
    if key == "severity":
        return "a number from 1 to 4"
    return "a list of words in quotes" if key in _LISTS else "words in quotes, not empty"


def _code(table: Mapping[str, Any], number: int) -> Code:
    texts = {key: str(table.get(key, "")) for key in ("code", "family", "label_fr", "label_en")}
    return Code(
        **texts,
        short={language: table[f"short_{language}"] for language in LANGUAGES},
        severity=table["severity"],
        escalation=tuple(_escalation(rule) for rule in table.get("escalation", ())),
        required=frozenset(table["required"]),
        optional=frozenset(table.get("optional", ())),
        aliases=tuple(table.get("aliases", ())),
        htcds_exploitation=table.get("htcds_exploitation", ""),
        basis=table.get("basis", ""),
        number=number,
    )


def _escalation(rule: str) -> Escalation:
    match = _RULE.fullmatch(rule)
    assert match is not None  # noqa: S101 - a rule that is not understood is a fault
    severity = int(match["severity"])
    if match["fact"] is None:
        return Escalation("urgent", ">", 0, severity)
    return Escalation(match["fact"], match["sign"], int(match["bound"]), severity)
