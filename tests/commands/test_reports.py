"""`vigie reports list` and `vigie reports show`: everything about a report but who the person is."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.services import Services
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.commands.test_bad_input import refused
from tests.commands.test_keys import Office
from tests.commands.test_reread import REPORT, rows, texts

AGENT, ENGLISH = demo.REPORTERS[0].number, demo.REPORTERS[2].number
STRANGER, CALLER = "+22790000555", "+22790000556"


@pytest.fixture
def office(agency: Services) -> Office:
    return Office(agency)


def listed(run: Run, *options: str) -> list[dict[str, Any]]:
    ran = run("reports", "list", "--json", *options)
    assert (ran.status, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def shown(run: Run, reference: str, *options: str) -> dict[str, Any]:
    ran = run("reports", "show", reference, "--json", *options)
    assert (ran.status, ran.err) == (0, "")
    whole: dict[str, Any] = json.loads(ran.out)
    return whole


def test_the_newest_comes_first(run: Run, office: Office, clock: Clock) -> None:
    texts(office, "FLX ASM T40")
    clock.forward(seconds=60)
    texts(office, "RAS", sender=ENGLISH)
    out = run("reports", "list").out.splitlines()
    assert [word for word in ("Agent Agadez", "RAS", "Agadez (AGZ)") if word in out[1]] == [
        "Agent Agadez",
        "RAS",
        "Agadez (AGZ)",
    ]
    assert "Assamaka (ASM)" in out[2]
    assert " 40 " in out[2]
    assert out[-1] == "2 reports."


def test_drills_are_neither_shown_nor_counted_unless_asked_for(run: Run, office: Office) -> None:
    texts(office, "FLX ASM T40", "TEST SOS ASM T12")
    out = run("reports", "list").out
    assert out.endswith("1 report.\n")
    assert "SOS" not in out
    out = run("reports", "list", "--drills").out
    assert out.endswith("2 reports.\n")
    assert "drill" in out


def test_reports_are_found_by_state_post_time_and_sender(run: Run, office: Office, clock: Clock) -> None:
    texts(office, "FLX ASM T40", "ANNU")
    texts(office, "FLX AGZ T41", sender=ENGLISH)
    clock.forward(seconds=3600)
    texts(office, "FLX ASM T42", sender=STRANGER)
    texts(office, "aidez nous", sender=CALLER, to=demo.HOTLINE)
    for options, found in (
        (("--state", "cancelled"), ["FLX"]),
        (("--state", "applied"), [None]),
        (("--post", "agz"), ["FLX"]),
        (("--since", "2026-11-21T15:00"), ["SOS", "FLX"]),
        (("--unverified",), ["FLX"]),
    ):
        assert [report["code"] for report in listed(run, *options)] == found, options
    assert listed(run, "--unverified")[0]["from"] == "unknown"


def test_a_list_that_is_cut_says_so(run: Run, office: Office) -> None:
    texts(office, "FLX ASM T40", "FLX ASM T41", "FLX ASM T42")
    assert run("reports", "list", "--limit", "2").out.endswith("2 of 3 reports, the newest.\n")


def test_a_report_is_shown_with_its_history(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83", "CORR 38 pas 83")
    report, correction = rows(office, REPORT)
    whole = shown(run, report.reference)
    (change,) = whole["history"]
    assert (change["who"], change["why"], change["field"]) == ("Agent Assamaka", "correction", "people")
    assert (change["old"], change["new"]) == ({"total": 83}, {"total": 38})
    assert whole["spoken_of_by"] == [correction.reference]
    assert shown(run, correction.reference)["about"] == report.reference
    out = run("reports", "show", report.reference).out
    assert "total 83" in out
    assert "Agent Assamaka" in out
    assert "Assamaka (ASM)" in out


def test_repeats_are_linked_both_ways(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83", "FLX ASM 83")
    first, second = (row.reference for row in rows(office, REPORT))
    assert shown(run, first)["repeated_by"] == [second]
    assert shown(run, second)["repeat_of"] == first


def test_an_open_question_is_shown_with_its_choices(run: Run, office: Office) -> None:
    texts(office, "CVM Illela 40 vers Agadez")
    (report,) = rows(office, REPORT)
    assert shown(run, report.reference)["question"]["problem"] == "ambiguous_place"
    assert "ambiguous_place: A) " in run("reports", "show", report.reference).out


def test_its_alert_is_shown(run: Run, office: Office) -> None:
    texts(office, "SOS ASM 12")
    (report,) = rows(office, REPORT)
    alert = shown(run, report.reference)["alert"]
    assert (alert["state"], alert["severity"], alert["taken_by"]) == ("open", 1, None)
    assert shown(run, report.reference)["incident"] == report.reference
    assert f"{report.reference}, open, severity 1" in run("reports", "show", report.reference).out


def test_how_late_it_came_is_shown(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83")
    (report,) = rows(office, REPORT)
    with office.services.engine.begin() as connection:
        connection.execute(sa.update(REPORT).values(sent_at=report.received_at - timedelta(minutes=95)))
    assert shown(run, report.reference)["late_minutes"] == 95
    assert "95 minutes on its way" in run("reports", "show", report.reference).out
    assert "late" in run("reports", "list").out


def test_words_are_shown_on_record_only(
    run: Run, office: Office, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    texts(office, "FLX ASM T40 camionnette blanche")
    (report,) = rows(office, REPORT)
    for options in ((), ("--json",)):
        assert "blanche" not in run("reports", "show", report.reference, *options).out
    assert "words of a report shown" not in [action for action, _ in decisions()]
    for options in ((), ("--json",)):
        assert "blanche" in run("reports", "show", report.reference, "--words", *options).out
    on_record = [about for action, about in decisions() if action == "words of a report shown"]
    assert [str(report.id) in about for about in on_record] == [True, True]


def test_the_words_of_a_changed_note_are_sealed_too(run: Run, office: Office) -> None:
    texts(office, "RPS ASM T40 mots secrets", "A")
    (report,) = rows(office, REPORT)
    assert "secrets" not in run("reports", "show", report.reference, "--json").out
    history = shown(run, report.reference, "--words")["history"]
    (noted,) = [change for change in history if change["field"] == "note"]
    assert "secrets" in noted["old"]


def test_nobodys_number_is_shown(run: Run, office: Office) -> None:
    texts(office, "SOS ASM 12")
    texts(office, "aidez nous", sender=CALLER, to=demo.HOTLINE)
    texts(office, "FLX ASM 12", sender=STRANGER)
    commands = [("list",), ("list", "--json")]
    for row in rows(office, REPORT):
        commands += [("show", row.reference), ("show", row.reference, "--json")]
    for words in commands:
        ran = run("reports", *words)
        assert ran.status == 0
        assert "2279000" not in ran.out
        assert "90000" not in ran.out


def test_a_reference_that_nobody_has(run: Run, services: Services) -> None:
    assert "No report has the reference 482135" in refused(run("reports", "show", "482135"))


def test_a_post_that_is_none(run: Run, services: Services) -> None:
    assert "'QQQ' is none of the points" in refused(run("reports", "list", "--post", "QQQ"))


def test_a_time_that_is_none(run: Run, services: Services) -> None:
    assert "is no ISO time" in refused(run("reports", "list", "--since", "hier"))
