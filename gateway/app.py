"""The Flask application: wiring, and what an error looks like from outside."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from gateway.observability import get_logger, where
from gateway.services import Services
from gateway.web.api import api
from gateway.web.calls import MAX_BODY
from gateway.web.duty import duty
from gateway.web.health import health
from gateway.web.ringing import ringing
from gateway.web.simulator import simulator
from gateway.web.ussd import Sessions, ussd
from gateway.web.voice import Answers, voice
from gateway.web.webhooks import Accepts, RecordReceipt, webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger(__name__)


def create_app(
    services: Services,
    inbox: Accepts,
    record_receipt: RecordReceipt,
    sessions: Sessions,
    calls: Answers,
) -> Flask:
    """The web application over services that `bootstrap` built. Call it after any fork."""
    app = Flask("gateway", static_folder=None)
    app.url_map.merge_slashes = False  # else `//` is answered with a page that leads elsewhere
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.register_blueprint(webhooks(services, inbox, record_receipt))
    app.register_blueprint(ussd(services, sessions))
    app.register_blueprint(voice(services, calls))
    app.register_blueprint(ringing(services, record_receipt))
    app.register_blueprint(health(services))
    app.register_blueprint(duty(services))
    app.register_blueprint(api(services))
    if services.settings.demo:
        app.register_blueprint(simulator(services, inbox))
    app.register_error_handler(Exception, _explain)
    prefix = urlsplit(services.settings.public_url).path
    if prefix:
        app.wsgi_app = _without_prefix(app.wsgi_app, prefix)  # type: ignore[assignment, method-assign]
    return app


def _explain(error: Exception) -> Response:
    """A short answer without data: JSON for the API, no words to providers, plain ones elsewhere."""
    if isinstance(error, HTTPException):
        known = error
    else:
        log.error("request_failed", endpoint=request.endpoint, error=where(error))
        known = InternalServerError()
    status, name = known.code or 500, known.name
    headers = [(key, value) for key, value in known.get_headers() if key != "Content-Type"]
    if request.path.startswith("/api/"):
        sentence = known.description if isinstance(error, HTTPException) else "Something went wrong here."
        body, content_type = json.dumps({"error": sentence}), "application/json"
    elif request.path.startswith("/webhooks"):
        body, content_type = "", "text/plain; charset=utf-8"
    else:
        body, content_type = f"{name}\n", "text/plain; charset=utf-8"
    return Response(body, status, headers, content_type=content_type)


def _without_prefix(application: "WSGIApplication", prefix: str) -> "WSGIApplication":
    """Serve below the public address's path as well, for proxies that hand it on."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
            environ["PATH_INFO"] = path[len(prefix) :]
        return application(environ, start_response)

    return serve
