"""The JSON shape that our own channels speak: ``{"id","from","to","text","sent_at"?}``, HMAC-signed."""

import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway.channels.base import BadRequestError, BadSignatureError, WebhookRequest
from gateway.channels.cleaning import clean_address, clean_error, clean_id, clean_text
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
    fields = _read_object(request.body)
    return InboundMessage(
        id=uuid7(),
        channel=channel,
        provider_id=clean_id(_string(fields, "id"), "id"),
        sender=clean_address(_string(fields, "from"), "from", country),
        recipient=clean_address(_string(fields, "to"), "to", country),
        text=clean_text(_string(fields, "text")),
        received_at=request.received_at,
        sent_at=_moment(fields, "sent_at"),
    )


def read_receipt(channel: str, request: WebhookRequest) -> Receipt | None:
    """``{"id","state": "sent"|"delivered"|"failed","error"?,"message"?}``; ``message`` is our id."""
    fields = _read_object(request.body)
    state = _STATES.get(_string(fields, "state"))
    if state is None:
        return None
    error = _string(fields, "error") if fields.get("error") is not None else None
    return Receipt(
        channel=channel,
        provider_id=clean_id(_string(fields, "id"), "id"),
        state=state,
        error=clean_error(error) if error and state is Delivery.FAILED else None,
        message_id=_uuid(fields, "message"),
    )


def outgoing(message: OutboundMessage) -> bytes:
    """One of our texts in the same shape."""
    fields = {"id": str(message.id), "from": message.sender, "to": message.recipient, "text": message.text}
    return json.dumps(fields, ensure_ascii=False).encode()


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise BadRequestError("the body is not a JSON object")
    return fields


def _string(fields: dict[str, Any], name: str) -> str:
    if name not in fields:
        raise BadRequestError(f"{name} is missing")
    value = fields[name]
    if not isinstance(value, str):
        raise BadRequestError(f"{name} must be a string")
    return value


def _moment(fields: dict[str, Any], name: str) -> datetime | None:
    if fields.get(name) is None:
        return None
    try:
        moment = datetime.fromisoformat(_string(fields, name))
        if moment.tzinfo is None:
            raise BadRequestError(f"{name} has no time zone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequestError(f"{name} is no ISO 8601 time") from None


def _uuid(fields: dict[str, Any], name: str) -> UUID | None:
    if fields.get(name) is None:
        return None
    try:
        return UUID(_string(fields, name))
    except ValueError:
        raise BadRequestError(f"{name} is no UUID") from None
