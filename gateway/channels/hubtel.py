"""Hubtel's USSD (Ghana): JSON, the latest input alone and counted, first the dialled code; words tell the rest."""

from typing import Final

from gateway.channels.base import BadRequestError, WebhookAnswer, WebhookRequest
from gateway.channels.json_fields import read_object, word
from gateway.channels.ussd import StepReader, UssdChannel, in_json
from gateway.messages import Screen, SessionStep

_STEP: Final = StepReader(session="SessionId", sender="Mobile", text="Message")
_FIRST, _LATER, _OVER = "initiation", "response", ("release", "timeout")


class HubtelChannel(UssdChannel):
    """A service code, which each request tells."""

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        fields = read_object(request.body)
        kind = word(fields, "Type").lower()
        if kind not in {_FIRST, _LATER, *_OVER}:
            raise BadRequestError("Type is none of Initiation, Response, Release and Timeout")
        return _STEP.read(
            self.name,
            self._country,
            request,
            fields,
            # Its older and its newer documents do not agree on the first letter.
            code=word(fields, "serviceCode" if "serviceCode" in fields else "ServiceCode"),
            first=kind == _FIRST,
            over=kind in _OVER,
            sequence=_whole(fields["Sequence"]) if fields.get("Sequence") is not None else None,
        )

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        if step.over:
            return in_json()
        return in_json(Type="Response" if screen.goes_on else "Release", Message=screen.text)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequestError("Sequence must be a number")
    return value
