"""Where providers call. The edge does three things: authenticate, write down, acknowledge.

Whatever a caller sends, the answer is a status and no words: providers pass words on to phones.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.channels.base import BadRequestError, BadSignatureError, Channel, TextChannel, WebhookRequest
from gateway.inbox.accept import NotStoredError
from gateway.messages import InboundMessage, Receipt
from gateway.observability import REFUSED, get_logger
from gateway.services import Services
from gateway.storage.database import DatabaseAwayError, is_connection_error
from gateway.web.turns import BusyError, Turns

log = get_logger(__name__)

MAX_BODY: Final = 64 * 1024
_RETRY_SECONDS: Final = "10"
_RECEIPTS_AT_ONCE, _RECEIPT_WAITS = 8, 0.5


class Accepts(Protocol):
    """The inbox, as the edge sees it."""

    def accept(self, message: InboundMessage) -> None:
        """Return once the message is safe. Raise NotStoredError."""


RecordReceipt = Callable[[Receipt], object]
Handler = Callable[[TextChannel, WebhookRequest], None]


class _Headers(Mapping[str, str]):
    """The request's headers, looked up only when asked for."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return str(self._environ[f"HTTP_{name.upper().replace('-', '_')}"])

    def __iter__(self) -> Iterator[str]:
        return (key[5:].replace("_", "-").title() for key in self._environ if key.startswith("HTTP_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def webhooks(services: Services, inbox: Accepts, record_receipt: RecordReceipt) -> Blueprint:
    """``/webhooks/<channel>/<event>`` with the events ``sms`` and, for receipts, ``status`` or ``delivery``."""
    blueprint = Blueprint("webhooks", __name__)
    turns = Turns(_RECEIPTS_AT_ONCE, _RECEIPT_WAITS)

    def take_receipt(channel: TextChannel, call: WebhookRequest) -> None:
        receipt = channel.parse_receipt(call)
        if receipt is not None:
            with turns.one():
                _record(record_receipt, receipt)

    handlers: dict[str, Handler] = {
        "sms": lambda channel, call: _take_message(channel, call, inbox),
        "status": take_receipt,
        "delivery": take_receipt,
    }

    @blueprint.route("/webhooks/<channel_name>/<event>", methods=["GET", "POST"])
    def receive(channel_name: str, event: str) -> Response:
        channel, handle = services.channels.get(channel_name), handlers.get(event)
        if not isinstance(channel, TextChannel) or handle is None:
            return _answer(404)
        if request.method != channel.method:
            return _answer(405, {"Allow": channel.method})
        call = _as_call(services.settings.public_url, services.now())
        return _answered(channel, handle, call)

    return blueprint


def _as_call(public_url: str, now: datetime) -> WebhookRequest:
    """The request as plain data. Raise RequestEntityTooLarge (413) for a body over 64 KiB."""
    path, query = request.path, request.environ.get("QUERY_STRING", "")
    return WebhookRequest(
        method=request.method,
        url=f"{public_url}{path}?{query}" if query else public_url + path,
        path=path,
        headers=_Headers(request.environ),
        body=_read_body(request.environ, request.content_length),
        received_at=now,
    )


def _read_body(environ: dict[str, Any], length: int | None) -> bytes:
    """The body, never more than the limit. Werkzeug's own reader cuts a chunked one short in silence."""
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    limit = MAX_BODY + 1 if length is None else length
    if limit > MAX_BODY + 1:
        raise RequestEntityTooLarge
    body = b""
    while len(body) < limit and (part := environ["wsgi.input"].read(limit - len(body))):
        body += part
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    return body


def _answered(channel: TextChannel, handle: Handler, call: WebhookRequest) -> Response:
    try:
        channel.verify(call)
        handle(channel, call)
    except BadSignatureError:
        return _refused(channel, 403, "bad signature")
    except BadRequestError as error:
        return _refused(channel, 400, str(error))
    except (NotStoredError, DatabaseAwayError, BusyError):
        return _answer(503, {"Retry-After": _RETRY_SECONDS})
    body, content_type = channel.acknowledgement
    return Response(body, 200, content_type=content_type)


def _take_message(channel: TextChannel, call: WebhookRequest, inbox: Accepts) -> None:
    message = channel.parse_inbound(call)
    if message is not None:
        inbox.accept(message)


def _record(record: RecordReceipt, receipt: Receipt) -> None:
    try:
        record(receipt)
    except sa.exc.TimeoutError:
        raise DatabaseAwayError from None
    except sa.exc.DBAPIError as error:
        if is_connection_error(error):
            raise DatabaseAwayError from None
        raise


def _refused(channel: Channel, status: int, reason: str) -> Response:
    REFUSED.labels(channel.name, status).inc()
    log.warning("webhook_refused", channel=channel.name, status=status, reason=reason)
    return _answer(status)


def _answer(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(b"", status, headers, content_type="text/plain; charset=utf-8")
