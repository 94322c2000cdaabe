"""Comviva's HTTP pull, by which Airtel hands USSD over in several countries; ask Airtel Niger for it.

What was typed comes alone in ``input``, and first the dialled code without * and #. The answer is the bare
text; whether the session goes on stands in a header. It calls with a user and a password of its own, in the
address. (Flares 1.5.0, as Vumi's transport for Airtel implements it.)
"""

from typing import Final

from gateway.channels.base import WebhookAnswer, WebhookRequest
from gateway.channels.guard import Guard, compare
from gateway.channels.ussd import StepReader, UssdChannel, plain
from gateway.messages import Screen, SessionStep

_STEP: Final = StepReader(session="SessionID", sender="MSISDN", text="input")
_END: Final = StepReader(session="SessionID", sender="msisdn", text="input")
_FREE_OF_CHARGE: Final = {"charge": "N", "amount": "0"}


class ComvivaChannel(UssdChannel):
    """A service code at an operator. ``service_code`` is needed: it alone tells a first step."""

    session_methods = ("GET",)

    def __init__(
        self, name: str, guard: Guard, user: str, password: str, *, country: str, service_code: str
    ) -> None:
        super().__init__(name, guard, country=country, service_code=service_code)
        self._user = user
        self._password = password

    def verify(self, request: WebhookRequest) -> None:
        super().verify(request)
        compare(request.query.get("userid", ""), (self._user,))
        compare(request.query.get("password", ""), (self._password,))

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        fields, code = request.query, self._service_code
        over = "clean" in fields
        reader = _END if over else _STEP
        return reader.read(self.name, self._country, request, fields, code=code, over=over)

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        if step.over:
            return plain("")
        return plain(screen.text, {"Freeflow": "FC" if screen.goes_on else "FB", **_FREE_OF_CHARGE})
