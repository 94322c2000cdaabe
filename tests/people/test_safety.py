"""The gate: a hotline contact is never texted unless marked safe for this way at this moment, whatever asks for it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.people.safety import (
    LASTS,
    LONGEST,
    SAFE,
    UNKNOWN,
    Addressee,
    Audience,
    BadMarkError,
    Hours,
    Safety,
    State,
    Way,
    marked,
    reached_at,
    why_not_reached,
    why_withheld,
)

NIAMEY = ZoneInfo("Africa/Niamey")
# A Saturday, 14:00 in Niamey.
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
EVENING, NIGHT = Hours(time(18), time(20)), Hours(time(22), time(2), frozenset({6}))


def safe_now(way: Way = Way.SMS) -> Safety:
    return marked(State.SAFE_NOW, NOW, way=way)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NIAMEY)


def reachable(safety: Safety, way: Way = Way.SMS, now: datetime = NOW) -> bool:
    return why_not_reached(safety, way, now, NIAMEY) is None


@pytest.mark.parametrize(
    ("audience", "contact", "officer", "goes"),
    [
        (Audience.REPORTER, None, False, True),
        (Audience.REPORTER, None, True, True),
        (Audience.REPORTER, UNKNOWN, False, False),
        (Audience.REPORTER, safe_now(), False, False),
        (Audience.REPORTER, safe_now(), True, False),
        (Audience.OFFICERS, None, False, False),
        (Audience.OFFICERS, None, True, True),
        (Audience.OFFICERS, safe_now(), False, False),
        (Audience.OFFICERS, UNKNOWN, True, True),
        (Audience.CONTACT, None, False, False),
        (Audience.CONTACT, None, True, False),
        (Audience.CONTACT, UNKNOWN, False, False),
        (Audience.CONTACT, UNKNOWN, True, False),
        (Audience.CONTACT, safe_now(), False, True),
        (Audience.CONTACT, safe_now(Way.CALL), False, False),
        (Audience.OUR_LINES, None, False, False),
        (Audience.OUR_LINES, None, True, False),
        (Audience.OUR_LINES, safe_now(), False, False),
    ],
)
def test_alerts_reach_officers_alone_and_nothing_but_its_own_texts_reaches_who_came_to_the_hotline(
    *, audience: Audience, contact: Safety | None, officer: bool, goes: bool
) -> None:
    reason = why_withheld(audience, Addressee(contact, officer), Way.SMS, NOW, NIAMEY)
    assert (reason is None) == goes


@pytest.mark.parametrize(("contact", "goes"), [(None, True), (UNKNOWN, False), (safe_now(), False)])
def test_what_proves_a_line_goes_to_our_own_lines_alone(*, contact: Safety | None, goes: bool) -> None:
    addressee = Addressee(contact, officer=False, our_line=True)
    assert (why_withheld(Audience.OUR_LINES, addressee, Way.SMS, NOW, NIAMEY) is None) == goes


@pytest.mark.parametrize("state", [state for state in State if state not in SAFE])
@pytest.mark.parametrize("way", Way)
def test_no_other_mark_lets_anything_go(state: State, way: Way) -> None:
    assert not reachable(marked(state, NOW), way)


def test_safe_now_is_over_after_half_an_hour() -> None:
    assert reachable(safe_now(), now=NOW + timedelta(minutes=29, seconds=59))
    assert not reachable(safe_now(), now=NOW + timedelta(minutes=30))


def test_a_mark_is_for_one_way() -> None:
    for way in Way:
        assert [other for other in Way if reachable(safe_now(way), other)] == [way]
    assert why_not_reached(safe_now(), None, NOW, NIAMEY) is not None


@pytest.mark.parametrize(
    ("hours", "moment", "covered"),
    [
        (EVENING, "2026-11-21 17:59", False),
        (EVENING, "2026-11-21 18:00", True),
        (EVENING, "2026-11-21 19:59", True),
        (EVENING, "2026-11-21 20:00", False),
        (Hours(time(18), time(20), frozenset({1})), "2026-11-21 18:30", False),
        (Hours(time(18), time(20), frozenset({1})), "2026-11-23 18:30", True),
        (NIGHT, "2026-11-21 21:59", False),
        (NIGHT, "2026-11-21 23:00", True),
        (NIGHT, "2026-11-22 01:59", True),
        (NIGHT, "2026-11-22 02:00", False),
        (NIGHT, "2026-11-21 01:00", False),
        (NIGHT, "2026-11-22 23:00", False),
    ],
)
def test_hours_are_the_agencys_and_past_midnight_belong_to_their_first_day(
    *, hours: Hours, moment: str, covered: bool
) -> None:
    assert hours.cover(at(moment), NIAMEY) == covered
    assert reachable(marked(State.SAFE_AT, NOW, way=Way.SMS, hours=hours), now=at(moment)) == covered


def test_hours_end_with_their_mark() -> None:
    safety = marked(State.SAFE_AT, NOW, way=Way.SMS, hours=EVENING, until=at("2026-11-21 18:30"))
    assert reachable(safety, now=at("2026-11-21 18:29"))
    assert not reachable(safety, now=at("2026-11-21 18:30"))


@pytest.mark.parametrize(
    ("safety", "expected"),
    [
        (safe_now(Way.CALL), NOW),
        (safe_now(Way.SMS), None),
        (UNKNOWN, None),
        (marked(State.NEVER, NOW), None),
        (marked(State.INBOUND_ONLY, NOW), None),
        (marked(State.SAFE_AT, NOW, way=Way.CALL, hours=EVENING), at("2026-11-21 18:00")),
        (marked(State.SAFE_AT, NOW, way=Way.CALL, hours=Hours(time(8), time(9))), at("2026-11-22 08:00")),
        (
            marked(State.SAFE_AT, NOW, way=Way.CALL, hours=Hours(time(13), time(15), frozenset({6}))),
            NOW,
        ),
        (
            marked(State.SAFE_AT, NOW, way=Way.CALL, hours=Hours(time(9), time(10), frozenset({6}))),
            at("2026-11-28 09:00"),
        ),
        (
            marked(State.SAFE_AT, NOW, way=Way.CALL, hours=EVENING, until=at("2026-11-21 18:00")),
            None,
        ),
    ],
)
def test_when_somebody_may_be_called_next(safety: Safety, expected: datetime | None) -> None:
    assert reached_at(safety, Way.CALL, NOW, NIAMEY) == expected


def test_every_mark_that_says_something_runs_out_and_none_lasts_for_ever() -> None:
    for state in State:
        way = Way.SMS if state in SAFE else None
        hours = EVENING if state is State.SAFE_AT else None
        safety = marked(state, NOW, way=way, hours=hours)
        if state not in LASTS:
            assert safety.until is None
            continue
        assert safety.until == NOW + LASTS[state]
        assert not reachable(safety, now=safety.until)
        with pytest.raises(BadMarkError, match="must end"):
            marked(state, NOW, way=way, hours=hours, until=NOW + LONGEST[state] + timedelta(seconds=1))
        with pytest.raises(BadMarkError, match="must end"):
            marked(state, NOW, way=way, hours=hours, until=NOW)


@pytest.mark.parametrize(
    ("state", "given"),
    [
        (State.SAFE_NOW, {}),
        (State.NEVER, {"way": Way.SMS}),
        (State.SAFE_AT, {"way": Way.SMS}),
        (State.SAFE_NOW, {"way": Way.SMS, "hours": EVENING}),
        (State.SAFE_AT, {"way": Way.SMS, "hours": Hours(time(1), time(2), frozenset())}),
        (State.SAFE_AT, {"way": Way.SMS, "hours": Hours(time(1), time(2), frozenset({0}))}),
        (State.NEVER, {"until": NOW + timedelta(days=1)}),
    ],
)
def test_a_mark_says_a_way_and_hours_where_it_needs_them_and_nowhere_else(
    state: State, given: dict[str, Any]
) -> None:
    with pytest.raises(BadMarkError):
        marked(state, NOW, **given)
