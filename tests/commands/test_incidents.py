"""`vigie incidents`: what an officer or operator sees of events, and puts right."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.services import Services
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.conversations.phones import Agency

Decisions = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def clock() -> Clock:
    """The commands go by the real time."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def stage(services: Services, clock: Clock) -> Agency:
    return Agency(services, clock)


def report(stage: Agency, words: str, *, customs: bool = False) -> str:
    phone = stage.customs if customs else stage.agent
    phone.texts(words)
    return phone.expects("Recu").reference


def test_what_is_open_is_a_table_with_what_where_how_many_and_who_has_it(run: Run, stage: Agency) -> None:
    assert run("incidents").out == "No incident is open.\n"
    first = report(stage, "RPZ ASM 80")
    report(stage, "RPZ ASM 84", customs=True)
    noted = report(stage, "PAP AGZ 7")
    stage.first.replies(stage.first.expects("ALERTE").code)
    shown = run("incidents").out.splitlines()
    assert re.split(r"\s{2,}", shown[1].strip())[0] == noted
    assert "noted" in shown[1]
    assert [word for word in ("Assamaka", "84", "taken", "Officier Un") if word not in shown[2]] == []
    assert first in shown[2]


def test_one_is_shown_with_its_reports_and_what_was_decided(run: Run, stage: Agency) -> None:
    first, second = report(stage, "RPZ ASM 80"), report(stage, "RPZ ASM 84", customs=True)
    shown = run("incidents", "show", second).out
    assert shown.startswith(f"incident    {first}, severity 2, 2 reports, 84 people\n")
    for words in (first, second, "Agent Gaya", "report joined to incident", "alert raised"):
        assert words in shown


def test_two_are_merged_and_whoever_had_the_one_is_told_once(
    run: Run, stage: Agency, decisions: Decisions
) -> None:
    one, other = report(stage, "RPZ ASM 30"), report(stage, "RPZ ASM 90", customs=True)
    mine = stage.first.expects("ALERTE")
    stage.first.replies(mine.code)
    stage.first.expects("est a vous")
    stage.agent.expects("pris en charge")
    stage.fast_forward(minutes=1)
    theirs = stage.first.expects("ALERTE", other)
    merged = run("incidents", "merge", one, other)
    assert (merged.status, merged.out) == (0, f"{one} is part of {other} now.\n")
    stage.fast_forward(minutes=5)
    told = stage.first.expects(one, "sont un seul cas", other)
    assert told.code == theirs.code
    stage.first.expects("SUITE", other, "2 rapports", "90 pers")
    assert "incident merged" in {action for action, _ in decisions()}
    assert "closed" in run("alerts", "show", one).out
    stage.first.replies(told.code)
    stage.first.expects("est a vous")
    stage.fast_forward(minutes=1)


def test_one_is_split_and_the_other_event_has_an_alert_of_its_own(run: Run, stage: Agency) -> None:
    first, second = report(stage, "RPZ ASM 80"), report(stage, "RPZ ASM 84", customs=True)
    stage.first.expects("ALERTE", first)
    split = run("incidents", "split", first, second)
    assert (split.status, split.out) == (0, f"{second} is incident {second} now.\n")
    stage.fast_forward(minutes=2)
    words = [text.words for text in stage.air.unread.pop(stage.first.number)]
    assert any("ALERTE" in text and second in text and "84 pers" in text for text in words)
    assert any("SUITE" in text and first in text and "80 pers" in text for text in words)


def test_one_is_closed_with_its_alert(run: Run, stage: Agency) -> None:
    first = report(stage, "RPZ ASM 80")
    closed = run("incidents", "close", first)
    assert (closed.status, closed.out) == (0, f"{first} is closed.\n")
    assert run("alerts").out == "No alert is open.\n"
    again = run("incidents", "close", first)
    assert (again.status, again.err) == (
        2,
        f"vigie: {first} is closed: nothing of it can be changed any more.\n",
    )


def test_what_cannot_be_done_is_said_in_a_sentence(run: Run, stage: Agency) -> None:
    first, second = report(stage, "RPZ ASM 80"), report(stage, "RPZ ASM 84", customs=True)
    stage.caller().texts("aidez nous, on est enfermes")
    caller = run("incidents").out.splitlines()[1].split()[0]
    for words, sentence in (
        (("show", "000000"), "No incident has the reference 000000; `vigie incidents` lists the open ones."),
        (("merge", first, first), f"{first} and {first} are one incident already."),
        (("merge", second, first), f"{second} and {first} are one incident already."),
        (("merge", caller, first), f"{caller} is a caller's: a caller's alert stays the caller's."),
        (("split", first, first, second), f"{first} would have no report left: leave one in it."),
        (("split", first, "000000"), f"000000 is no report of {first}; `vigie incidents show` lists them."),
    ):
        ran = run("incidents", *words)
        assert (ran.status, ran.err) == (2, f"vigie: {sentence}\n")
