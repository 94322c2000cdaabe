"""What is late, and the daily text that is always as long."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.gsm7 import offending
from gateway.text.segments import segments
from gateway.watchman import cover
from gateway.watchman.lateness import Step, late

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_what_is_due_for_a_minute_is_late() -> None:
    assert late({Step.ALERTS: ago(59)}, LONG_AGO, NOW) == ()
    assert [it.step for it in late({Step.ALERTS: ago(60)}, LONG_AGO, NOW)] == [Step.ALERTS]


def test_a_fast_pace_leaves_twenty_seconds() -> None:
    assert late({Step.SILENCE: ago(19)}, LONG_AGO, NOW, pace=100) == ()
    assert late({Step.SILENCE: ago(20)}, LONG_AGO, NOW, pace=100) != ()


@given(
    due=st.dictionaries(st.sampled_from(Step), st.integers(-500, 500)),
    looking=st.integers(0, 500),
)
def test_nothing_is_late_that_was_not_due_for_a_minute_while_we_looked(
    due: dict[Step, int], looking: int
) -> None:
    found = late({step: ago(seconds) for step, seconds in due.items()}, ago(looking), NOW)
    assert {it.step for it in found} == {
        step for step, seconds in due.items() if seconds >= 60 and looking >= 60
    }
    gravest_first = list(Step)
    assert sorted(found, key=lambda it: gravest_first.index(it.step)) == list(found)


@given(
    language=st.sampled_from(("fr", "en", "ha", "ar")),
    at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2099, 1, 1)),  # noqa: DTZ001 - a clock on a wall
    well=st.booleans(),
    alerts=st.integers(-1, 10**9),
    taken=st.integers(-1, 10**9),
    reports=st.integers(-1, 10**9),
)
def test_the_daily_text_is_as_long_whatever_it_says(
    language: str, at: datetime, *, well: bool, alerts: int, taken: int, reports: int
) -> None:
    text = cover.text(language, at, well=well, alerts=alerts, taken=taken, reports=reports)
    assert len(text) == cover.LENGTH
    assert segments(text) == 1
    assert not offending(text)


@pytest.mark.parametrize(("hour", "due"), [(6, False), (7, True), (10, True), (11, False)])
def test_the_daily_text_goes_at_its_hour_or_a_little_later(hour: int, *, due: bool) -> None:
    assert cover.is_due(NOW.replace(hour=hour), time(7)) is due
