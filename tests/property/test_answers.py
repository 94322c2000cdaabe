"""Any rota and any pattern of answers: an alert is taken, or its last step goes on; then nobody else is texted."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.alerts import service as alerts
from gateway.alerts.codes import CODE
from gateway.alerts.service import ALERT, OFFICER
from gateway.channels.base import TemporarySendError
from gateway.duty.records import ShiftRecord
from gateway.outbox.drafts import ABOUT_ALERTS
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import OUT, Agency

SHIFT = table_of(ShiftRecord)
OFFICERS, MOST_LOOKS = 3, 40
GRAVE, GRAVEST, CRISIS = "RPZ ASM 12", "RPZ ASM 512", "SOS ASM 12"


@dataclass(frozen=True)
class Round:
    """What happens around a look of the clock: ``answers`` are officers and the digit each then texts."""

    corrected: bool
    """Before it the reporter puts the report right."""
    away: int | None
    """The officer whose phone is out of reach until all have answered."""
    answers: list[tuple[int, str]]


ROTAS = st.lists(
    st.tuples(st.integers(0, OFFICERS - 1), st.integers(0, 3)), min_size=1, max_size=5, unique=True
)
WHO = st.integers(0, OFFICERS - 1)
ANSWERS = st.lists(st.tuples(WHO, st.sampled_from("1122333345")), max_size=2)
ROUNDS = st.lists(st.builds(Round, st.booleans(), st.none() | WHO, ANSWERS), max_size=5)

# By chance they come up too seldom.
NEWS_THAT_WAITS = [Round(corrected=True, away=1, answers=[(0, "1")])]
HELP_THAT_WAITS = [
    Round(corrected=False, away=None, answers=[(0, "1"), (0, "3")]),
    Round(corrected=False, away=1, answers=[(2, "1")]),
]


def test_whatever_they_answer_an_alert_is_taken_or_goes_on(services: Services, clock: Clock) -> None:
    agency = Agency(services, clock)

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @example([(0, 0), (1, 0)], NEWS_THAT_WAITS, GRAVE)
    @example([(0, 0), (1, 1), (2, 1)], HELP_THAT_WAITS, GRAVEST)
    @given(ROTAS, ROUNDS, st.sampled_from([GRAVE, GRAVEST, CRISIS]))
    def holds(rota: list[tuple[int, int]], rounds: list[Round], words: str) -> None:
        _Play(agency, rota, rounds, words).goes_through()

    holds()


class _Play:
    """Keeps beside what the gateway does who was told last, and what each said."""

    def __init__(self, agency: Agency, rota: list[tuple[int, int]], rounds: list[Round], words: str) -> None:
        self.agency, self.rounds, self.words = agency, rounds, words
        self.phones = (agency.first, agency.second, agency.supervisor)
        agency.clock.forward(days=1)  # no text of the last play is counted against this one's
        digests = [agency.services.cipher.digest(phone.number) for phone in self.phones]
        with agency.services.engine.begin() as connection:
            rows = connection.execute(sa.select(OFFICER).where(OFFICER.c.number_hash.in_(digests)))
            self.by_number = {bytes(row.number_hash): row.id for row in rows}
            self.officers = [self.by_number[digest] for digest in digests]
            connection.execute(sa.delete(SHIFT))
            connection.execute(
                sa.insert(SHIFT),
                [{"officer_id": self.officers[officer], "step": step} for officer, step in rota],
            )
        self.duty = {step: {self.officers[officer] for officer, at in rota if at == step} for _, step in rota}
        self.written: set[UUID] = set()
        self.sent: set[UUID] = set()
        self.steps: list[set[UUID]] = []
        self.asked: set[UUID] = set()
        self.passed_on: set[UUID] = set()
        self.last_word: dict[UUID, str] = {}

    def goes_through(self) -> None:
        try:
            self._goes_through()
        finally:
            with self.agency.services.engine.connect() as connection:
                left = connection.scalars(sa.select(ALERT.c.reference).where(ALERT.c.state != "closed")).all()
            for reference in left:
                alerts.close(self.agency.services, reference, "operator")
            self.agency.work()
            self.agency.air.faults.clear()
            self.agency.air.unread.clear()

    def _goes_through(self) -> None:
        self.agency.agent.texts(self.words)
        self._notes_a_step()
        self._nobody_else_was_texted()
        for number, round_ in enumerate(self.rounds):
            if round_.away is not None:
                self.agency.air.fails(self.phones[round_.away].number, *[TemporarySendError("no route")] * 9)
            if round_.corrected:
                self.agency.agent.texts(f"CORR T{600 + number}")
                self._texts(self.written)
                self._nobody_else_was_texted()
            self._looks()
            for officer, digit in round_.answers:
                self._says(officer, digit)
                self._nobody_else_was_texted()
            self.agency.air.faults.clear()
            self.agency.clock.forward(minutes=2)
            self.agency.work()  # what could not leave before
            self._nobody_else_was_texted()
        for _ in range(MOST_LOOKS):
            if self._alert().due_at is None or self.steps[-2:] == [self._asked_last()] * 2:
                return
            self._looks()
        raise AssertionError(f"it neither is settled nor repeats its last step: {self.steps}")

    def _looks(self) -> None:
        """The clock does what is due next."""
        before = self._alert()
        if before.due_at is None:
            return
        self.agency.clock.time = max(self.agency.clock(), before.due_at)
        alerts.tick(self.agency.services)
        self.agency.work()
        if before.state == "open":
            self._notes_a_step()
        else:
            self._texts(self.written)
            if self._alert().state == "open":
                self._are_asked({before.acknowledged_by})  # by a reminder
        self._nobody_else_was_texted()

    def _notes_a_step(self) -> None:
        rows = self._texts(self.written)
        self.steps.append({self.by_number[bytes(row.recipient_hash)] for row in rows})
        self.asked.clear()
        self._are_asked(
            {self.by_number[bytes(row.recipient_hash)] for row in rows if row.purpose != "nobody"}
        )

    def _are_asked(self, officers: set[UUID]) -> None:
        self.asked |= officers
        self.passed_on -= officers

    def _says(self, number: int, digit: str) -> None:
        officer, before = self.officers[number], self._alert()
        with self.agency.services.engine.connect() as connection:
            code = connection.execute(
                sa.select(CODE.c.code).where(CODE.c.officer_id == officer, CODE.c.retired_at.is_(None))
            ).scalar_one_or_none()
        if code is None:
            return  # nobody answers who was not told
        self.phones[number].replies(f"{code} {digit}")
        passes_on = digit in "23"
        if passes_on and officer in self.passed_on and before.state == "open":
            assert self._alert().due_at == before.due_at
        self.last_word[officer] = digit
        self.asked.discard(officer)
        (self.passed_on.add if passes_on else self.passed_on.discard)(officer)

    def _nobody_else_was_texted(self) -> None:
        """Once it is taken; but in a crisis those of its step who have not answered, and help that is wanted."""
        alert = self._alert()
        texts = [
            (row.purpose, self.by_number[bytes(row.recipient_hash)])
            for row in self._texts(self.sent, sent=True)
        ]
        if alert.state != "acknowledged":
            return
        awaited = self.asked if self.words == CRISIS else set()
        for purpose, officer in texts:
            if purpose == "help":
                assert alert.help == "wanted"
                assert officer != alert.acknowledged_by
            elif purpose == "more":
                assert officer in awaited | {alert.acknowledged_by}
            else:
                assert purpose == "alert"
                assert officer in awaited

    def _asked_last(self) -> set[UUID]:
        """Whom the last step reaches when nobody says anything more; everybody where all have said that they cannot."""
        able = {
            step: {one for one in several if self.last_word.get(one) != "2"}
            for step, several in self.duty.items()
        }
        steps = [step for step, several in able.items() if several]
        return able[max(steps)] if steps else set(self.officers)

    def _alert(self) -> Any:
        (row,) = self.agency.rows(ALERT, ALERT.c.state != "closed")
        return row

    def _texts(self, before: set[UUID], *, sent: bool = False) -> list[Any]:
        """Those about the alert that were not there before, or had not been sent."""
        rows = self.agency.rows(OUT, OUT.c.purpose.in_(ABOUT_ALERTS), OUT.c.subject == self._alert().id)
        new = [row for row in rows if row.id not in before and (row.sent_at or not sent)]
        before.update(row.id for row in new)
        return new
