"""An officer's duty as a calendar that phones subscribe to (RFC 5545). A rule: the rota in, bytes out."""

from datetime import datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

from gateway.duty.cover import stretches
from gateway.duty.roster import Rota

LOOKS_BACK, _LOOKS_AHEAD = timedelta(days=30), timedelta(days=180)
_ASK_AGAIN = timedelta(hours=1)


def calendar(rota: Rota, officer: UUID, now: datetime, words: dict[str, str]) -> bytes:
    """Every stretch of duty from a month ago until half a year ahead; ``words`` are for `duty` and `call`.

    It names no agency, no number and nobody else: a calendar is shown on screens, and kept by strangers.
    """
    feed = Calendar()
    feed.add("prodid", "-//Vigie//duty//")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", words["duty"])
    feed.add("refresh-interval", _ASK_AGAIN, parameters={"VALUE": "DURATION"})
    since = now - LOOKS_BACK
    for stretch in stretches(rota, officer, since, now + _LOOKS_AHEAD):
        # The same at each look: what began before has no beginning to be known by, and is one at each place.
        began = "before" if stretch.starts_at == since else f"{stretch.starts_at:%Y%m%dT%H%M%SZ}"
        event = Event()
        event.add("uid", f"{officer.hex}-{stretch.region or ''}-{stretch.step}-{began}")
        event.add("dtstamp", now)
        event.add("dtstart", stretch.starts_at)
        event.add("dtend", stretch.ends_at)
        where = f", {stretch.region}" if stretch.region else ""
        event.add("summary", f"{words['duty']} ({words['call']} {stretch.step + 1}{where})")
        feed.add_component(event)
    return bytes(feed.to_ical())
