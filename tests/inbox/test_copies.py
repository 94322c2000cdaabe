"""Which texts are one SMS that several devices took. Rules."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.inbox.copies import Sighting, copies

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def seen(
    device: str, sent: float = 0, words: str = "RPZ ASM", channel: str = "android", line: bytes = b"line"
) -> Sighting:
    return Sighting(uuid7(), b"sender", line, words, NOW + timedelta(seconds=sent), (channel, device))


@pytest.mark.parametrize(
    ("other", "is_copy"),
    [
        (seen("two"), True),
        (seen("two", 2), True),
        (seen("two", -2), True),
        (seen("one", channel="kannel"), True),
        (seen("two", words="RPZ  ASM\n"), True),
        (seen("two", 2.1), False),
        (seen("one"), False),
        (seen("two", words="RPZ ASM 2"), False),
        (seen("two", line=b"another"), False),
    ],
)
def test_a_copy_has_all_but_the_device_in_common(other: Sighting, *, is_copy: bool) -> None:
    first = seen("one")
    expected = {other.id: first.id} if is_copy else {}
    assert copies([first, other], [], []) == expected
    assert copies([other], [first], []) == expected


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_two_texts_by_two_devices_are_two_in_every_order(order: tuple[int, ...]) -> None:
    all_four = [seen("one", 0), seen("two", 0), seen("one", 1), seen("two", 1)]
    assert len(copies([all_four[index] for index in order], [], [])) == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), min_size=1, max_size=12), st.data())
def test_reading_one_by_one_finds_what_reading_at_once_finds(
    sightings: list[tuple[str, int]], data: st.DataObject
) -> None:
    new = [seen(device, sent) for device, sent in sightings]
    at_once = copies(new, [], [])
    split = data.draw(st.integers(0, len(new)))
    first = copies(new[:split], [], [])
    read = [one for one in new[:split] if one.id not in first]
    known: list[tuple[UUID, tuple[str, str]]] = [
        (first[one.id], one.path) for one in new[:split] if one.id in first
    ]
    assert first | copies(new[split:], read, known) == at_once


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), max_size=12))
def test_no_device_is_taken_for_its_own_copy_and_each_copies_a_text_once(
    sightings: list[tuple[str, int]],
) -> None:
    new = {one.id: one for one in (seen(device, sent) for device, sent in sightings)}
    found = copies(new.values(), [], [])
    for copy, original in found.items():
        assert new[copy].path != new[original].path
        assert original not in found
    assert len({(original, new[copy].path) for copy, original in found.items()}) == len(found)
