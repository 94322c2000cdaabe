"""Where a provider tells of calls of ours to officers: what is said when one picks up, and how it ended."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response

from gateway.alerts import ringing as calls
from gateway.channels.base import BadRequestError, BadSignatureError, CallingChannel, WebhookRequest
from gateway.messages import Receipt
from gateway.services import Services
from gateway.storage.database import DATABASE_TROUBLE
from gateway.web.calls import empty, read_call, refused

_RETRY_SECONDS = "10"
Handler = Callable[[CallingChannel, WebhookRequest], Response]


def ringing(services: Services, record_receipt: Callable[[Receipt], object]) -> Blueprint:
    """``/webhooks/<channel>/call`` and its ``/status``."""
    blueprint = Blueprint("ringing", __name__)

    @blueprint.post("/webhooks/<channel_name>/call")
    def picked_up(channel_name: str) -> Response:
        return _answered(services, channel_name, partial(_say, services))

    @blueprint.post("/webhooks/<channel_name>/call/status")
    def rung(channel_name: str) -> Response:
        return _answered(services, channel_name, partial(_note, record_receipt))

    return blueprint


def _answered(services: Services, channel_name: str, handle: Handler) -> Response:
    channel = services.channels.get(channel_name)
    if not isinstance(channel, CallingChannel):
        return empty(404)
    request = read_call(services)
    try:
        channel.verify(request)
        return handle(channel, request)
    except BadSignatureError:
        return refused(channel, 403, "bad signature")
    except BadRequestError as error:
        return refused(channel, 400, str(error))
    except DATABASE_TROUBLE:
        return empty(503, {"Retry-After": _RETRY_SECONDS})


def _say(services: Services, channel: CallingChannel, request: WebhookRequest) -> Response:
    step = channel.parse_picked_up(request)
    try:
        spoken = calls.answer(services, step)
    except DATABASE_TROUBLE:
        spoken = calls.away(services)
    answer = channel.tell(step, spoken)
    return Response(answer.body, answer.status, answer.headers, content_type=answer.content_type)


def _note(
    record_receipt: Callable[[Receipt], object], channel: CallingChannel, request: WebhookRequest
) -> Response:
    receipt = channel.parse_rung(request)
    if receipt is not None:
        record_receipt(receipt)
    return empty(204)
