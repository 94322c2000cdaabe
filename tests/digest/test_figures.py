"""What a digest counts."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.digest.figures import LATER, AlertRow, Figures, Material, Report, Spot, figures
from gateway.digest.texts import digest
from gateway.duty.cover import Gap
from gateway.reports.codebook import load_codebook
from gateway.text.segments import segments

BOOK, ZONE = load_codebook(), ZoneInfo("Africa/Niamey")
UNTIL = datetime(2026, 11, 21, 18, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=12)
ASSAMAKA, DAN_ISSA = Spot("Assamaka", "Agadez", 19.4, 5.8), Spot("Dan Issa", "Maradi", 13.2, 7.7)
REPORT = Report(
    "482135", UNTIL - timedelta(hours=1), "report", "CVM", 3, ASSAMAKA, people=70, minors=5, verified=True
)
ALERT = AlertRow(
    "482135",
    1,
    SINCE,
    SINCE + timedelta(minutes=4),
    "acknowledged",
    False,
    "RPZ",
    None,
    "Assamaka",
    "Agadez",
    9,
)


def of(
    *reports: Report, alerts: tuple[AlertRow, ...] = (), gaps: tuple[Gap, ...] = (), region: str | None = None
) -> Figures:
    return figures(Material(SINCE, UNTIL, ZONE, reports, alerts, gaps), BOOK, region)


def test_people_and_minors_are_added_up_by_family_and_severity() -> None:
    found = of(
        REPORT,
        replace(REPORT, code="RPZ", severity=2, people=30, minors=None),
        replace(REPORT, code="SOS", severity=1),
    )
    assert (found.total.reports, found.total.people, found.total.minors) == (3, 170, 10)
    assert found.total.severities == Counter({1: 1, 2: 1, 3: 1})
    assert list(found.families) == ["danger", "movement"]
    assert (found.grave, found.for_later) == (2, 1)


def test_minors_whom_nobody_counted_are_not_none_at_all() -> None:
    assert of(replace(REPORT, minors=None)).total.minors is None
    assert of(replace(REPORT, minors=0)).total.minors == 0


def test_repeats_drills_and_cancelled_reports_are_only_noted() -> None:
    found = of(
        replace(REPORT, repeat=True), replace(REPORT, drill=True), replace(REPORT, kind="drill"),
        replace(REPORT, cancelled=True), replace(REPORT, kind="correction"),
    )  # fmt: skip
    assert found.total.reports == 0
    assert found.left_out == Counter(drill=2, repeat=1, cancelled=1)
    assert found.calm


def test_a_code_that_the_agency_removed_is_of_another_family() -> None:
    assert list(of(replace(REPORT, code="XYZ")).families) == ["other"]


def test_what_raised_no_alert_is_listed_by_code_and_place_with_its_latest_references() -> None:
    several = [
        replace(REPORT, reference=f"48213{number}", at=REPORT.at + timedelta(minutes=number))
        for number in range(5)
    ]
    (row,) = of(*several, replace(REPORT, severity=2)).later
    assert (row.severity, row.code, row.places, row.count.reports, row.count.people) == (
        3,
        "CVM",
        ("Assamaka",),
        5,
        350,
    )
    assert row.references == ("482134", "482133", "482132")


def test_the_hotline_is_a_bare_count_and_of_no_region() -> None:
    caller = uuid7()
    calls = [
        replace(REPORT, kind="hotline", hotline=True, contact=caller),
        replace(REPORT, kind="hotline", hotline=True, contact=caller),
        replace(REPORT, kind="hotline", hotline=True, contact=uuid7()),
    ]
    alert = replace(ALERT, hotline=True)
    country, region = of(*calls, alerts=(alert,)), of(*calls, alerts=(alert,), region="Agadez")
    assert (country.hotline, country.hotline_open, country.open, country.places) == (2, 1, (), ())
    assert (region.hotline, region.hotline_open, region.all_open, region.raised) == (None, None, 0, 0)
    assert country.total.reports == 0


def test_the_median_is_that_of_the_first_taking_of_what_was_raised_in_the_period() -> None:
    waits = [replace(ALERT, taken_at=SINCE + timedelta(minutes=minutes)) for minutes in (2, 5, 60)]
    before = replace(ALERT, raised_at=SINCE - timedelta(days=1), taken_at=SINCE)
    open_ = replace(ALERT, taken_at=None, state="open", severity=2)
    found = of(alerts=(*waits, before, open_))
    assert (found.minutes, found.raised, found.taken) == (5, 4, 3)
    assert [alert.severity for alert in found.open] == [1, 1, 1, 1, 2]
    assert of(alerts=(open_,)).minutes is None


def test_a_region_hears_of_its_own_gaps_and_the_countrys() -> None:
    gaps = [
        Gap(UNTIL, UNTIL + timedelta(hours=1), region, nobody=False) for region in (None, "Agadez", "Maradi")
    ]
    assert [gap.region for gap in of(gaps=tuple(gaps), region="Agadez").gaps] == [None, "Agadez"]
    assert len(of(gaps=tuple(gaps)).gaps) == 3


def test_fourteen_days_are_shown_whether_there_was_anything_or_not() -> None:
    yesterday = replace(REPORT, at=UNTIL - timedelta(days=1))
    days = of(REPORT, yesterday, replace(REPORT, at=UNTIL - timedelta(days=14))).days
    assert len(days) == 14
    assert [count["movement"] for _, count in days[-3:]] == [0, 1, 1]
    assert sum(count.total() for _, count in days) == 2


REPORTS = st.lists(
    st.builds(
        Report,
        reference=st.just("482135"),
        at=st.datetimes(
            (SINCE - timedelta(days=1)).replace(tzinfo=None),
            (UNTIL + timedelta(hours=1)).replace(tzinfo=None),
            timezones=st.just(UTC),
        ),
        kind=st.sampled_from(["report", "drill", "unknown", "hotline", "correction"]),
        code=st.sampled_from([*BOOK.codes, None, "XYZ"]),
        severity=st.sampled_from([1, 2, 3, 4, None]),
        spot=st.sampled_from([ASSAMAKA, DAN_ISSA, Spot("Kano", None), None]),
        people=st.none() | st.integers(0, 2000),
        minors=st.none() | st.integers(0, 500),
        hotline=st.booleans(),
        drill=st.booleans(),
        repeat=st.booleans(),
        cancelled=st.booleans(),
        verified=st.booleans(),
    ),
    max_size=30,
)


@given(REPORTS)
def test_the_sums_agree(reports: list[Report]) -> None:
    country = of(*reports)
    total = country.total
    assert sum(count.reports for count in country.families.values()) == total.reports
    assert sum(count.reports for _, count in country.places) + country.unplaced == total.reports
    assert sum(count.people for count in country.families.values()) == total.people
    assert total.severities.total() == total.reports == country.grave + country.for_later
    assert sum(row.count.reports for row in country.later) == country.for_later
    assert {row.severity for row in country.later} <= LATER
    regions = [of(*reports, region=region) for region in ("Agadez", "Maradi")]
    abroad = sum(count.reports for spot, count in country.places if spot.region is None)
    assert sum(one.total.reports for one in regions) + abroad + country.unplaced == total.reports
    assert all(one.hotline is None for one in regions)


@given(REPORTS, st.sampled_from(["fr", "en", "ha"]), st.sampled_from([None, "Agadez"]))
def test_any_figures_are_one_segment(reports: list[Report], language: str, region: str | None) -> None:
    found = of(*reports, alerts=(ALERT,), gaps=(Gap(UNTIL, UNTIL, None, nobody=True),), region=region)
    text = digest(found, language)
    assert segments(text) == 1
    assert "482135" not in text
