"""Any rota and any pattern of answers: an alert is taken, or its last step goes on; then nobody else is told."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.alerts import service as alerts
from gateway.alerts.codes import CODE
from gateway.alerts.service import ALERT, OFFICER
from gateway.duty.records import ShiftRecord
from gateway.outbox.drafts import CALLING
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import OUT, Agency

SHIFT = table_of(ShiftRecord)
OFFICERS, ROUNDS = 3, 7
GRAVE, GRAVEST, CRISIS = "RPZ ASM 12", "RPZ ASM 512", "SOS ASM 12"


@dataclass(frozen=True)
class Said:
    """What an officer texts behind the code, once so many steps were taken."""

    after: int
    officer: int
    digit: str


ROTAS = st.lists(
    st.tuples(st.integers(0, OFFICERS - 1), st.integers(0, 3)), min_size=1, max_size=5, unique=True
)
SAYINGS = st.lists(
    st.builds(Said, st.integers(0, ROUNDS - 3), st.integers(0, OFFICERS - 1), st.sampled_from("1123")),
    max_size=3,
)


def test_whatever_they_answer_an_alert_is_taken_or_goes_on(services: Services, clock: Clock) -> None:
    agency = Agency(services, clock)

    @settings(
        max_examples=6,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(ROTAS, SAYINGS, st.sampled_from([GRAVE, GRAVEST, CRISIS]))
    def holds(rota: list[tuple[int, int]], sayings: list[Said], words: str) -> None:
        _Play(agency, rota, sayings, words).goes_through()

    holds()


class _Play:
    def __init__(self, agency: Agency, rota: list[tuple[int, int]], sayings: list[Said], words: str) -> None:
        self.agency, self.sayings, self.words = agency, sayings, words
        self.phones = (agency.first, agency.second, agency.supervisor)
        agency.clock.forward(days=1)  # no text of the last play is counted against this one's
        digests = [agency.services.cipher.digest(phone.number) for phone in self.phones]
        with agency.services.engine.begin() as connection:
            rows = connection.execute(sa.select(OFFICER).where(OFFICER.c.number_hash.in_(digests)))
            ids = {bytes(row.number_hash): row.id for row in rows}
            self.officers = [ids[digest] for digest in digests]
            connection.execute(sa.delete(SHIFT))
            connection.execute(
                sa.insert(SHIFT),
                [{"officer_id": self.officers[officer], "step": step} for officer, step in rota],
            )
        self.last = {self.officers[officer] for officer, step in rota if step == max(one for _, one in rota)}

    def goes_through(self) -> None:
        self.agency.agent.texts(self.words)
        told = [self._told()]
        for number in range(ROUNDS):
            for said in self.sayings:
                if said.after == number:
                    self._says(said)
            alert = self._alert()
            self.agency.clock.time = max(self.agency.clock(), alert.due_at)
            awaited = self._awaited(alert)
            before = self._told()
            self.agency.tick()
            told.append(new := self._told() - before)
            if alert.state == "acknowledged" and alert.help is None and alert.expires_at > alert.due_at:
                assert {officer for officer, _ in new} <= awaited
            elif alert.state == "acknowledged" and alert.help is None:
                assert not new, "a reminder is no call"
        alert = self._alert()
        if alert.taken_at is None and not any(said.digit == "2" for said in self.sayings):
            repeated = [{officer for officer, _ in step} for step in told if step][-2:]
            assert repeated == [self.last, self.last]
        alerts.close(self.agency.services, alert.reference, "operator")
        self.agency.work()
        self.agency.air.unread.clear()

    def _says(self, said: Said) -> None:
        with self.agency.services.engine.connect() as connection:
            code = connection.execute(
                sa.select(CODE.c.code).where(
                    CODE.c.officer_id == self.officers[said.officer], CODE.c.retired_at.is_(None)
                )
            ).scalar_one_or_none()
        if code is not None:  # nobody answers who was not told
            self.phones[said.officer].replies(f"{code} {said.digit}")

    def _alert(self) -> Any:
        (row,) = self.agency.rows(ALERT, ALERT.c.state != "closed")
        return row

    def _awaited(self, alert: Any) -> set[Any]:
        """Who must answer although it is taken: whoever of the last step has not, in a crisis."""
        if self.words != CRISIS:
            return set()
        with self.agency.services.engine.connect() as connection:
            answered = sa.text("SELECT officer_id FROM acknowledgements WHERE alert_id = :alert")
            have = set(connection.execute(answered, {"alert": alert.id}).scalars())
            here = sa.select(CODE.c.officer_id).where(
                CODE.c.alert_id == alert.id, CODE.c.step == alert.step - 1
            )
            return set(connection.execute(here).scalars()) - have

    def _told(self) -> set[tuple[Any, Any]]:
        """The officers who were called to take it, each with the call's id."""
        hashes = {
            self.agency.services.cipher.digest(phone.number): id_
            for phone, id_ in zip(self.phones, self.officers, strict=True)
        }
        rows = self.agency.rows(OUT, OUT.c.purpose.in_(CALLING), OUT.c.subject == self._alert().id)
        return {(hashes[bytes(row.recipient_hash)], row.id) for row in rows}
