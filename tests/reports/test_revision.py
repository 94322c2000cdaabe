"""How a later text changes a report."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reports.codebook import load_codebook
from gateway.reports.reading import Problem, Reading
from gateway.reports.revision import Change, added, carried_over, changes, completed, corrected, settled

BOOK = load_codebook("")


def report(**fields: object) -> Reading:
    return settled(Reading("report", code="RPZ", **fields), BOOK)  # type: ignore[arg-type]


def correction(**fields: object) -> Reading:
    return Reading("correction", **fields)  # type: ignore[arg-type]


COUNTS = st.dictionaries(
    st.sampled_from(["men", "women", "boys", "girls", "minors", "adults"]), st.integers(0, 500), min_size=1
)


@given(COUNTS, COUNTS)
def test_a_total_that_was_added_up_is_added_up_again(before: dict[str, int], given: dict[str, int]) -> None:
    one = report(people={**before, "total": sum(before.values())})
    after = corrected(one, correction(people=given), BOOK)
    expected = {**before, **given}
    assert (after or one).people == {**expected, "total": sum(expected.values())}


@given(COUNTS, COUNTS)
def test_what_is_added_is_added_to_every_count_and_to_the_total(
    before: dict[str, int], more: dict[str, int]
) -> None:
    one = report(people={**before, "total": sum(before.values())})
    after = added(one, Reading("addition", people=more), BOOK) or one
    assert after.people["total"] == sum(before.values()) + sum(more.values())
    assert all(after.people[key] == before.get(key, 0) + value for key, value in more.items())


def test_a_stated_total_stays_when_a_part_is_corrected() -> None:
    one = report(people={"total": 647, "men": 590, "women": 32})
    after = corrected(one, correction(people={"women": 33}), BOOK)
    assert after is not None
    assert after.people == {"total": 647, "men": 590, "women": 33}


def test_parts_that_outgrow_the_stated_total_are_a_problem() -> None:
    one = report(people={"total": 40, "men": 30})
    after = corrected(one, correction(people={"women": 20}), BOOK)
    assert after is not None
    assert Problem("total_mismatch", "people") in after.problems


def test_a_corrected_range_is_a_range_no_more() -> None:
    one = report(people={"total": 40, "total_max": 50}, approximate=True)
    after = corrected(one, correction(people={"total": 44}), BOOK)
    assert after is not None
    assert (after.people, after.approximate) == ({"total": 44}, False)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"total": 83}, {"total": 38}),
        ({"total": 83, "men": 83}, {"total": 38, "men": 38}),
        ({"total": 90, "men": 83}, {"total": 90, "men": 38}),
        ({"total": 93, "men": 83, "women": 10}, {"total": 48, "men": 38, "women": 10}),
        ({"total": 83, "men": 50, "women": 33}, None),
        ({"total": 166, "men": 83, "women": 83}, None),
        ({"total": 38}, None),
    ],
)
def test_one_value_takes_anothers_place_only_where_it_can_stand_once(
    people: dict[str, int], expected: dict[str, int] | None
) -> None:
    after = corrected(report(people=people), correction(replace=((83, 38),)), BOOK)
    assert (after and after.people) == expected


def test_a_new_count_changes_the_severity() -> None:
    one = report(people={"total": 12})
    after = corrected(one, correction(people={"total": 120}), BOOK)
    assert after is not None
    assert (one.severity, after.severity) == (2, 1)


def test_an_answer_never_overwrites_what_was_certain() -> None:
    one = report(people={"total": 40}, nationalities={"ML": 12})
    after = completed(one, Reading("report", code="RPZ", nationalities={"ML": 5, "GN": 3}), BOOK)
    assert after.nationalities == {"ML": 12, "GN": 3}


def test_changes_name_each_field_with_what_it_was_and_is() -> None:
    one = report(people={"total": 12})
    after = corrected(one, correction(people={"total": 120}), BOOK)
    assert after is not None
    found = {change.field: (change.old, change.new) for change in changes(one, after)}
    assert found == {"people": ({"total": 12}, {"total": 120}), "severity": (2, 1)}


def test_a_reading_comes_back_from_what_is_stored() -> None:
    one = report(people={"total": 12}, controls=("MEN",), replace=((83, 38),))
    assert Reading.from_dict(one.to_dict()) == one


def test_a_count_of_women_leaves_an_estimate_an_estimate() -> None:
    after = corrected(report(people={"total": 40}, approximate=True), correction(people={"women": 4}), BOOK)
    assert after is not None
    assert (after.people, after.approximate) == ({"total": 40, "women": 4}, True)


def test_what_is_added_widens_both_ends_of_a_range() -> None:
    one = report(people={"total": 40, "total_max": 50}, approximate=True)
    after = added(one, Reading("addition", people={"total": 2}), BOOK)
    assert after is not None
    assert after.people == {"total": 42, "total_max": 52}


def test_an_exact_hour_in_place_of_a_rough_one_is_in_the_history() -> None:
    at = datetime(2026, 11, 21, 13, tzinfo=UTC)
    one = report(people={"total": 40}, occurred_at=at, time_approximate=True)
    after = corrected(one, correction(occurred_at=at + timedelta(minutes=30)), BOOK)
    assert after is not None
    assert Change("time_approximate", True, None) in changes(one, after)


def test_an_hour_that_may_be_the_people_is_not_asked_about_as_missing_people() -> None:
    doubt = Problem("ambiguous_hour", "occurred_at")
    after = settled(report(problems=(doubt,)), BOOK)
    assert "missing_people" not in {problem.code for problem in after.problems}


def test_a_correction_survives_the_answer_which_code_was_meant() -> None:
    before = Reading("unknown", people={"total": 40}, problems=(Problem("code_suggested", "code", ("RPZ",)),))
    stands = replace(before, people={"total": 45})
    after = carried_over(before, stands, report(people={"total": 40}), BOOK)
    assert after.people == {"total": 45}


def test_a_report_whose_code_the_agency_removed_keeps_its_severity() -> None:
    one = replace(report(people={"total": 12}), code="ZZZ", severity=1)
    after = corrected(one, correction(people={"total": 13}), BOOK)
    assert after is not None
    assert (after.people, after.severity) == ({"total": 13}, 1)


def test_what_the_new_code_does_not_need_is_missing_no_more() -> None:
    convoy = settled(Reading("report", code="CVM", people={"total": 2}, problems=()), BOOK)
    assert Problem("missing_destination", "destination") in convoy.problems
    dead = corrected(convoy, correction(code="DCD"), BOOK)
    assert dead is not None
    assert {problem.field for problem in dead.problems} == {"place"}
