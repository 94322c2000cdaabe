"""Whatever is killed in the middle of an escalation: the next step comes, and none is skipped."""

import pytest
import sqlalchemy as sa

from gateway.demo import OFFICERS
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.faults import law
from tests.faults.gateway import Gateway, eventually
from tests.faults.law import ALERT, IN, OUT
from tests.faults.load import Text, say, sos

REPORT = table_of(ReportRecord)
FIRST, SECOND, SUPERVISOR = (number for number, _ in OFFICERS)
# Of coming back; the servers' own start is part of it.
WITHIN = 60.0
KILLED = (("clock", "worker"), ("redis", "postgres"), ("clock", "worker", "redis", "postgres"))


@pytest.fixture
def cry(hurried: Gateway) -> Text:
    text = sos("+22790000102", "SOS CHF 88")
    say(hurried.url, text)
    return text


def test_each_step_comes_although_all_that_makes_it_was_killed_before(hurried: Gateway, cry: Text) -> None:
    reference = eventually(lambda: _reference(hurried, cry), "it is filed")
    hurried.standin.expect(FIRST, reference)
    for officer, killed in zip((SECOND, SUPERVISOR, SUPERVISOR), KILLED, strict=True):
        _is_due_soon(hurried, reference)
        hurried.kill(*killed)
        hurried.standin.expect(officer, reference, within=WITHIN)
    assert _told(hurried, reference) == [FIRST, SECOND, SUPERVISOR, SUPERVISOR]
    assert {call.to for call in hurried.standin.calls} >= {FIRST, SECOND, SUPERVISOR}
    hurried.vigie("alerts", "close", reference)
    law.holds(hurried, [cry])


def _reference(gateway: Gateway, text: Text) -> str | None:
    rows = gateway.rows(
        sa.select(REPORT.c.reference)
        .join(IN, IN.c.id == REPORT.c.message_id)
        .where(IN.c.provider_id == text.sid)
    )
    return rows[0].reference if rows else None


def _is_due_soon(gateway: Gateway, reference: str) -> None:
    """A step takes more than a minute at this gateway's pace: it comes while all that makes it is down."""
    soon = sa.update(ALERT).where(ALERT.c.reference == reference, ALERT.c.state == "open")
    with gateway.engine.begin() as connection:
        connection.execute(soon.values(due_at=sa.func.now() + sa.text("interval '0.3 s'")))


def _told(gateway: Gateway, reference: str) -> list[str]:
    """The officers who were told, a step after the other; a text that was sent twice is one."""
    rows = gateway.rows(
        sa.select(OUT.c.recipient)
        .join(ALERT, ALERT.c.id == OUT.c.subject)
        .where(ALERT.c.reference == reference, OUT.c.purpose == "alert")
        .order_by(OUT.c.id)
    )
    return [gateway.cipher.decrypt(row.recipient) for row in rows]
