"""Which reports tell of one event: examples an officer would agree with, and what holds for any reports."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.alerts.grouping import LONGEST, WINDOW, Sighting, reach, same_event, update_at
from gateway.places.gazetteer import load_gazetteer
from gateway.places.roads import load_roads

ROADS = load_roads()
POINTS = {code: point for code, point in load_gazetteer().by_code.items() if point.position}
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def seen(
    place: str | None,
    people: int | None = None,
    *,
    after: float = 0,
    kind: str = "movement",
    vehicles: int | None = None,
    message: UUID | None = None,
) -> Sighting:
    """A report on an event, `after` so many hours."""
    point = POINTS.get(place or "")
    return Sighting(
        report=uuid7(),
        message=message or uuid7(),
        kind=kind,
        at=NOON + timedelta(hours=after),
        place=place,
        position=point.position if point else None,
        radius_km=(point.radius_km or 0) if point else 0,
        people=people,
        vehicles=vehicles,
    )


def one_event(one: Sighting, other: Sighting) -> bool:
    assert same_event(one, other, ROADS) == same_event(other, one, ROADS)
    return same_event(one, other, ROADS)


def test_two_agents_count_one_group_at_one_place_a_little_differently() -> None:
    assert one_event(seen("ASM", 647), seen("ASM", 600, after=0.5))


@pytest.mark.parametrize(("fewer", "same"), [(80, True), (79, False), (100, True)])
def test_sizes_may_differ_by_a_fifth_and_no_more(fewer: int, same: bool) -> None:
    assert one_event(seen("ASM", 100), seen("ASM", fewer)) is same


def test_a_size_that_is_not_known_forbids_nothing_at_one_place() -> None:
    assert one_event(seen("ASM", 647), seen("ASM"))
    assert one_event(seen("ASM"), seen("ASM"))


def test_vehicles_tell_where_the_people_were_not_counted() -> None:
    assert one_event(seen("ASM", vehicles=5), seen("ASM", 140, vehicles=5))
    assert not one_event(seen("ASM", vehicles=5), seen("ASM", 140, vehicles=2))


def test_later_than_three_hours_at_one_place_it_is_the_next_group() -> None:
    assert one_event(seen("ASM", 100), seen("ASM", 100, after=3))
    assert not one_event(seen("ASM", 100), seen("ASM", 100, after=3.1))


def test_other_kinds_of_events_at_one_place_are_others() -> None:
    assert not one_event(seen("AGZ", 30), seen("AGZ", 30, kind="danger"))


def test_places_that_nobody_said_are_not_the_same() -> None:
    assert not one_event(seen(None, 100), seen(None, 100))


def test_a_place_by_name_alone_is_itself() -> None:
    well = replace(seen(None, 40), place="Puits Espoir")
    assert one_event(well, replace(seen(None, 40), place="Puits Espoir"))
    assert not one_event(well, replace(seen(None, 40), place="Touaret"))


def test_the_bus_station_of_a_town_is_in_the_town() -> None:
    assert one_event(seen("AGZ", 60), seen("AGR", 60))


def test_one_or_two_people_are_never_taken_for_others() -> None:
    assert not one_event(seen("NIA", 1, kind="protection"), seen("NIA", 1, kind="protection"))
    assert one_event(seen("NIA", 3, kind="protection"), seen("NIA", 3, kind="protection"))


def test_two_events_told_in_one_text_are_two() -> None:
    text = uuid7()
    assert not one_event(seen("ASM", 40, message=text), seen("ASM", 40, message=text))


def test_a_convoy_is_seen_at_two_towns_whichever_way_it_goes() -> None:
    assert one_event(seen("AGZ", 60), seen("ARL", 55, after=5))
    assert one_event(seen("ARL", 60), seen("AGZ", 55, after=5))


def test_nobody_drives_from_agadez_to_arlit_in_half_an_hour() -> None:
    assert not one_event(seen("AGZ", 60), seen("ARL", 60, after=0.5))


def test_nobody_takes_three_days_for_it_either() -> None:
    assert not one_event(seen("AGZ", 60), seen("ARL", 60, after=60))


def test_far_apart_only_a_number_tells_that_it_is_the_same_one() -> None:
    assert not one_event(seen("AGZ"), seen("ARL", 60, after=5))
    assert not one_event(seen("AGZ", 60), seen("ARL", 80, after=5))
    assert one_event(seen("AGZ", vehicles=3), seen("ARL", 90, vehicles=3, after=5))


def test_people_who_are_held_do_not_travel() -> None:
    assert not one_event(seen("AGZ", 60, kind="danger"), seen("ARL", 60, kind="danger", after=5))


def test_a_position_in_the_desert_beside_the_track_is_on_the_road() -> None:
    between = replace(seen(None, 58, after=3), position=(17.9, 7.75))
    assert one_event(seen("AGZ", 60), between)
    assert not one_event(seen("AGZ", 60), replace(between, position=(18.5, 9.0)))


def test_towns_of_two_roads_are_no_corridor() -> None:
    assert not one_event(seen("GAY", 60), seen("MRD", 60, after=9))


def test_only_what_travels_is_looked_for_further_back() -> None:
    assert reach("movement", ROADS) == LONGEST
    assert reach("danger", ROADS) == WINDOW


def test_graver_news_is_told_at_once_and_the_rest_ten_minutes_after_they_last_heard() -> None:
    def due(*, graver: bool = False, new: bool = False, heard: int | None = None, after: int) -> float:
        at = update_at(
            graver=graver,
            new=new,
            raised_at=NOON,
            updated_at=None if heard is None else NOON + timedelta(minutes=heard),
            now=NOON + timedelta(minutes=after),
        )
        return (at - NOON).total_seconds() / 60

    assert due(graver=True, heard=4, after=5) == 5
    assert due(new=True, after=1) == 1
    assert due(new=True, heard=4, after=5) == 14
    assert due(after=1) == 10
    assert due(after=30) == 30


sightings = st.builds(
    seen,
    st.sampled_from([None, "Puits", "AGZ", "AGR", "ARL", "ASM", "PZR", "DRK", "NIA", "GAY"]),
    st.none() | st.integers(0, 120),
    after=st.floats(0, 90, allow_nan=False),
    kind=st.sampled_from(["movement", "danger"]),
    vehicles=st.none() | st.integers(1, 6),
)


@given(sightings, sightings)
def test_it_is_the_same_whichever_is_named_first(one: Sighting, other: Sighting) -> None:
    one_event(one, other)


@given(sightings, sightings, st.floats(-900, 900, allow_nan=False))
def test_only_the_time_between_counts(one: Sighting, other: Sighting, hours: float) -> None:
    later = timedelta(hours=round(hours))
    moved = (replace(one, at=one.at + later), replace(other, at=other.at + later))
    assert same_event(*moved, ROADS) == same_event(one, other, ROADS)


@given(sightings, sightings)
def test_one_event_is_of_one_kind_size_and_time(one: Sighting, other: Sighting) -> None:
    if same_event(one, other, ROADS):
        assert one.kind == other.kind
        assert abs(one.at - other.at) <= reach(one.kind, ROADS)
        if one.people is not None and other.people is not None:
            assert abs(one.people - other.people) * 5 <= max(one.people, other.people)
