"""How many texts an officer gets, and when the next one goes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.drafts import (
    ALL_WELL,
    CAP,
    DUTY,
    NOBODY,
    OUTAGE,
    REMINDER,
    SEVERITY_1,
    SEVERITY_2,
)
from gateway.outbox.throttle import (
    A_MINUTE,
    WINDOWS,
    Kind,
    Sent,
    hold,
    is_crisis,
    is_late,
    kind_of,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def sent(kind: Kind, *minutes: float) -> list[Sent]:
    return [Sent(kind, at(minute)) for minute in minutes]


def goes_at(got: list[Sent], kind: Kind, minute: float, pace: float = 1) -> float:
    """The minute at which one that is wanted in that minute goes."""
    held = hold(got, kind, at(minute), pace)
    return (held.until - NOON) / timedelta(minutes=1) if held else minute


@pytest.mark.parametrize(
    ("got", "minute", "goes"),
    [
        ((), 0, 0),
        ((0,), 0, 1),
        ((0,), 0.5, 1),
        ((0,), 1, 1),
        ((0, 1, 2, 3), 4, 4),
        ((0, 1, 2, 3, 4), 5, 15),
        ((0, 1, 2, 3, 4), 15, 15),
        # Of eleven in an hour the six after the first five come every seven and a half minutes.
        ((0, 1, 2, 3, 4, 15), 16, 22.5),
        ((0, 1, 2, 3, 4, 15, 22.5), 23, 30),
        ((0, 1, 2, 3, 4, 15, 22.5, 30, 37.5, 45), 46, 52.5),
        ((0, 1, 2, 3, 4, 15, 22.5, 30, 37.5, 45, 52.5), 53, 60),
        # Of twenty-one in three hours the ten after the first eleven come every twelve.
        ((0, 1, 2, 3, 4, 15, 22.5, 30, 37.5, 45, 52.5, 60), 61, 72),
        ((0, 1, 2, 3, 4), 200, 200),
        # A clock that was ahead keeps nobody from being told.
        ((10_000,), 0, 0),
    ],
)
def test_alerts_come_at_once_until_there_are_many(got: tuple[float, ...], minute: float, goes: float) -> None:
    assert goes_at(sent(Kind.ALERT, *got), Kind.ALERT, minute) == goes


@pytest.mark.parametrize(
    ("kind", "got", "minute", "goes"),
    [
        (Kind.UPDATE, (0,), 1, 3),
        (Kind.UPDATE, (0, 3, 6), 9, 20),
        (Kind.UPDATE, (0, 3, 6, 20), 23, 40),
        (Kind.CALL, (0,), 0.5, 1),
        (Kind.CALL, (0, 1, 2), 3, 15),
        (Kind.CALL, (0, 1, 2, 15), 16, 26.25),
    ],
)
def test_updates_and_calls_have_windows_of_their_own(
    kind: Kind, got: tuple[float, ...], minute: float, goes: float
) -> None:
    assert goes_at(sent(kind, *got), kind, minute) == goes


def test_a_phone_gets_one_text_a_minute_whatever_it_is_about() -> None:
    assert goes_at(sent(Kind.UPDATE, 0), Kind.ALERT, 0.5) == 1
    assert goes_at(sent(Kind.ALERT, 0), Kind.UPDATE, 0.5) == 1


def test_updates_do_not_use_up_what_alerts_may() -> None:
    assert goes_at(sent(Kind.UPDATE, 0, 3, 6, 20, 40, 60), Kind.ALERT, 62) == 62


def test_a_call_and_a_text_do_not_wait_for_each_other() -> None:
    assert goes_at(sent(Kind.ALERT, 0), Kind.CALL, 0) == 0
    assert goes_at(sent(Kind.CALL, 0), Kind.ALERT, 0) == 0


def test_a_demo_at_a_quick_pace_has_short_windows() -> None:
    assert goes_at(sent(Kind.ALERT, 0), Kind.ALERT, 0, pace=60) == pytest.approx(1 / 60)


def test_what_is_held_says_why() -> None:
    held = hold(sent(Kind.ALERT, 0, 1, 2, 3, 4), Kind.ALERT, at(5))
    assert held
    assert held.reason == "one officer gets 5 alerts in 15 min at most"


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        ("alert", Kind.ALERT),
        ("nobody", Kind.ALERT),
        ("call", Kind.CALL),
        ("more", Kind.UPDATE),
        ("merged", Kind.UPDATE),
        ("reminder", Kind.UPDATE),
        (DUTY, Kind.UPDATE),
        (OUTAGE, Kind.UPDATE),
        ("answer", None),
        (CAP, None),
        (ALL_WELL, None),
        ("receipt", None),
        ("taken", None),
        ("hotline", None),
        ("canary", None),
    ],
)
def test_what_an_officer_is_sent_has_a_kind_but_for_answers_and_what_comes_once_a_day(
    purpose: str, kind: Kind | None
) -> None:
    assert kind_of(purpose) is kind


@pytest.mark.parametrize(
    ("kind", "rank", "crisis"),
    [
        (Kind.ALERT, NOBODY, True),
        (Kind.ALERT, SEVERITY_1, True),
        (Kind.UPDATE, SEVERITY_1, True),
        (Kind.ALERT, SEVERITY_2, False),
        (Kind.UPDATE, REMINDER, False),
        (Kind.CALL, SEVERITY_1, False),
    ],
)
def test_texts_of_a_crisis_are_exempt_its_calls_are_not(kind: Kind, rank: int, crisis: bool) -> None:
    assert is_crisis(kind, rank) is crisis


def test_an_alert_that_waits_more_than_a_minute_is_late() -> None:
    assert not is_late(at(0), at(1))
    assert is_late(at(0), at(1.1))
    assert is_late(at(0), at(1), pace=2)


WANTED = st.lists(
    st.tuples(st.sampled_from(Kind), st.floats(0, 200).map(lambda minutes: timedelta(minutes=minutes))),
    max_size=60,
)


@given(WANTED)
def test_no_storm_brings_an_officer_more_than_each_window_allows(
    wanted: list[tuple[Kind, timedelta]],
) -> None:
    """Each goes when it is said to go, the earliest first, as though the outbox claimed it at that moment."""
    got: list[Sent] = []
    queue = sorted((NOON + after, kind) for kind, after in wanted)
    turns = 0
    while queue:
        turns += 1
        assert turns < 100_000
        moment, kind = queue.pop(0)
        held = hold(got, kind, moment)
        if held is None:
            got.append(Sent(kind, moment))
            continue
        assert held.until > moment
        assert hold(got, kind, held.until) is None
        queue = sorted([*queue, (held.until, kind)])
    assert sorted(kind for kind, _ in wanted) == sorted(one.kind for one in got)
    for last in got:
        for kind, windows in WINDOWS.items():
            for window in windows:
                assert within(window.within, last, [one for one in got if one.kind is kind]) <= window.texts
        texts = [one for one in got if one.kind is not Kind.CALL]
        assert within(A_MINUTE.within, last, texts) <= A_MINUTE.texts


def within(window: timedelta, last: Sent, got: list[Sent]) -> int:
    return sum(last.at - window < one.at <= last.at for one in got)
