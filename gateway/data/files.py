"""The files that an agency edits: the packaged ones, or those of its own folder in their place."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self, TypeVar

Parsed = TypeVar("Parsed")

_HEADER: Final = re.compile(r"\s*(\[\[?[\w.]+\]\]?)\s*(?:#.*)?")
_KEY: Final = re.compile(r"""\s*["']?([^"'=#]+?)["']?\s*=""")
_LINE_OF_ERROR: Final = re.compile(r"(.*) \(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong in a file, on which line (0: the whole of it), and what to do."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.words}"


class DataError(ValueError):
    """Data files are wrong: the message has one line a fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def packaged() -> list[str]:
    """The names of the files that an agency may edit."""
    names = (file.name for file in files("gateway.data").iterdir())
    return sorted(name for name in names if name.endswith((".toml", ".csv")))


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file: how the operator calls it, and its text."""

    name: str
    text: str

    @classmethod
    def find(cls, name: str, folder: str = "") -> Self:
        """The agency's own file where its folder has one, else the packaged one."""
        if not folder:
            return cls(name, (files("gateway.data") / name).read_text(encoding="utf-8"))
        if not Path(folder).is_dir():
            raise DataError([Fault(folder, 0, "is no folder: make it, or mend VIGIE_AGENCY_DIR")])
        path = Path(folder) / name
        if not path.exists():
            return cls.find(name)
        try:
            return cls(str(path), path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise DataError([Fault(str(path), line, "is not UTF-8: save the file as UTF-8")]) from None
        except OSError as error:
            raise DataError([Fault(str(path), 0, f"cannot be read ({error.strerror})")]) from None

    def fault(self, words: str, line: int) -> Fault:
        return Fault(self.name, line, words)

    def tables(self, faults: list[Fault]) -> dict[str, Any]:
        """The content of a TOML file."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            where = _LINE_OF_ERROR.fullmatch(str(error))
            words, line = (where[1], int(where[2])) if where else (str(error), self.text.count("\n") + 1)
            faults.append(self.fault(f"is not TOML: {words}", line))
            return {}

    def rows(self, columns: Sequence[str], faults: list[Fault]) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a CSV file, each with its line; lines that begin with # above them are remarks."""
        text = self.text
        above = 0
        while text.startswith("#"):  # remarks
            above, text = above + 1, text.partition("\n")[2]
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            if next(rows, []) != list(columns):
                faults.append(self.fault(f"the first line must be {','.join(columns)}", above + 1))
                return
            line = above + rows.line_num + 1
            for row in rows:
                if len(row) == len(columns):
                    yield line, {column: field.strip() for column, field in zip(columns, row, strict=True)}
                elif row:
                    words = f"has {len(row)} fields, not {len(columns)}: a field with a comma needs quotes"
                    faults.append(self.fault(words, line))
                line = above + rows.line_num + 1
        except csv.Error as error:
            faults.append(self.fault(f"is not CSV: {error}", above + rows.line_num))

    def line_of(self, header: str, key: str = "", value: str = "", *, number: int = 1) -> int:
        """The line of a value in a TOML file; else of its key, else of its table (the ``number``-th so called)."""
        lines = self.text.splitlines()
        found = 0
        for at, line in enumerate(lines, start=1):
            heading = _HEADER.fullmatch(line)
            if found and heading:
                break
            if heading and heading[1] == header:
                number -= 1
                found = at if number == 0 else 0
        else:
            at = len(lines) + 1
        return _line_within(lines, found, at, key, value) if found else 1


def strictly(parse: Callable[[DataFile, list[Fault]], Parsed], file: DataFile) -> Parsed:
    """What a file holds; raise DataError when it has faults."""
    faults: list[Fault] = []
    parsed = parse(file, faults)
    if faults:
        raise DataError(faults)
    return parsed


def _line_within(lines: Sequence[str], start: int, end: int, key: str, value: str) -> int:
    """The lines after ``start`` and before ``end`` are a table's."""
    found = start
    for at in range(start, end - 1):
        named = _KEY.match(lines[at])
        if named and found != start:
            break
        if named and named[1] == key:
            found = at + 1
        if found != start and value and re.search(rf"""["']{re.escape(value)}["']""", lines[at]):
            return at + 1
    return found
