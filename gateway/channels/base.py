"""What every channel offers, and the few errors that may leave one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol, runtime_checkable
from urllib.parse import unquote

from gateway.messages import (
    Accepted,
    CallStep,
    InboundMessage,
    OutboundCall,
    OutboundMessage,
    PhoneHealth,
    PickedUp,
    Receipt,
    Screen,
    SessionStep,
    Spoken,
)

MAX_FORM_FIELDS: Final = 200
EMPTY_ANSWER: Final = (b"", "text/plain; charset=utf-8")


@dataclass(frozen=True)
class WebhookRequest:
    """A provider's call, as plain data. ``url`` is the public address it was signed for."""

    method: str
    url: str = field(repr=False)  # may carry the secret of a provider that signs nothing
    path: str = field(repr=False)  # may too
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    caller: str = ""
    """The address that it came from, as far as we can believe it."""

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The body as form fields, blank ones too, read once. Raise BadRequestError."""
        return form_fields(self.body.decode("utf-8", "replace"))

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(form_fields(self.url.partition("?")[2]))


def form_fields(text: str, encoding: str = "utf-8") -> list[tuple[str, str]]:
    """URL-encoded fields in their order; invalid bytes are replaced. Raise BadRequestError.

    What urllib's parse_qsl gives, three times as fast: most values need no unquoting.
    """
    if text.count("&") >= MAX_FORM_FIELDS:
        raise BadRequestError("the form has too many fields")
    fields = []
    for part in text.replace("+", " ").split("&"):
        if part:
            name, _, value = part.partition("=")
            fields.append((_unquoted(name, encoding), _unquoted(value, encoding)))
    return fields


def _unquoted(text: str, encoding: str) -> str:
    return unquote(text, encoding, "replace") if "%" in text else text


class BadSignatureError(Exception):
    """The caller is not the provider. Answered 403; nothing is stored."""


class BadRequestError(Exception):
    """The body is not this provider's. Answered 400; the sentence names the field, never its value."""


class SendError(Exception):
    """A text was not handed over. ``reason`` is a short sentence without personal data."""

    retry: bool
    trouble: bool
    """Whether the channel itself may be what is wrong: others go round it, and the operator hears of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporarySendError(SendError):
    """Surely not taken; may be tried again."""

    retry = True
    trouble = True


class UncertainSendError(SendError):
    """May have been taken (a time-out after the request left): only at-least-once texts are repeated."""

    retry = True
    trouble = True


class PermanentSendError(SendError):
    """Will be taken by no line: the number is none, or its owner told the provider to stop."""

    retry = False
    trouble = False


class RecordingError(Exception):
    """What a caller said was not to be had, or not to be deleted. ``reason`` is without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RecordingGoneError(RecordingError):
    """The provider has none of this id, or not yet."""


class AskError(Exception):
    """A provider did not tell what it was asked. ``reason`` is short and without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OptedOutSendError(PermanentSendError):
    """The person told the provider to stop: it carries nothing from us to them until they say otherwise."""


class NoRouteSendError(SendError):
    """Not by this line, however often it is tried (no route, not allowed, cannot send); another may."""

    retry = False
    trouble = False


class RefusedSendError(NoRouteSendError):
    """Not by this line, and whether for the number or for how the channel is set up its answer does not tell."""

    trouble = True


class Channel(Protocol):
    """A provider, set up. What it can do is said by the protocols below; some do several things."""

    name: str

    def verify(self, request: WebhookRequest) -> None:
        """Raise BadSignatureError unless the provider made this request."""


@runtime_checkable
class TextChannel(Channel, Protocol):
    """Texts in and out. One file each, these names in this order."""

    name: str
    method: str
    """How its provider calls the webhooks of texts: POST, or GET."""
    acknowledgement: tuple[bytes, str]
    """What a webhook answers with: a body that says nothing, and its content type."""

    def verify(self, request: WebhookRequest) -> None: ...

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        """The text that it carries, or None for one to be ignored. Raise BadRequestError."""

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        """The delivery receipt that it carries, or None for one to be ignored. Raise BadRequestError."""

    def send(self, message: OutboundMessage) -> Accepted:
        """Hand one text over within 5 s. Raise a SendError."""


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What a provider is answered with where the answer carries something: a screen, or what to say."""

    body: bytes = field(repr=False)
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@runtime_checkable
class SessionChannel(Channel, Protocol):
    """USSD: each call is a step of a session, and its answer is the next screen."""

    session_methods: Collection[str]
    """How its provider calls the webhook of sessions."""

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        """The step that it carries. Raise BadRequestError."""

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        """The next screen as this provider wants it; to a step that is over, its acknowledgement."""


@runtime_checkable
class AskingChannel(SessionChannel, Protocol):
    """One whose provider also asks whether a session still goes on."""

    def asked_about(self, request: WebhookRequest) -> str | None:
        """The session that it asks about; None for a step. Raise BadRequestError."""

    def told(self, *, is_open: bool) -> WebhookAnswer:
        """What it is answered."""


@runtime_checkable
class VoiceChannel(Channel, Protocol):
    """Calls: each request is a step of one, and its answer is what the caller hears next."""

    def parse_call(self, request: WebhookRequest) -> CallStep | None:
        """The step that it carries, or None for one to be ignored. Raise BadRequestError."""

    def speak(self, step: CallStep, spoken: Spoken) -> WebhookAnswer:
        """What to say as this provider wants it; to a call that is over, its acknowledgement."""

    def fetch_recording(self, recording: str) -> bytes:
        """What a caller said, as MP3. Raise RecordingError, also while it is not ready: RecordingGoneError."""

    def delete_recording(self, recording: str) -> None:
        """Delete it at the provider; one that is not there is deleted. Raise RecordingError."""


@runtime_checkable
class CallingChannel(Channel, Protocol):
    """Calls of ours: once one is picked up, each request is a step of it, answered with what is said next."""

    def call(self, call: OutboundCall) -> Accepted:
        """Let a number ring; return within 5 s, before anybody picks up. Raise a SendError."""

    def parse_picked_up(self, request: WebhookRequest) -> PickedUp:
        """The step that it carries. Raise BadRequestError."""

    def parse_rung(self, request: WebhookRequest) -> Receipt | None:
        """How the call ended, or None where it has not. Raise BadRequestError."""

    def tell(self, step: PickedUp, spoken: Spoken) -> WebhookAnswer:
        """What to say as this provider wants it."""


@runtime_checkable
class PhoneChannel(TextChannel, Protocol):
    """Phones with SIMs of ours, which say now and then how they are."""

    def parse_health(self, request: WebhookRequest) -> PhoneHealth | None:
        """What a phone says, or None for something to be ignored. Raise BadRequestError."""


@runtime_checkable
class CreditChannel(Channel, Protocol):
    """A provider that tells what is left of our credit."""

    def credit(self) -> str:
        """An amount with its currency, as `XOF 12500`. Raise AskError."""


@runtime_checkable
class ListingChannel(Channel, Protocol):
    """A provider that keeps a list of the texts that came in, also of those that never reached us."""

    def list_inbound(self, line: str, since: datetime, until: datetime) -> Iterator[InboundMessage]:
        """The texts to one of our lines in that time, page by page; ``received_at`` is the provider's time.

        Raise AskError, also midway.
        """
