"""What a resource is: its fields, each with its schema, and the rows to take them from.

Pages and the OpenAPI document are both made from these, so neither can promise what the other lacks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.web.api.paging import Page

Schema = Mapping[str, Any]
Row = sa.RowMapping

TEXT: Final[Schema] = {"type": "string"}
ID: Final[Schema] = {"type": "string", "format": "uuid"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
NUMBER: Final[Schema] = {"type": "integer"}
YES_OR_NO: Final[Schema] = {"type": "boolean"}
COUNTS: Final[Schema] = {"type": "object", "additionalProperties": {"type": ["integer", "null"]}}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
IDS: Final[Schema] = {"type": "array", "items": ID}
PERSON: Final[Schema] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": ID, "name": TEXT},
    "additionalProperties": False,
}


def who(row: Row) -> dict[str, str] | None:
    """A PERSON of the columns ``who_id`` and ``who_name``."""
    return {"id": str(row["who_id"]), "name": row["who_name"]} if row["who_id"] else None


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item: its name, its schema, what it means, and how a row gives it."""

    name: str
    schema: Schema
    meaning: str
    of: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of its own that a resource takes besides those of paging."""

    name: str
    schema: Schema
    meaning: str


@dataclass(frozen=True, slots=True)
class Resource:
    """``GET /api/v1/<name>``. ``rows`` makes the query of one page, ordered by ``id``.

    It is given the parameters of its own, already checked against their ``enum``.
    """

    name: str
    item: str
    summary: str
    fields: tuple[Field, ...]
    rows: Callable[[Page, Mapping[str, str]], sa.Select[Any]]
    parameters: tuple[Parameter, ...] = ()

    def to_item(self, row: Row, opens: "Opens | None" = None) -> dict[str, Any]:
        return {field.name: plain(field.of(row), opens) for field in self.fields}


def column(name: str, schema: Schema, meaning: str) -> Field:
    """A field that is a column of the row."""
    return Field(name, schema, meaning, lambda row: row[name])


def within(ids: "sa.ColumnElement[UUID]", page: Page) -> list["sa.ColumnElement[bool]"]:
    """The conditions of a page on a column of ids."""
    conditions = []
    if page.above is not None:
        conditions.append(ids > page.above)
    if page.start is not None:
        conditions.append(ids >= page.start)
    return conditions


@dataclass(frozen=True, slots=True)
class Sealed:
    """Encrypted words, which only some tokens may see."""

    words: bytes


Opens = Callable[[bytes], str]


def plain(value: Any, opens: Opens | None = None) -> Any:
    """A value as JSON has it; times in UTC with Z. Without ``opens`` what is sealed is null."""
    match value:
        case Sealed(words):
            return opens(words) if opens else None
        case dict():
            return {key: plain(item, opens) for key, item in value.items()}
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case UUID():
            return str(value)
        case list() | tuple():
            return [plain(item, opens) for item in value]
        case _:
            return value
