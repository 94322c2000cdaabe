"""Which parts make one message, in whatever order they come. Rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.inbox.parts import WAITS_FOR, LongMessage, Piece, Whole, put_together, to_be_read
from gateway.messages import Part

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
SENDER, LINE = b"sender", b"line"
WORDS = st.lists(st.text("abc 12", min_size=1, max_size=8), min_size=2, max_size=6)


def piece(
    number: int,
    total: int,
    text: str = "x",
    *,
    ref: int = 7,
    after: float = 0,
    sent: float | None = None,
    urgent: bool = False,
    sender: bytes = SENDER,
) -> Piece:
    """A part that came ``after`` and was ``sent`` so many seconds from now."""
    sent_at = None if sent is None else NOW + timedelta(seconds=sent)
    part, came = Part(ref, number, total), NOW + timedelta(seconds=after)
    return Piece(uuid7(), sender, LINE, part, text, urgent, sent_at, came)


def texts(*pieces: Piece) -> list[str]:
    return sorted(message.text for message in put_together(pieces)[0])


@given(WORDS, st.randoms(use_true_random=False), st.lists(st.floats(0, 3500), min_size=6, max_size=6))
def test_parts_in_every_order_make_one_text(words: list[str], chance: Random, delays: list[float]) -> None:
    pieces = [
        piece(number, len(words), text, after=delay)
        for number, (text, delay) in enumerate(zip(words, delays, strict=False), 1)
    ]
    chance.shuffle(pieces)
    ([message], copies) = put_together(pieces)
    assert message.text == "".join(words)
    assert message.is_complete
    assert not copies


@given(WORDS, st.randoms(use_true_random=False), st.data())
def test_what_the_network_sends_twice_is_one_part_and_what_it_loses_a_gap(
    words: list[str], chance: Random, data: st.DataObject
) -> None:
    total = len(words)
    came = data.draw(st.lists(st.integers(1, total), min_size=1, unique=True))
    again = data.draw(st.lists(st.sampled_from(came)))
    pieces = [piece(number, total, words[number - 1], after=chance.random() * 50) for number in came + again]
    messages, copies = put_together(pieces)
    assert len(messages) == 1
    assert len(copies) == len(again)
    kept = [one for one in pieces if one.id not in copies]
    assert sorted(one.part.number for one in kept) == sorted(came)
    expected = "".join(words[n - 1] if n in came else "\0" for n in range(1, total + 1))
    while "\0\0" in expected:
        expected = expected.replace("\0\0", "\0")
    gapped = expected.replace("\0", " [...] ")
    assert messages[0].text == (gapped if len(came) == total else gapped.strip())


@given(WORDS, st.randoms(use_true_random=False), st.data())
def test_parts_that_come_after_the_rest_was_read_complete_the_same_message(
    words: list[str], chance: Random, data: st.DataObject
) -> None:
    total = len(words)
    pieces = [piece(number, total, text) for number, text in enumerate(words, 1)]
    chance.shuffle(pieces)
    early = pieces[: data.draw(st.integers(1, total - 1))]
    ([read], _) = put_together(early)
    assert Whole.of(read).incomplete
    pieces = [replace(one, of=read.first.id) if one in early else one for one in pieces]
    ([message], _) = put_together(pieces)
    whole = Whole.of(message)
    assert whole.completes == read.first.id
    assert whole.text == "".join(words)
    assert {message.unread[0].id, *whole.others} == {
        one.id for one in pieces if one not in early and not one.of
    }


def test_a_reference_that_is_used_again_makes_another_message() -> None:
    day = timedelta(hours=24).total_seconds()
    for later, sent in ((601, True), (day, True), (3601, False)):
        one = piece(1, 2, "one", sent=0 if sent else None)
        two = piece(2, 2, "two", after=later, sent=later if sent else None)
        assert texts(one, two) == ["[...] two", "one [...]"]


def test_a_part_that_the_network_held_back_goes_by_when_it_was_sent() -> None:
    assert texts(piece(1, 2, "a", sent=0), piece(2, 2, "b", sent=5, after=7 * 3600)) == ["ab"]


def test_a_phone_that_never_counts_its_reference_loses_no_text() -> None:
    first = [piece(1, 2, "a", sent=0), piece(2, 2, "b", after=1, sent=1)]
    second = [piece(1, 2, "c", after=20, sent=20), piece(2, 2, "d", after=21, sent=21)]
    assert texts(*first, *second) == ["ab", "cd"]


def test_a_part_that_the_network_held_back_goes_to_the_message_that_was_sent_with_it() -> None:
    first = [piece(1, 2, "a", sent=0), piece(2, 2, "b", after=310, sent=1)]
    second = [piece(1, 2, "c", after=300, sent=300), piece(2, 2, "d", after=320, sent=300)]
    assert texts(*first, *second) == ["ab", "cd"]


def test_without_a_time_a_part_goes_to_the_latest_message_that_lacks_it() -> None:
    assert texts(piece(1, 2, "a"), piece(1, 2, "c", after=300), piece(2, 2, "d", after=301)) == [
        "a [...]",
        "cd",
    ]


def test_the_same_long_text_sent_again_is_a_repeat_and_no_copy() -> None:
    first = [piece(1, 2, "a", sent=0), piece(2, 2, "b", after=1, sent=1)]
    second = [piece(1, 2, "a", after=20, sent=20), piece(2, 2, "b", after=21, sent=21)]
    assert texts(*first, *second) == ["ab", "ab"]


def test_parts_of_others_of_other_lines_and_other_lengths_stay_apart() -> None:
    one = piece(1, 2, "a")
    strangers = [
        piece(2, 2, "b", sender=b"another"),
        replace(piece(2, 2, "c"), recipient_hash=b"another"),
        piece(2, 3, "d"),
        piece(2, 2, "e", ref=8),
    ]
    assert len(put_together([one, *strangers])[0]) == 5


def test_a_lone_part_waits_a_minute_from_the_first() -> None:
    ([message], _) = put_together([piece(1, 3, "a"), piece(2, 3, "b", after=50)])
    assert not message.is_due(NOW + WAITS_FOR - timedelta(seconds=1))
    assert message.is_due(NOW + WAITS_FOR)


def test_a_clock_that_was_set_back_prolongs_no_wait() -> None:
    ([message], _) = put_together([piece(1, 2, "a", after=3600)])
    assert message.is_due(NOW)


def test_an_urgent_part_waits_for_nothing() -> None:
    assert LongMessage([piece(1, 3, "a"), piece(3, 3, "SOS", urgent=True)]).is_due(NOW)


def test_a_later_text_ends_the_wait_of_its_sender_alone() -> None:
    mine, anothers = piece(1, 2, "a"), piece(1, 2, "b", sender=b"another")
    messages, _ = put_together([mine, anothers])
    later = {SENDER: (NOW + timedelta(seconds=5), uuid7())}
    assert [message.first for message in to_be_read(messages, later, NOW)] == [mine]
    earlier = {SENDER: (NOW - timedelta(seconds=5), uuid7())}
    assert not to_be_read(messages, earlier, NOW)


def test_a_later_long_text_that_is_complete_ends_the_wait_too() -> None:
    lone = piece(1, 2, "a", ref=1)
    whole = [piece(1, 2, "b", ref=2, after=1), piece(2, 2, "c", ref=2, after=2)]
    messages, _ = put_together([lone, *whole])
    assert {message.text for message in to_be_read(messages, {}, NOW)} == {"a [...]", "bc"}
