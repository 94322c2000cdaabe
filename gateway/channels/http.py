"""Anything that can post JSON: texts in; texts out too, where an address to post them to is given."""

from collections.abc import Sequence

from gateway.channels import signed_json
from gateway.channels.base import EMPTY_ANSWER, NoRouteSendError, WebhookRequest
from gateway.channels.posting import Taker
from gateway.messages import Accepted, InboundMessage, OutboundMessage, Receipt


class HttpChannel:
    """Signed JSON. Of several secrets (while rotating) each is believed, and the first signs."""

    method = "POST"
    acknowledgement = EMPTY_ANSWER

    def __init__(self, name: str, secrets: Sequence[str], *, country: str, send_url: str = "") -> None:
        self.name = name
        self._secrets = secrets
        self._country = country
        self._taker = Taker(send_url, "the send_url", "our signature") if send_url else None

    def verify(self, request: WebhookRequest) -> None:
        signed_json.verify(request, self._secrets)

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        return signed_json.read_inbound(self.name, self._country, request)

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        return signed_json.read_receipt(self.name, request)

    def send(self, message: OutboundMessage) -> Accepted:
        if self._taker is None:
            raise NoRouteSendError("the http channel has no send_url")
        body = signed_json.outgoing(message)
        self._taker.post(body, {signed_json.HEADER: signed_json.signature(self._secrets[0], body)})
        return Accepted(str(message.id))
