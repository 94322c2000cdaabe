"""Calls: what a caller pressed is made safe, and then the answer leaves.

On the agents' line nobody answers: a call there is turned away, which costs nothing, and is told to the
officer on duty as a missed one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.hotline import prompts, voice
from gateway.hotline.records import Call
from gateway.hotline.voice import Event, Turn, What
from gateway.inbox.accept import NotStoredError
from gateway.inbox.records import InboundRecord
from gateway.inbox.standby import StandbyLine
from gateway.messages import CallStep, InboundMessage, Kind, Spoken, Then
from gateway.services import Services
from gateway.storage.database import table_of

CALLS, IN = table_of(Call), table_of(InboundRecord)
LONGEST: Final = timedelta(minutes=15)
"""No way through the menu takes so long."""
_AT_ONCE: Final = 100
_BEGAN = Event(What.BEGAN)
_TURNED_AWAY = Turn((), Then.REFUSE, _BEGAN)


class Accepts(Protocol):
    """The inbox, as it is seen from here."""

    def accept(self, message: InboundMessage) -> None:
        """Return once the message is safe. Raise NotStoredError."""


class Calls:
    """One a process."""

    def __init__(
        self, services: Services, inbox: Accepts, lines: Callable[[], Sequence[StandbyLine]]
    ) -> None:
        self._services = services
        self._inbox = inbox
        self._lines = lines
        self._prompts = services.settings.prompts_dir

    def answer(self, step: CallStep) -> Spoken:
        """What the caller hears next. Raise NotStoredError of a call that is over and could not be written down."""
        if step.over:
            self._tell(step, Event(What.ENDED))
            return Spoken((), Then.NOTHING)
        offered = prompts.offered(self._prompts)
        turn = voice.turn(step.keys, offered) if self._on_hotline(step.line) else _TURNED_AWAY
        try:
            if turn.event is not None:
                self._tell(step, turn.event)
        except NotStoredError:
            if turn.event != _BEGAN:  # who has only just rung is heard at the next key
                turn = voice.busy(offered)
        return self._spoken(turn)

    def tick(self) -> None:
        """What the clock does now and then: end the calls of whose end no provider told. Raise NotStoredError."""
        services = self._services
        query = (
            sa.select(CALLS.c.channel, CALLS.c.provider_id, IN.c.sender, IN.c.recipient)
            .join(IN, IN.c.id == CALLS.c.message_id)
            .where(CALLS.c.ended_at.is_(None), CALLS.c.began_at < services.now() - LONGEST)
            .limit(_AT_ONCE)
        )
        with services.engine.connect() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            caller, line = services.cipher.decrypt(row.sender), services.cipher.decrypt(row.recipient)
            over = CallStep(row.channel, row.provider_id, caller, line, services.now(), over=True)
            self._tell(over, Event(What.ENDED))

    def _on_hotline(self, number: str) -> bool:
        """A line that we do not know is treated as the hotline, as it is when its texts are read."""
        return all(line.profile == "hotline" for line in self._lines() if line.number == number)

    def _spoken(self, turn: Turn) -> Spoken:
        return Spoken(tuple(prompts.sentence(self._prompts, prompt) for prompt in turn.prompts), turn.then)

    def _tell(self, step: CallStep, event: Event) -> None:
        if event.what is What.SPOKE:
            event = replace(event, detail=step.recording or "")
        self._inbox.accept(
            InboundMessage(
                id=uuid7(),
                channel=step.channel,
                provider_id=event.id_in(step.call),
                sender=step.caller,
                recipient=step.line,
                text=event.words,
                received_at=step.received_at,
                kind=Kind.CALL,
            )
        )
