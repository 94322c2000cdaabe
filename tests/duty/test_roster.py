"""Who is on duty: a rule of shifts and a moment; and the next hour at which nobody is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.doctor.duties import next_gap
from gateway.duty.roster import Shift, on_duty

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOURS = st.one_of(st.none(), st.integers(-48, 48).map(lambda hours: NOON + timedelta(hours=hours)))
OFFICERS = st.integers(1, 4).map(lambda number: UUID(int=number))
SHIFTS = st.builds(Shift, OFFICERS, st.integers(0, 3), HOURS, HOURS)


def _hours(starts: int | None, ends: int | None, officer: int = 1, step: int = 0) -> Shift:
    moments = (None if hours is None else NOON + timedelta(hours=hours) for hours in (starts, ends))
    return Shift(UUID(int=officer), step, *moments)


def test_a_shift_holds_from_its_first_moment_until_just_before_its_last() -> None:
    assert on_duty([_hours(0, 8)], NOON) == {0: [UUID(int=1)]}
    assert on_duty([_hours(0, 8)], NOON + timedelta(hours=8)) == {}
    assert on_duty([_hours(1, 8)], NOON) == {}
    assert on_duty([_hours(None, None)], NOON) == {0: [UUID(int=1)]}


def test_the_rotas_order_is_kept_and_nobody_stands_twice_at_a_step() -> None:
    rota = [_hours(None, None, 2), _hours(None, None, 1), _hours(-1, 1, 2), _hours(None, None, 2, 1)]
    assert on_duty(rota, NOON) == {0: [UUID(int=2), UUID(int=1)], 1: [UUID(int=2)]}


@given(st.lists(SHIFTS, max_size=6))
def test_whoever_is_on_duty_has_a_shift_that_covers_now(rota: list[Shift]) -> None:
    duty = on_duty(rota, NOON)
    here = {(shift.step, shift.officer_id) for shift in rota if shift.covers(NOON)}
    assert {(step, officer) for step, officers in duty.items() for officer in officers} == here
    assert all(len(set(officers)) == len(officers) > 0 for officers in duty.values())


@given(st.lists(SHIFTS, max_size=6))
def test_a_gap_is_a_time_at_which_nobody_is_on_duty_and_the_first(rota: list[Shift]) -> None:
    week = NOON + timedelta(days=7)
    gap = next_gap(rota, NOON, week)
    every_hour = [NOON + timedelta(hours=hours) for hours in range(48)]
    alone = next((hour for hour in every_hour if not on_duty(rota, hour)), None)
    if on_duty(rota, NOON):
        assert (gap[0] if gap else None) == alone or (alone is None and gap is not None)


def test_a_gap_ends_where_the_next_shift_begins() -> None:
    week = NOON + timedelta(days=7)
    assert next_gap([_hours(0, 8), _hours(10, 20)], NOON, week) == (
        NOON + timedelta(hours=8),
        NOON + timedelta(hours=10),
    )
    assert next_gap([_hours(0, 8), _hours(7, None)], NOON, week) is None
    assert next_gap([_hours(0, 8)], NOON, week) == (NOON + timedelta(hours=8), None)
