"""Arkesel's USSD (Ghana): JSON, the latest input alone, first the dialled code; a boolean says go on or end."""

from typing import Final

from gateway.channels.base import WebhookAnswer, WebhookRequest
from gateway.channels.json_fields import flag, read_object
from gateway.channels.ussd import StepReader, UssdChannel, in_json, msisdn
from gateway.messages import Screen, SessionStep

_STEP: Final = StepReader(session="sessionID", sender="msisdn", text="userData")


class ArkeselChannel(UssdChannel):
    """A service code; it tells of no end that was not ours."""

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        fields = read_object(request.body)
        self._check_user(fields, "userID")
        first = flag(fields, "newSession")
        return _STEP.read(self.name, self._country, request, fields, code=self._service_code, first=first)

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        return in_json(
            sessionID=step.session,
            userID=self._user_id,
            msisdn=msisdn(step.sender),
            message=screen.text,
            continueSession=screen.goes_on,
        )
