"""Anything that can post JSON: texts in; texts out too, where an address to post them to is given."""

from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from gateway.channels import signed_json
from gateway.channels.base import (
    EMPTY_ANSWER,
    PermanentSendError,
    SendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.messages import Accepted, InboundMessage, OutboundMessage, Receipt

_SECONDS: Final = 2.5  # for the connection, and again for the answer


class HttpChannel:
    """Signed JSON. Of several secrets (while rotating) each is believed, and the first signs."""

    acknowledgement = EMPTY_ANSWER

    def __init__(self, name: str, secrets: Sequence[str], *, country: str, send_url: str = "") -> None:
        self.name = name
        self._secrets = secrets
        self._country = country
        self._send_url = send_url

    def verify(self, request: WebhookRequest) -> None:
        signed_json.verify(request, self._secrets)

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        return signed_json.read_inbound(self.name, self._country, request)

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        return signed_json.read_receipt(self.name, request)

    def send(self, message: OutboundMessage) -> Accepted:
        if not self._send_url:
            raise PermanentSendError("the http channel has no send_url")
        body = signed_json.outgoing(message)
        status = _post(self._send_url, body, signed_json.signature(self._secrets[0], body))
        if not 200 <= status < 300:
            raise _send_error(status)
        return Accepted(str(message.id))


def _post(url: str, body: bytes, signature: str) -> int:
    """The status of the answer. A redirection is not followed: it would lose the body."""
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=_SECONDS)
    try:
        connection.connect()
    except OSError:
        raise TemporarySendError("the send_url cannot be reached") from None
    headers = {"Content-Type": "application/json", signed_json.HEADER: signature}
    try:
        connection.request(
            "POST", f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}", body, headers
        )
        return connection.getresponse().status
    except (OSError, HTTPException):
        raise UncertainSendError("the send_url did not answer in time") from None
    finally:
        connection.close()


def _send_error(status: int) -> SendError:
    reason = f"the send_url answered {status}"
    if status in {401, 403}:
        return TemporarySendError("the send_url refuses our signature")
    if status in {429, 503}:
        return TemporarySendError(reason)
    return UncertainSendError(reason) if status >= 500 else PermanentSendError(reason)
