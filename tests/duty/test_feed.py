"""An officer's calendar: each stretch one event, which stays the same one from look to look."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from icalendar import Calendar

from gateway.duty.feed import calendar
from gateway.duty.roster import Rota, Shift

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
A = UUID(int=1)
WORDS = {"duty": "Permanence", "call": "appel"}


def uids(rota: Rota, now: datetime) -> list[str]:
    return [str(event["UID"]) for event in Calendar.from_ical(calendar(rota, A, now, WORDS)).walk("VEVENT")]


def test_two_regions_at_one_hour_are_two_events() -> None:
    tomorrow = NOON + timedelta(days=1)
    rota = Rota(
        (
            Shift(A, 0, tomorrow, region="Tillab\u00e9ri"),
            Shift(A, 0, tomorrow, region="Zinder"),
            Shift(A, 0, tomorrow),
        )
    )
    assert len(set(uids(rota, NOON))) == 3


def test_whoever_stands_for_good_has_the_same_event_at_each_look() -> None:
    rota = Rota((Shift(A, 0), Shift(A, 1, NOON)))
    assert uids(rota, NOON) == uids(rota, NOON + timedelta(hours=5))
