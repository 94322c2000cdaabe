"""Twilio: SMS and WhatsApp in and out, delivery receipts. Its calls are in `twilio_voice.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import requests
from twilio.base.exceptions import TwilioException
from uuid_utils.compat import uuid7

from gateway.channels.base import (
    AskError,
    BadRequestError,
    WebhookRequest,
)
from gateway.channels.cleaning import clean_address, clean_id, clean_sender, clean_text, money, needed
from gateway.channels.numbers import WHATSAPP, on_whatsapp
from gateway.channels.twilio_api import OPTED_OUT, connection_error, hand_over, number
from gateway.channels.twilio_voice import TwilioVoice
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, Receipt

_PAGE: Final = 200  # of 1000 at most, which would not come within the time-out
_WINDOW_CLOSED: Final = "63016"
_UNCLEAR: Final = (BadRequestError, ValueError, KeyError, TypeError, AttributeError)
_STATES: Final = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}


class TwilioChannel(TwilioVoice):
    """An account. Of several tokens (while rotating) each is believed, and the first that works sends."""

    method = "POST"
    acknowledgement = (b"<Response/>", "text/xml; charset=utf-8")

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        fields = self._fields(request)
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=_message_sid(fields),
            sender=clean_sender(needed(fields, "From"), "From", self._country),
            recipient=clean_address(needed(fields, "To"), "To", self._country),
            text=clean_text(_words(fields)),
            received_at=request.received_at,
        )

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        fields = self._fields(request)
        status = needed(fields, "MessageStatus", "SmsStatus").lower()
        state = _STATES.get(status)
        if state is None:
            return None
        return Receipt(
            channel=self.name,
            provider_id=_message_sid(fields),
            state=state,
            error=_reason(status, fields.get("ErrorCode", "")) if state is Delivery.FAILED else None,
            message_id=_uuid(request.query.get("message", "")),
            opted_out=fields.get("ErrorCode") == str(OPTED_OUT),
        )

    def send(self, message: OutboundMessage) -> Accepted:
        by_whatsapp = on_whatsapp(message.sender)
        status = f"{self._public_url}/webhooks/{self.name}/status?message={message.id}"
        return hand_over(
            self._clients,
            lambda client: client.messages.create(
                to=f"{WHATSAPP}{message.recipient}" if by_whatsapp else message.recipient,
                from_=message.sender,
                body=message.text,
                status_callback=status,
            ),
        )

    def credit(self) -> str:
        with _asking("balance"):
            left = self._clients[0].balance.fetch()
            return money(left.currency, left.balance)

    def list_inbound(self, line: str, since: datetime, until: datetime) -> Iterator[InboundMessage]:
        unclear = 0
        with _asking("list"):
            page = self._first_page(line, since)
        while page is not None:
            with _asking("list"):
                texts = [one for one in page if one.direction == "inbound"]
            for one in texts:
                try:
                    message = self._listed(one)
                    is_wanted = since <= message.received_at <= until
                except _UNCLEAR:
                    unclear += 1
                else:
                    if is_wanted:
                        yield message
            with _asking("list"):
                page = page.next_page()
        if unclear:  # told at the end: one text must not cost the others
            raise AskError(f"{unclear} of the texts on Twilio's list cannot be understood")

    def _first_page(self, line: str, since: datetime) -> Any:
        day = since.astimezone(UTC).date().isoformat()  # it filters by whole days
        for client in self._clients:
            try:
                return client.messages.page(to=line, date_sent_after=day, page_size=_PAGE)
            except TwilioException as error:
                if _status(error) != 401 or client is self._clients[-1]:
                    raise
        raise AssertionError("a Twilio channel has at least one token")

    def _listed(self, one: Any) -> InboundMessage:
        """A text out of Twilio's list, which does not tell of a position that was shared."""
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=clean_id(one.sid, "sid"),
            sender=clean_sender(one.from_, "from", self._country),
            recipient=clean_address(one.to, "to", self._country),
            text=clean_text(one.body or ""),  # null where it was a picture alone, or is redacted
            received_at=one.date_sent,
            sent_at=one.date_sent,
        )


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Whatever goes wrong with what Twilio is asked is an AskError."""
    try:
        yield
    except TwilioException as error:
        status = _status(error)
        refused = status in {401, 403}
        raise AskError(
            "Twilio refuses our credentials"
            if refused
            else f"Twilio answered {status} when asked for its {what}"
        ) from None
    except requests.RequestException as error:
        raise AskError(connection_error(error).reason) from None
    except _UNCLEAR:
        raise AskError(f"Twilio's {what} cannot be understood") from None


def _status(error: Any) -> int:
    """Of a page that did not come the SDK keeps the answer beside its words."""
    answer = error.args[1] if len(error.args) > 1 else None
    return number(answer, "status_code") or number(error, "status")


def _words(fields: dict[str, str]) -> str:
    """What was written, and a shared position in the words that are read with certainty.

    The name and the address of a shared place are a map's, and no words of the sender: a street's
    number must not become a count.
    """
    if "Latitude" not in fields or "Longitude" not in fields:
        return needed(fields, "Body")
    position = f"lat {_degrees(fields['Latitude'])} lon {_degrees(fields['Longitude'])}"
    return f"{fields.get('Body', '')} {position}".strip()


def _degrees(value: str) -> str:
    """Six decimals are 10 cm. What is no number stays: it is asked about, not dropped."""
    try:
        return f"{float(value):.6f}"
    except ValueError:
        return value


def _message_sid(fields: dict[str, str]) -> str:
    return clean_id(needed(fields, "MessageSid", "SmsMessageSid", "SmsSid"), "MessageSid")


def _reason(status: str, code: str) -> str:
    if code == _WINDOW_CLOSED:
        return "on WhatsApp this person must write first: nothing may go out 24 hours after their last text"
    return (
        f"Twilio error {code}" if code.isascii() and code.isdigit() and len(code) < 7 else f"Twilio: {status}"
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
