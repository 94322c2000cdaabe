"""What a digest says. A rule: the rows of a period in, figures of a region or of the whole country out.

Repeats, drills and what was cancelled count for nothing but the note that there were some. The hotline is a
bare count, and of the whole country alone: of a region it could tell where somebody is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.duty.cover import Gap
from gateway.reports.codebook import Codebook

SEVERITIES: Final = (1, 2, 3, 4)
LATER: Final = frozenset({3, 4})
"""What raises no alert: the digest is its way to an officer."""
DAYS: Final = 14
OTHER: Final = "other"
"""The family of a code that the agency has since removed."""
_REFERENCES: Final = 3


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as a report names it."""

    name: str
    region: str | None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A row of the reports, without anybody's words; ``people`` and ``minors`` are None where not counted."""

    reference: str
    at: datetime
    kind: str
    code: str | None = None
    severity: int | None = None
    spot: Spot | None = None
    people: int | None = None
    minors: int | None = None
    contact: UUID | None = None
    hotline: bool = False
    drill: bool = False
    repeat: bool = False
    cancelled: bool = False
    verified: bool = True


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert that was raised in the period, or is open. ``taken_at`` is when it was taken first."""

    reference: str
    severity: int
    raised_at: datetime
    taken_at: datetime | None
    state: str
    hotline: bool
    code: str | None
    doubt: str | None
    place: str | None
    region: str | None
    people: int | None
    reports: int = 1
    """Of its incident."""
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class SilentPost:
    """A post that was not heard in its time; ``told_at`` is when officers were alerted to it."""

    name: str
    region: str | None
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Material:
    """All that is known of [since, until), and the reports of the 14 days before its end."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    reports: Sequence[Report]
    alerts: Sequence[AlertRow]
    gaps: Sequence[Gap]
    silent: Sequence[SilentPost] = ()


@dataclass(slots=True)
class Count:
    """How many reports and people; ``minors`` is None as long as nobody counted any."""

    reports: int = 0
    people: int = 0
    minors: int | None = None
    severities: Counter[int] = field(default_factory=Counter)

    def add(self, report: Report) -> None:
        self.reports += 1
        self.people += report.people or 0
        if report.minors is not None:
            self.minors = (self.minors or 0) + report.minors
        self.severities[report.severity or SEVERITIES[-1]] += 1

    @property
    def gravest(self) -> int:
        return min(self.severities)


@dataclass(frozen=True, slots=True)
class LaterRow:
    """Reports that raised no alert, of one code and place, or, of the least severity, of one code.

    ``places`` are where, the most frequent first; ``references`` are those of the latest reports.
    """

    severity: int
    code: str | None
    places: tuple[str, ...]
    count: Count
    references: tuple[str, ...]
    last: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """``hotline`` and ``hotline_open`` are None in a region; ``days`` has each of the 14 days, by family."""

    region: str | None
    since: datetime
    until: datetime
    zone: ZoneInfo
    total: Count
    families: dict[str, Count]
    places: tuple[tuple[Spot, Count], ...]
    unplaced: int
    later: tuple[LaterRow, ...]
    unverified: int
    unread: int
    left_out: Counter[str]
    hotline: int | None
    open: tuple[AlertRow, ...]
    hotline_open: int | None
    raised: int
    taken: int
    minutes: float | None
    days: tuple[tuple[date, Counter[str]], ...]
    gaps: tuple[Gap, ...]
    silent: tuple[SilentPost, ...]

    @property
    def all_open(self) -> int:
        return len(self.open) + (self.hotline_open or 0)

    @property
    def grave(self) -> int:
        return self.total.reports - self.for_later

    @property
    def for_later(self) -> int:
        return sum(self.total.severities[severity] for severity in LATER)

    @property
    def calm(self) -> bool:
        return not (
            self.total.reports or self.all_open or self.unread or self.hotline or self.raised or self.silent
        )


def figures(material: Material, book: Codebook, region: str | None = None) -> Figures:
    """The figures of a region; of the whole country with None."""
    since, until = material.since, material.until
    ours = [one for one in material.reports if not one.hotline and _within(one, region)]
    period = [one for one in ours if since <= one.at < until]
    counted = [one for one in period if _counts(one)]
    total, unplaced = Count(), 0
    families: dict[str, Count] = defaultdict(Count)
    places: dict[tuple[str, str | None], tuple[Spot, Count]] = {}
    for report in counted:
        total.add(report)
        families[_family(report, book)].add(report)
        if report.spot is None:
            unplaced += 1
        else:
            key = report.spot.name, report.spot.region
            places.setdefault(key, (report.spot, Count()))[1].add(report)
    alerts = [one for one in material.alerts if region is None or (not one.hotline and one.region == region)]
    raised = [one for one in alerts if since <= one.raised_at < until]
    waits = [(one.taken_at - one.raised_at).total_seconds() / 60 for one in raised if one.taken_at]
    still = [one for one in alerts if one.state != "closed"]
    callers = {one.contact for one in material.reports if one.hotline and since <= one.at < until}
    return Figures(
        region=region,
        since=since,
        until=until,
        zone=material.zone,
        total=total,
        families=dict(
            sorted(families.items(), key=lambda pair: (pair[1].gravest, -pair[1].reports, pair[0]))
        ),
        places=tuple(sorted(places.values(), key=_by_weight)),
        unplaced=unplaced,
        later=_later(counted),
        unverified=sum(not one.verified for one in counted),
        unread=sum(one.kind == "unknown" for one in period),
        left_out=_left_out(period),
        hotline=len(callers - {None}) if region is None else None,
        open=tuple(sorted((one for one in still if not one.hotline), key=_by_gravity)),
        hotline_open=sum(one.hotline for one in still) if region is None else None,
        raised=len(raised),
        taken=len(waits),
        minutes=median(waits) if waits else None,
        days=_days(ours, material, book),
        gaps=tuple(gap for gap in material.gaps if region is None or gap.region in {None, region}),
        silent=tuple(post for post in material.silent if region is None or post.region == region),
    )


def _within(report: Report, region: str | None) -> bool:
    return region is None or (report.spot is not None and report.spot.region == region)


def _counts(report: Report) -> bool:
    return report.kind == "report" and not (report.drill or report.repeat or report.cancelled)


def _left_out(period: Iterable[Report]) -> Counter[str]:
    """Why how many are not counted: each for one reason."""
    reasons: Counter[str] = Counter()
    for one in period:
        if one.kind in {"report", "drill"} and not _counts(one):
            reasons[
                "drill" if one.drill or one.kind == "drill" else "cancelled" if one.cancelled else "repeat"
            ] += 1
    return reasons


def _family(report: Report, book: Codebook) -> str:
    return book[report.code].family if report.code and report.code in book else OTHER


def _by_weight(place: tuple[Spot, Count]) -> tuple[int, int, str]:
    spot, count = place
    return -count.reports, -count.people, spot.name


def _by_gravity(alert: AlertRow) -> tuple[int, datetime]:
    return alert.severity, alert.raised_at


def _later(counted: Iterable[Report]) -> tuple[LaterRow, ...]:
    alike: dict[tuple[int, str | None, str | None], list[Report]] = defaultdict(list)
    for report in counted:
        severity = report.severity or SEVERITIES[-1]
        if severity in LATER:
            apart = report.spot.name if report.spot and severity != SEVERITIES[-1] else None
            alike[severity, report.code, apart].append(report)
    rows = [_together(severity, code, several) for (severity, code, _), several in alike.items()]
    return tuple(
        sorted(rows, key=lambda row: (row.severity, -row.count.people, -row.count.reports, row.references))
    )


def _together(severity: int, code: str | None, several: Iterable[Report]) -> LaterRow:
    count = Count()
    for one in several:
        count.add(one)
    newest = sorted(several, key=lambda one: one.at, reverse=True)
    places = Counter(one.spot.name for one in newest if one.spot)
    return LaterRow(
        severity,
        code,
        tuple(name for name, _ in places.most_common()),
        count,
        tuple(one.reference for one in newest[:_REFERENCES]),
        newest[0].at,
    )


def _days(
    ours: Iterable[Report], material: Material, book: Codebook
) -> tuple[tuple[date, Counter[str]], ...]:
    last = (material.until - timedelta(microseconds=1)).astimezone(material.zone).date()
    found: dict[date, Counter[str]] = {
        last - timedelta(days=back): Counter() for back in reversed(range(DAYS))
    }
    for report in ours:
        day = report.at.astimezone(material.zone).date()
        if day in found and report.at < material.until and _counts(report):
            found[day][_family(report, book)] += 1
    return tuple(found.items())
