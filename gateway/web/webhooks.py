"""Where providers call. The edge does three things: authenticate, write down, acknowledge.

Whatever a caller sends, the answer is a status and no words: providers pass words on to phones.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeVar

import sqlalchemy as sa
from flask import Blueprint, Response, request

from gateway.channels.base import (
    BadRequestError,
    BadSignatureError,
    PhoneChannel,
    TextChannel,
    WebhookRequest,
)
from gateway.inbox.accept import NotStoredError
from gateway.messages import InboundMessage, Receipt
from gateway.services import Services
from gateway.storage.database import DatabaseAwayError, is_connection_error
from gateway.watching.service import note_phone
from gateway.web.calls import empty, read_call, refused
from gateway.web.turns import BusyError, Turns

_RETRY_SECONDS: Final = "10"
_RECEIPTS_AT_ONCE, _RECEIPT_WAITS = 8, 0.5


class Accepts(Protocol):
    """The inbox, as the edge sees it."""

    def accept(self, message: InboundMessage) -> None:
        """Return once the message is safe. Raise NotStoredError."""


Told = TypeVar("Told")
RecordReceipt = Callable[[Receipt], object]
Handler = Callable[[TextChannel, WebhookRequest], None]


def webhooks(services: Services, inbox: Accepts, record_receipt: RecordReceipt) -> Blueprint:
    """``/webhooks/<channel>/<event>`` with the events ``sms``, for receipts ``status`` or ``delivery``, and ``health``."""
    blueprint = Blueprint("webhooks", __name__)
    turns = Turns(_RECEIPTS_AT_ONCE, _RECEIPT_WAITS)

    def take_receipt(channel: TextChannel, call: WebhookRequest) -> None:
        receipt = channel.parse_receipt(call)
        if receipt is not None:
            with turns.one():
                _record(record_receipt, receipt)

    def take_health(channel: TextChannel, call: WebhookRequest) -> None:
        health = channel.parse_health(call) if isinstance(channel, PhoneChannel) else None
        if health is not None:
            with turns.one():
                _record(partial(note_phone, services), health)

    handlers: dict[str, Handler] = {
        "sms": lambda channel, call: _take_message(channel, call, inbox),
        "status": take_receipt,
        "delivery": take_receipt,
        "health": take_health,
    }

    @blueprint.route("/webhooks/<channel_name>/<event>", methods=["GET", "POST"])
    def receive(channel_name: str, event: str) -> Response:
        channel, handle = services.channels.get(channel_name), handlers.get(event)
        if not isinstance(channel, TextChannel) or handle is None:
            return empty(404)
        if request.method != channel.method:
            return empty(405, {"Allow": channel.method})
        return _answered(channel, handle, read_call(services))

    return blueprint


def _answered(channel: TextChannel, handle: Handler, call: WebhookRequest) -> Response:
    try:
        channel.verify(call)
        handle(channel, call)
    except BadSignatureError:
        return refused(channel, 403, "bad signature")
    except BadRequestError as error:
        return refused(channel, 400, str(error))
    except (NotStoredError, DatabaseAwayError, BusyError):
        return empty(503, {"Retry-After": _RETRY_SECONDS})
    body, content_type = channel.acknowledgement
    return Response(body, 200, content_type=content_type)


def _take_message(channel: TextChannel, call: WebhookRequest, inbox: Accepts) -> None:
    message = channel.parse_inbound(call)
    if message is not None:
        inbox.accept(message)


def _record(record: Callable[[Told], object], told: Told) -> None:
    try:
        record(told)
    except sa.exc.TimeoutError:
        raise DatabaseAwayError from None
    except sa.exc.DBAPIError as error:
        if is_connection_error(error):
            raise DatabaseAwayError from None
        raise
