"""When a post is silent, told once, and heard again: for any rhythm and any reports."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.silence.rhythm import LISTENS_FIRST, News, Rhythm, look

START = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
RHYTHM = Rhythm(timedelta(hours=12), timedelta(hours=2), START)
ALWAYS = START - timedelta(days=1)


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def test_a_post_is_silent_once_its_rhythm_and_its_grace_are_over() -> None:
    assert look(RHYTHM, None, hours(13.9), ALWAYS).news is None
    assert look(RHYTHM, None, hours(14), ALWAYS).news is News.SILENT
    assert look(RHYTHM, hours(1), hours(14), ALWAYS).due_at == hours(15)


def test_pace_shortens_the_rhythm() -> None:
    assert look(RHYTHM, None, hours(1.4), ALWAYS, pace=10).news is News.SILENT


def test_nobody_is_silent_while_we_have_only_begun_to_listen() -> None:
    began = hours(13.9)
    first = look(RHYTHM, None, hours(14), began)
    assert (first.news, first.due_at) == (None, began + LISTENS_FIRST)
    assert look(RHYTHM, None, first.due_at, began).news is News.SILENT


@settings(max_examples=60, deadline=None)
@given(
    every=st.integers(15, 700),
    grace=st.integers(0, 200),
    reports=st.lists(st.integers(0, 1500), max_size=12),
    pace=st.sampled_from([1.0, 4.0, 60.0]),
)
def test_each_silence_is_told_once_and_its_end_is_told(
    every: int, grace: int, reports: list[int], pace: float
) -> None:
    """The clock looks whenever something is due, for a day; reports come when they come."""
    minute = timedelta(minutes=1) / pace
    full = timedelta(minutes=1)
    rhythm = Rhythm(every * full, grace * full, START)
    longest, end = (every + grace) * minute, START + 1500 * minute
    arrivals = sorted(START + report * minute for report in reports)
    told: list[tuple[News, datetime]] = []
    due = rhythm.expected_by(None, pace)
    while due <= end:
        now = due
        before = bisect_right(arrivals, now)
        it = look(rhythm, arrivals[before - 1] if before else None, now, ALWAYS, pace)
        if it.news:
            told.append((it.news, now))
            told_at = now if it.news is News.SILENT else None
            rhythm = Rhythm(rhythm.every, rhythm.grace, rhythm.since, told_at)
        assert it.due_at > now, "nobody looks twice at one moment"
        due = it.due_at
    kinds = [kind for kind, _ in told]
    assert kinds == [(News.SILENT, News.HEARD_AGAIN)[place % 2] for place in range(len(kinds))]
    for kind, at in told:
        recent = [one for one in (START, *arrivals) if at - longest < one <= at]
        assert bool(recent) == (kind is News.HEARD_AGAIN)
    quiet = zip([START, *arrivals], [*arrivals, end], strict=True)
    silences = [until for since, until in quiet if until - since >= longest + 2 * minute]
    assert kinds.count(News.SILENT) >= len(silences)
