"""`vigie people`, `vigie officers`, `vigie reporters import`."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.commands.entering import BadNumberError, masked, phone_number
from gateway.duty.records import ShiftRecord
from gateway.people.pins import Verdict
from gateway.people.records import Officer, Organisation, PinRecord, Reporter
from gateway.people.service import check_pin
from gateway.reports.records import ReportRecord
from gateway.services import Services
from tests.commands.conftest import Run
from tests.commands.test_keys import Office

Decisions = Callable[[], list[tuple[str, str]]]
FIRST, SECOND = "+22790000701", "+22790000702"
HEAD = "number,name,post,organisation,language,discreet\n"


def test_people_are_shown_with_the_ends_of_their_numbers(run: Run, agency: Services) -> None:
    out = run("people").out
    lines = {" ".join(line.split()) for line in out.splitlines()}
    assert "Agent Assamaka +227 9• •• •• 01 reporter Police ASM fr" in lines
    assert "Agent Agadez +227 9• •• •• 03 reporter ASAD AGZ en" in lines
    assert any(line.startswith("Officier Un +227 9• •• •• 01 officer – – fr") for line in lines)
    assert "Essai" not in out
    assert "Essai" in run("people", "--all").out


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+22790000101", "+227 9• •• •• 01"),
        ("+2348031234567", "+234 8•• ••• ••67"),
        ("8484", "8•84"),
        ("ORANGE", "O•••GE"),
    ],
)
def test_a_masked_number_shows_its_country_and_its_ends(number: str, shown: str) -> None:
    assert masked(number) == shown


@pytest.mark.parametrize("text", ["", "12", "+2279000010", "2.279E+10", "+22790000101x", "quatre-vingt"])
def test_what_is_no_number_is_not_repeated(text: str) -> None:
    with pytest.raises(BadNumberError) as caught:
        phone_number(text, "NE")
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", ["+22790000101", "90 00 01 01", "0022790000101", " +227 90-00-01-01 "])
def test_a_number_may_be_written_in_any_way(text: str) -> None:
    assert phone_number(text, "NE") == "+22790000101"


def test_an_officer_is_put_on_the_rota_once(run: Run, services: Services, decisions: Decisions) -> None:
    assert "Nobody is on duty now" in run("people").out
    for _ in range(2):
        ran = run("officers", "add", "90 00 07 01", "Officier Sept", "--language", "en", "--step", "0")
        assert (ran.status, ran.err) == (0, "")
    assert ran.out == "Officier Sept +227 9• •• •• 01 is on the rota at step 0.\n"
    assert "on duty now, step 0" in run("people").out
    assert [action for action, _ in decisions()] == ["officer added", "shift added"]
    assert "0000701" not in str(decisions())


def test_an_officer_may_be_on_duty_by_turns_alone(run: Run, services: Services, decisions: Decisions) -> None:
    ran = run("officers", "add", FIRST, "Officier Sept", "--turns-only")
    assert ran.out == "Officier Sept +227 9• •• •• 01 is on the rota by rotations and overrides alone.\n"
    assert (
        ran.err
        == "Now nobody is on duty: put somebody on with `vigie officers add` or `vigie duty rotate`.\n"
    )
    assert "not on duty now" in run("people").out
    assert [action for action, _ in decisions()] == ["officer added"]


def test_shifts_of_ones_own_end_when_one_only_takes_turns(
    run: Run, services: Services, decisions: Decisions
) -> None:
    run("officers", "add", FIRST, "Officier Sept")
    run("officers", "add", FIRST, "Officier Sept", "--step", "1", "--from", "2099-01-01T00:00")
    run("officers", "add", SECOND, "Officier Huit")
    ran = run("officers", "add", FIRST, "Officier Sept", "--turns-only")
    assert (ran.status, ran.err) == (0, "")
    with services.engine.connect() as connection:
        shifts = connection.execute(sa.select(ShiftRecord.starts_at, ShiftRecord.ends_at)).all()
        now = connection.execute(sa.select(sa.func.now())).scalar_one()
    assert {(shift.starts_at, shift.ends_at is None) for shift in shifts} == {(None, True), (None, False)}
    assert all(shift.ends_at is None or shift.ends_at <= now for shift in shifts)
    assert decisions()[-1][0] == "shifts ended"


@pytest.mark.parametrize("words", [("--step", "1"), ("--region", "Agadez"), ("--until", "2099-01-01T00:00")])
def test_turns_alone_have_no_shift(run: Run, services: Services, words: tuple[str, str]) -> None:
    ran = run("officers", "add", FIRST, "Officier Sept", "--turns-only", *words)
    assert (
        ran.err == "vigie: --turns-only takes no --step, --region, --from and --until: these make a shift.\n"
    )


def test_a_shift_has_its_hours_in_the_agencys_time(run: Run, services: Services) -> None:
    hours = ("--from", "2026-11-21T18:00", "--until", "2026-11-22T06:00Z")
    assert run("officers", "add", FIRST, "Officier Sept", *hours).status == 0
    with services.engine.connect() as connection:
        shift = connection.execute(sa.select(ShiftRecord.starts_at, ShiftRecord.ends_at)).one()
    assert [moment.isoformat() for moment in shift] == [
        "2026-11-21T17:00:00+00:00",
        "2026-11-22T06:00:00+00:00",
    ]
    assert run("officers", "add", FIRST, "O", "--from", "tomorrow").status == 2
    wrong = ("--from", "2026-11-21T18:00", "--until", "2026-11-21T06:00")
    assert run("officers", "add", FIRST, "O", *wrong).err == "vigie: --until must be later than --from.\n"


def test_an_officer_switched_off_is_off_duty_and_can_come_back(
    run: Run, services: Services, decisions: Decisions
) -> None:
    run("officers", "add", FIRST, "Officier Sept")
    ran = run("officers", "disable", FIRST)
    assert ran.status == 0
    assert (
        ran.err
        == "Now nobody is on duty: put somebody on with `vigie officers add` or `vigie duty rotate`.\n"
    )
    assert run("officers", "disable", FIRST).status == 2
    run("officers", "add", FIRST, "Officier Sept")
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(Officer.active)).scalars().all() == [True]
    actions = [action for action, _ in decisions()]
    assert actions == ["officer added", "shift added", "officer switched off", "officer changed"]


def test_an_officer_keeps_turns_under_another_number_and_no_pin(
    run: Run, services: Services, decisions: Decisions
) -> None:
    run("officers", "add", FIRST, "Officier Sept")
    run("officers", "pin", FIRST, typed="4711\n4711\n")
    ran = run("officers", "number", FIRST, SECOND)
    assert (ran.status, ran.err) == (0, "")
    assert "Officier Sept is +227 9• •• •• 02 now" in ran.out
    assert "on duty now, step 0" in run("people").out
    assert decisions()[-1][0] == "officer's number changed"
    assert "0000702" not in str(decisions())
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(PinRecord)).scalar_one() == 0


def test_a_number_that_is_nobodys_or_an_officers_already_is_refused(run: Run, services: Services) -> None:
    assert "No active officer has the old number" in run("officers", "number", FIRST, SECOND).err
    run("officers", "add", FIRST, "Officier Sept")
    run("officers", "add", SECOND, "Officier Huit")
    assert "an officer's already" in run("officers", "number", FIRST, SECOND).err


def test_a_pin_is_asked_for_twice_and_never_shown(run: Run, agency: Services, decisions: Decisions) -> None:
    number = "+22790000101"
    ran = run("reporters", "pin", number, typed="9876\n9876\n")
    assert ran.status == 0
    assert ran.out.endswith("Agent Assamaka +227 9• •• •• 01 has a new PIN.\n")
    assert run("officers", "pin", "+22790000901", typed="4444\n4444\n").status == 0
    assert [action for action, _ in decisions()] == ["PIN set", "PIN set"]
    assert "9876" not in ran.out + str(decisions())
    with agency.engine.begin() as connection:
        verdict = check_pin(connection, agency, agency.cipher.digest(number), "9876")
        stored = connection.execute(sa.select(PinRecord.pin_hash)).scalars().all()
    assert verdict is Verdict.RIGHT
    assert not any(b"9876" in value for value in stored)


@pytest.mark.parametrize(
    ("words", "typed", "fault"),
    [
        (("reporters", "pin", "+22790000101"), "12\n12\n", "A PIN is 4 to 8 digits."),
        (("reporters", "pin", "+22790000101"), "12ab\n12ab\n", "A PIN is 4 to 8 digits."),
        (("reporters", "pin", "+22790000901"), "", "No active reporter has that number"),
        (("officers", "pin", "+22790000101"), "", "No active officer has that number"),
        (("reporters", "pin", "hello"), "", "NUMBER is no phone number that can be"),
    ],
)
def test_a_pin_that_cannot_be_set_is_refused_in_a_sentence(
    run: Run, agency: Services, words: tuple[str, ...], typed: str, fault: str
) -> None:
    ran = run(*words, typed=typed)
    assert ran.status == 2
    assert fault in ran.err


def _import(
    run: Run, folder: Path, text: str, *options: str, encoding: str = "utf-8"
) -> tuple[int, str, str]:
    file = folder / "agents.csv"
    file.write_text(text, encoding=encoding)
    ran = run("reporters", "import", str(file), *options)
    return ran.status, ran.out, ran.err


def _reporters(services: Services) -> list[tuple[object, ...]]:
    columns = (Reporter.name, Reporter.post, Organisation.short_name, Reporter.language, Reporter.discreet)
    query = sa.select(*columns).outerjoin(Organisation).order_by(Reporter.name)
    with services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_reporters_are_imported_and_brought_up_to_date(
    run: Run, services: Services, tmp_path: Path, decisions: Decisions
) -> None:
    text = HEAD + f"{FIRST},Aïcha,asm,Police,fr,oui\n90 00 07 02,Bello,,,,\n\n"
    assert _import(run, tmp_path, text, "--dry-run") == (
        0,
        "2 would be added, 0 would be changed, 0 are as they were.\n",
        "",
    )
    assert (_reporters(services), decisions()) == ([], [])
    assert _import(run, tmp_path, text)[:2] == (0, "2 were added, 0 were changed, 0 are as they were.\n")
    assert _reporters(services) == [
        ("Aïcha", "ASM", "Police", "fr", True),
        ("Bello", None, None, "fr", False),
    ]
    assert _import(run, tmp_path, text)[1] == "0 were added, 0 were changed, 2 are as they were.\n"
    text = HEAD.replace(",", ";") + f"{SECOND};Bello;GAY;Douanes;ha;non\n"
    assert _import(run, tmp_path, text, encoding="utf-8-sig")[1] == (
        "0 were added, 1 were changed, 0 are as they were.\n"
    )
    assert _reporters(services)[1] == ("Bello", "GAY", "Douanes", "ha", False)
    assert [action for action, _ in decisions()] == [
        *("organisation added", "reporter added", "reporter added"),
        *("organisation added", "reporter changed"),
    ]
    assert "000070" not in str(decisions())
    assert "Bello" not in str(decisions())


def test_each_faulty_line_is_named_and_nothing_is_imported(
    run: Run, agency: Services, tmp_path: Path
) -> None:
    before = _reporters(agency)
    text = HEAD + (
        f"{FIRST},Aïcha,ASM,Police,fr,no\n"
        "+2279,Bello,ASM,,fr,no\n"
        f"{SECOND},,ASM,,fr,no\n"
        f"{SECOND},Chaibou,XXX,,fr,no\n"
        f"{SECOND},Chaibou,ASM,,de,no\n"
        f"{SECOND},Chaibou,ASM,,fr,peut-être\n"
        f"{FIRST},Encore,ASM,,fr,no\n"
        f"{demo.HOTLINE},Nous,ASM,,fr,no\n"
    )
    status, out, err = _import(run, tmp_path, text)
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "Line 3: the number is no phone number that can be; write it with its country (+227…) or as dialled in NE.",
        "Line 4: the name is empty.",
        "Line 5: its post is none of the points that we know.",
        "Line 6: the language is one of fr, en, ha.",
        "Line 7: discreet is yes or no.",
        "Line 8: the number stands on line 2 already.",
        "Line 9: the number is one of our own lines.",
        "vigie: 7 lines are faulty; nothing was imported.",
    ]
    assert _reporters(agency) == before
    status, out, _ = _import(run, tmp_path, text, "--skip-faulty")
    assert (status, out) == (
        0,
        "1 were added, 0 were changed, 0 are as they were; 7 faulty lines are left out.\n",
    )


@pytest.mark.parametrize(
    ("text", "encoding", "sentence"),
    [
        ("name,post\nA,ASM\n", "utf-8", "lacks the column number"),
        (f"{FIRST},Aïcha\n", "utf-8", "lacks the column number"),
        (HEAD.replace("post", "where"), "utf-8", "has a column that is none of number, name"),
        ("", "utf-8", "lacks the column number"),
        (HEAD + f"{FIRST},Aïcha,ASM,,fr,no\n", "latin-1", "is not UTF-8"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    run: Run, services: Services, tmp_path: Path, *, text: str, encoding: str, sentence: str
) -> None:
    status, _, err = _import(run, tmp_path, text, encoding=encoding)
    assert status == 2
    assert sentence in err
    assert FIRST not in err
    assert err.count("\n") == 1


def test_a_file_with_its_columns_shifted_shows_no_number(
    run: Run, services: Services, tmp_path: Path
) -> None:
    head = "name,number,discreet,language,post\n"
    status, _, err = _import(run, tmp_path, head + f"{FIRST},{FIRST},{SECOND},{SECOND},{SECOND}\n")
    assert status == 2
    assert "0000" not in err


def test_an_imported_reporter_is_recognised(run: Run, agency: Services, tmp_path: Path) -> None:
    _import(run, tmp_path, HEAD + f"{FIRST},Aïcha,ASM,Police,fr,no\n")
    office = Office(agency)
    office.acceptor.accept(office.message(FIRST, "RPZ ASM 12"))
    office.work()
    assert office.by_state() == {"read": 1}
    with agency.engine.connect() as connection:
        assert connection.scalar(sa.select(ReportRecord.verified)) is True


def test_whoever_looks_after_the_machines_is_shown_and_is_an_active_officer(
    run: Run, agency: Services, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    assert "operator" not in run("people").out
    assert run("officers", "operator", "90 00 09 03").status == 0
    assert run("people").out.count(", operator") == 1
    assert run("officers", "operator", "90 00 09 03", "--off").status == 0
    assert "operator" not in run("people").out
    for number, sentence in (
        ("+22790000101", "no active officer's number"),
        ("+22799999999", "no active officer's number"),
        ("Superviseur", "is no phone number"),
    ):
        ran = run("officers", "operator", number)
        assert (ran.status, sentence in ran.err, number in ran.err) == (2, True, False)
    assert [action for action, _ in decisions()] == ["operator named"] * 2


def test_a_chief_is_of_a_region_or_the_country_and_has_an_address_that_is_encrypted(
    run: Run, agency: Services, decisions: Decisions
) -> None:
    def kept() -> tuple[bool, str | None, str | None]:
        with agency.engine.connect() as connection:
            row = connection.execute(sa.select(Officer).where(Officer.chief)).one_or_none()
        if row is None:
            return False, None, None
        return row.chief, row.chief_region, row.email and agency.cipher.decrypt(row.email)

    ran = run("officers", "chief", "90 00 09 03", "--region", "agadez", "--email", " chef@example.org ")
    assert (ran.status, ran.out) == (0, "+227 9• •• •• 03 is chief of Agadez.\n")
    assert kept() == (True, "Agadez", "chef@example.org")
    assert "chief of Agadez" in run("people").out
    assert run("officers", "chief", "90 00 09 03").out.endswith("is chief of the whole country.\n")
    assert kept() == (True, None, "chef@example.org")
    assert run("officers", "chief", "90 00 09 03", "--off").status == 0
    assert kept() == (False, None, None)
    assert [action for action, _ in decisions()] == ["chief named"] * 3
    assert "example.org" not in str(decisions())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("+22790000101",), "no active officer's number"),
        (("90 00 09 03", "--email", "moi@localhost"), "--email is no e-mail address"),
        (("90 00 09 03", "--email", "moi@example.org\nBcc: b@example.org"), "--email is no e-mail address"),
        (("90 00 09 03", "--region", "Kano"), "is no region; there are Agadez, "),
        (("90 00 09 03", "--off", "--region", "Agadez"), "--off takes neither"),
    ],
)
def test_who_cannot_be_a_chief_is_refused_in_a_sentence(
    run: Run, agency: Services, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("officers", "chief", *words)
    assert (ran.status, sentence in ran.err, "moi@" in ran.err) == (2, True, False)


def test_a_word_for_duress_is_asked_for_twice_and_never_shown(
    run: Run, agency: Services, decisions: Decisions
) -> None:
    ran = run("reporters", "duress", "+22790000101", typed="citron\ncitron\n")
    assert (ran.status, ran.out) == (0, "Agent Assamaka: the word is kept, and cannot be shown again.\n")
    assert "citron" not in ran.out + ran.err
    with agency.engine.connect() as connection:
        kept = connection.scalar(sa.select(Reporter.duress_word_hash).where(Reporter.post == "ASM"))
    assert kept is not None
    assert b"citron" not in kept
    assert run("reporters", "duress", "+22790000101", "--off").status == 0
    assert [action for action, _ in decisions()][-2:] == [
        "duress word agreed upon",
        "duress word taken back",
    ]


@pytest.mark.parametrize(
    ("number", "typed", "sentence"),
    [
        ("+22790000101", "RAS\nRAS\n", "means something in a report"),
        ("+22790000101", "Assamaka\nAssamaka\n", "means something in a report"),
        ("+22790000101", "ab\nab\n", "at least 3 letters"),
        ("+22790000101", "un mot trop long\nun mot trop long\n", "one word or two"),
        ("+22790000999", "", "No active reporter"),
        ("12", "", "NUMBER is no phone number"),
    ],
)
@pytest.mark.usefixtures("agency")
def test_a_word_for_duress_that_would_not_do_is_refused(
    run: Run, number: str, typed: str, sentence: str
) -> None:
    ran = run("reporters", "duress", number, typed=typed)
    assert ran.status == 2
    assert sentence in ran.err
