"""``GET /api/v1/<resource>``: token, page, rows, JSON. The same for every resource."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, request

from gateway import __version__
from gateway.services import Services
from gateway.storage.database import DatabaseAwayError, is_connection_error
from gateway.web.api.alerts import ALERTS
from gateway.web.api.incidents import INCIDENTS
from gateway.web.api.messages import MESSAGES
from gateway.web.api.openapi import document
from gateway.web.api.paging import BadQueryError, cursor, read_page
from gateway.web.api.reports import REPORTS
from gateway.web.api.resource import Opens, Resource
from gateway.web.api.tokens import Tokens
from gateway.web.turns import BusyError, Turns

BASE: Final = "/api/v1"
RESOURCES: Final = (MESSAGES, REPORTS, INCIDENTS, ALERTS)
_PAGING: Final = frozenset({"since", "after", "limit"})
_AT_ONCE: Final = 4
_TURN_SECONDS: Final = 2.0
_STATEMENT_TIMEOUT: Final = sa.text("SET LOCAL statement_timeout = '10s'")


def api(services: Services) -> Blueprint:
    """The resources and ``openapi.json``, which alone needs no token."""
    blueprint = Blueprint("api", __name__, url_prefix=BASE)
    tokens, reader = Tokens(services.settings), _Reader(services.engine)
    described = document(RESOURCES, __version__, services.settings.public_url + BASE)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return _json(described)

    def serve(resource: Resource) -> Response:
        holder = tokens.holder(request.headers.get("Authorization", ""))
        if holder is None:
            return _json({"error": "A valid bearer token is needed."}, 401, {"WWW-Authenticate": "Bearer"})
        opens = services.cipher.decrypt if tokens.sees_notes(holder) else None
        return _json(_page_of(resource, request.args, reader, opens))

    for resource in RESOURCES:
        blueprint.add_url_rule(
            f"/{resource.name}", resource.name, serve, defaults={"resource": resource}, methods=["GET"]
        )

    @blueprint.errorhandler(BadQueryError)
    def bad_query(error: BadQueryError) -> Response:
        return _json({"error": str(error)}, 400)

    @blueprint.errorhandler(DatabaseAwayError)
    def away(_: DatabaseAwayError) -> Response:
        return _json({"error": "The database is away; messages are still taken."}, 503, {"Retry-After": "5"})

    @blueprint.errorhandler(BusyError)
    def busy(_: BusyError) -> Response:
        return _json({"error": "Too many readers at once; try again."}, 503, {"Retry-After": "2"})

    return blueprint


def _page_of(
    resource: Resource, query: Mapping[str, str], reader: "_Reader", opens: Opens | None
) -> dict[str, Any]:
    page = read_page(query)
    one_more = replace(page, limit=page.limit + 1)
    found = reader.rows(resource.rows(one_more, _own_parameters(resource, query)))
    rows = found[: page.limit]
    more = len(found) > len(rows)
    return {
        "items": [resource.to_item(row, opens) for row in rows],
        "next": cursor(rows[-1]["id"]) if more else None,
    }


def _own_parameters(resource: Resource, query: Mapping[str, str]) -> dict[str, str]:
    known = {parameter.name: parameter for parameter in resource.parameters}
    own = {name: value for name, value in query.items() if name not in _PAGING}
    for name, value in own.items():
        if name not in known:
            names = ", ".join(sorted(_PAGING | known.keys()))
            raise BadQueryError(f"There is no such parameter here; there are {names}.")
        if value not in known[name].schema["enum"]:
            raise BadQueryError(f"{name}: must be one of {', '.join(known[name].schema['enum'])}.")
    return own


class _Reader:
    """Short read-only transactions, few at once: a hanging database must not take all the threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._turns = Turns(_AT_ONCE, _TURN_SECONDS)

    def rows(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        with self._turns.one():
            try:
                return self._read(query)
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise _or_away(error) from None
            try:  # a connection of the pool was from before a restart: all those are gone now
                return self._read(query)
            except sa.exc.SQLAlchemyError as error:
                raise _or_away(error) from None

    def _read(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        with self._engine.connect().execution_options(postgresql_readonly=True) as connection:
            connection.execute(_STATEMENT_TIMEOUT)
            return list(connection.execute(query).mappings())


def _or_away(error: sa.exc.SQLAlchemyError) -> Exception:
    gone = isinstance(error, sa.exc.TimeoutError) or (
        isinstance(error, sa.exc.DBAPIError) and is_connection_error(error)
    )
    return DatabaseAwayError() if gone else error


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, headers, content_type="application/json")
