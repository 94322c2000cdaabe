"""The codes of incidents and the rule of their severity. The list itself is `data/codebook.toml`."""

import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

FIELDS: Final = frozenset(
    {
        "place", "people", "nationalities", "origin", "destination", "transport",
        "controls", "partners", "quantity", "reference", "exploitation",
    }
)  # fmt: skip
REQUIRABLE: Final = frozenset({"place", "people", "quantity", "partners", "destination"})
LANGUAGES: Final = ("fr", "en", "ha")

_RULE = re.compile(r"(?:urgent|(?P<fact>[a-z_0-9]+?)(?P<sign>>=|>)(?P<bound>\d+)):(?P<severity>[1-4])")
_SIGNS: Final[dict[str, Callable[[int, int], bool]]] = {">=": operator.ge, ">": operator.gt}
_COUNTABLE: Final = frozenset(
    {
        "total", "men", "women", "boys", "girls", "minors", "adults",
        "under_5", "pregnant", "elderly", "disabled", "people", "controls",
    }
)  # fmt: skip


class DataError(ValueError):
    """A data file is wrong: the message names the file, the entry and the fault."""


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
        return self.codes[code].label(language)


@cache
def load_codebook() -> Codebook:
    name = "codebook.toml"
    return parse_codebook((files("gateway.data") / name).read_text(encoding="utf-8"), name)


def parse_codebook(text: str, name: str) -> Codebook:
    try:
        tables = tomllib.loads(text).get("code", [])
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{name}: {error}") from None
    codes: dict[str, Code] = {}
    for number, table in enumerate(tables, start=1):
        where = f"{name}, [[code]] no. {number} ({table.get('code', 'no code')})"
        code = _code(table, where)
        if code.code in codes:
            raise DataError(f"{where}: this code stands twice")
        codes[code.code] = code
    if not codes:
        raise DataError(f"{name}: no [[code]] in it")
    return Codebook(codes)


def _code(table: dict[str, Any], where: str) -> Code:
    rest = dict(table)
    try:
        code = Code(
            code=str(rest.pop("code")),
            family=str(rest.pop("family")),
            label_fr=str(rest.pop("label_fr")),
            label_en=str(rest.pop("label_en")),
            short={language: str(rest.pop(f"short_{language}")) for language in LANGUAGES},
            severity=int(rest.pop("severity")),
            escalation=tuple(_escalation(rule, where) for rule in rest.pop("escalation", ())),
            required=frozenset(rest.pop("required")),
            optional=frozenset(rest.pop("optional", ())),
            aliases=tuple(rest.pop("aliases", ())),
            htcds_exploitation=str(rest.pop("htcds_exploitation", "")),
            basis=str(rest.pop("basis", "")),
        )
    except KeyError as missing:
        raise DataError(f"{where}: {missing.args[0]} is missing") from None
    if rest:
        raise DataError(f"{where}: unknown key {', '.join(sorted(rest))}")
    _check(code, where)
    return code


def _check(code: Code, where: str) -> None:
    if not re.fullmatch(r"[A-Z]{3}", code.code):
        raise DataError(f"{where}: a code is three capital letters")
    if code.severity not in range(1, 5):
        raise DataError(f"{where}: severity {code.severity} is not 1 to 4")
    if unknown := (code.required | code.optional) - FIELDS:
        raise DataError(f"{where}: unknown field {', '.join(sorted(unknown))}")
    if unknown := code.required - REQUIRABLE:
        raise DataError(f"{where}: {', '.join(sorted(unknown))} cannot be required")
    if empty := [language for language in LANGUAGES if not code.short[language].strip()]:
        raise DataError(f"{where}: short_{empty[0]} is empty")


def _escalation(rule: str, where: str) -> Escalation:
    match = _RULE.fullmatch(rule)
    if match is None:
        raise DataError(f"{where}: escalation {rule!r} is not like total>=100:1 or urgent:1")
    severity = int(match["severity"])
    if match["fact"] is None:
        return Escalation("urgent", ">", 0, severity)
    if match["fact"] not in _COUNTABLE:
        raise DataError(f"{where}: escalation {rule!r} counts an unknown thing")
    return Escalation(match["fact"], match["sign"], int(match["bound"]), severity)
