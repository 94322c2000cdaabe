"""The escalation of any rota reaches somebody, or says that nobody is there."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.escalation import LAST_STEP, take_step
from gateway.duty.policy import By, Pace, load_policy
from gateway.duty.roster import Rota, Shift, on_duty

GRAVEST = load_policy().pace(1, None)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
OFFICERS = st.integers(1, 6).map(lambda number: UUID(int=number))
MOMENTS = st.none() | st.integers(0, 300).map(lambda minutes: NOW + timedelta(minutes=minutes))
ROTAS = st.lists(st.builds(Shift, OFFICERS, st.integers(0, 9), MOMENTS, MOMENTS), max_size=8).map(
    lambda shifts: Rota(tuple(shifts))
)
PACES = st.builds(
    Pace,
    st.sampled_from([(By.SMS,), (By.SMS, By.CALL)]),
    *[st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes))] * 3,
    all=st.booleans(),
)
DUTIES = st.dictionaries(st.integers(0, 9), st.lists(OFFICERS, min_size=1, unique=True), max_size=6)


@given(ROTAS)
def test_somebody_is_told_every_ten_minutes_or_it_says_that_nobody_is_there(rota: Rota) -> None:
    step, at = 0, NOW
    while at < NOW + timedelta(minutes=360):
        duty = on_duty(rota, at)
        taken = take_step(step, duty, at, GRAVEST)
        on_it = {officer for officers in duty.values() for officer in officers}
        assert taken.nobody == (not on_it)
        assert taken.nobody or (taken.officers and set(taken.officers) <= on_it)
        assert timedelta(0) < taken.next_at - at <= timedelta(minutes=10)
        step, at = taken.next_step, taken.next_at


@given(DUTIES)
def test_everybody_on_duty_is_told_within_ten_steps(duty: dict[int, list[UUID]]) -> None:
    told: set[UUID] = set()
    step = 0
    for _ in range(10):
        taken = take_step(step, duty, NOW, GRAVEST)
        told.update(taken.officers)
        step = taken.next_step
    assert told == {officer for officers in duty.values() for officer in officers}


@given(DUTIES.filter(bool), PACES)
def test_no_step_is_skipped_and_the_last_one_rings_until_somebody_answers(
    duty: dict[int, list[UUID]], pace: Pace
) -> None:
    step, at, last = 0, NOW, max([LAST_STEP, *duty])
    told: list[int] = []
    while step <= last:
        taken = take_step(step, duty, at, pace)
        assert taken.by == pace.by
        told.append(min(taken.next_step - 1, last))
        assert taken.next_at - at == (pace.repeat if told[-1] == last else pace.step)
        assert taken.officers == tuple(duty[_nearest(duty, told[-1])])
        step, at = taken.next_step, taken.next_at
    assert set(duty) <= set(told)
    assert told == sorted(set(told))
    for _ in range(3):
        again = take_step(step, duty, at, pace)
        assert again.officers == tuple(duty[max(duty)])
        assert By.CALL in again.by
        assert again.next_at - at == pace.repeat
        step, at = again.next_step, again.next_at


def _nearest(duty: dict[int, list[UUID]], step: int) -> int:
    return min(duty, key=lambda one: (one < step, abs(one - step)))
