"""The OpenAPI 3.1 document, made from the resources themselves."""

from collections.abc import Iterable
from typing import Any, Final

from gateway.web.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from gateway.web.api.resource import TIME, Parameter, Resource

_PAGING: Final = (
    Parameter(
        "since",
        TIME,
        "Only items from this time on, UTC unless it says otherwise. The time is that of the item's id. "
        "What waited while the database was away appears at its time of receipt: let periods overlap.",
    ),
    Parameter("after", {"type": "string"}, "`next` of the page before"),
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "items on a page",
    ),
)
_ERRORS: Final = {
    "400": "A parameter is wrong",
    "401": "The bearer token is missing or unknown",
    "503": "The database is away or busy",
}


def document(resources: Iterable[Resource], version: str, server: str) -> dict[str, Any]:
    """The whole document. ``server`` is the address below which the paths stand."""
    resources = list(resources)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigie",
            "version": version,
            "description": "Read-only. Newest last; follow `next` until it is null.",
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {f"/{resource.name}": {"get": _operation(resource)} for resource in resources},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Error": _object({"error": {"type": "string", "description": "one sentence"}}),
                **{resource.item: _item(resource) for resource in resources},
            },
            "responses": {status: _answer(words, "Error") for status, words in _ERRORS.items()},
        },
    }


def _operation(resource: Resource) -> dict[str, Any]:
    page = _object(
        {
            "items": {"type": "array", "items": _reference("schemas", resource.item)},
            "next": {"type": ["string", "null"], "description": "cursor of the next page; null on the last"},
        }
    )
    errors = {status: _reference("responses", status) for status in _ERRORS}
    ok = {"description": "A page", "content": {"application/json": {"schema": page}}}
    return {
        "operationId": f"list_{resource.name}",
        "summary": resource.summary,
        "parameters": [_parameter(parameter) for parameter in (*_PAGING, *resource.parameters)],
        "responses": {"200": ok, **errors},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.meaning,
        "schema": dict(parameter.schema),
    }


def _item(resource: Resource) -> dict[str, Any]:
    return _object({field.name: {**field.schema, "description": field.meaning} for field in resource.fields})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _answer(words: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _reference("schemas", schema)}}
    return {"description": words, "content": content}


def _reference(section: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}
