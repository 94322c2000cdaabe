"""`vigie reread`: old texts by today's rules; what a person changed stays; nobody is woken."""

import threading
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.alerts.records import Alert
from gateway.inbox import rereading
from gateway.inbox.records import InboundRecord
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Reporter
from gateway.reports.records import ReportChange, ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.commands.test_bad_input import refused
from tests.commands.test_keys import Office

REPORT, CHANGE, OUT = table_of(ReportRecord), table_of(ReportChange), table_of(OutboundRecord)
ALERT, IN = table_of(Alert), table_of(InboundRecord)
AGENT = demo.REPORTERS[0].number
SINCE = "2026-11-21T00:00"
NEW_CODE = """
[[code]]
code = "ZQX"
family = "trafficking"
label_fr = "Nouveau code"
label_en = "New code"
short_fr = "Nouveau code"
short_en = "New code"
short_ha = "Sabuwar lamba"
severity = 1
escalation = []
required = ["place", "people"]
optional = []
aliases = []
basis = "a test"
"""


@pytest.fixture
def office(agency: Services) -> Office:
    return Office(agency)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """The agency's own codebook: a code more than the texts were read with."""
    own = tmp_path / "agency"
    own.mkdir()
    packaged = (files("gateway.data") / "codebook.toml").read_text(encoding="utf-8")
    (own / "codebook.toml").write_text(packaged + NEW_CODE, encoding="utf-8")
    return str(own)


def texts(office: Office, *words: str, sender: str = AGENT, to: str = demo.AGENTS_LINE) -> None:
    for text in words:
        office.acceptor.accept(office.message(sender, text, to))
        office.work()


def rows(office: Office, table: sa.Table) -> list[Any]:
    with office.services.engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.id)))


def store(office: Office, **values: Any) -> None:
    """Make the one report look as an older reader would have left it."""
    with office.services.engine.begin() as connection:
        connection.execute(sa.update(REPORT).values(**values))


def as_if_read_otherwise(office: Office, **fields: Any) -> None:
    (row,) = rows(office, REPORT)
    store(office, reading=row.reading | fields)


def test_a_text_that_was_not_understood_gets_its_code(run: Run, office: Office, folder: str) -> None:
    texts(office, "ZQX ASM T40")
    (before,) = rows(office, REPORT)
    sent = len(rows(office, OUT))
    assert (before.kind, before.code) == ("unknown", None)
    ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert (ran.status, ran.err) == (0, "")
    assert f"{before.reference}  code             – -> ZQX" in ran.out
    assert f"{before.reference}  kind             unknown -> report" in ran.out
    assert "1 reports were changed" in ran.out
    (after,) = rows(office, REPORT)
    assert (after.kind, after.code, after.severity, after.id) == ("report", "ZQX", 1, before.id)
    assert after.reading["people"] == {"total": 40}
    assert after.reading["problems"] == []
    assert "1 would have alerted. No old report wakes anybody" in ran.out
    assert f"  {before.reference}  ZQX, severity 1" in ran.out
    assert rows(office, ALERT) == []
    assert len(rows(office, OUT)) == sent


def test_every_change_is_in_the_history_and_on_record(
    run: Run, office: Office, folder: str, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    texts(office, "ZQX ASM T40")
    run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    changes = {row.field: row for row in rows(office, CHANGE)}
    assert (changes["code"].old, changes["code"].new) == (None, "ZQX")
    assert {row.why for row in changes.values()} == {"reread"}
    assert all(row.actor.startswith("operator ") for row in changes.values())
    (report,) = rows(office, REPORT)
    ((_, about),) = [one for one in decisions() if one[0] == "report read again"]
    assert str(report.id) in about
    assert '"code"' in about


def test_a_dry_run_shows_the_same_and_changes_nothing(run: Run, office: Office, folder: str) -> None:
    texts(office, "ZQX ASM T40")
    before = rows(office, REPORT)
    ran = run("reread", "--since", SINCE, "--dry-run", VIGIE_AGENCY_DIR=folder)
    assert "code             – -> ZQX" in ran.out
    assert ran.out.endswith("Nothing was changed.\n")
    assert (rows(office, REPORT), rows(office, CHANGE)) == (before, [])


@pytest.mark.parametrize(("typed", "code"), [("y\n", "ZQX"), ("n\n", None)])
def test_it_asks_before_it_changes(
    run: Run, office: Office, folder: str, typed: str, code: str | None
) -> None:
    texts(office, "ZQX ASM T40")
    ran = run("reread", "--since", SINCE, typed=typed, VIGIE_AGENCY_DIR=folder)
    assert ran.status == 0
    assert rows(office, REPORT)[0].code == code


def test_a_second_run_finds_nothing_more(run: Run, office: Office, folder: str) -> None:
    texts(office, "ZQX ASM T40", "RPZ ASM 647 H590 F32", "hier 14h30 FLX vers Arlit 3 hilux")
    run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    changes = len(rows(office, CHANGE))
    ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert "3 reports were read again, 0 read as something else." in ran.out
    assert len(rows(office, CHANGE)) == changes


def test_what_the_reporter_corrected_is_kept(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83", "CORR 38 pas 83")
    ran = run("reread", "--since", SINCE, "--yes")
    assert "1 reports were read again, 0 read as something else." in ran.out
    report = rows(office, REPORT)[0]
    assert report.reading["people"] == {"total": 38}


def test_what_a_reader_got_wrong_is_put_right_beside_what_was_corrected(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83", "CORR 38 pas 83")
    report = rows(office, REPORT)[0]
    with office.services.engine.begin() as connection:
        wrong = report.reading | {"place": None, "controls": ["DTT"]}
        connection.execute(sa.update(REPORT).where(REPORT.c.id == report.id).values(reading=wrong))
    run("reread", "--since", SINCE, "--yes")
    report = rows(office, REPORT)[0]
    assert report.reading["place"]["code"] == "ASM"
    assert report.reading["controls"] == []
    assert report.reading["people"] == {"total": 38}


def test_a_code_that_was_chosen_when_asked_is_kept(run: Run, office: Office) -> None:
    texts(office, "RPS ASM T40", "A")
    report = rows(office, REPORT)[0]
    assert report.code == "RPZ"
    ran = run("reread", "--since", SINCE, "--yes")
    assert "0 read as something else" in ran.out
    assert "needs a person" not in ran.out


def test_a_report_with_an_open_question_is_left_for_later(run: Run, office: Office) -> None:
    texts(office, "CVM Illela 40 vers Agadez")
    as_if_read_otherwise(office, people={"total": 4})
    ran = run("reread", "--since", SINCE, "--yes")
    assert "1 have a question open and are left" in ran.out
    assert rows(office, REPORT)[0].reading["people"] == {"total": 4}


def test_a_text_that_reads_as_more_reports_now_needs_a_person(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 40 RPZ ARL 647")
    first, second = rows(office, REPORT)
    with office.services.engine.begin() as connection:
        connection.execute(sa.delete(ALERT.metadata.tables["alert_codes"]))
        connection.execute(sa.delete(REPORT).where(REPORT.c.id == second.id))
    ran = run("reread", "--since", SINCE, "--yes")
    assert f"{first.reference}  needs a person: reads as 2 reports now, 1 on file" in ran.out
    assert "1 need a person and are left as they are." in ran.out
    assert rows(office, REPORT) == [first]


def test_digits_that_an_officer_meant_as_a_code_are_read_as_no_number_of_people(
    run: Run, office: Office
) -> None:
    texts(office, "9449 2 panne. MNA GAY 3", sender=demo.OFFICERS[0][0])
    (before,) = rows(office, REPORT)
    ran = run("reread", "--since", SINCE, "--yes")
    assert f"{before.reference}  needs a person: stands behind digits that may be an alert's" in ran.out
    assert rows(office, REPORT) == [before]


def test_a_report_stays_at_the_post_where_its_writer_served_then(run: Run, office: Office) -> None:
    texts(office, "FLX T40")
    with office.services.engine.begin() as connection:
        connection.execute(sa.update(Reporter).values(post="AGZ"))
    assert "0 read as something else" in run("reread", "--since", SINCE, "--yes").out
    assert rows(office, REPORT)[0].reading["place"]["code"] == "ASM"


def test_whoever_was_not_registered_then_had_no_post(run: Run, office: Office) -> None:
    texts(office, "FLX T40", sender="+22790000555")
    with office.services.engine.begin() as connection:
        reporter = connection.execute(sa.select(Reporter.id).where(Reporter.post == "ASM")).scalar_one()
        connection.execute(sa.update(REPORT).values(reporter_id=reporter))
    run("reread", "--since", SINCE, "--yes")
    assert rows(office, REPORT)[0].reading["place"] is None


def test_times_are_read_as_of_then(run: Run, office: Office, clock: Clock) -> None:
    texts(office, "FLX ASM T40 hier 14h30")
    clock.forward(seconds=timedelta(days=40).total_seconds())
    assert "0 read as something else" in run("reread", "--since", SINCE, "--yes").out


def test_the_words_of_a_note_are_shown_on_record_only(
    run: Run, office: Office, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    texts(office, "FLX ASM T40 camionnette blanche")
    store(office, note=None)
    ran = run("reread", "--since", SINCE, "--dry-run")
    assert "blanche" not in ran.out
    assert "note             other words (--show-notes shows them)" in ran.out
    assert "words of notes shown" not in [action for action, _ in decisions()]
    ran = run("reread", "--since", SINCE, "--dry-run", "--show-notes")
    assert "blanche" in ran.out
    assert "words of notes shown" in [action for action, _ in decisions()]


def test_the_words_of_a_note_are_encrypted_in_the_history(run: Run, office: Office) -> None:
    texts(office, "FLX ASM T40 camionnette blanche")
    store(office, note=None)
    run("reread", "--since", SINCE, "--yes")
    (change,) = rows(office, CHANGE)
    assert (change.field, change.old, change.new) == ("note", None, None)
    assert "blanche" in office.services.cipher.decrypt(change.words)
    assert b"blanche" not in change.words


def test_no_number_is_shown(run: Run, office: Office, folder: str) -> None:
    texts(office, "ZQX ASM T40", f"FLX ASM appelez {AGENT}")
    out = run("reread", "--since", SINCE, "--dry-run", VIGIE_AGENCY_DIR=folder).out
    assert "2279000" not in out
    assert "90000101" not in out


def test_a_reader_of_another_version_is_noted_without_a_change(run: Run, office: Office) -> None:
    texts(office, "FLX ASM T40")
    as_if_read_otherwise(office, parser_version="0")
    ran = run("reread", "--since", SINCE, "--yes")
    assert "0 read as something else" in ran.out
    assert rows(office, REPORT)[0].reading["parser_version"] != "0"
    assert rows(office, CHANGE) == []


def test_only_the_codes_asked_for_are_read_again(run: Run, office: Office, folder: str) -> None:
    texts(office, "ZQX ASM T40", "FLX ASM T40", "RAS ASM")
    for codes, count in ((("none",), 1), (("FLX", "none"), 2), (("ras",), 1), ((), 3)):
        words = [word for code in codes for word in ("--code", code)]
        ran = run("reread", "--since", SINCE, "--dry-run", *words, VIGIE_AGENCY_DIR=folder)
        assert f"{count} reports were read again" in ran.out


def test_only_the_period_asked_for_is_read_again(run: Run, office: Office, clock: Clock) -> None:
    texts(office, "FLX ASM T40")
    for options, count in (
        (("--since", "2026-11-21T14:00"), 1),
        (("--since", "2026-11-21T14:01"), 0),
        (("--since", SINCE, "--until", "2026-11-21T14:00"), 0),
        (("--since", SINCE, "--until", "2026-11-21T13:01Z"), 1),
    ):
        assert f"{count} reports were read again" in run("reread", *options, "--dry-run").out


def test_a_long_list_is_read_in_batches(
    run: Run, office: Office, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereading, "TEXTS_AT_ONCE", 2)
    texts(office, *(f"ZQX ASM T4{number}" for number in range(5)), "FLX ASM 40 RPZ ARL 647")
    ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert "7 reports were read again, 5 read as something else." in ran.out
    assert [row.code for row in rows(office, REPORT)] == ["ZQX"] * 5 + ["FLX", "RPZ"]


def test_an_interrupted_run_goes_on_where_it_stopped(
    run: Run, office: Office, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereading, "TEXTS_AT_ONCE", 2)
    texts(office, *(f"ZQX ASM T4{number}" for number in range(5)))
    apply = rereading.apply
    applied: list[Any] = []

    def interrupted(*arguments: Any) -> Any:
        if applied:
            raise KeyboardInterrupt
        applied.append(arguments)
        return apply(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(rereading, "apply", interrupted)
        ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert (ran.status, "goes on with what is left" in ran.err) == (1, True)
    assert [row.code for row in rows(office, REPORT)] == ["ZQX"] * 2 + [None] * 3
    ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert "3 reports were changed" in ran.out
    assert [row.code for row in rows(office, REPORT)] == ["ZQX"] * 5


def test_a_report_that_somebody_holds_is_left_and_waited_for_by_nobody(
    run: Run, office: Office, folder: str
) -> None:
    texts(office, "ZQX ASM T40", "ZQX ARL T41")
    held = rows(office, REPORT)[0]
    with office.services.engine.begin() as connection:
        connection.execute(sa.select(REPORT.c.id).where(REPORT.c.id == held.id).with_for_update())
        ran = run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
        assert "1 reports were changed" in ran.out
        assert "1 were in use at that moment and are as they were: run it again." in ran.out
    assert [row.code for row in rows(office, REPORT)] == [None, "ZQX"]
    run("reread", "--since", SINCE, "--yes", VIGIE_AGENCY_DIR=folder)
    assert [row.code for row in rows(office, REPORT)] == ["ZQX", "ZQX"]


def test_a_report_changed_since_it_was_looked_up_is_left(office: Office) -> None:
    texts(office, "FLX ASM T40")
    as_if_read_otherwise(office, people={"total": 4})
    services = office.services
    wanted = rereading.Wanted(services.now() - timedelta(hours=1))
    from gateway.bootstrap import build_reader

    (batch,) = rereading.batches(services, build_reader(services.settings), wanted)
    as_if_read_otherwise(office, people={"total": 5})
    with services.engine.begin() as connection:
        held, made = rereading.apply(connection, services.cipher, batch.read, "somebody", services.now())
    assert (held, made) == (1, [])
    assert rows(office, REPORT)[0].reading["people"] == {"total": 5}


def test_a_correction_waits_for_the_report_that_is_being_read_again(office: Office) -> None:
    """Else it would be made of the older reading, and put that back."""
    texts(office, "FLX ASM 83")
    as_if_read_otherwise(office, place=None)
    office.acceptor.accept(office.message(AGENT, "CORR 38 pas 83"))
    (report,) = rows(office, REPORT)
    correcting = threading.Thread(target=office.work)
    with office.services.engine.begin() as connection:
        connection.execute(sa.select(REPORT.c.id).with_for_update(key_share=True))
        correcting.start()
        correcting.join(timeout=1)
        assert correcting.is_alive()
        mended = report.reading | {"controls": ["DTT"]}
        connection.execute(sa.update(REPORT).values(reading=mended))
    correcting.join(timeout=20)
    report = next(row for row in rows(office, REPORT) if row.kind == "report")
    assert (report.reading["people"], report.reading["controls"]) == ({"total": 38}, ["DTT"])


def test_a_hotline_text_is_read_again_as_one(run: Run, office: Office) -> None:
    texts(office, "aidez nous on est enfermes", sender="+22790000555", to=demo.HOTLINE)
    (before,) = rows(office, REPORT)
    store(office, code=None, severity=None)
    ran = run("reread", "--since", SINCE, "--yes")
    (after,) = rows(office, REPORT)
    assert (after.code, after.severity) == (before.code, before.severity)
    assert "would have alerted" not in ran.out, "it had its alert"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--since", "yesterday"), "is no ISO time"),
        (("--since", SINCE, "--until", "2026-11-20"), "--until must be later than --since."),
        (("--since", SINCE, "--code", "QQQ"), "QQQ is no code of the codebook"),
        ((), "--since"),
    ],
)
def test_what_may_be_asked_wrongly(
    run: Run, services: Services, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(run("reread", *words))
