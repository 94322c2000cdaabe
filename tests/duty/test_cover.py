"""The days to come: every instant has an officer or lies in a gap that is named."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given

from gateway.duty.cover import Gap, as_shifts, gaps, overloads, own_backups, spans
from gateway.duty.roster import Override, Rota, Shift, on_duty
from gateway.duty.rotations import Rotation, Unit
from tests.duty import rotas

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in range(1, 4))
WEEK = NOON + timedelta(days=7)
COUNTRY = ["Agadez", "Diffa", "Zinder"]
END = rotas.BEGIN + timedelta(days=31)


def after(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


@given(rotas.ROTAS, rotas.MOMENTS)
def test_every_instant_has_an_officer_or_lies_in_a_named_gap(rota: Rota, moment: datetime) -> None:
    found = gaps(rota, rotas.BEGIN, END, COUNTRY)
    for region in COUNTRY:
        duty = on_duty(rota, moment, region)
        named = region if region in rota.regions else None
        inside = [gap for gap in found if gap.region == named and gap.starts_at <= moment < gap.ends_at]
        assert bool(inside) == (not duty.get(0))
        assert all(gap.nobody == (not duty) for gap in inside)


@given(rotas.ROTAS, rotas.MOMENTS)
def test_spans_leave_no_hole_and_say_who_is_on_duty(rota: Rota, moment: datetime) -> None:
    found = spans(rota, rotas.BEGIN, END)
    assert found[0].starts_at == rotas.BEGIN
    assert found[-1].ends_at == END
    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    assert all(one.duty != other.duty for one, other in pairwise(found))
    (span,) = (span for span in found if span.starts_at <= moment < span.ends_at)
    assert span.duty == on_duty(rota, moment)


@given(rotas.ROTAS, rotas.MOMENTS)
def test_as_shifts_it_is_the_same_rota(rota: Rota, moment: datetime) -> None:
    same = Rota(tuple(as_shifts(rota, rotas.BEGIN, END)))
    assert on_duty(same, moment) == on_duty(rota, moment)


def test_the_last_shifts_stay_rather_than_that_nobody_does() -> None:
    found = as_shifts(Rota((Shift(A, 0, None, after(2)), Shift(B, 0, after(2)))), NOON, WEEK)
    assert found == [Shift(A, 0, NOON, after(2)), Shift(B, 0, after(2), None)]


def test_a_gap_says_whether_anybody_stands_behind_it() -> None:
    found = gaps(Rota((Shift(A, 0, None, after(8)), Shift(B, 1, None, after(10)))), NOON, WEEK, COUNTRY)
    assert [(gap.starts_at, gap.ends_at, gap.nobody) for gap in found] == [
        (after(8), after(10), False),
        (after(10), WEEK, True),
    ]


def test_a_region_with_officers_of_its_own_has_gaps_of_its_own() -> None:
    """Where each has its own the country's gap is filled by whoever stands in one; one region's is not by another's."""
    agadez, zinder = Shift(B, 0, after(4), None, "Agadez"), Shift(C, 0, None, after(2), "Zinder")
    rota = Rota((Shift(A, 0, None, after(8)), agadez, zinder))
    assert [(gap.region, gap.starts_at) for gap in gaps(rota, NOON, WEEK, ["Agadez", "Zinder"])] == [
        ("Zinder", after(8))
    ]


def test_a_region_without_officers_has_the_countrys_alone_and_that_gap_is_named() -> None:
    rota = Rota((Shift(A, 0, None, after(8)), Shift(B, 0, region="Agadez")))
    assert not on_duty(rota, after(9), "Diffa")
    assert gaps(rota, NOON, WEEK, COUNTRY) == [Gap(after(8), WEEK, None, nobody=True)]


def test_whoever_stands_in_twice_as_long_as_the_others_is_overloaded() -> None:
    turns = Rotation(UUID(int=9), "days", 0, (A, B, C), NOON, ZoneInfo("Africa/Niamey"), Unit.DAYS)
    even = Rota(rotations=(turns,))
    month = NOON + timedelta(days=30)
    assert overloads(even, NOON, month) == []
    ill = Rota(rotations=(turns,), overrides=(Override(NOON, month, B, C),))
    assert [one.officer for one in overloads(ill, NOON, month)] == []  # two share it: 20 days of 30
    alone = Rota(rotations=(turns,), overrides=(Override(NOON, NOON + timedelta(days=28), B, C),))
    (found,) = overloads(alone, NOON, month)
    assert (found.officer, found.share) == (C, timedelta(days=19))


def test_an_officer_who_stands_behind_himself_is_found() -> None:
    rota = Rota((Shift(A, 0), Shift(A, 1, after(2), after(4)), Shift(B, 1)))
    assert [(one.officer, one.starts_at, one.ends_at) for one in own_backups(rota, NOON, WEEK)] == [
        (A, after(2), after(4))
    ]
