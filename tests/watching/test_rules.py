"""When a channel is silent, and what is the matter with it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages import PhoneHealth
from gateway.watching.canary import Canary
from gateway.watching.rhythm import expected
from gateway.watching.trouble import SILENT_AT, Trouble, What, is_news, is_steady, trouble

ZONE = ZoneInfo("Africa/Niamey")
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def every_hour(number: int, days: int = 21, until: datetime = NOW) -> dict[datetime, int]:
    return {until - HOUR * back: number for back in range(1, days * 24 + 1)}


def test_a_steady_channel_should_have_brought_its_pace() -> None:
    assert expected(every_hour(4), NOW - 2 * HOUR, NOW, ZONE) == pytest.approx(8)
    assert expected(every_hour(4), NOW - HOUR / 2, NOW, ZONE) == pytest.approx(2)


def test_two_weeks_are_needed_before_anything_is_expected() -> None:
    assert expected(every_hour(4, days=13), NOW, NOW + HOUR, ZONE) is None
    assert expected({}, NOW, NOW + HOUR, ZONE) is None
    assert expected(every_hour(4, days=14), NOW, NOW + HOUR, ZONE) is not None


def test_hours_that_are_always_quiet_bring_nothing() -> None:
    by_day = {hour: n for hour, n in every_hour(10).items() if 6 <= hour.astimezone(ZONE).hour < 20}
    evening = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # 20:00 in Niamey
    assert expected(by_day, evening, evening + 10 * HOUR, ZONE) == 0
    assert expected(by_day, evening, evening + 12 * HOUR, ZONE) == pytest.approx(20)


def test_the_hours_of_a_day_stay_what_they_are_when_the_clocks_are_changed() -> None:
    paris = ZoneInfo("Europe/Paris")
    evening = datetime(2026, 10, 24, 20, 0, tzinfo=paris).astimezone(UTC)  # the night of the change
    by_day = {
        hour: n for hour, n in every_hour(10, until=evening).items() if 8 <= hour.astimezone(paris).hour < 20
    }
    morning = datetime(2026, 10, 25, 8, 0, tzinfo=paris).astimezone(UTC)
    assert expected(by_day, evening, morning, paris) == 0
    assert expected(by_day, evening, morning + 3 * HOUR, paris) == pytest.approx(30)


@given(st.integers(1, 60), st.integers(14, 50), st.floats(0, 72))
def test_a_longer_silence_never_brings_less(number: int, days: int, hours: float) -> None:
    texts = every_hour(number, days)
    shorter = expected(texts, NOW, NOW + HOUR * hours, ZONE)
    longer = expected(texts, NOW, NOW + HOUR * (hours + 1), ZONE)
    assert shorter is not None
    assert longer is not None
    assert 0 <= shorter <= longer


@given(st.integers(1, 100))
def test_any_busy_channel_that_stays_silent_is_noticed_within_six_texts_and_one(number: int) -> None:
    silent_for = HOUR * (SILENT_AT + 1) / number
    awaited = expected(every_hour(number), NOW, NOW + silent_for, ZONE)
    it = trouble(failing_since=None, failed_at=None, reason=None, last_in=NOW, expected=awaited, now=NOW)
    assert it is not None
    assert it.what is What.SILENT


@given(st.integers(1, 5))
def test_a_channel_that_keeps_its_pace_is_never_silent(number: int) -> None:
    awaited = expected(every_hour(number), NOW - HOUR, NOW, ZONE)
    assert (
        trouble(
            failing_since=None, failed_at=None, reason=None, last_in=NOW - HOUR, expected=awaited, now=NOW
        )
        is None
    )


def test_a_silence_of_weeks_is_not_added_up_for_ever() -> None:
    week = expected(every_hour(1), NOW, NOW + timedelta(days=7), ZONE)
    assert expected(every_hour(1), NOW, NOW + timedelta(days=40), ZONE) == week


@pytest.mark.parametrize(("minutes", "failing"), [(0, False), (2.9, False), (3, True), (600, True)])
def test_a_channel_fails_when_nothing_went_out_for_three_minutes(minutes: float, failing: bool) -> None:
    since = NOW - timedelta(minutes=minutes)
    it = trouble(failing_since=since, failed_at=NOW, reason="no credit", last_in=None, expected=None, now=NOW)
    assert (it is not None) is failing
    if it is not None:
        assert (it.what, it.since, it.sentence) == (What.FAILING, since, "nothing goes out: no credit")


@pytest.mark.parametrize(
    ("battery", "charging", "minutes", "what"),
    [
        (94, False, 5, None),
        (19, False, 5, What.BATTERY),
        (19, True, 5, None),
        (19, None, 5, None),
        (20, False, 5, None),
        (None, None, 5, None),
        (94, True, 30, None),
        (94, True, 31, What.UNSEEN),
    ],
)
def test_a_phone_is_in_trouble_when_it_is_silent_or_nearly_empty(
    battery: int | None, charging: bool | None, minutes: int, what: What | None
) -> None:
    phone = PhoneHealth("android", "a", NOW - timedelta(minutes=minutes), battery, charging)
    well = PhoneHealth("android", "b", NOW, 90, charging=False)
    it = trouble(
        failing_since=None, failed_at=None, reason=None, last_in=None, expected=None, phones=[well, phone],
        now=NOW,
    )  # fmt: skip
    assert (it.what if it else None) is what
    if it is not None:
        assert it.since == phone.at


def gravest(*, failing: bool, late: bool, unseen: bool, silent: bool, low: bool) -> What | None:
    canary = Canary(1, 2, HOUR, NOW, away=True, missed_since=NOW - HOUR if late else None)
    phones = [PhoneHealth("android", "low", NOW, 5, charging=False)] if low else []
    phones += [PhoneHealth("android", "unseen", NOW - HOUR, 90, charging=True)] if unseen else []
    it = trouble(
        failing_since=NOW - HOUR if failing else None,
        failed_at=NOW,
        reason=None,
        last_in=NOW - HOUR,
        expected=SILENT_AT if silent else 0,
        canaries=[canary],
        phones=phones,
        now=NOW,
    )
    return it.what if it else None


@given(*[st.booleans()] * len(What))
def test_of_several_troubles_the_gravest_counts(
    failing: bool, late: bool, unseen: bool, silent: bool, low: bool
) -> None:
    present = zip(What, (failing, late, unseen, silent, low), strict=True)
    expected_one = next((what for what, is_there in present if is_there), None)
    assert gravest(failing=failing, late=late, unseen=unseen, silent=silent, low=low) is expected_one


def test_the_operator_hears_of_an_outage_and_of_nothing_but_graver_troubles_then() -> None:
    it = Trouble(What.SILENT, NOW)
    assert [told for told in (None, *What) if is_news(it, told, HOUR)] == [None, What.BATTERY]


@pytest.mark.parametrize("what", What)
def test_that_nothing_was_heard_is_no_news_while_nobody_could_listen(what: What) -> None:
    heard_of_otherwise = what in (What.FAILING, What.BATTERY)
    in_time = HOUR / 6 if what is What.LATE else HOUR / 2
    assert is_news(Trouble(what, NOW), None, in_time) is heard_of_otherwise
    assert is_news(Trouble(what, NOW), None, in_time, pace=2)


@pytest.mark.parametrize(("minutes", "over"), [(None, False), (-5, False), (9.9, False), (10, True)])
def test_an_outage_is_over_when_the_channel_has_been_well_for_a_while(
    minutes: float | None, over: bool
) -> None:
    well_since = None if minutes is None else NOW - timedelta(minutes=minutes)
    assert is_steady(well_since, NOW) is over
