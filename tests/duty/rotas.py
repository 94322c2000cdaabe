"""Rotas of every kind, for hypothesis."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from gateway.duty.roster import Override, Rota, Shift
from gateway.duty.rotations import Hours, OnHolidays, Rotation, Unit

# A few weeks around the end of summer time in Paris, where the clock runs an hour twice.
BEGIN = datetime(2026, 10, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 60 * 24 * 30).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
ZONES = st.sampled_from([ZoneInfo("Africa/Niamey"), ZoneInfo("Europe/Paris")])
OFFICERS = st.integers(1, 5).map(lambda number: UUID(int=number))
REGIONS = st.sampled_from([None, None, "Agadez", "Zinder"])
STEPS = st.integers(0, 2)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))

_HOURS = st.builds(
    Hours, st.frozensets(st.integers(0, 6), min_size=1), TIMES, TIMES, st.sampled_from(OnHolidays)
)
ROTATIONS = st.builds(
    Rotation,
    st.uuids(),
    st.just("rotation"),
    STEPS,
    st.lists(OFFICERS, min_size=1, max_size=4).map(tuple),
    MOMENTS,
    ZONES,
    st.sampled_from(Unit),
    st.integers(1, 3),
    _HOURS | st.just(Hours()),
    REGIONS,
    st.none() | MOMENTS,
)
_SHIFTS = st.builds(Shift, OFFICERS, STEPS, st.none() | MOMENTS, st.none() | MOMENTS, REGIONS)
_STRETCHES = st.tuples(MOMENTS, st.integers(1, 60 * 72)).map(
    lambda pair: (pair[0], pair[0] + timedelta(minutes=pair[1]))
)
_OVERRIDES = st.tuples(_STRETCHES, st.none() | OFFICERS, st.none() | OFFICERS, STEPS, st.booleans()).map(
    lambda it: Override(*it[0], it[1], it[2], it[3] if it[4] or it[1] is None else None)
)
ROTAS = st.builds(
    Rota,
    st.lists(_SHIFTS, max_size=3).map(tuple),
    st.lists(ROTATIONS, max_size=3).map(tuple),
    st.lists(_OVERRIDES, max_size=3).map(tuple),
    st.frozensets(st.integers(0, 30).map(lambda days: BEGIN.date() + timedelta(days=days)), max_size=3),
    st.frozensets(OFFICERS, max_size=1),
)


def on_holidays(officer: UUID, *days: date) -> Rota:
    """Somebody who stands on holidays only, by the clock of Niamey."""
    only = Hours(holidays=OnHolidays.ONLY)
    niamey = ZoneInfo("Africa/Niamey")
    turn = Rotation(UUID(int=9), "holidays", 0, (officer,), BEGIN, niamey, Unit.DAYS, hours=only)
    return Rota(rotations=(turn,), holidays=frozenset(days))
