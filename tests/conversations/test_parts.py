"""Long texts whose parts come apart, and one text that comes by two ways."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.alerts.records import Alert
from gateway.hotline import service as hotline
from gateway.inbox.records import InboundRecord
from gateway.inbox.rereading import Wanted, batches
from gateway.people.records import Contact
from gateway.reports.records import ReportChange, ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency

IN, REPORT, CHANGE, ALERT = map(table_of, (InboundRecord, ReportRecord, ReportChange, Alert))
STRANGERS = [f"+227900006{number:02}" for number in range(40)]
PARTS = ("CVM ASM H1", "2 F4 vers ", "Libye")


def states(agency: Agency) -> list[str]:
    return [row.state for row in agency.rows(IN)]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_parts_in_every_order_make_one_report(agency: Agency, order: tuple[int, ...]) -> None:
    for number in order:
        agency.agent.expects_nothing()
        agency.agent.sends_part(number, 3, PARTS[number - 1])
        agency.clock.forward(seconds=10)
    agency.agent.expects("Recu", "CVM", "Assamaka", "16 pers")
    (report,) = agency.rows(REPORT)
    assert report.reading["people"] == {"men": 12, "women": 4, "total": 16}
    assert "incomplete" not in [problem["code"] for problem in report.reading["problems"]]
    assert states(agency) == ["read"] * 3
    head, *others = sorted(agency.rows(IN), key=lambda row: row.received_at)
    assert agency.services.cipher.decrypt(head.whole) == "".join(PARTS)
    assert {row.belongs_to for row in others} == {head.id}


def test_what_came_is_read_after_a_minute_and_the_late_part_completes_the_same_report(agency: Agency) -> None:
    agency.agent.sends_part(1, 2, "CVM ASM H38 ")
    agency.fast_forward(seconds=59)
    assert states(agency) == ["waiting"]
    agency.fast_forward(seconds=2)
    receipt = agency.agent.expects("Recu", "38 pers", without="?")
    (report,) = agency.rows(REPORT)
    assert report.reading["problems"][0]["code"] == "incomplete"

    agency.fast_forward(minutes=5)
    agency.agent.sends_part(2, 2, "F2 vers Libye")
    agency.agent.expects("Recu", receipt.reference, "40 pers")
    (completed,) = agency.rows(REPORT)
    assert completed.id == report.id
    assert completed.reading["people"]["total"] == 40
    assert completed.reading["problems"] == []
    assert {change.why for change in agency.rows(CHANGE)} == {"part"}
    assert {change.field for change in agency.rows(CHANGE)} >= {"people", "destination"}


@pytest.mark.parametrize("parts", [1, 2])
def test_reading_again_reads_what_was_read_with_its_gap(agency: Agency, parts: int) -> None:
    for number, words in enumerate(("CVM ASM H38 ", "F2 vers Libye")[:parts], 1):
        agency.agent.sends_part(number, 2, words)
    agency.fast_forward(seconds=61)
    agency.agent.expects("Recu")
    reader = agency.inbox._reader
    wanted = Wanted(agency.clock() - timedelta(hours=1))
    (again,) = [one for batch in batches(agency.services, reader, wanted) for one in batch.read]
    assert again.changes == ()
    assert again.after.lacks_parts == (parts == 1)


def test_an_urgent_part_alerts_at_once_and_the_others_complete_the_alert(agency: Agency) -> None:
    agency.agent.sends_part(2, 3, "SOS ASM 12 pers ")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1", "message incomplet", "[...]", "Assamaka")
    agency.agent.sends_part(1, 3, "urgence ")
    agency.agent.expects("Recu")
    agency.first.expects("CORRIGE", "message incomplet", "urgence SOS ASM 12 pers [...]")
    agency.agent.sends_part(3, 3, "B4")
    agency.agent.expects("Recu")
    agency.first.expects("CORRIGE", without="incomplet")
    (report,) = agency.rows(REPORT)
    (alert,) = agency.rows(ALERT)
    assert report.alert_id == alert.id
    assert report.reading["people"]["under_5"] == 4


def test_a_caller_is_heard_from_the_first_part_on_and_never_answered(agency: Agency) -> None:
    caller = agency.caller()
    caller.sends_part(1, 2, "aidez nous ils nous tiennent dans une maison ")
    agency.first.expects("ALERTE", "message incomplet", "[...]")
    caller.sends_part(2, 2, "rouge derriere la gare")
    agency.first.expects("rouge derriere la gare", without="incomplet")
    assert len(agency.rows(REPORT)) == len(agency.rows(ALERT)) == 1


def test_a_word_of_duress_in_the_late_part_is_heard(agency: Agency) -> None:
    caller, services = agency.caller(), agency.services
    caller.texts("aidez moi")
    agency.first.expects("ALERTE")
    with services.engine.begin() as connection:
        contact = connection.execute(sa.select(Contact.id)).scalar_one()
        hotline.agree_on_words(
            connection, services.cipher, contact, code="mangue", duress="tamarin", by="operator"
        )
    caller.sends_part(1, 2, "tout va bien ")
    agency.first.expects("message incomplet", "tout va bien [...]")
    caller.sends_part(2, 2, "j'achete du tamarin")
    agency.first.expects("MOT DE CONTRAINTE", "tamarin")


def test_a_correction_finds_the_long_report_that_was_sent_before_it(agency: Agency) -> None:
    agency.agent.texts("CVM AGZ H1 vers Libye")
    agency.agent.expects("Recu", "Agadez")
    agency.agent.sends_part(1, 2, "CVM ASM H38 vers Libye ")
    agency.clock.forward(seconds=5)
    agency.agent.texts("CORR F4")
    agency.agent.expects("Corrige", "Assamaka", "F4")
    agency.agent.sends_part(2, 2, "G1")
    agency.agent.expects("Recu", "43 pers")
    assert agency.rows(REPORT)[1].reading["people"] == {"men": 38, "women": 4, "boys": 1, "total": 43}
    assert [row.kind for row in agency.rows(REPORT)] == ["report", "report", "correction"]


def test_the_same_part_twice_is_one_part(agency: Agency) -> None:
    first = agency.agent.sends_part(1, 2, "RAS ASM ")
    agency.agent.sends_part(1, 2, "RAS ASM ")
    agency.agent.sends_part(2, 2, "calme")
    agency.agent.expects("Recu", "RAS")
    agency.agent.sends_part(2, 2, "calme")
    assert len(agency.rows(REPORT)) == 1
    copies = agency.rows(IN, IN.c.state == "ignored")
    assert len(copies) == 2
    assert copies[0].belongs_to == first.id


def test_the_rest_of_a_correction_changes_nothing_twice_and_is_kept(agency: Agency) -> None:
    agency.agent.texts("CVM ASM H10 vers Libye")
    agency.agent.expects("Recu")
    agency.agent.sends_part(1, 2, "PLUS F2 ")
    agency.fast_forward(seconds=61)
    agency.agent.expects("12 pers")
    agency.agent.sends_part(2, 2, "ils ont soif")
    assert agency.rows(REPORT)[0].reading["people"]["total"] == 12
    assert [row.kind for row in agency.rows(REPORT)] == ["report", "addition", "unknown"]


def test_an_officer_answers_an_alert_in_two_parts(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.first.sends_part(2, 2, code[2:])
    agency.first.sends_part(1, 2, code[:2])
    agency.first.expects("est a vous")
    agency.agent.expects()


@pytest.mark.parametrize("number", [1, 2])
def test_a_code_in_a_part_whose_rest_may_say_no_takes_no_alert(agency: Agency, number: int) -> None:
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.first.sends_part(number, 2, f" {code} ")
    agency.fast_forward(seconds=61)
    (alert,) = agency.rows(ALERT)
    assert alert.state == "open"
    agency.first.expects()
    agency.first.sends_part(3 - number, 2, "ok")
    agency.first.expects("est a vous")
    agency.agent.expects()


def test_a_lone_part_is_read_although_the_clock_was_set_back(agency: Agency) -> None:
    agency.agent.sends_part(1, 2, "CVM ASM H38 ")
    agency.clock.time -= timedelta(hours=1)
    agency.tick()
    agency.agent.expects("Recu", "38 pers")
    agency.agent.sends_part(2, 2, "F2 vers Libye")
    agency.agent.expects("Recu", "40 pers")


WORDS = "RPZ ASM 647"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_time_that_cannot_be_true_makes_no_copies(agency: Agency) -> None:
    """A phone that reads its texts from Android's store may know no time of sending, and says 1970."""
    for device in ("one", "two"):
        agency.agent.is_heard_by(device, "RAS ASM", sent_at=NO_TIME)
        agency.agent.expects("Recu", "RAS")
        agency.fast_forward(minutes=20)
    assert states(agency) == ["read", "read"]


def test_a_time_that_cannot_be_true_joins_no_parts_of_other_hours(agency: Agency) -> None:
    for _ in range(2):
        for number, words in enumerate(("CVM ASM H38 ", "F2 vers Libye"), 1):
            agency.agent.sends_part(number, 2, words, sent_at=NO_TIME)
        agency.agent.expects("Recu", "40 pers")
        agency.fast_forward(minutes=90)
    assert states(agency) == ["read"] * 4


@pytest.mark.parametrize("at_once", [True, False])
def test_one_text_by_two_phones_is_one_report_and_one_alert(agency: Agency, *, at_once: bool) -> None:
    sent = agency.clock()
    first = agency.agent.is_heard_by("one", WORDS, sent_at=sent, read=not at_once)
    agency.clock.forward(seconds=1)
    agency.agent.is_heard_by("two", WORDS, sent_at=sent + timedelta(seconds=2))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    assert len(agency.rows(REPORT)) == len(agency.rows(ALERT)) == 1
    (copy,) = agency.rows(IN, IN.c.state == "ignored")
    assert (copy.device, copy.belongs_to) == ("two", first.id)


@pytest.mark.parametrize("sent", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_phone_whose_clock_tells_no_year_of_ours_loses_no_text(agency: Agency, sent: datetime) -> None:
    for device, place in (("one", "RPZ ASM 647"), ("two", "RPZ DNS 12")):
        agency.clock.forward(minutes=1)
        agency.agent.is_heard_by(device, place, sent_at=sent)
        agency.agent.expects("Recu")
        agency.first.expects("ALERTE")
    assert states(agency) == ["read"] * 2


def test_the_copy_is_told_whichever_was_stored_first(agency: Agency) -> None:
    sent = agency.clock()
    slow = agency.clock()
    agency.clock.forward(seconds=3)
    read = agency.agent.is_heard_by("two", WORDS, sent_at=sent)
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    agency.clock.time = slow
    agency.agent.is_heard_by("one", WORDS, sent_at=sent)
    agency.clock.forward(seconds=4)
    (copy,) = agency.rows(IN, IN.c.state == "ignored")
    assert (copy.device, copy.belongs_to) == ("one", read.id)


Second = Callable[[Agency], object]
REPEATS: dict[str, Second] = {
    "later": lambda agency: agency.agent.is_heard_by(
        "two", WORDS, sent_at=agency.clock() + timedelta(seconds=3)
    ),
    "by the same device": lambda agency: agency.agent.is_heard_by("one", WORDS, sent_at=agency.clock()),
    "in other words": lambda agency: agency.agent.is_heard_by("two", "RPZ ASM 648", sent_at=agency.clock()),
    "by no device": lambda agency: agency.agent.texts(WORDS, sent_at=agency.clock()),
}


@pytest.mark.parametrize("second", REPEATS.values(), ids=REPEATS)
def test_what_the_person_sent_again_is_a_report_of_its_own(agency: Agency, second: Second) -> None:
    agency.agent.is_heard_by("one", WORDS, sent_at=agency.clock())
    second(agency)
    for _ in range(2):
        agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    first, again = agency.rows(REPORT)
    if agency.services.cipher.decrypt(agency.rows(IN)[1].text) == WORDS:
        assert again.repeat_of == first.id


def test_a_repeat_that_two_phones_took_each_time_makes_two_reports(agency: Agency) -> None:
    sent = agency.clock()
    for device, second in (("one", 0), ("one", 1), ("two", 0), ("two", 1)):
        agency.agent.is_heard_by(device, WORDS, sent_at=sent + timedelta(seconds=second))
    assert len(agency.rows(REPORT)) == 2
    assert states(agency) == ["read", "read", "ignored", "ignored"]
    for _ in range(2):
        agency.agent.expects("Recu")
    agency.first.expects("ALERTE")


def test_a_crowd_of_lone_parts_is_left_to_wait_and_read_in_the_end(agency: Agency) -> None:
    for number in STRANGERS:
        agency.phone(number, silent=True).sends_part(1, 2, "FLX AGZ 40 ")
    assert set(states(agency)) == {"waiting"}
    agency.fast_forward(seconds=61)
    assert set(states(agency)) == {"read"}
    assert all(row.attempts == 1 for row in agency.rows(IN))


def test_parts_that_cannot_be_read_are_set_aside_and_stop_nobody(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = agency.inbox._reader

    def fails(text: str, **how: Any) -> Any:
        if "poison" in text:
            raise ValueError
        return reader.read(text, **how)

    unable = SimpleNamespace(
        read=fails, vocabulary=reader.vocabulary, gazetteer=reader.gazetteer, book=reader.book
    )
    monkeypatch.setattr(agency.inbox, "_reader", unable)
    agency.agent.sends_part(1, 2, "RAS ASM poi")
    agency.agent.sends_part(2, 2, "son")
    agency.gendarme.texts("RAS ASM")
    agency.gendarme.expects("Recu")
    assert states(agency) == ["waiting", "dead", "read"]
    monkeypatch.undo()
    agency.fast_forward(seconds=61)
    agency.agent.expects("Recu")
    assert states(agency) == ["read", "dead", "read"]


@pytest.fixture
def quiet(services: Services, clock: Clock) -> Agency:
    """A stage for many plays at once: nobody looks at what reaches the phones."""
    return Agency(services, clock)


SENDERS = count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(came=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 90), st.booleans()), min_size=1, max_size=6))
def test_whatever_comes_when_is_one_text_and_every_row_is_settled(
    quiet: Agency, came: list[tuple[int, int, bool]]
) -> None:
    """Parts lost, late and twice, the clock ticking between them or not."""
    words = ("CVM ASM H1", "2 F4 vers ", "Libye")
    phone = quiet.stranger(f"+2279000{700 + next(SENDERS):04}")
    mine = IN.c.sender_hash == quiet.services.cipher.digest(phone.number)
    for number, delay, ticks in came:
        quiet.clock.forward(seconds=delay)
        phone.sends_part(number, 3, words[number - 1])
        if ticks:
            quiet.tick()
    quiet.clock.forward(seconds=61)
    quiet.tick()
    rows = sorted(quiet.rows(IN, mine), key=lambda row: (row.received_at, row.id))
    there = {number for number, _, _ in came}
    read = [row for row in rows if row.state == "read"]
    assert {row.part_number for row in read} == there
    assert [row.state for row in rows].count("ignored") == len(came) - len(there)
    (head,) = [row for row in read if row.belongs_to is None]
    assert all(row.belongs_to for row in rows if row != head)
    (report,) = quiet.rows(REPORT, REPORT.c.message_id == head.id)
    whole = quiet.services.cipher.decrypt(head.whole)
    parts = [words[n - 1] if n in there else "\0" for n in (1, 2, 3)]
    assert whole == re.sub("\0+", " [...] ", "".join(parts)).strip()
    again = quiet.inbox._reader.read(whole, line="agents", at=report.received_at, post=None)
    assert report.reading["people"] == again.readings[0].people
    lacks = [problem["code"] == "incomplete" for problem in report.reading["problems"]]
    assert any(lacks) == (len(there) < 3)
