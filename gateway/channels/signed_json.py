"""The JSON shape that our own channels speak: HMAC-signed.

``{"id","from","to","text","sent_at"?,"part"?,"device"?}``, with ``part`` as ``{"ref","number","total"}``.
"""

import hmac
import json
from collections.abc import Sequence
from typing import Any, Final

from uuid_utils.compat import uuid7

from gateway.channels.base import BadRequestError, BadSignatureError, WebhookRequest
from gateway.channels.cleaning import clean_address, clean_error, clean_id, clean_sender, clean_text
from gateway.channels.json_fields import moment, read_object, string, uuid, whole_number
from gateway.messages import Delivery, InboundMessage, OutboundMessage, Part, Receipt

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
        part=_part(fields.get("part")),
        device=clean_id(string(fields, "device"), "device") if fields.get("device") is not None else None,
    )


def _part(given: Any) -> Part | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise BadRequestError("part must be an object")
    part = Part.of(*(whole_number(given, name) for name in ("ref", "number", "total")))
    if part is None and given["total"] != 1:
        raise BadRequestError("part is none of its total")
    return part


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
