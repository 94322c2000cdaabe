"""A phone with the open-source app *SMS Gateway for Android*: its SIMs receive and send our texts."""

import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway.channels.base import (
    EMPTY_ANSWER,
    BadRequestError,
    BadSignatureError,
    NoRouteSendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.channels.cleaning import clean_address, clean_error, clean_id, clean_sender, clean_text
from gateway.channels.json_fields import moment, read_object, string
from gateway.channels.numbers import normalised
from gateway.channels.posting import Answer, Taker
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, PhoneHealth, Receipt

_RECEIVED: Final = "sms:received"
_PING: Final = "system:ping"
_STATES: Final = {
    "sms:sent": Delivery.SENT,
    "sms:delivered": Delivery.DELIVERED,
    "sms:failed": Delivery.FAILED,
}
# What the phone cannot send within the hour it reports as failed, rather than send it stale.
_LIVES_SECONDS: Final = 3600
_TAKEN_BEFORE: Final = 409
_SIM = re.compile(r"(?P<device>[^\s:=]+)(:(?P<slot>[1-9]))?")
_LINE = re.compile(r"\+[1-9][0-9]{6,14}")


def read_lines(written: str, country: str) -> dict[str, str]:
    """``DEVICE:SIM=+227…, …`` as SIM -> line; a number alone is the line of every SIM that is not named.

    ``DEVICE=+227…`` serves each SIM of a device. Raise ValueError.
    """
    lines: dict[str, str] = {}
    for part in filter(None, map(str.strip, written.split(","))):
        sim, _, number = (word.strip() for word in part.rpartition("="))
        line = normalised(number, country)
        if sim in lines or not _LINE.fullmatch(line) or (part != number and not _SIM.fullmatch(sim)):
            raise ValueError
        lines[sim] = line
    return lines


@dataclass(frozen=True, slots=True)
class SendingApi:
    """Where texts are handed over: the phone's own address, or that of the cloud server."""

    url: str
    user: str = field(repr=False)
    password: str = field(repr=False)

    def taker(self) -> Taker:
        return Taker(f"{self.url.rstrip('/')}/messages", "the Android gateway", "our user and password")

    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class AndroidChannel:
    """Phones that share an account. Each of their signing keys is believed."""

    method = "POST"
    acknowledgement = EMPTY_ANSWER

    def __init__(
        self,
        name: str,
        keys: Sequence[str],
        lines: Mapping[str, str],
        *,
        country: str,
        api: SendingApi | None = None,
    ) -> None:
        self.name = name
        self._keys = keys
        self._lines = lines
        self._sims = {line: sim for sim, line in lines.items()}
        self._country = country
        self._api = api

    def verify(self, request: WebhookRequest) -> None:
        # The timestamp is the phone's clock at this attempt. It is signed but not judged: a clock that
        # is wrong would lose texts, and a replayed call changes nothing, since ids are taken in once.
        timestamp = _timestamp(request)
        claimed = request.headers.get("X-Signature", "").strip().lower().encode("utf-8", "replace")
        if not (timestamp.isascii() and timestamp.isdigit()):
            raise BadSignatureError
        signed = request.body + timestamp.encode()
        expected = (hmac.digest(key.encode(), signed, "sha256").hex().encode() for key in self._keys)
        if not any(hmac.compare_digest(claimed, each) for each in expected):
            raise BadSignatureError

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        event = read_object(request.body)
        if string(event, "event") != _RECEIVED:
            return None
        fields = _payload(event)
        device, sent_at = string(event, "deviceId"), _phones_word(fields)
        return InboundMessage(
            id=uuid7(),
            channel=self.name,
            provider_id=_message_id(fields, sent_at),
            sender=clean_sender(*_sender(fields), self._country),
            recipient=self._line(device, fields),
            text=clean_text(string(fields, "message")),
            received_at=request.received_at,
            sent_at=sent_at,
            device=clean_id(device, "deviceId") if device else None,
        )

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        event = read_object(request.body)
        kind = string(event, "event")
        if kind == _RECEIVED:  # answered 200 it would be lost; refused it comes again until it is mended
            raise BadRequestError("sms:received must call the address that ends in /sms")
        state = _STATES.get(kind)
        if state is None:
            return None
        fields = _payload(event)
        given = clean_id(string(fields, "messageId"), "messageId")
        reason = fields.get("reason")
        return Receipt(
            channel=self.name,
            provider_id=given,
            state=state,
            error=clean_error(reason) if state is Delivery.FAILED and isinstance(reason, str) else None,
            message_id=_uuid(given),
        )

    def parse_health(self, request: WebhookRequest) -> PhoneHealth | None:
        """Its ``system:ping``. What it says of its battery is believed where it can be, and never asked for.

        The app signs each attempt with the second in which it makes it, a repeated one too: so that second tells
        a living phone from a copy of what it once said.
        """
        event = read_object(request.body)
        if string(event, "event") != _PING:
            return None
        checks = _payload(event).get("health")
        checks = checks.get("checks") if isinstance(checks, dict) else None
        level, charging = (_observed(checks, f"battery:{name}") for name in ("level", "charging"))
        return PhoneHealth(
            channel=self.name,
            device=clean_id(string(event, "deviceId"), "deviceId"),
            at=request.received_at,
            battery=level if level is not None and 0 <= level <= 100 else None,
            charging=None if charging is None else charging != 0,  # flags: of what it charges by
            signed_at=_signed_at(request),
        )

    def send(self, message: OutboundMessage) -> Accepted:
        if self._api is None:
            raise NoRouteSendError("the android channel has no url to send by")
        fields = {
            "id": str(message.id),
            "textMessage": {"text": message.text},
            "phoneNumbers": [message.recipient],
            "withDeliveryReport": True,
            "ttl": _LIVES_SECONDS,
            **self._sim(message.sender),
        }
        body = json.dumps(fields, ensure_ascii=False).encode()
        headers = {"Authorization": self._api.authorization()}
        answer = self._api.taker().post(body, headers, also_taken={_TAKEN_BEFORE})
        return _accepted(answer, str(message.id))

    def _line(self, device: str, fields: dict[str, Any]) -> str:
        """The line that a text came to: as the operator named the SIM, else as the phone knows it.

        A SIM that neither knows stays a SIM: its texts are kept, and to an unknown line nothing is answered.
        """
        slot = fields.get("simNumber")
        if slot is not None and (isinstance(slot, bool) or not isinstance(slot, int)):
            raise BadRequestError("simNumber must be a number")
        sim = f"{device}:{slot}" if slot else device
        for known in (sim, device, ""):
            if known in self._lines:
                return self._lines[known]
        recipient = string(fields, "recipient") if fields.get("recipient") is not None else ""
        return clean_address(clean_text(recipient).strip() or sim, "recipient", self._country)

    def _sim(self, line: str) -> dict[str, object]:
        """The fields that choose the SIM of one of our lines."""
        sim = self._sims.get(line, "" if "" in self._lines else None)
        if sim is None:
            raise TemporarySendError("the android channel's lines name no SIM for this line")
        device, _, slot = sim.partition(":")
        return ({"deviceId": device} if device else {}) | ({"simNumber": int(slot)} if slot else {})


def _timestamp(request: WebhookRequest) -> str:
    return request.headers.get("X-Timestamp", "").strip()


def _signed_at(request: WebhookRequest) -> datetime:
    """Not later than now: a phone whose clock was ahead must be believed when it is set right."""
    seconds = min(float(_timestamp(request)), request.received_at.timestamp())
    return datetime.fromtimestamp(seconds, UTC)


def _observed(checks: object, name: str) -> int | None:
    check = checks.get(name) if isinstance(checks, dict) else None
    value = check.get("observedValue") if isinstance(check, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    if "payload" not in event:
        raise BadRequestError("payload is missing")
    payload = event["payload"]
    if not isinstance(payload, dict):
        raise BadRequestError("payload must be an object")
    return payload


def _message_id(fields: dict[str, Any], sent_at: datetime | None) -> str:
    """The app's id of the text, which a re-send keeps (that of the event is new each time).

    It is a hash of 32 bits: within years two texts would share one, so the time of the text goes with it.
    """
    given = clean_id(string(fields, "messageId"), "messageId")
    return f"{given}@{sent_at.timestamp():.3f}" if sent_at else given


def _sender(fields: dict[str, Any]) -> tuple[str, str]:
    """The sender and its field: ``phoneNumber`` in the app's older versions."""
    name = "phoneNumber" if fields.get("sender") is None and "phoneNumber" in fields else "sender"
    return string(fields, name), name


def _phones_word(fields: dict[str, Any]) -> datetime | None:
    """When the phone says that the text came. A time that cannot be read must not cost the text."""
    with suppress(BadRequestError):
        return moment(fields, "receivedAt")
    return None


def _uuid(text: str) -> UUID | None:
    """Our own id, unless somebody else sent by this phone."""
    with suppress(ValueError):
        return UUID(text)
    return None


def _accepted(answer: Answer, ours: str) -> Accepted:
    """409: taken at an earlier try. Else the answer repeats our id, which no proxy or portal would."""
    if answer.status != _TAKEN_BEFORE:
        try:
            taken = read_object(answer.body).get("id")
        except BadRequestError:
            taken = None
        if taken != ours:
            raise UncertainSendError("the Android gateway's answer cannot be understood")
    return Accepted(ours)
