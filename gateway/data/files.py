"""The files that an agency edits: the packaged ones, or those of its own folder in their place."""

import csv
import difflib
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
_ENDINGS: Final = (".toml", ".csv")
# What editors and spreadsheets leave beside a file, and what somebody lays aside on purpose.
_LAID_ASIDE: Final = re.compile(r"[.~].*|.*(?:~|\.bak)")
_ALIKE: Final = 0.7


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
    return sorted(name for name in names if name.endswith(_ENDINGS))


def strays(folder: str) -> list[Fault]:
    """Files of the folder that look as if they were meant to be read, and are not."""
    ours = packaged()
    beside = sorted(path for path in Path(folder).glob("*") if path.is_file() and path.name not in ours)
    return [
        Fault(str(path), 0, f"is not read: the files are {', '.join(ours)}; rename it, or move it away")
        for path in beside
        if not _LAID_ASIDE.fullmatch(path.name)
        and (path.name.lower().endswith(_ENDINGS) or _likest(path.name.lower(), ours))
    ]


def remedy(name: str, known: Iterable[str]) -> str:
    """What to do about a name that is not known."""
    likest = _likest(name, known)
    return f"did you mean {likest}?" if likest else "remove it"


def _likest(name: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=_ALIKE)), "")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file: how the operator calls it, and its text."""

    name: str
    text: str
    own: bool = True
    """It is the agency's: the packaged ones are not edited."""

    @classmethod
    def find(cls, name: str, folder: str = "") -> Self:
        """The agency's own file where its folder has one, else the packaged one."""
        if not folder:
            text = (files("gateway.data") / name).read_text(encoding="utf-8")
            return cls(f"(packaged) {name}", text, own=False)
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
            todo = "words need quotes, a list needs commas; compare with a file of `vigie codebook export`"
            faults.append(self.fault(f"is not TOML: {words}: {todo}", line))
            return {}

    def rows(self, columns: Sequence[str], faults: list[Fault]) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a CSV file, each with its line; lines that begin with # above them are remarks.

        Many a spreadsheet puts semicolons between the fields.
        """
        text = self.text
        above = 0
        while text.startswith("#"):  # remarks
            above, text = above + 1, text.partition("\n")[2]
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
        try:
            if next(rows, []) != list(columns):
                faults.append(self.fault(f"the first line must be {','.join(columns)}", above + 1))
                return
            line = above + rows.line_num + 1
            for row in rows:
                if len(row) == len(columns):
                    yield line, {column: field.strip() for column, field in zip(columns, row, strict=True)}
                elif row:
                    count = f"has {len(row)} fields, not {len(columns)}"
                    faults.append(self.fault(f"{count}: a field with {delimiter!r} needs quotes", line))
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
