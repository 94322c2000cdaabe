"""Kannel: SMS in and out through its smsbox, delivery reports. It signs nothing: a key in the address does."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway.channels.base import (
    EMPTY_ANSWER,
    BadRequestError,
    NoRouteSendError,
    SendError,
    WebhookRequest,
    form_fields,
)
from gateway.channels.cleaning import clean_address, clean_id, clean_sender, clean_text, needed
from gateway.channels.guard import Guard
from gateway.channels.posting import Answer, Taker
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, Part, Receipt
from gateway.text.gsm7 import is_gsm7

_GSM7, _UCS2 = "0", "2"  # Kannel's "coding"
_EVERY_REPORT: Final = "31"
_STATES: Final = {
    1: Delivery.DELIVERED,
    2: Delivery.FAILED,  # by the phone
    8: Delivery.SENT,  # the SMSC took it
    16: Delivery.FAILED,  # the SMSC refused it
}
# What Kannel calls the charsets of a text as it hands them over.
_ENCODINGS: Final = {
    "": "utf-8",
    "UTF-8": "utf-8",
    "UTF-16BE": "utf-16-be",
    "8-BIT": "latin-1",
    "ISO-8859-1": "latin-1",
    "WINDOWS-1252": "cp1252",
}
# Concatenated short messages, 8 and 16 bit: element, its length, and as many bytes (3GPP TS 23.040).
_CONCATENATED: Final = {(0x00, 3, 3), (0x08, 4, 4)}
# An SMSC's receipt quotes the text, so only its codes are kept: "stat:UNDELIV err:001", "NACK/1064/…".
_CODE = re.compile(
    r"\b(?:stat:([A-Z]{2,12})\b(?:.{0,20}?\berr:([0-9A-Za-z]{1,4})\b)?|NACK/([A-Z0-9]{1,6})\b)"
)


class KannelChannel:
    """An smsbox. Of several keys (while changing) each is believed, and the first is given out."""

    method = "GET"
    acknowledgement = EMPTY_ANSWER

    def __init__(
        self,
        name: str,
        keys: Sequence[str],
        *,
        public_url: str,
        sendsms_url: str,
        username: str,
        password: str,
        country: str,
        smsc: str = "",
    ) -> None:
        self.name = name
        self._keys = keys
        self._public_url = public_url
        self._sendsms_url = sendsms_url
        self._login = {"username": username, "password": password}
        self._smsc = {"smsc": smsc} if smsc else {}
        self._country = country

    def verify(self, request: WebhookRequest) -> None:
        Guard(self._keys).verify(request)

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        fields = request.query
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=clean_id(needed(fields, "id"), "id"),
            sender=clean_sender(needed(fields, "from"), "from", self._country),
            recipient=clean_address(needed(fields, "to"), "to", self._country),
            text=clean_text(_text(request)),
            received_at=request.received_at,
            sent_at=_moment(fields.get("sent_at", "")),
            part=_part(request),
            device=clean_id(fields["smsc"], "smsc") if fields.get("smsc") else None,
        )

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        message = _uuid(needed(request.query, "message"))
        state = _STATES.get(_number(needed(request.query, "state")))
        if state is None:
            return None
        return Receipt(
            channel=self.name,
            provider_id=str(message),
            state=state,
            error=_reason(request.query.get("reason", "")) if state is Delivery.FAILED else None,
            message_id=message,
        )

    def send(self, message: OutboundMessage) -> Accepted:
        fields = {
            **self._login,
            **self._smsc,
            "from": message.sender,
            "to": message.recipient,
            "text": message.text,
            "charset": "UTF-8",
            "coding": _GSM7 if is_gsm7(message.text) else _UCS2,
            "dlr-mask": _EVERY_REPORT,
            "dlr-url": self._report_url(message.id),
        }
        smsbox = Taker(f"{self._sendsms_url}?{urlencode(fields)}", "Kannel", "our credentials")
        answer = smsbox.ask("GET", None, {})
        if answer.status != 202:
            raise _refusal(smsbox, answer)
        return Accepted(str(message.id))  # sendsms tells no id of its own: the report carries ours

    def _report_url(self, message_id: UUID) -> str:
        """Where to report: Kannel fills in %d and %A, so that a % of ours must be doubled."""
        query = f"key={quote(self._keys[0], safe='')}&message={message_id}"
        ours = f"{self._public_url}/webhooks/{self.name}/delivery?{query}"
        return ours.replace("%", "%%") + "&state=%d&reason=%A"


def _text(request: WebhookRequest) -> str:
    """The text by its charset: UCS-2 comes as UTF-16BE unless smsbox recodes it, everything else as UTF-8."""
    charset = request.query.get("charset", "").upper()
    if charset not in _ENCODINGS:
        raise BadRequestError("charset is unknown")
    return needed(dict(form_fields(request.url.partition("?")[2], _ENCODINGS[charset])), "text")


def _part(request: WebhookRequest) -> Part | None:
    """Which part the user data header says a text is (Kannel's %u, its bytes as they came).

    A header that is cut short or says nothing makes no text any less: it is taken as a whole one.
    """
    header = dict(form_fields(request.url.partition("?")[2], "latin-1")).get("udh", "").encode("latin-1")
    elements = header[1:] if header and header[0] == len(header) - 1 else b""
    part = None
    while len(elements) >= 2:
        element, length = elements[0], elements[1]
        value, elements = elements[2 : 2 + length], elements[2 + length :]
        if (element, length, len(value)) in _CONCATENATED:
            *reference, total, number = value
            part = Part.of(int.from_bytes(reference, "big"), number, total)  # the last one counts
    return part


def _moment(seconds: str) -> datetime | None:
    """Kannel's %T, which is empty where the SMSC told no time."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadRequestError("sent_at is no time in seconds") from None


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise BadRequestError("state is no number") from None


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadRequestError("message is no UUID") from None


def _reason(reply: str) -> str:
    found = _CODE.search(reply)
    codes = " ".join(filter(None, found.groups())) if found else "no reason given"
    return f"Kannel: {codes}"


def _refusal(smsbox: Taker, answer: Answer) -> SendError:
    """Kannel's answer as ours. Its words may quote the number, so only the status is kept."""
    if answer.status == 403 and answer.body.startswith(b"Not routable"):
        return NoRouteSendError("Kannel has no route to this number")
    return smsbox.refusal(answer.status)
