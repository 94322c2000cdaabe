"""Whatever one reporter sends, in whatever order and however it is read, the books stay straight."""

from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.inbox.intake import reading_of
from gateway.inbox.records import InboundRecord
from gateway.reports.records import QuestionRecord, ReportChange, ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency, Phone

IN, REPORT = table_of(InboundRecord), table_of(ReportRecord)
QUESTION, CHANGE = table_of(QuestionRecord), table_of(ReportChange)
NUMBERS = count(1)

REPORTS = st.sampled_from(
    [
        "FLX ASM 40", "CVM Illela 40 vers Agadez", "FLX ASM", "FLX 12h", "RPS ASM T40", "SOS veh en panne",
        "FLX T40 H30 F20", "RPZ ASM 1430", "TEST RPZ Illela 40", "VAB 13.41 20.55 T4", "KIT ASM",
        "RPZ ASM 647 puis DCD H2",
    ]
)  # fmt: skip
ANSWERS = st.sampled_from(["A", "B", "a svp", "14", "ASM", "14h30", "OIM", "vers Libye", "B ou A", "482135"])
LATER = st.sampled_from(
    [
        "CORR T45", "CORR 38 pas 40", "CORR ASM", "CORR RPZ", "CORR {} F4", "CORR 48213 T1", "CORR", "PLUS F2",
        "PLUS DCD H1", "PLUS {} B1", "ANNU", "ANNU {}", "ANNU RPZ", "CORR 482136 T1",
    ]
)  # fmt: skip
OTHERS = st.sampled_from(["AIDE", "ok chef", "STOP", "", "urgent !!", "bla bla"])
WAITS = st.sampled_from([0.0, 1.0, 29.0, 31.0])
STEPS = st.lists(
    st.tuples(REPORTS | ANSWERS | ANSWERS | LATER | OTHERS, st.booleans(), WAITS), min_size=1, max_size=8
)


@pytest.fixture
def stage(services: Services, clock: Clock) -> Agency:
    """An agency without a curtain: whom its alerts reach is told elsewhere."""
    return Agency(services, clock)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(STEPS)
def test_the_books_stay_straight(stage: Agency, steps: list[tuple[str, bool, float]]) -> None:
    phone = stage.reporter(f"+2279020{next(NUMBERS):04}", post=None)
    for words, read, minutes in steps:
        text = words.format(_last_reference(stage, phone))
        stage.accept(phone.number, text, phone.line, read=read)
        if minutes:
            stage.clock.forward(minutes=minutes)
            stage.inbox.expire_questions()
    stage.work()
    stage.air.unread.clear()
    reports, questions = _of(stage, REPORT, phone), _of(stage, QUESTION, phone)
    _one_question_at_most(reports, questions)
    _one_outcome_for_each_text(stage, phone, reports, questions)
    _the_history_replays(stage, phone, reports)


def _one_question_at_most(reports: list[Any], questions: list[Any]) -> None:
    open_ones = [question for question in questions if question.state == "open"]
    assert len(open_ones) <= 1
    assert {r.id for r in reports if r.state == "asked"} == {question.report_id for question in open_ones}


def _one_outcome_for_each_text(
    agency: Agency, phone: Phone, reports: list[Any], questions: list[Any]
) -> None:
    messages = _of(agency, IN, phone)
    assert {message.state for message in messages} == {"read"}
    filed = {report.message_id for report in reports}
    answers = [question.message_id for question in questions if question.message_id]
    assert len(answers) == len(set(answers))
    assert filed.isdisjoint(answers)
    assert filed | set(answers) == {message.id for message in messages}


def _the_history_replays(agency: Agency, phone: Phone, reports: list[Any]) -> None:
    """Each change begins with what the one before ended with; the last ones are what stands."""
    cipher = agency.services.cipher
    for report in reports:
        note = None if report.note is None else cipher.decrypt(report.note)
        stands = reading_of(report, note).to_dict() | {"state": report.state}
        last: dict[str, Any] = {}
        for change in agency.rows(CHANGE, CHANGE.c.report_id == report.id):
            if change.field == "note":
                continue
            assert change.field not in last or last[change.field] == change.old or change.field == "state"
            last[change.field] = change.new
        assert {field: stands.get(field) for field in last} == last


def _last_reference(agency: Agency, phone: Phone) -> str:
    known = [row.reference for row in _of(agency, REPORT, phone) if row.kind in ("report", "drill")]
    return known[-1] if known else "482135"


def _of(agency: Agency, table: sa.Table, phone: Phone) -> list[Any]:
    return agency.rows(table, table.c.sender_hash == agency.services.cipher.digest(phone.number))
