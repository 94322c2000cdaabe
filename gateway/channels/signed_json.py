"""The JSON shape that our own channels speak: ``{"id","from","to","text","sent_at"?}``, HMAC-signed."""

import hmac
import json
from collections.abc import Sequence
from typing import Final

from uuid_utils.compat import uuid7

from gateway.channels.base import BadSignatureError, WebhookRequest
from gateway.channels.cleaning import clean_address, clean_error, clean_id, clean_sender, clean_text
from gateway.channels.json_fields import moment, read_object, string, uuid
from gateway.messages import Delivery, InboundMessage, OutboundMessage, Receipt

HEADER: Final = "X-Vigie-Signature"
_STATES: Final = {state.value: state for state in (Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED)}


def signature(secret: str, body: bytes) -> str:
    """The value of the header ``X-Vigie-Signature``."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def verify(request: WebhookRequest, secrets: Sequence[str]) -> None:
    """Raise BadSignatureError unless the body was signed with one of the secrets."""
    claimed = request.headers.get(HEADER, "").strip().encode("latin-1", "replace")
    if not any(hmac.compare_digest(claimed, signature(secret, request.body).encode()) for secret in secrets):
        raise BadSignatureError


def read_inbound(channel: str, country: str, request: WebhookRequest) -> InboundMessage:
    fields = read_object(request.body)
    return InboundMessage(
        id=uuid7(),
        channel=channel,
        provider_id=clean_id(string(fields, "id"), "id"),
        sender=clean_sender(string(fields, "from"), "from", country),
        recipient=clean_address(string(fields, "to"), "to", country),
        text=clean_text(string(fields, "text")),
        received_at=request.received_at,
        sent_at=moment(fields, "sent_at"),
    )


def read_receipt(channel: str, request: WebhookRequest) -> Receipt | None:
    """``{"id","state": "sent"|"delivered"|"failed","error"?,"message"?}``; ``message`` is our id."""
    fields = read_object(request.body)
    state = _STATES.get(string(fields, "state"))
    if state is None:
        return None
    error = string(fields, "error") if fields.get("error") is not None else None
    return Receipt(
        channel=channel,
        provider_id=clean_id(string(fields, "id"), "id"),
        state=state,
        error=clean_error(error) if error and state is Delivery.FAILED else None,
        message_id=uuid(fields, "message"),
    )


def outgoing(message: OutboundMessage) -> bytes:
    """One of our texts in the same shape."""
    fields = {"id": str(message.id), "from": message.sender, "to": message.recipient, "text": message.text}
    return json.dumps(fields, ensure_ascii=False).encode()
