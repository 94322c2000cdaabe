"""A busy day of two hundred reports, as figures are made of."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from gateway.digest.figures import AlertRow, Material, Report, SilentPost, Spot
from gateway.duty.cover import Gap
from gateway.places.gazetteer import HOME, load_gazetteer
from gateway.reports.codebook import load_codebook

ZONE = ZoneInfo("Africa/Niamey")
UNTIL = datetime(2026, 11, 21, 18, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=12)
CALM = Material(SINCE, UNTIL, ZONE, (), (), ())
_CODES = ("ASM", "PZR", "AGZ", "ARL", "DNS", "GAY", "KNI", "ZDR", "DRK", "SGD", "MDM", "NIA", "DFA", "KAN")


def busy_day(seed: int = 4) -> Material:
    """The same each time. It has alerts of every state, callers of whom two have alerts, and gaps."""
    random = Random(seed)
    points, codes = load_gazetteer().by_code, list(load_codebook().codes.values())
    spots = [
        Spot(point.bare_name, point.region if point.country == HOME else None, point.lat, point.lon)
        for point in (points[code] for code in _CODES)
    ]
    reports = [
        Report(
            reference=f"{number:06}",
            at=UNTIL - timedelta(days=number % 14 if number >= 200 else 0, minutes=1 + number % 700),
            kind="report",
            code=(code := random.choice(codes)).code,
            severity=code.severity,
            spot=random.choice([*spots, None]),
            people=random.choice([None, 3, 40, 647]),
            minors=random.choice([None, 0, 2]),
            repeat=number % 19 == 0,
        )
        for number in range(800)
    ]
    callers = [
        Report(f"9{number:05}", SINCE, "hotline", contact=uuid7(), hotline=True) for number in range(7)
    ]
    alerts = [
        _alert(report, number) for number, report in enumerate(reports[:200]) if report.severity in {1, 2}
    ]
    hidden = [
        AlertRow("900000", 1, SINCE, None, "open", True, "VBG", None, "Zinder Birni", "Zinder", 1)
        for _ in range(2)
    ]
    gaps = (
        Gap(UNTIL, UNTIL + timedelta(hours=3), None, nobody=False),
        Gap(UNTIL, UNTIL + timedelta(hours=9), "Agadez", nobody=True),
    )
    silent = (SilentPost("Assamaka", "Agadez", SINCE),)
    return Material(SINCE, UNTIL, ZONE, [*reports, *callers], [*alerts, *hidden], gaps, silent)


def _alert(report: Report, number: int) -> AlertRow:
    state = ("closed", "acknowledged", "open")[number % 3]
    return AlertRow(
        reference=report.reference,
        severity=report.severity or 2,
        raised_at=report.at,
        taken_at=None if state == "open" else report.at + timedelta(minutes=number % 9),
        state=state,
        hotline=False,
        code=report.code,
        doubt=None,
        place=report.spot.name if report.spot else None,
        region=report.spot.region if report.spot else None,
        people=report.people,
        reports=1 + number % 4,
        outcome="on_site" if state == "acknowledged" and number % 2 else None,
    )
