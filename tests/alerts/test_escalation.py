"""When an alert goes to whom: a rule of facts and a moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.alerts.escalation import asked_again_at, hastened, step_after_reminder, step_elsewhere, take_step
from gateway.duty.policy import By, Pace, load_policy

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
AWA, BRAH, CHEFOU = (UUID(int=number) for number in (1, 2, 3))
GRAVEST, GRAVE = (load_policy().pace(severity, None) for severity in (1, 2))
ROTA = {0: [AWA], 1: [BRAH], 2: [CHEFOU]}


def played(
    duty: dict[int, list[UUID]], rounds: int, pace: Pace = GRAVEST
) -> list[tuple[float, tuple[UUID, ...]]]:
    """Who is told after how many minutes, when nobody ever answers."""
    step, at, told = 0, NOW, []
    for _ in range(rounds):
        taken = take_step(step, duty, at, pace)
        told.append(((at - NOW) / timedelta(minutes=1), taken.officers))
        step, at = taken.next_step, taken.next_at
    return told


def test_the_first_at_once_the_second_at_5_the_last_at_10_and_then_every_10() -> None:
    assert played(ROTA, 5) == [(0, (AWA,)), (5, (BRAH,)), (10, (CHEFOU,)), (20, (CHEFOU,)), (30, (CHEFOU,))]


@pytest.mark.parametrize(
    ("duty", "told"),
    [
        ({1: [BRAH], 2: [CHEFOU]}, [(0, (BRAH,)), (5, (CHEFOU,)), (15, (CHEFOU,))]),
        ({2: [CHEFOU]}, [(0, (CHEFOU,)), (10, (CHEFOU,)), (20, (CHEFOU,))]),
        ({0: [AWA], 2: [CHEFOU]}, [(0, (AWA,)), (5, (CHEFOU,)), (15, (CHEFOU,))]),
        ({0: [AWA], 1: [BRAH]}, [(0, (AWA,)), (5, (BRAH,)), (10, (BRAH,)), (20, (BRAH,))]),
        ({0: [AWA]}, [(0, (AWA,)), (5, (AWA,)), (10, (AWA,)), (20, (AWA,))]),
        ({0: [AWA, BRAH]}, [(0, (AWA, BRAH)), (5, (AWA, BRAH))]),
        ({0: [AWA], 4: [CHEFOU]}, [(0, (AWA,)), (5, (CHEFOU,)), (15, (CHEFOU,))]),
    ],
)
def test_a_step_without_anybody_is_passed_over(
    duty: dict[int, list[UUID]], told: list[tuple[float, tuple[UUID, ...]]]
) -> None:
    assert played(duty, len(told)) == told


def test_a_rota_may_have_more_than_three_steps() -> None:
    duty = {step: [UUID(int=step)] for step in range(5)}
    assert [minutes for minutes, _ in played(duty, 7)] == [0, 5, 10, 15, 20, 30, 40]
    assert {officer.int for _, officers in played(duty, 5) for officer in officers} == set(range(5))


def test_with_nobody_on_duty_it_says_so_and_looks_again_at_the_same_step() -> None:
    step = take_step(1, {}, NOW, GRAVEST)
    assert step.nobody
    assert (step.officers, step.next_step, step.next_at) == ((), 1, NOW + timedelta(minutes=5))


def test_what_is_grave_goes_up_every_half_hour() -> None:
    assert played(ROTA, 4, GRAVE) == [(0, (AWA,)), (30, (BRAH,)), (60, (CHEFOU,)), (90, (CHEFOU,))]


def test_the_last_step_is_rung_once_it_is_repeated_whatever_the_severity() -> None:
    assert [take_step(step, ROTA, NOW, GRAVE).by for step in (0, 1, 2, 3, 4)] == [
        *[(By.SMS,)] * 3,
        *[(By.SMS, By.CALL)] * 2,
    ]
    assert take_step(0, ROTA, NOW, GRAVEST).by == (By.SMS, By.CALL)


def test_a_demonstration_divides_every_wait() -> None:
    hurried = GRAVEST.hurried(60)
    assert take_step(0, ROTA, NOW, hurried).next_at == NOW + timedelta(seconds=5)
    assert take_step(2, ROTA, NOW, hurried).next_at == NOW + timedelta(seconds=10)
    assert take_step(0, {}, NOW, hurried).next_at == NOW + timedelta(seconds=5)
    assert hurried.lasts == timedelta(minutes=1)


@pytest.mark.parametrize(("told", "due"), [(2, 3), (5, 0), (20, 0)])
def test_what_becomes_graver_goes_on_as_if_it_had_been_so_at_the_last_step(told: int, due: int) -> None:
    planned = NOW + timedelta(minutes=30 - told)
    assert hastened(planned, GRAVE, GRAVEST, NOW) == NOW + timedelta(minutes=due)


def test_nothing_becomes_slower() -> None:
    planned = NOW + timedelta(minutes=3)
    assert hastened(planned, GRAVEST, GRAVE, NOW) == planned
    assert hastened(planned, GRAVEST, GRAVEST, NOW) == planned


def test_after_an_unanswered_reminder_the_rota_begins_with_somebody_else() -> None:
    assert step_after_reminder(AWA, ROTA) == 1
    assert step_after_reminder(BRAH, ROTA) == 0
    assert step_after_reminder(UUID(int=9), ROTA) == 0
    assert step_after_reminder(AWA, {}) == 0


@pytest.mark.parametrize(
    ("there", "goes_on"),
    [({0: [UUID(int=9)]}, 0), ({1: [UUID(int=9)]}, 1), ({2: [UUID(int=9)]}, 2), ({}, 2)],
)
def test_what_is_elsewhere_goes_on_where_others_stand_there(
    there: dict[int, list[UUID]], goes_on: int
) -> None:
    assert step_elsewhere(2, ROTA, ROTA | there) == goes_on


@pytest.mark.parametrize(
    ("lasts", "graver", "asked"),
    [(40, True, 5), (3, True, 3), (None, True, 5), (40, False, 40), (None, False, 60)],
)
def test_whoever_has_what_grows_graver_is_asked_when_the_next_would_be_called(
    lasts: int | None, asked: int, *, graver: bool
) -> None:
    until = None if lasts is None else NOW + timedelta(minutes=lasts)
    assert asked_again_at(until, GRAVEST, NOW, graver=graver) == NOW + timedelta(minutes=asked)
