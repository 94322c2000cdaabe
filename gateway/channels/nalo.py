"""Nalo Solutions' USSD (Ghana): JSON in capitals, the latest input alone, first the dialled code.

One boolean, ``MSGTYPE``, means *first* in a request and *goes on* in an answer.
"""

from typing import Final

from gateway.channels.base import WebhookAnswer, WebhookRequest
from gateway.channels.json_fields import flag, read_object
from gateway.channels.ussd import StepReader, UssdChannel, in_json, msisdn
from gateway.messages import Screen, SessionStep

_STEP: Final = StepReader(session="SESSIONID", sender="MSISDN", text="USERDATA")


class NaloChannel(UssdChannel):
    """A service code; it tells of no end that was not ours."""

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        fields = read_object(request.body)
        self._check_user(fields, "USERID")
        first = flag(fields, "MSGTYPE")
        return _STEP.read(self.name, self._country, request, fields, code=self._service_code, first=first)

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        return in_json(
            USERID=self._user_id, MSISDN=msisdn(step.sender), MSG=screen.text, MSGTYPE=screen.goes_on
        )
