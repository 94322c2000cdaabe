"""`vigie duty`: turns, who stands in, holidays, gaps, the calendar."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import icalendar
import pytest
import sqlalchemy as sa

from gateway.duty.records import RotationRecord, ShiftRecord
from gateway.duty.service import feed, read_rota
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from tests.commands.conftest import Run

Decisions = Callable[[], list[tuple[str, str]]]
ONE, TWO, THREE = "Officier Un", "Officier Deux", "Superviseur"
IN_2099 = ("--from", "2099-01-01", "--until", "2099-01-02")
FIRST, SECOND = ("2099-01-01T00:00", "2099-01-02T00:00"), ("2099-01-05T00:00", "2099-01-06T00:00")
WEEKS = ("rotate", "semaines", ONE, TWO, "--from", "2026-11-01T08:00")


@pytest.fixture
def empty_rota(agency: Services) -> Services:
    """The sample agency's officers, none of them on duty."""
    with agency.engine.begin() as connection:
        connection.execute(sa.delete(table_of(ShiftRecord)))
    return agency


def words(table: str) -> list[str]:
    return [" ".join(line.split()) for line in table.splitlines()]


def test_who_is_on_duty_now(run: Run, agency: Services) -> None:
    shown = words(run("duty").out)
    assert shown[1:] == [f"whole country {step} {name} –" for step, name in enumerate((ONE, TWO, THREE))]
    assert run("duty").err == ""


def test_nobody_on_duty_is_said_with_what_to_do(run: Run, empty_rota: Services) -> None:
    ran = run("duty")
    assert ran.out.startswith("Nobody is on duty now: `vigie officers add` or `vigie duty rotate`")
    assert ran.err.startswith("A gap in the next 60 days")


def test_officers_take_turns_by_name_or_number(run: Run, empty_rota: Services, decisions: Decisions) -> None:
    ran = run("duty", "rotate", "semaines", ONE, "+22790000902", "--from", "2026-11-01T08:00")
    assert (ran.status, ran.out) == (0, "semaines: 2 officers take turns at step 0.\n")
    assert [action for action, _ in decisions()] == ["rotation added"]
    (_, row) = words(run("duty", "rotations").out)
    assert (
        row
        == "semaines whole country 0 1 week all day every day also Officier Un, Officier Deux 2026-11-01 08:00 –"
    )


def test_the_same_name_changes_the_rotation(run: Run, empty_rota: Services, decisions: Decisions) -> None:
    run("duty", *WEEKS)
    more = ("--every", "12h", "--hours", "18:00-06:00", "--days", "fri-mon", "--holidays", "never")
    assert run("duty", *WEEKS, *more, "--region", "agadez", "--step", "1").status == 0
    (_, row) = words(run("duty", "rotations").out)
    assert row.startswith(
        "semaines Agadez 1 12 hours 18:00-06:00 mon,fri,sat,sun never Officier Un, Officier Deux"
    )
    assert [action for action, _ in decisions()] == ["rotation added", "rotation changed"]


def test_a_rotation_ends(run: Run, empty_rota: Services) -> None:
    run("duty", *WEEKS)
    assert run("duty", "end", "semaines", "--at", "2026-11-20T08:00").status == 0
    with empty_rota.engine.connect() as connection:
        (at,) = connection.execute(sa.select(RotationRecord.ends_at)).scalars()
    assert at
    assert at.isoformat() == "2026-11-20T07:00:00+00:00"
    assert (
        run("duty", "end", "jours").err
        == "vigie: No rotation is called 'jours'; `vigie duty rotations` shows them.\n"
    )


def test_one_officer_stands_in_for_another_and_it_is_taken_back(
    run: Run, agency: Services, decisions: Decisions
) -> None:
    stretch = ("--from", "2026-11-21T00:00", "--until", "2099-01-01T00:00")
    assert run("duty", "override", *stretch, "--absent", ONE, "--instead", THREE).status == 0
    assert f"whole country 0 {THREE} 2" not in run("duty").out
    assert f"whole country 0 {THREE}" in "\n".join(words(run("duty").out))
    (_, row) = words(run("duty", "overrides").out)
    assert row == f"1 2026-11-21 00:00 2099-01-01 00:00 {ONE} {THREE} – –"
    assert run("duty", "restore", "1").status == 0
    assert f"whole country 0 {ONE}" in "\n".join(words(run("duty").out))
    assert run("duty", "restore", "1").err == (
        "vigie: There is no override 1; `vigie duty overrides` shows them.\n"
    )
    assert [action for action, _ in decisions()] == ["override entered", "override taken back"]


def test_two_officers_swap(run: Run, agency: Services) -> None:
    ran = run("duty", "swap", ONE, TWO, "--first", *FIRST, "--second", *SECOND)
    assert (ran.status, ran.err) == (0, "")
    assert [row.split(maxsplit=5)[5] for row in words(run("duty", "overrides").out)[1:]] == [
        f"{ONE} {TWO} – –",
        f"{TWO} {ONE} – –",
    ]


def test_a_swap_that_changes_nothing_is_told(run: Run, empty_rota: Services) -> None:
    run("duty", *WEEKS)  # from Sunday to Sunday: Officier Un, then Officier Deux
    first, second = ("2026-11-24T08:00", "2026-11-25T08:00"), ("2026-11-30T08:00", "2026-12-01T08:00")
    ran = run("duty", "swap", ONE, TWO, "--first", *first, "--second", *second)
    assert ran.status == 0
    assert ran.err.splitlines() == [
        f"{who} is not on duty from {since} until {until} by the rota as it is, so nothing changes."
        for who, since, until in (
            (ONE, "2026-11-24 08:00", "2026-11-25 08:00"),
            (TWO, "2026-11-30 08:00", "2026-12-01 08:00"),
        )
    ]
    assert run("duty", "swap", TWO, ONE, "--first", *first, "--second", *second).err == ""


@pytest.mark.parametrize("command", ["override", "swap"])
def test_nobody_stands_in_for_himself(run: Run, agency: Services, command: str) -> None:
    day = ("2026-12-01T08:00", "2026-12-02T08:00")
    words = {
        "override": ("--absent", ONE, "--instead", ONE, "--from", day[0], "--until", day[1]),
        "swap": (ONE, ONE, "--first", *day, "--second", day[1], "2026-12-03T08:00"),
    }
    ran = run("duty", command, *words[command])
    assert (ran.status, ran.err) == (2, "vigie: Nobody can stand in for themselves: name two officers.\n")
    assert run("duty", "overrides").out == "Nobody stands in for anybody.\n"


def test_shifts_that_touch_are_swapped(run: Run, agency: Services) -> None:
    ran = run("duty", "swap", ONE, TWO, "--first", *FIRST, "--second", FIRST[1], SECOND[0])
    assert (ran.status, ran.err) == (0, "")


def test_a_rotation_shows_the_clock_that_it_goes_by(run: Run, agency: Services) -> None:
    there = ("--zone", "Europe/Paris", "--hours", "08:00-18:00")
    ran = run("duty", "rotate", "paris", ONE, "--from", "2026-11-02T08:00", *there)
    assert ran.out == "paris: 1 officer takes turns at step 0.\n"
    assert "08:00-18:00 Europe/Paris" in run("duty", "rotations").out
    run("duty", "rotate", "paris", ONE, TWO, "--from", "2026-11-02", "--hours", "08:00-18:00")
    assert "08:00-18:00 every day" in " ".join(words(run("duty", "rotations").out))


def test_holidays_are_entered_and_removed(run: Run, agency: Services) -> None:
    assert run("duty", "holidays").out == "No holiday is entered.\n"
    assert run("duty", "holidays", "2026-12-18", "Republique").out == "2026-12-18 is a holiday.\n"
    assert words(run("duty", "holidays").out)[1:] == ["Fri 2026-12-18 Republique"]
    assert run("duty", "holidays", "2026-12-18", "--remove").status == 0
    assert run("duty", "holidays").out == "No holiday is entered.\n"


def test_gaps_are_shown_and_make_the_status_one(run: Run, empty_rota: Services) -> None:
    run("duty", *WEEKS, "--hours", "08:00-18:00", "--days", "mon-sun")
    ran = run("duty", "gaps", "--days", "2")
    assert ran.status == 1
    assert "everybody" in ran.out
    assert "gaps in the next 60 days, from" in run("duty").err
    assert "nobody" in run("duty", "calendar", "--days", "2").out


def test_whoever_stands_behind_himself_is_named(run: Run, empty_rota: Services) -> None:
    for step in ("0", "1"):
        run("duty", "rotate", f"turns {step}", ONE, "--from", "2026-11-01T08:00", "--step", step)
    ran = run("duty", "gaps")
    assert ran.status == 0
    assert ran.out.startswith("No gap in the next 60 days.\nOfficier Un stands behind himself from")


def test_the_calendar_of_an_officer_shows_what_the_rota_says(run: Run, empty_rota: Services) -> None:
    run("duty", *WEEKS, "--region", "Agadez")
    url = run("duty", "feed", ONE).out.strip()
    assert url == run("duty", "feed", ONE).out.strip()
    (empty_rota.settings.data_dir / "web-address").write_text("http://127.0.0.1:8133")
    assert run("duty", "feed", ONE).out.startswith("http://127.0.0.1:8133/duty/")
    named = run("duty", "feed", ONE, VIGIE_PUBLIC_URL="https://vigie.example").out
    assert named.startswith("https://vigie.example/duty/")
    path = urlsplit(url).path.lstrip("/")
    with empty_rota.engine.connect() as connection:
        officer = connection.execute(sa.select(Officer.id).where(Officer.name == ONE)).scalar_one()
        shown = feed(connection, empty_rota, path, officer)
        assert feed(connection, empty_rota, path.replace(".ics", "0.ics"), officer) is None
        assert feed(connection, empty_rota, path, UUID(int=1)) is None
        rota = read_rota(connection, empty_rota.now())
    assert shown
    events = icalendar.Calendar.from_ical(shown).walk("VEVENT")
    assert len(events) > 10
    for event in events[1:-1]:
        starts, ends = event.decoded("DTSTART"), event.decoded("DTEND")
        middle = starts + timedelta(days=3)
        assert ends - starts == timedelta(weeks=1)
        assert rota.rotations[0].officer(middle) == officer
        assert event["SUMMARY"] == "Permanence (appel 1, Agadez)"
    assert all(word not in shown.decode() for word in ("9000", "Deux", "Officier"))
    run("duty", "feed", ONE, "--renew")
    with empty_rota.engine.connect() as connection:
        assert feed(connection, empty_rota, path, officer) is None


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (("rotate", "x", "Personne", "--from", "2026-11-01"), "No active officer is called so; name one as"),
        (
            ("rotate", "x", ONE, "--from", "2026-11-01", "--every", "0d"),
            "--every 0d is no turn; write day, week",
        ),
        (("rotate", "x", ONE, "--from", "2026-11-01", "--every", "month"), "--every month is no turn"),
        (("rotate", "x", ONE, "--from", "2026-11-01", "--hours", "18"), "--hours 18 is no stretch of a day"),
        (
            ("rotate", "x", ONE, "--from", "2026-11-01", "--days", "lun"),
            "--days lun names no days; write such as",
        ),
        (
            ("rotate", "x", ONE, "--from", "2026-11-01", "--region", "Paris"),
            "'Paris' is no region; there are Agadez, Diffa, Dosso",
        ),
        (("rotate", "x", ONE, "--from", "2026-11-01", "--zone", "Niamey"), "'Niamey' is no time zone"),
        (("rotate", "x", ONE, "--from", "hier"), "'hier' is no ISO time"),
        (("rotate", "x", ONE, "--from", "9999-12-31"), "'9999-12-31' is not of these times; write a year"),
        (("rotate", "x", ONE, "--from", "0001-01-01"), "'0001-01-01' is not of these times; write a year"),
        (
            ("override", *IN_2099, "--absent", ONE, "--instead", TWO, "--region", "Agadez"),
            "--region is for whoever stands in where nobody steps back",
        ),
        (
            ("swap", ONE, TWO, "--first", *FIRST, "--second", "2099-01-01T12:00", "2099-01-03T00:00"),
            "The two stretches overlap",
        ),
        (("restore", "99999999999999999999"), "Invalid value for 'NO.'"),
        (("override", "--from", "2026-11-02", "--until", "2026-11-03"), "Say who is --absent, or who stands"),
        (
            ("override", "--from", "2026-11-03", "--until", "2026-11-02", "--absent", ONE),
            "--until must be later than --from.",
        ),
        (("holidays", "demain", "Fete"), "'demain' is no day, such as 2026-12-18."),
        (("holidays", "2026-12-18"), "Give the holiday's NAME too"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    run: Run, agency: Services, asked: tuple[str, ...], fault: str
) -> None:
    ran = run("duty", *asked)
    assert ran.status == 2
    assert ran.err.startswith(f"vigie: {fault}")
    assert ran.err.count("\n") == 1
