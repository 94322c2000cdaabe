"""A provider's call as plain data, and the answers to it that have no words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.channels.base import Channel, WebhookRequest
from gateway.channels.guard import Network, is_within, read_networks
from gateway.observability import REFUSED, get_logger
from gateway.services import Services

log = get_logger(__name__)

MAX_BODY: Final = 64 * 1024


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


def read_call(services: Services) -> WebhookRequest:
    """The request as plain data. Raise RequestEntityTooLarge (413) for a body over 64 KiB."""
    public_url = services.settings.public_url
    path, query = request.path, request.environ.get("QUERY_STRING", "")
    headers = _Headers(request.environ)
    return WebhookRequest(
        method=request.method,
        url=f"{public_url}{path}?{query}" if query else public_url + path,
        path=path,
        headers=headers,
        body=_read_body(request.environ, request.content_length),
        received_at=services.now(),
        caller=caller(
            request.environ.get("REMOTE_ADDR", ""),
            headers.get("X-Forwarded-For", ""),
            read_networks(services.settings.trusted_proxies),
        ),
    )


def caller(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Who called: the peer, or whom our own proxies name. What came before them anybody can have written."""
    hops = forwarded.split(",") if forwarded else []
    while hops and is_within(peer, proxies):
        peer = hops.pop().strip()
    return peer


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


def refused(channel: Channel, status: int, reason: str) -> Response:
    REFUSED.labels(channel.name, status).inc()
    log.warning("webhook_refused", channel=channel.name, status=status, reason=reason)
    return empty(status)


def empty(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(b"", status, headers, content_type="text/plain; charset=utf-8")
