"""``/simulator/``: phones of the demo agency in the browser. Only a demo has it; elsewhere it is 404.

A phone texts through the inbox as any channel does; its USSD menu calls the webhook of Africa's Talking
as that provider would.
"""

import json
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request
from uuid_utils.compat import uuid7

from gateway.demo import AGENTS_LINE, CALLERS, HOTLINE, OFFICERS, REPORTERS, SIMULATOR, USSD_CODE
from gateway.inbox.accept import NotStoredError
from gateway.messages import InboundMessage
from gateway.reports.agency import load_vocabulary
from gateway.services import Services
from gateway.web.simulator import shown
from gateway.web.simulator.words import WORDS
from gateway.web.webhooks import Accepts

LANGUAGES: Final = tuple(WORDS)
MOST_LETTERS: Final = 1600
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def simulator(services: Services, inbox: Accepts) -> Blueprint:
    """The page, what it shows now (JSON), and where its phones text to."""
    blueprint = Blueprint(
        "simulator", __name__, url_prefix="/simulator", static_folder="static", template_folder="templates"
    )

    @blueprint.get("/")
    def page() -> str:
        language = _language()
        return render_template(
            "simulator/page.html",
            language=language,
            other=next(one for one in LANGUAGES if one != language),
            words=WORDS[language],
            setting={
                "language": language,
                "words": WORDS[language],
                "people": _people(WORDS[language]),
                "lines": {"agents": AGENTS_LINE, "hotline": HOTLINE},
                "ussd": USSD_CODE,
                "timezone": services.settings.timezone,
                "points": shown.points(_vocabulary(services).gazetteer.by_code.values()),
            },
        )

    @blueprint.get("/now.json")
    def now() -> Response:
        try:
            return _json(_state(services, _language(), services.now()))
        except sa.exc.OperationalError:
            return _json({"error": "database_away"}, 503)

    @blueprint.post("/texts")
    def text() -> Response:
        message = _message(request.get_json(silent=True), services.now())
        if message is None:
            return _json({"error": "not_a_demo_text"}, 400)
        try:
            inbox.accept(message)
        except NotStoredError:
            return _json({"error": "not_stored"}, 503)
        return _json({"id": str(message.id)}, 202)

    @blueprint.after_request
    def guard(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return blueprint


def _vocabulary(services: Services) -> Any:
    return load_vocabulary(services.settings.agency_dir)


def _language() -> str:
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _people(words: dict[str, str]) -> list[dict[str, str]]:
    """Everybody on the screen: ``line`` is where their phone texts to at first."""
    agents = [
        {"number": one.number, "name": one.name, "role": "agent", "line": AGENTS_LINE, "post": one.post}
        for one in REPORTERS
    ]
    officers = [
        {"number": number, "name": name, "role": "officer", "line": AGENTS_LINE, "post": ""}
        for number, name in OFFICERS
    ]
    callers = [
        {"number": number, "name": words[name], "role": "caller", "line": HOTLINE, "post": ""}
        for number, name in CALLERS
    ]
    return [*agents, *officers, *callers]


def _state(services: Services, language: str, now: datetime) -> dict[str, Any]:
    book = _vocabulary(services).book
    with services.engine.connect() as connection:
        return {
            "now": now.isoformat(),
            "texts": shown.texts(connection, services.cipher, now),
            "reports": shown.reports(connection, book, language, now),
        }


def _message(body: Any, now: datetime) -> InboundMessage | None:
    """A text from one of the demo's phones to one of its lines; None for anything else.

    JSON only: a page from elsewhere cannot send that across without asking us first.
    """
    if not isinstance(body, dict):
        return None
    sender, line, text = (body.get(name) for name in ("from", "to", "text"))
    if sender not in shown.numbers() or line not in {AGENTS_LINE, HOTLINE}:
        return None
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_LETTERS or "\0" in text:
        return None
    id_ = uuid7()
    return InboundMessage(id_, SIMULATOR, str(id_), sender, line, text, now, now)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")
