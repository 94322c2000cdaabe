"""What a canary says, and when it is late."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts import replies
from gateway.reports.reader import Reader, load_reader
from gateway.text.gsm7 import offending
from gateway.watching.canary import HALF, LETTERS, Canary, is_word, word
from gateway.watching.trouble import What, trouble

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
ROUND = Canary(1, 3, timedelta(minutes=15))
DRAWN = st.text(LETTERS, min_size=HALF, max_size=HALF)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader("Africa/Niamey")


def digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@given(DRAWN)
def test_its_word_is_known_again_as_networks_bring_it(drawn: str) -> None:
    said = word(drawn, digest)
    assert is_word(said, digest)
    assert is_word(f" {said.upper()}\n", digest)
    assert not offending(said)


@given(DRAWN, st.integers(0, 2 * HALF - 1), st.sampled_from(LETTERS))
def test_no_other_word_is_taken_for_one(drawn: str, place: int, letter: str) -> None:
    said = word(drawn, digest)
    other = said[:place] + letter + said[place + 1 :]
    assert is_word(other, digest) is (other == said)
    assert not is_word(f"{said} SOS", digest), "what somebody wrote beside it must be read"
    assert not is_word(said, lambda value: digest(f"another agency {value}"))


@given(drawn=DRAWN)
def test_it_is_no_code_no_answer_and_no_stop_word(drawn: str, reader: Reader) -> None:
    said = word(drawn, digest)
    assert replies.parse(said) is None
    (reading,) = reader.read(said, line="agents", at=NOW, post=None).readings
    assert (reading.kind, reading.code, reading.urgent) == ("unknown", None, False)


@pytest.mark.parametrize(
    ("canary", "late_since"),
    [
        (ROUND, None),
        (Canary(1, 3, ROUND.every, NOW - minutes(9.9), away=True), None),
        (Canary(1, 3, ROUND.every, NOW - minutes(10), away=True), NOW - minutes(10)),
        (Canary(1, 3, ROUND.every, NOW - minutes(10), took=minutes(1)), None),
        (Canary(1, 3, ROUND.every, NOW, away=True, missed_since=NOW - minutes(30)), NOW - minutes(30)),
    ],
)
def test_a_round_is_late_after_ten_minutes_and_until_one_is_back_in_time(
    canary: Canary, late_since: datetime | None
) -> None:
    assert canary.late_since(NOW) == late_since


@pytest.mark.parametrize(
    ("took", "before", "missed"),
    [
        (9.9, None, None),
        (9.9, NOW - minutes(60), None),
        (10, None, NOW),
        (10, NOW - minutes(60), NOW - minutes(60)),
    ],
)
def test_only_what_comes_back_in_time_proves_the_line(
    took: float, before: datetime | None, missed: datetime | None
) -> None:
    canary = Canary(1, 3, ROUND.every, NOW, away=True, missed_since=before)
    assert canary.missed_after(minutes(took)) == missed


def test_of_several_pairs_the_one_that_is_late_longest_is_told() -> None:
    late = Canary(1, 3, ROUND.every, NOW, away=True, missed_since=NOW - minutes(30))
    later = Canary(1, 4, ROUND.every, NOW - minutes(12), away=True)
    it = trouble(
        failing_since=None, failed_at=None, reason=None, last_in=None, expected=None, canaries=[later, ROUND, late],
        now=NOW,
    )  # fmt: skip
    assert it is not None
    assert (it.what, it.since) == (What.LATE, NOW - minutes(30))
    assert it.sentence == "no text from line 1 to line 3 comes in within 10 minutes"
