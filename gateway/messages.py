"""The values that travel between the edges and the middle."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What came in. A call's words are what was chosen in its menu; it may have none."""

    TEXT = "text"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a concatenated SMS a text is: ``number`` of ``total``, from 1.

    Phones count ``reference`` up by one a message, to 255 or 65535, and begin anew: it is a hint, no key.
    """

    reference: int
    number: int
    total: int

    @classmethod
    def of(cls, reference: int, number: int, total: int) -> "Part | None":
        """None where a text is whole, or the numbers say nothing (3GPP TS 23.040, 9.2.3.24.1)."""
        makes_sense = 0 <= reference <= 0xFFFF and 1 <= number <= total <= 0xFF
        return cls(reference, number, total) if makes_sense and total > 1 else None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A text or a call as a provider handed it over, verified and cleaned.

    ``sender`` and ``recipient`` are E.164 where they are numbers, else as the network wrote them.
    ``sent_at`` is the provider's word, which may be late, early or absent. ``device`` is the phone, modem or
    connection that took it, where the provider tells.
    """

    id: UUID
    channel: str
    provider_id: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    received_at: datetime
    sent_at: datetime | None = None
    kind: Kind = Kind.TEXT
    part: Part | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A text that is about to leave. ``sender`` is the line it goes out from."""

    id: UUID
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call that is about to be made from one of our lines."""

    id: UUID
    sender: str = field(repr=False)
    recipient: str = field(repr=False)


class Delivery(StrEnum):
    """How far an outgoing text has come; the order is the only way that it may go."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's later word on a text that it took: ``state`` is SENT, DELIVERED or FAILED.

    ``message_id`` is our own id where the provider carries it, so that a receipt that overtakes our
    own record of the sending still finds its message.
    """

    channel: str
    provider_id: str
    state: Delivery
    error: str | None = None
    message_id: UUID | None = None
    opted_out: bool = False
    """The person told the provider to stop: it carries nothing from us to them until they say otherwise."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A provider's first word on a text: its id, and how far it is already."""

    provider_id: str
    state: Delivery = Delivery.SENT


@dataclass(frozen=True, slots=True)
class PhoneHealth:
    """What a phone with a SIM of ours says of itself; ``battery`` in percent, None where it does not say.

    ``at`` is when it came in, ``signed_at`` when the phone signed it by its own clock, but never later than that.
    """

    channel: str
    device: str
    at: datetime
    battery: int | None = None
    charging: bool | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionStep:
    """One request of a USSD session. ``session`` is the provider's id of it.

    ``text`` is what was typed: with ``cumulative`` everything since the dialling, joined by ``*``; else
    the latest answer alone. A dialled code is no answer: at the first step ``text`` is empty, unless
    more was dialled than the code. ``sequence`` counts the steps where the provider does. ``service_code`` is
    written ``*384#``; it may be empty where neither the provider nor the operator tells it, and ``sender``
    at a step that is ``over``. Where the provider marks no first step, one that looks like it may be the answer
    ``or_answer`` in a session that is under way: 384 people, at ``*384#``.
    """

    channel: str
    session: str
    sender: str = field(repr=False)
    service_code: str
    text: str = field(repr=False)
    received_at: datetime
    cumulative: bool = False
    first: bool = False
    over: bool = False
    """The provider says that the session has ended: nobody will see a screen."""
    sequence: int | None = None
    or_answer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Screen:
    """What a USSD phone shows; it asks for an answer while the session ``goes_on``."""

    text: str = field(repr=False)
    goes_on: bool


@dataclass(frozen=True, slots=True)
class CallStep:
    """One request about a call that came in. ``call`` is the provider's id of it.

    ``keys`` is the way through the menu so far, one sign a step: the key that was pressed, else one of
    ``NO_KEY``, ``WRONG_KEY`` and ``SPOKE``. ``recording`` is the provider's id of what was said at this step.
    """

    channel: str
    call: str
    caller: str = field(repr=False)
    line: str = field(repr=False)
    received_at: datetime
    keys: str = field(default="", repr=False)
    recording: str | None = None
    over: bool = False
    """The provider says that the call has ended: nobody listens any more."""


@dataclass(frozen=True, slots=True)
class PickedUp:
    """One request about a call of ours that was picked up. ``message`` is our id of it.

    ``keys`` are those pressed so far, one sign a step: a key, else ``NO_KEY`` or ``WRONG_KEY``.
    """

    channel: str
    message: UUID
    keys: str = field(default="", repr=False)
    by_machine: bool = False
    """The provider heard an answering machine or a fax."""


NO_KEY, WRONG_KEY, SPOKE = "-", "x", "r"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to be said. ``file`` is a recording of it below the address of calls; without one it is synthesised."""

    language: str
    words: str
    file: str | None = None


class Then(StrEnum):
    """What is waited for after the sentences."""

    KEY = "key"
    SPEECH = "speech"
    NOTHING = "nothing"
    REFUSE = "refuse"
    """Nothing is said at all: the call is turned away, and costs its caller nothing."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a caller hears."""

    sentences: tuple[Sentence, ...]
    then: Then
