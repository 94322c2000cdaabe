"""Africa's Talking: SMS in and out, delivery reports, USSD.

It signs nothing: its calls are believed by a key in the callback address, which only it was told.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from uuid_utils.compat import uuid7

from gateway.channels.base import (
    EMPTY_ANSWER,
    AskError,
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
    WebhookAnswer,
    WebhookRequest,
)
from gateway.channels.cleaning import (
    clean_address,
    clean_error,
    clean_id,
    clean_sender,
    clean_text,
    money,
    needed,
)
from gateway.channels.guard import Guard
from gateway.channels.posting import Taker
from gateway.channels.ussd import StepReader, prefixed
from gateway.messages import (
    Accepted,
    Delivery,
    InboundMessage,
    OutboundMessage,
    Receipt,
    Screen,
    SessionStep,
)

API_URL: Final = "https://api.africastalking.com"
_WHOM: Final = "Africa's Talking"
_TAKEN: Final = {100, 101, 102}  # processed, sent, queued
_INVALID_SENDER: Final = 402
_OPTED_OUT: Final = "UserInBlackList"
_REFUSALS: Final[Mapping[int, tuple[type[SendError], str]]] = {
    401: (UncertainSendError, "holds it for review"),  # it may let it go later
    _INVALID_SENDER: (NoRouteSendError, "does not let us send from this line"),
    403: (PermanentSendError, "finds the number invalid"),
    404: (NoRouteSendError, "does not serve this kind of number"),
    405: (TemporarySendError, "says that our credit is used up"),
    406: (OptedOutSendError, "says that this number has opted out"),
    407: (NoRouteSendError, "has no route to this number"),
    409: (NoRouteSendError, "says that this number takes no such texts (do not disturb)"),
    500: (UncertainSendError, "failed (500)"),
    501: (UncertainSendError, "had no answer from the operator (501)"),
    502: (TemporarySendError, "was refused by the operator (502)"),
}
_STATES: Final = {
    "sent": Delivery.SENT,
    "submitted": Delivery.SENT,
    "buffered": Delivery.SENT,
    "success": Delivery.DELIVERED,
    "rejected": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "absentsubscriber": Delivery.FAILED,
    "expired": Delivery.FAILED,
}
_STEP: Final = StepReader(session="sessionId", sender="phoneNumber", text="text", cumulative=True)
_LONGEST_REASON: Final = 40
_SHORTEST_DATE: Final = len("2026-11-21 13:30:00")


class AfricasTalkingChannel:
    """An application of an account. Of several callback keys (while rotating) each is believed."""

    method = "POST"
    session_methods = ("POST",)
    acknowledgement = EMPTY_ANSWER

    def __init__(
        self,
        name: str,
        username: str,
        api_key: str,
        guard: Guard,
        *,
        country: str,
        api_url: str = API_URL,
    ) -> None:
        self.name = name
        self._username = username
        self._api_key = api_key
        self._guard = guard
        self._country = country
        api = f"{api_url.rstrip('/')}/version1"
        self._taker = Taker(f"{api}/messaging", _WHOM, "our credentials")
        self._account = Taker(f"{api}/user?{urlencode({'username': username})}", _WHOM, "our credentials")

    def verify(self, request: WebhookRequest) -> None:
        self._guard.verify(request)

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        fields = dict(request.form)
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=clean_id(needed(fields, "id"), "id"),
            sender=clean_sender(needed(fields, "from"), "from", self._country),
            recipient=clean_address(needed(fields, "to"), "to", self._country),
            text=clean_text(needed(fields, "text")),
            received_at=request.received_at,
            sent_at=_moment(fields.get("date", "")),
        )

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        fields = dict(request.form)
        provider_id = clean_id(needed(fields, "id"), "id")
        status = needed(fields, "status").strip()
        state = _STATES.get(status.lower())
        if state is None:
            return None
        reason = fields.get("failureReason", "").strip()
        error = _reason(reason, status) if state is Delivery.FAILED else None
        return Receipt(self.name, provider_id, state, error, opted_out=reason == _OPTED_OUT)

    def send(self, message: OutboundMessage) -> Accepted:
        form = {
            "username": self._username,
            "to": message.recipient,
            "from": message.sender,
            "message": message.text,
        }
        headers = {
            "apiKey": self._api_key,
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = self._taker.post(urlencode(form).encode(), headers)
        return _accepted(*_verdict(answer.body))

    def credit(self) -> str:
        try:
            headers = {"apiKey": self._api_key, "Accept": "application/json"}
            answer = self._account.ask("GET", None, headers)
            if answer.status != 200:
                raise self._account.refusal(answer.status)
            currency, amount = str(json.loads(answer.body)["UserData"]["balance"]).split()
            return money(currency, amount)
        except SendError as error:
            raise AskError(error.reason) from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise AskError(f"{_WHOM}'s answer cannot be understood") from None

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        """A step, or its notification that a session has ended, which alone has a status."""
        fields = dict(request.form)
        return _STEP.read(
            self.name,
            self._country,
            request,
            fields,
            code=needed(fields, "serviceCode"),
            over="status" in fields,
        )

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        return WebhookAnswer(*EMPTY_ANSWER) if step.over else prefixed(screen)


def _verdict(body: bytes) -> tuple[int, str]:
    """The code and the id that the one recipient of a text was given."""
    try:
        data = json.loads(body)["SMSMessageData"]
        if not data["Recipients"] and data["Message"] == "InvalidSenderId":
            return _INVALID_SENDER, ""
        [recipient] = data["Recipients"]
        return int(recipient["statusCode"]), str(recipient["messageId"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise UncertainSendError(f"{_WHOM}'s answer cannot be understood") from None


def _accepted(code: int, provider_id: str) -> Accepted:
    if code not in _TAKEN:
        kind, words = _REFUSALS.get(code, (UncertainSendError, f"gave the status code {code}"))
        raise kind(clean_error(f"{_WHOM} {words}"))
    if provider_id in {"", "None"}:
        raise UncertainSendError(f"{_WHOM} gave no id")
    return Accepted(provider_id)


def _reason(reason: str, status: str) -> str:
    """Its own word (``UserInBlackList``), as long as it is one word and so no number and no text."""
    is_word = reason.isascii() and reason.isalpha() and len(reason) <= _LONGEST_REASON
    return f"{_WHOM}: {reason if is_word else status}"


def _moment(date: str) -> datetime | None:
    """When it received the text; without a zone, in UTC. A text is not refused for its date."""
    if len(date) < _SHORTEST_DATE:
        return None
    try:
        moment = datetime.fromisoformat(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
