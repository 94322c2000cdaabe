"""Whose turn it is, also in the night, over the end of a month, and when the clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings

from gateway.duty.rotations import Hours, OnHolidays, Rotation, Unit, wall
from tests.duty import rotas

NIAMEY, PARIS = ZoneInfo("Africa/Niamey"), ZoneInfo("Europe/Paris")
A, B, C = (UUID(int=number) for number in range(1, 4))
WORKDAYS, ALWAYS = frozenset(range(5)), Hours()


def rotation(
    starts: datetime, unit: Unit, length: int = 1, hours: Hours = ALWAYS, zone: ZoneInfo = NIAMEY
) -> Rotation:
    return Rotation(UUID(int=9), "turns", 0, (A, B, C), starts, zone, unit, length, hours)


def at(month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = NIAMEY) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


def test_a_week_changes_hands_at_the_hour_at_which_it_began() -> None:
    weeks = rotation(at(11, 2, 8), Unit.WEEKS)
    assert weeks.officer(at(11, 2, 7, 59)) is None
    assert weeks.officer(at(11, 9, 7, 59)) == A
    assert weeks.officer(at(11, 9, 8)) == B
    assert weeks.officer(at(11, 23, 8)) == A


def test_a_month_that_ends_is_a_day_like_any_other() -> None:
    days = rotation(at(11, 29, 18), Unit.DAYS)
    assert [days.officer(at(*day)) for day in ((11, 30, 17), (11, 30, 18), (12, 1, 17), (12, 1, 18))] == [
        *(A, B, B, C)
    ]


def test_turns_of_so_many_hours_are_reckoned_from_the_first() -> None:
    hours = rotation(at(11, 1, 6), Unit.HOURS, 12)
    assert [hours.officer(at(11, 1, hour)) for hour in (6, 17, 18, 23)] == [A, A, B, B]
    assert hours.officer(at(11, 2, 6)) == C


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = Hours(WORKDAYS, time(18), time(6))
    turns = rotation(at(11, 2, 18), Unit.DAYS, hours=nights)  # a Monday
    friday, saturday = (6, 7)
    assert turns.officer(at(11, friday, 17, 59)) is None
    assert turns.officer(at(11, friday, 18)) == B
    assert turns.officer(at(11, saturday, 5, 59)) == B
    assert turns.officer(at(11, saturday, 6)) is None
    assert turns.officer(at(11, saturday, 18)) is None, "the night of Saturday is nobody's"


def test_holidays_are_left_to_others_or_are_all_that_there_is() -> None:
    feast = {date(2026, 11, 4)}
    never = rotation(at(11, 2, 0), Unit.WEEKS, hours=Hours(holidays=OnHolidays.NEVER))
    only = rotation(at(11, 2, 0), Unit.WEEKS, hours=Hours(holidays=OnHolidays.ONLY))
    assert never.officer(at(11, 4, 12), feast) is None
    assert only.officer(at(11, 4, 12), feast) == A
    assert never.officer(at(11, 5, 12), feast) == A
    assert only.officer(at(11, 5, 12), feast) is None


def test_a_day_changes_hands_at_the_same_hour_of_the_clock_before_and_after_summer_time() -> None:
    days = rotation(at(10, 24, 8, zone=PARIS), Unit.DAYS, zone=PARIS)
    assert days.officer(at(10, 25, 7, 59, zone=PARIS)) == A
    assert days.officer(at(10, 25, 8, zone=PARIS)) == B
    assert at(10, 25, 8, zone=PARIS).astimezone(UTC) - at(10, 24, 8, zone=PARIS).astimezone(UTC) == timedelta(
        hours=25
    )


def test_an_hour_that_the_clock_shows_twice_gives_no_turn_back() -> None:
    days = rotation(at(10, 24, 2, 30, zone=PARIS), Unit.DAYS, zone=PARIS)
    changes = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Paris, for the first time
    seen = [days.officer(changes + timedelta(minutes=minutes)) for minutes in range(0, 180, 10)]
    assert seen == [A] * 3 + [B] * 15


def test_an_hour_that_the_clock_leaves_out_begins_with_the_next() -> None:
    days = rotation(datetime(2026, 3, 28, 2, 30, tzinfo=PARIS), Unit.DAYS, zone=PARIS)
    changes = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # from 02:00 to 03:00 in Paris
    assert days.officer(changes) == A
    assert days.officer(changes + timedelta(minutes=30)) == B


def test_the_first_of_two_equal_hours_counts() -> None:
    assert wall(date(2026, 10, 25), time(2, 30), PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(rotas.ROTATIONS)
@settings(max_examples=30, deadline=None)
def test_a_turn_changes_only_at_an_edge(rotation: Rotation) -> None:
    end = rotas.BEGIN + timedelta(days=8)
    edges = {rotas.BEGIN, *rotation.edges(rotas.BEGIN, end)}
    for edge in edges:
        assert rotas.BEGIN <= edge < end
    step = timedelta(minutes=30)
    moments = [rotas.BEGIN + number * step for number in range(48 * 8)]
    for earlier, later in pairwise(moments):
        same = rotation.officer(earlier) == rotation.officer(later)
        assert same or any(earlier < edge <= later for edge in edges)


@given(rotas.ROTATIONS)
@settings(max_examples=30, deadline=None)
def test_turns_follow_each_other_without_a_step_back(rotation: Rotation) -> None:
    whole = Rotation(
        rotation.id,
        *("turns", 0, tuple(UUID(int=number) for number in range(1, 2000)), rotation.starts_at),
        *(rotation.zone, rotation.unit, rotation.length),
    )
    seen = [whole.officer(whole.starts_at + timedelta(minutes=30 * step)) for step in range(48 * 15)]
    turns = [officer.int for officer in seen if officer]
    assert turns[0] == 1
    assert all(later - earlier in {0, 1} for earlier, later in pairwise(turns))
