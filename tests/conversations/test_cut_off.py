"""An escalation during which each statement, and each end of a transaction, is cut off by the database once.

What a kill does to the clock, a worker or PostgreSQL is the same to what they were doing: a transaction that
is not there, or one that is there and that nobody heard of. Here none of their moments is left out.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.alerts import updates
from gateway.alerts.records import Acknowledgement, Alert
from gateway.duty.records import ShiftRecord
from gateway.people.records import Officer
from gateway.storage.audit import AuditEntry
from gateway.storage.database import DATABASE_TROUBLE, table_of
from tests.conversations.phones import OUT, Agency, Phone

ALERT, ANSWER, AUDIT = table_of(Alert), table_of(Acknowledgement), table_of(AuditEntry)
OFFICER, SHIFT = table_of(Officer), table_of(ShiftRecord)

_END = sa.text("SELECT pg_terminate_backend(:pid)")
# Until then it holds its locks, and whoever comes next passes over what is locked.
_LIVES = sa.text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)")

Act = Callable[[], Any]
Does = Callable[[Act], None]


class Cuts:
    """Does something again and again until each of its moments was cut off once, and it is done."""

    def __init__(self, engine: sa.Engine, hangman: sa.Connection) -> None:
        self._engine = engine
        self._hangman = hangman
        self._cut: set[tuple[str, int]] = set()
        self._this_time: Counter[str] = Counter()
        self._latest = ""
        self.times = 0

    def __call__(self, act: Act) -> None:
        self._cut.clear()
        while self._is_cut_off(act):
            pass

    def _is_cut_off(self, act: Act) -> bool:
        self._this_time.clear()
        before = self.times
        with self._listening():
            try:
                act()
            except DATABASE_TROUBLE:
                assert self.times > before
        return self.times > before

    @contextmanager
    def _listening(self) -> Iterator[None]:
        listened: tuple[tuple[str, Callable[..., None]], ...] = (
            ("before_cursor_execute", self._at_statement),
            ("commit", self._at_commit),
        )
        for event, heard in listened:
            sa.event.listen(self._engine, event, heard)
        try:
            yield
        finally:
            for event, heard in listened:
                sa.event.remove(self._engine, event, heard)

    def _is_next(self, moment: str) -> bool:
        """Whether this moment was not cut off yet."""
        self._this_time[moment] += 1
        this = (moment, self._this_time[moment])
        if this in self._cut:
            return False
        self._cut.add(this)
        self.times += 1
        return True

    def _at_statement(self, connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        self._latest = statement
        if self._is_next(statement):
            self._hang_up(connection)

    def _at_commit(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if driver.autocommit:
            return
        if self._is_next(f"before the commit after {self._latest}"):
            self._hang_up(connection)
        elif self._is_next(f"after the commit after {self._latest}"):
            driver.commit()
            raise sa.exc.OperationalError("COMMIT", None, ConnectionError("nobody heard of it"))

    def _hang_up(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        pid = {"pid": driver.info.backend_pid}
        self._hangman.execute(_END, pid)
        while self._hangman.execute(_LIVES, pid).scalar_one():
            pass


def undisturbed(act: Act) -> None:
    act()


@pytest.fixture(params=["cut off everywhere", "undisturbed"])
def does(request: pytest.FixtureRequest, agency: Agency, migrated: sa.Engine) -> Iterator[Does]:
    """How whatever is done comes about: what follows must be the same."""
    if request.param == "undisturbed":
        yield undisturbed
        return
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as hangman:
        cuts = Cuts(agency.services.engine, hangman)
        yield cuts
    assert cuts.times > 300


@pytest.fixture
def other(agency: Agency) -> Phone:
    """A further officer at the last step."""
    phone = agency.officer("+22790000905", name="Officier Quatre")
    with agency.services.engine.begin() as connection:
        officer = connection.execute(
            sa.select(OFFICER.c.id).where(OFFICER.c.name == "Officier Quatre")
        ).scalar_one()
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, step=2))
    return phone


def escalates(agency: Agency) -> None:
    """As the clock does every second."""
    while alerts.tick(agency.services):
        pass
    while updates.tell(agency.services):
        pass


def test_no_step_is_skipped_doubled_or_lost_wherever_it_is_cut_off(
    agency: Agency, other: Phone, does: Does
) -> None:
    def later(minutes: float) -> None:
        agency.clock.forward(minutes=minutes)
        does(lambda: escalates(agency))
        agency.work()

    def texts(phone: Phone, words: str) -> None:
        agency.accept(phone.number, words, phone.line, read=False)
        does(agency.drain)
        agency.work()

    texts(agency.agent, "SOS ASM 12")
    agency.agent.expects("Recu")
    first = agency.first.expects("ALERTE 1")
    later(5)
    agency.second.expects("ALERTE 1", first.reference)
    for minutes in (5, 10):
        later(minutes)
        code = agency.supervisor.expects("ALERTE 1", first.reference).code
        others = other.expects("ALERTE 1", first.reference).code

    texts(agency.supervisor, code)
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge")
    later(10)
    other.expects("ALERTE 1", first.reference)
    texts(other, others)
    other.expects("deja pris en charge par Superviseur")

    texts(agency.supervisor, f"{code} 3")
    agency.supervisor.expects("renfort est appele")
    for minutes in (0, 10):
        later(minutes)
        assert other.expects("RENFORT pour Superviseur").code == others
    texts(other, others)
    other.expects("vous aidez Superviseur")
    agency.supervisor.expects("Officier Quatre vient vous aider")

    later(40)
    agency.supervisor.expects("RAPPEL", first.reference)
    later(5)
    assert agency.first.expects("ALERTE 1").code == first.code
    texts(agency.first, f"{first.code} 5")
    agency.first.expects()
    agency.agent.expects()
    does(lambda: alerts.close(agency.services, first.reference, "operator"))

    (alert,) = agency.rows(ALERT)
    assert (alert.state, alert.due_at) == ("closed", None)
    assert [row.answer for row in agency.rows(ANSWER)] == ["taken", "taken", "escalate", "taken", "safe"]
    with agency.services.engine.connect() as connection:
        actions = connection.execute(sa.select(AUDIT.c.action).order_by(AUDIT.c.seq)).scalars().all()
    assert [one for one in actions if one != "text sent"] == [
        "alert raised",
        *["alert put before officers"] * 4,
        "alert acknowledged",
        "others called again",
        "answer kept",
        "help asked for",
        *["help called"] * 2,
        "help promised",
        "acknowledgement expired",
        "alert put before officers",
        "alert's outcome told",
        "incident closed",
        "alert closed",
    ]
    assert {row.state for row in agency.rows(OUT)} == {"sent"}
