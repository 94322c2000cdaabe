"""Whatever is killed in the middle of an escalation: the next step comes, and none is skipped."""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.demo import LOAD_TEST_NUMBERS, OFFICERS
from gateway.duty.records import ShiftRecord
from gateway.people.records import Officer
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.faults import law
from tests.faults.gateway import Gateway, eventually
from tests.faults.law import ALERT, IN, OUT
from tests.faults.load import Text, say, sos

REPORT, OFFICER, SHIFT = table_of(ReportRecord), table_of(Officer), table_of(ShiftRecord)
FIRST, SECOND, SUPERVISOR = (number for number, _ in OFFICERS)
# Of coming back; the servers' own start is part of it.
WITHIN = 60.0
_CODE = re.compile(r"(?<!\d)\d{4}(?!\d)")
EVERYTHING = ("clock", "worker", "redis", "postgres")


@pytest.fixture
def both_stand_last(gateway: Gateway) -> Iterator[Gateway]:
    """The second officer stands at the last step, too. Its watchman tells what is a minute late."""
    second = sa.select(OFFICER.c.id).where(OFFICER.c.number_hash == gateway.cipher.digest(SECOND))
    with gateway.engine.begin() as connection:
        stands = sa.insert(SHIFT).from_select(["officer_id", "step"], second.add_columns(sa.literal(2)))
        shift = connection.execute(stands.returning(SHIFT.c.id)).scalar_one()
    yield gateway
    eventually(gateway.is_well, "well again")
    with gateway.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT).where(SHIFT.c.id == shift))


def test_each_step_comes_although_all_that_makes_it_was_killed_before(both_stand_last: Gateway) -> None:
    gateway = both_stand_last
    # From somebody whom no other test expects to hear of: an alert whose sender is killed may come once more.
    cry = sos(LOAD_TEST_NUMBERS[-2], "SOS CHF 88")
    _says_and_all_is_killed(gateway, cry)
    reference = eventually(lambda: _reference(gateway, cry), "it is filed", WITHIN)
    gateway.standin.expect(FIRST, reference, WITHIN)
    its = ALERT.c.reference == reference

    def is_due_and_all_is_killed() -> None:
        _kill_everything(gateway, lambda: _is_due_soon(gateway, reference))

    def comes(to: str) -> str:
        """The alert comes to whoever is next, although everything was killed just before that was due."""
        is_due_and_all_is_killed()
        text = gateway.standin.expect(to, f"Ref {reference}", WITHIN).body
        (code,) = _CODE.findall(text)
        return str(code)

    comes(SECOND)
    for _ in range(2):
        code = comes(SUPERVISOR)
        gateway.standin.expect(SECOND, f"Ref {reference}", WITHIN)
    _says_and_all_is_killed(gateway, Text(SUPERVISOR, code))
    eventually(lambda: gateway.count(its, ALERT.c.state == "acknowledged"), "it is taken", WITHIN)
    comes(SECOND)
    _says_and_all_is_killed(gateway, Text(SUPERVISOR, f"{code} 3"))
    gateway.standin.expect(SECOND, f"RENFORT pour Superviseur {reference}", WITHIN)
    _runs_out(gateway, reference)
    is_due_and_all_is_killed()
    # It leaves later, for unlike the alert of a crisis it counts as one of the texts that an officer got lately.
    reminders = (OUT.c.subject == ALERT.c.id, OUT.c.purpose == "reminder")
    eventually(lambda: gateway.count(its, *reminders), "it is asked whether it goes on", WITHIN)
    comes(FIRST)
    assert _told(gateway, reference) == [
        ("alert", [FIRST]),
        ("alert", [SECOND]),
        ("alert", [SECOND, SUPERVISOR]),
        ("alert", [SECOND, SUPERVISOR]),
        ("alert", [SECOND]),
        ("help", [SECOND]),
        ("reminder", [SUPERVISOR]),
        ("alert", [FIRST]),
    ]
    assert {call.to for call in gateway.standin.calls} >= {FIRST, SECOND, SUPERVISOR}
    gateway.vigie("alerts", "close", reference)
    law.holds(gateway, [cry])


def _says_and_all_is_killed(gateway: Gateway, text: Text) -> None:
    _kill_everything(gateway, lambda: say(gateway.url, text))


def _kill_everything(gateway: Gateway, after: Callable[[], object]) -> None:
    eventually(lambda: gateway.lives(*EVERYTHING), "all that was killed before is there again")
    after()
    gateway.kill(*EVERYTHING)


def _reference(gateway: Gateway, text: Text) -> str | None:
    rows = gateway.rows(
        sa.select(REPORT.c.reference)
        .join(IN, IN.c.id == REPORT.c.message_id)
        .where(IN.c.provider_id == text.sid)
    )
    return rows[0].reference if rows else None


def _is_due_soon(gateway: Gateway, reference: str) -> None:
    """A step takes minutes: it comes while all that makes it is down."""
    _change(gateway, reference, due_at=sa.func.now() + sa.text("interval '0.3 s'"))


def _runs_out(gateway: Gateway, reference: str) -> None:
    """Whoever has it is asked about it the next time that something is due."""
    _change(gateway, reference, expires_at=sa.func.now())


def _change(gateway: Gateway, reference: str, **columns: sa.ColumnElement[Any]) -> None:
    change = sa.update(ALERT).where(ALERT.c.reference == reference).values(**columns)

    def changes() -> bool:
        with gateway.engine.begin() as connection:
            return bool(connection.execute(change).rowcount)

    eventually(changes, "PostgreSQL is back", WITHIN)


def _told(gateway: Gateway, reference: str) -> list[tuple[str, list[str]]]:
    """The officers who were told, a step after the other; a text that was sent twice is one."""
    rows = gateway.rows(
        sa.select(OUT.c.created_at, OUT.c.purpose, OUT.c.recipient)
        .join(ALERT, ALERT.c.id == OUT.c.subject)
        .where(ALERT.c.reference == reference, OUT.c.purpose.in_(["alert", "help", "reminder"]))
        .order_by(OUT.c.created_at)
    )
    steps = groupby(rows, key=lambda row: (row.created_at, row.purpose))
    return [
        (purpose, sorted(gateway.cipher.decrypt(row.recipient) for row in step))
        for (_, purpose), step in steps
    ]
