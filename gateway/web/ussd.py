"""Where USSD providers call: each call is a step of a session, and its answer is the next screen."""

from typing import Final, Protocol

from flask import Blueprint, Response, request

from gateway.channels.base import (
    AskingChannel,
    BadRequestError,
    BadSignatureError,
    SessionChannel,
    WebhookAnswer,
)
from gateway.messages import Screen, SessionStep
from gateway.services import Services
from gateway.storage.database import DATABASE_TROUBLE
from gateway.web.calls import empty, read_call, refused
from gateway.web.turns import BusyError, Turns

# Half of the threads, so that a database that hangs leaves the others to texts, and no long wait for one of them.
_SHARE, _WAITS = 2, 1.0
# A step can have the same address as the one before it, and must not be answered from a proxy's memory.
_HEADERS: Final = {"Cache-Control": "no-store"}


class Sessions(Protocol):
    """The USSD sessions, as the edge sees them."""

    def step(self, step: SessionStep) -> Screen:
        """The next screen, also while the database is away; to a step that is over, one that nobody sees."""

    def busy(self, step: SessionStep) -> Screen:
        """What to do instead, where there is no time for the next screen."""

    def is_open(self, channel: str, session: str) -> bool:
        """Whether a session still waits for an answer."""


def ussd(services: Services, sessions: Sessions) -> Blueprint:
    """``/webhooks/<channel>/ussd``, and below it for providers that tell of a step in the address."""
    blueprint = Blueprint("ussd", __name__)
    turns = Turns(max(1, services.settings.web_threads // _SHARE), _WAITS)

    def tell(channel: AskingChannel, session: str) -> Response:
        try:
            with turns.one():
                return _shown(channel.told(is_open=sessions.is_open(channel.name, session)))
        except (BusyError, *DATABASE_TROUBLE):
            return empty(503)

    @blueprint.route("/webhooks/<channel_name>/ussd", methods=["GET", "POST", "PUT"])
    @blueprint.route("/webhooks/<channel_name>/ussd/<path:_rest>", methods=["GET", "POST", "PUT"])
    def receive(channel_name: str, _rest: str = "") -> Response:
        channel = services.channels.get(channel_name)
        if not isinstance(channel, SessionChannel):
            return empty(404)
        if request.method not in channel.session_methods:
            return empty(405, {"Allow": ", ".join(channel.session_methods)})
        call = read_call(services)
        try:
            channel.verify(call)
            if isinstance(channel, AskingChannel) and (session := channel.asked_about(call)) is not None:
                return tell(channel, session)
            step = channel.parse_step(call)
        except BadSignatureError:
            return refused(channel, 403, "bad signature")
        except BadRequestError as error:
            return refused(channel, 400, str(error))
        try:
            with turns.one():
                screen = sessions.step(step)
        except BusyError:
            screen = sessions.busy(step)
        return _shown(channel.show(step, screen))

    return blueprint


def _shown(answer: WebhookAnswer) -> Response:
    headers = {**_HEADERS, **answer.headers}
    return Response(answer.body, answer.status, headers, content_type=answer.content_type)
