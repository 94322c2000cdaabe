"""Phones on the screen: they text us as the http channel does, and read what we sent in the outbox."""

from collections.abc import Sequence

from gateway.channels import signed_json
from gateway.channels.base import EMPTY_ANSWER, WebhookRequest
from gateway.messages import Accepted, Delivery, InboundMessage, OutboundMessage, Receipt


class SimulatorChannel:
    """Only for demonstrations and tests: nothing leaves this machine."""

    method = "POST"
    acknowledgement = EMPTY_ANSWER

    def __init__(self, name: str, secrets: Sequence[str], *, country: str) -> None:
        self.name = name
        self._secrets = secrets
        self._country = country

    def verify(self, request: WebhookRequest) -> None:
        signed_json.verify(request, self._secrets)

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        return signed_json.read_inbound(self.name, self._country, request)

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        return signed_json.read_receipt(self.name, request)

    def send(self, message: OutboundMessage) -> Accepted:
        return Accepted(str(message.id), Delivery.DELIVERED)
