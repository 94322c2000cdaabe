"""Whether a stated time can be believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inbox.clocks import OLDEST, trusted_sent_at

RECEIVED = datetime(2026, 11, 21, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "believed"),
    [
        (timedelta(0), timedelta(0)),
        (timedelta(hours=-6), timedelta(hours=-6)),
        (timedelta(days=-29), timedelta(days=-29)),
        (timedelta(days=-31), None),
        (timedelta(minutes=4), timedelta(0)),
        (timedelta(minutes=6), None),
        (timedelta(minutes=58), timedelta(minutes=-2)),
        (timedelta(minutes=60), timedelta(0)),
        (timedelta(minutes=62), timedelta(0)),
        (timedelta(minutes=64), None),
        (timedelta(hours=2), None),
    ],
)
def test_a_stated_time(ahead: timedelta, believed: timedelta | None) -> None:
    trusted = trusted_sent_at(RECEIVED + ahead, RECEIVED)
    assert trusted == (None if believed is None else RECEIVED + believed)


def test_no_stated_time_is_none() -> None:
    assert trusted_sent_at(None, RECEIVED) is None


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_what_is_believed_is_never_in_the_future_nor_ages_old(ahead: timedelta) -> None:
    trusted = trusted_sent_at(RECEIVED + ahead, RECEIVED)
    assert trusted is None or RECEIVED - OLDEST <= trusted <= RECEIVED
