"""Pages by id: cursors, times and limits, and a sentence for what is none."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.web.api.paging import BadQueryError, Page, cursor, first_id_at, read_page


def test_nothing_asked_is_the_first_hundred() -> None:
    assert read_page({}) == Page(None, None, 100)


@given(st.uuids())
def test_a_cursor_comes_back_as_its_id(last: UUID) -> None:
    assert read_page({"after": cursor(last)}).above == last


def test_the_first_id_of_a_moment_is_below_all_others() -> None:
    before = datetime.now(UTC)
    made = uuid7()
    assert first_id_at(before - timedelta(milliseconds=1)) < made < first_id_at(before + timedelta(seconds=1))


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-21T13:30:00Z",
        "2026-11-21T13:30:00",
        "2026-11-21T14:30:00+01:00",
        "2026-11-21T14:30:00 01:00",
        "2026-11-21T12:30:00-01:00",
        "2026-11-21 13:30:00",
        "20261121T133000Z",
    ],
)
def test_times_are_utc_unless_they_say_otherwise(since: str) -> None:
    assert read_page({"since": since}).start == first_id_at(datetime(2026, 11, 21, 13, 30, tzinfo=UTC))


@pytest.mark.parametrize("since", ["0001-01-01", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_time_are_times(since: str) -> None:
    assert read_page({"since": since}).start is not None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"since": ""}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "since"),
        ({"after": ""}, "after"),
        ({"after": "x"}, "after"),
        ({"after": "é" * 22}, "after"),
        ({"after": "A" * 400}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
    ],
)
def test_what_is_wrong_is_named(query: dict[str, str], name: str) -> None:
    with pytest.raises(BadQueryError, match=f"^{name}: "):
        read_page(query)


@given(st.dictionaries(st.sampled_from(["since", "after", "limit"]), st.text(max_size=30)))
def test_nothing_else_is_ever_raised(query: dict[str, str]) -> None:
    with suppress(BadQueryError):
        assert 1 <= read_page(query).limit <= 500


def test_zones_with_seconds_are_understood() -> None:
    odd = timezone(timedelta(minutes=61))
    moment = datetime(2026, 11, 21, 14, 31, tzinfo=odd)
    assert read_page({"since": moment.isoformat()}).start == first_id_at(moment)
