"""What an alert says when another text or report tells more of its event."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.facts import Facts
from gateway.places.gazetteer import load_gazetteer

POINTS = load_gazetteer().by_code
WHERE = st.builds(
    lambda code, at_post: (
        Facts(False, 2, place=POINTS[code].name, region=POINTS[code].region, at_post=at_post)
        if code
        else Facts(False, 2)
    ),
    st.sampled_from([None, "ASM", "DNS", "DFA", "NIA", "TAM"]),
    st.booleans(),
)
LATE = st.sampled_from([None, "03:12"])


@pytest.mark.parametrize("together", [Facts.with_more, Facts.with_report, Facts.put_right])
@given(first=WHERE, then=WHERE, late=LATE)
def test_a_place_its_region_and_whether_anybody_said_it_go_together(
    together: Callable[[Facts, Facts], Facts], first: Facts, then: Facts, late: str | None
) -> None:
    both = together(first, replace(then, late=late))
    where = {(one.place, one.region, one.at_post) for one in (first, then)}
    assert (both.place, both.region, both.at_post) in where
