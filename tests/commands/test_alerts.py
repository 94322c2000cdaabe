"""`vigie alerts`: how each alert stands, who was told, and carrying one up by hand."""

from datetime import UTC, datetime

import pytest

from gateway.alerts import service as alerts
from gateway.services import Services
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.conversations.phones import Agency, Text


@pytest.fixture
def agency(services: Services, clock: Clock) -> Agency:
    return Agency(services, clock)


@pytest.fixture
def alert(agency: Agency) -> Text:
    agency.agent.texts("RPZ ASM 512")
    return agency.first.expects("ALERTE")


def test_each_alert_tells_its_pace_and_what_comes_next(run: Run, alert: Text) -> None:
    out = run("alerts").out
    assert alert.reference in out
    assert "SMS+call, 5 min" in out
    assert "step 1 at 2026-11-21 14:05" in out


def test_one_alert_tells_who_was_told_and_who_answered(run: Run, agency: Agency, alert: Text) -> None:
    agency.clock.forward(minutes=5)
    agency.tick()
    agency.second.replies(agency.second.expects("ALERTE").code)
    out = run("alerts", "show", alert.reference).out
    told = [line.split() for line in out.splitlines() if " alert " in line and "SMS" in line]
    assert [(line[1], line[3]) for line in told] == [("14:00", "Un"), ("14:05", "Deux")]
    assert "state    acknowledged, Officier Deux" in out
    assert "asks again at 2026-11-21 15:05" in out
    assert out.splitlines()[-1].split()[1:] == ["14:05", "Officier", "Deux", "text", "taken"]


def test_no_number_is_shown(run: Run, alert: Text) -> None:
    assert "+227" not in run("alerts", "show", alert.reference).out


def test_an_alert_is_carried_up_by_hand_also_once_it_is_taken(run: Run, agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    assert (
        run("alerts", "escalate", alert.reference).out == f"The next step is called for {alert.reference}.\n"
    )
    agency.clock.time = datetime.now(UTC)  # as the command had it
    agency.tick()
    agency.second.expects("ALERTE", alert.reference)


def test_what_is_closed_is_not_carried_up(run: Run, agency: Agency, alert: Text) -> None:
    alerts.close(agency.services, alert.reference, "operator")
    ran = run("alerts", "escalate", alert.reference)
    assert (ran.status, ran.err) == (2, f"vigie: No alert with the reference {alert.reference} is open.\n")
    assert run("alerts", "show", "999999").err == "vigie: There is no alert with the reference 999999.\n"


def test_the_policy_is_told_by_severity_and_code(run: Run) -> None:
    lines = [line.split() for line in run("alerts", "policy").out.splitlines()]
    assert ["severity", "1", "SMS+call", "5", "min", "10", "min", "60", "min", "no"] in lines
    assert ["SOS,", "severity", "1", "SMS+call", "5", "min", "10", "min", "60", "min", "yes"] in lines


def test_what_officers_hear_is_listed_to_be_recorded(run: Run) -> None:
    out = run("alerts", "prompts").out
    assert "officer_keys" in out
    assert "Officers hear French instead of Hausa until its 10 missing sentences are recorded." in out


def test_an_alert_shows_its_times_its_notes_and_that_it_is_to_be_closed(
    run: Run, agency: Agency, alert: Text
) -> None:
    for minutes, answer in ((3, "1"), (20, "4"), (30, "5, chez [le] forgeron")):
        agency.clock.forward(minutes=minutes)
        agency.first.replies(f"{alert.code} {answer}")
    out = run("alerts", "show", alert.reference).out
    assert "state    acknowledged, Officier Un, safe" in out
    for line in ("taken    2026-11-21 14:03, after 3 min", "on site  2026-11-21 14:23, after 23 min"):
        assert line in out
    assert "safe     2026-11-21 14:53, after 53 min" in out
    assert "next     to close" in out
    assert [line.split()[4:] for line in out.splitlines()[-3:]] == [
        ["text", "taken"], ["text", "on", "site"], ["text", "safe", "chez", "[le]", "forgeron"],
    ]  # fmt: skip
    listed = run("alerts").out
    assert "to close" in listed
    assert "forgeron" not in listed
