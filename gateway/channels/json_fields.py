"""The fields of a JSON body that somebody else wrote: there, and of the right type."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.channels.base import BadRequestError


def read_object(body: bytes) -> dict[str, Any]:
    """The body as an object; invalid bytes are replaced. Raise BadRequestError."""
    try:
        fields = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise BadRequestError("the body is not a JSON object")
    return fields


def string(fields: dict[str, Any], name: str) -> str:
    if name not in fields:
        raise BadRequestError(f"{name} is missing")
    value = fields[name]
    if not isinstance(value, str):
        raise BadRequestError(f"{name} must be a string")
    return value


def moment(fields: dict[str, Any], name: str) -> datetime | None:
    """A time with its zone, in UTC; None where there is none."""
    if fields.get(name) is None:
        return None
    try:
        stated = datetime.fromisoformat(string(fields, name))
        if stated.tzinfo is None:
            raise BadRequestError(f"{name} has no time zone")
        return stated.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequestError(f"{name} is no ISO 8601 time") from None


def uuid(fields: dict[str, Any], name: str) -> UUID | None:
    if fields.get(name) is None:
        return None
    try:
        return UUID(string(fields, name))
    except ValueError:
        raise BadRequestError(f"{name} is no UUID") from None


def word(fields: Mapping[str, Any], name: str) -> str:
    """What was typed or counted: a string, or a whole number where a provider makes one of it."""
    if name not in fields:
        raise BadRequestError(f"{name} is missing")
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRequestError(f"{name} must be a string")
    return str(value)


def flag(fields: Mapping[str, Any], name: str) -> bool:
    if name not in fields:
        raise BadRequestError(f"{name} is missing")
    value = fields[name]
    if not isinstance(value, bool):
        raise BadRequestError(f"{name} must be true or false")
    return value


def whole_number(fields: Mapping[str, Any], name: str) -> int:
    if name not in fields:
        raise BadRequestError(f"{name} is missing")
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequestError(f"{name} must be a whole number")
    return value
