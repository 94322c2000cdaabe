"""Officers' calendars, each at an address that only its officer was given."""

from uuid import UUID

from flask import Blueprint, Response, abort, request

from gateway.duty.service import feed
from gateway.services import Services


def duty(services: Services) -> Blueprint:
    blueprint = Blueprint("duty", __name__)

    @blueprint.get("/duty/<officer>/<token>.ics")
    def calendar(officer: str, token: str) -> Response:  # noqa: ARG001 - the path holds it
        try:
            id_ = UUID(hex=officer)
        except ValueError:
            abort(404)
        with services.engine.connect() as connection:
            found = feed(connection, services, request.path.lstrip("/"), id_)
        if found is None:
            abort(404)
        return Response(
            found, headers={"Cache-Control": "private"}, content_type="text/calendar; charset=utf-8"
        )

    return blueprint
