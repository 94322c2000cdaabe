"""Infobip's USSD gateway: a REST service of ours, whose address tells the session and what happened in it.

It adds ``/session/ID/start``, ``/response`` or ``/end`` to our address, or ``/status`` to ask whether a session
still goes on; so a key stands in the path: ``/webhooks/NAME/ussd/KEY``. What was typed comes alone, first the
dialled code.
"""

from typing import Final

from gateway.channels.base import BadRequestError, WebhookAnswer, WebhookRequest
from gateway.channels.json_fields import read_object
from gateway.channels.ussd import StepReader, UssdChannel, in_json
from gateway.messages import Screen, SessionStep

_SESSION: Final = "the session in the address"
_STEP: Final = StepReader(session=_SESSION, sender="msisdn", text="text")
_STATUS: Final = "status"
_EVENTS: Final = ("start", "response", "end", _STATUS)
_DONE: Final = {"responseExitCode": 200, "responseMessage": ""}


class InfobipChannel(UssdChannel):
    """A service code; ``service_code`` stands in for the ``shortCode`` that is not always sent."""

    session_methods = ("GET", "POST", "PUT")

    def verify(self, request: WebhookRequest) -> None:
        key, *_ = _parts(request)
        self._guard.verify_key(key, request)

    def asked_about(self, request: WebhookRequest) -> str | None:
        _, session, event = _parts(request)
        return session if event == _STATUS else None

    def told(self, *, is_open: bool) -> WebhookAnswer:
        return in_json(sessionActive=is_open, **_DONE)

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        _, session, event = _parts(request)
        fields = {**read_object(request.body), _SESSION: session}
        return _STEP.read(
            self.name,
            self._country,
            request,
            fields,
            code=str(fields.get("shortCode") or self._service_code),
            first=event == "start",
            over=event == "end",
        )

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        if step.over:
            return in_json(**_DONE)
        # The first screen of a session may not close it; whatever is answered to it then does.
        closes = not screen.goes_on and not step.first
        return in_json(ussdMenu=screen.text, shouldClose=closes, **_DONE)


def _parts(request: WebhookRequest) -> tuple[str, str, str]:
    """The key, which may be none, the session and the event. Raise BadRequestError."""
    rest = request.path.partition("/ussd/")[2].split("/")
    key = rest.pop(0) if len(rest) == 4 else ""
    if len(rest) != 3 or rest[0] != "session" or rest[2] not in _EVENTS:
        raise BadRequestError("the address must end in /session/ID/start, /response, /end or /status")
    return key, rest[1], rest[2]
