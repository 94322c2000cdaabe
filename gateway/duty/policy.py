"""How fast officers are called, and by which way. A rule; the policy itself is `data/escalation.toml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from gateway.data.files import DataFile, Fault, remedy, strictly

FILE: Final = "escalation.toml"
SEVERITIES: Final = (1, 2)
"""Those that call somebody; what is less grave is for the digest."""
_MINUTES: Final = ("step", "repeat", "lasts")
_KEYS: Final = ("by", *_MINUTES, "all")
_KINDS: Final = ("severity", "code")
_A_DAY: Final = 24 * 60


class By(StrEnum):
    """A way to call an officer."""

    SMS = "sms"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Pace:
    """How an alert goes up the rota."""

    by: tuple[By, ...] = (By.SMS,)
    step: timedelta = timedelta(minutes=30)
    """Until the next step is called."""
    repeat: timedelta = timedelta(minutes=30)
    """From one call of the last step to the next."""
    lasts: timedelta = timedelta(minutes=60)
    """Until whoever took it is asked whether it is still in hand."""
    all: bool = False
    """Everybody on the step must answer."""
    nobody: timedelta = timedelta(minutes=5)
    """With nobody on duty, until everybody is told again."""

    def hurried(self, times: float) -> "Pace":
        """Every wait divided, as demonstrations want it."""
        return replace(
            self,
            step=self.step / times,
            repeat=self.repeat / times,
            lasts=self.lasts / times,
            nobody=self.nobody / times,
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The pace of each severity, and of single codes what is otherwise."""

    severities: Mapping[int, Pace]
    codes: Mapping[str, Mapping[str, Any]]

    def pace(self, severity: int, code: str | None) -> Pace:
        """That of an alert; one that is less grave than any that calls somebody goes by the least grave."""
        pace = self.severities[min(severity, max(self.severities))]
        return replace(pace, **self.codes.get(code or "", {}))

    def longest(self, severity: int) -> Pace:
        """Each wait as long as an alert of that severity may have it, whatever its code."""
        paces = [self.pace(severity, code) for code in (None, *self.codes)]
        waits = {key: max(getattr(pace, key) for pace in paces) for key in (*_MINUTES, "nobody")}
        return replace(paces[0], **waits)


@cache
def load_policy(folder: str = "") -> Policy:
    """The policy of the agency's folder, or the one that comes with us. Raise DataError."""
    return strictly(parse_policy, DataFile.find(FILE, folder))


def parse_policy(file: DataFile, faults: list[Fault]) -> Policy:
    """What is faulty is left out, and goes as it comes with us."""
    tables = file.tables(faults)
    before = len(faults)
    faults += [
        file.fault(f"{name} means nothing here: {remedy(name, _KINDS)}", file.line_of(f"[{name}]"))
        for name in tables.keys() - set(_KINDS)
    ]
    severities = _tables(file, tables, "severity", faults)
    for severity in SEVERITIES if len(faults) == before and file.text else ():
        lacking = [key for key in _KEYS if key not in severities.get(str(severity), {})]
        if lacking:
            where = file.line_of(f"[severity.{severity}]")
            faults.append(file.fault(f"[severity.{severity}] lacks {', '.join(lacking)}: add it", where))
    return Policy(
        {severity: replace(Pace(), **severities.get(str(severity), {})) for severity in SEVERITIES},
        _tables(file, tables, "code", faults),
    )


def line_of(file: DataFile, code: str) -> int:
    return file.line_of(f"[code.{code}]")


def _tables(
    file: DataFile, tables: Mapping[str, Any], kind: str, faults: list[Fault]
) -> dict[str, dict[str, Any]]:
    """The tables [kind.name], each as the fields of a pace that it states."""
    read: dict[str, dict[str, Any]] = {}
    named = tables.get(kind, {})
    if not isinstance(named, dict) or not all(isinstance(table, dict) for table in named.values()):
        faults.append(
            file.fault(f"write [{kind}.…] above the lines of each {kind}", file.line_of(f"[{kind}]"))
        )
        return read
    for name, table in named.items():
        header = f"[{kind}.{name}]"
        if kind == "severity" and name not in map(str, SEVERITIES):
            words = f"{header}: severity {name} calls nobody: remove it; 1 and 2 do"
            faults.append(file.fault(words, file.line_of(header)))
            continue
        for key, words in _faults(table):
            faults.append(file.fault(f"{header}: {words}", file.line_of(header, key)))
        read[name] = {key: _value(key, value) for key, value in table.items() if not _wrong(key, value)}
    return read


def _faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if words := _wrong(key, value):
            yield key, words


def _wrong(key: str, value: Any) -> str | None:
    """What is wrong with a line of the file, and what to do; None where nothing is."""
    if key not in _KEYS:
        return f"{key} means nothing here: {remedy(key, _KEYS)}"
    if key in _MINUTES and (type(value) is not int or not 1 <= value <= _A_DAY):
        return f"{key} must be whole minutes, from 1 to {_A_DAY}"
    if key == "all" and type(value) is not bool:
        return "all must be true or false"
    if key == "by" and value not in (["sms"], ["sms", "call"], ["call", "sms"]):
        return 'by must be ["sms"] or ["sms", "call"]: a call may not be heard, an SMS stays'
    return None


def _value(key: str, value: Any) -> Any:
    if key == "by":
        return tuple(way for way in By if way.value in value)
    return timedelta(minutes=value) if key in _MINUTES else value
