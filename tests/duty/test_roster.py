"""Who is on duty: a rule of the rota and a moment."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.duty.roster import Override, Rota, Shift, on_duty
from gateway.duty.rotations import Rotation, Unit
from tests.duty import rotas

NIAMEY = ZoneInfo("Africa/Niamey")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def hours(starts: int | None, ends: int | None, officer: UUID = A, step: int = 0) -> Shift:
    begins, over = (None if hour is None else NOON + timedelta(hours=hour) for hour in (starts, ends))
    return Shift(officer, step, begins, over)


def on(*shifts: Shift, overrides: tuple[Override, ...] = ()) -> dict[int, list[UUID]]:
    return on_duty(Rota(shifts, overrides=overrides), NOON)


def now(absent: UUID | None, instead: UUID | None, step: int | None = None) -> Override:
    return Override(NOON, NOON + timedelta(hours=1), absent, instead, step)


def test_a_shift_holds_from_its_first_moment_until_just_before_its_last() -> None:
    assert on(hours(0, 8)) == {0: [A]}
    assert on(hours(-8, 0)) == {}
    assert on(hours(1, 8)) == {}
    assert on(hours(None, None)) == {0: [A]}


def test_the_rotas_order_is_kept_and_nobody_stands_twice_at_a_step() -> None:
    rota = [hours(None, None, B), hours(None, None, A), hours(-1, 1, B), hours(None, None, B, 1)]
    assert on(*rota) == {0: [B, A], 1: [B]}


def test_who_stands_in_stands_where_the_absent_one_would() -> None:
    rota = (hours(None, None, A), hours(None, None, B), hours(None, None, A, 1))
    assert on(*rota, overrides=(now(A, C),)) == {0: [C, B], 1: [C]}
    assert on(*rota, overrides=(now(A, C, 1),)) == {0: [A, B], 1: [C]}
    assert on(*rota, overrides=(now(A, None),)) == {0: [B]}
    assert on(*rota, overrides=(now(None, C, 2),)) == {0: [A, B], 1: [A], 2: [C]}


def test_who_stands_in_may_be_stood_in_for_in_turn() -> None:
    assert on(hours(None, None, A), overrides=(now(A, B), now(B, C))) == {0: [C]}


def test_who_stands_in_for_somebody_at_the_same_step_stands_there_once() -> None:
    assert on(hours(None, None, A), hours(None, None, B), overrides=(now(A, B),)) == {0: [B]}


def test_a_swap_is_two_officers_who_stand_in_for_each_other() -> None:
    days = Rotation(UUID(int=9), "days", 0, (A, B), NOON, NIAMEY, Unit.DAYS)
    first, second = NOON, NOON + timedelta(days=1)
    third = second + timedelta(days=1)
    swap = (Override(first, second, A, B), Override(second, third, B, A))
    rota = Rota(rotations=(days,), overrides=swap)
    assert [on_duty(rota, day)[0] for day in (first, second, third)] == [[B], [A], [A]]


def test_a_regions_own_officers_come_before_the_countrys() -> None:
    rota = Rota((Shift(A, 0), Shift(B, 1), Shift(C, 0, region="Agadez"), Shift(D, 0, region="Zinder")))
    assert on_duty(rota, NOON, "Agadez") == {0: [C], 1: [B]}
    assert on_duty(rota, NOON, "Zinder") == {0: [D], 1: [B]}
    assert on_duty(rota, NOON, "Tahoua") == on_duty(rota, NOON) == {0: [A], 1: [B]}


def test_what_concerns_no_region_is_for_everybody_where_the_country_has_nobody() -> None:
    rota = Rota((Shift(C, 0, region="Agadez"), Shift(D, 0, region="Zinder")))
    assert on_duty(rota, NOON) == {0: [C, D]}


def test_an_officer_who_is_switched_off_leaves_the_turn_empty() -> None:
    turn = Rotation(UUID(int=9), "days", 0, (A, B), NOON, NIAMEY, Unit.DAYS)
    rota = Rota(rotations=(turn,), away=frozenset({A}))
    assert on_duty(rota, NOON) == {}
    assert on_duty(rota, NOON + timedelta(days=1)) == {0: [B]}


@given(rotas.ROTAS, rotas.MOMENTS, st.sampled_from([None, "Agadez", "Zinder"]))
def test_whoever_is_on_duty_is_named_by_the_rota_and_not_switched_off(
    rota: Rota, moment: datetime, region: str | None
) -> None:
    named = {shift.officer_id for shift in rota.shifts}
    named |= {officer for rotation in rota.rotations for officer in rotation.officers}
    named |= {override.instead for override in rota.overrides if override.instead}
    for officers in on_duty(rota, moment, region).values():
        assert officers
        assert len(set(officers)) == len(officers)
        assert set(officers) <= named - rota.away


@given(rotas.ROTAS, rotas.MOMENTS)
def test_nobody_who_steps_back_stands_unless_somebody_puts_them_there_again(
    rota: Rota, moment: datetime
) -> None:
    overrides = [one for one in rota.overrides if one.covers(moment)]
    standing = {officer for officers in on_duty(rota, moment).values() for officer in officers}
    for place, override in enumerate(overrides):
        later = {one.instead for one in overrides[place:]}
        if override.absent and override.step is None:
            assert override.absent not in standing - later


def test_holidays_are_days_of_the_local_clock() -> None:
    rota = rotas.on_holidays(A, date(2026, 12, 18))
    eve = datetime(2026, 12, 17, 22, 59, tzinfo=UTC)  # one minute before midnight in Niamey
    assert on_duty(rota, eve) == {}
    assert on_duty(rota, eve + timedelta(minutes=1)) == {0: [A]}
    assert on_duty(rota, eve + timedelta(hours=24, minutes=1)) == {}
