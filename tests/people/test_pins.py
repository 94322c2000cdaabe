"""PINs: few tries, then nobody is let in for a while."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.pins import LOCKED_FOR, TRIES, Pin, Verdict, is_pin, judged

NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
RIGHT, WRONG = b"right", b"wrong"


def tried(pin: Pin, *given: bytes, at: datetime = NOW) -> tuple[list[Verdict], Pin]:
    verdicts = []
    for one in given:
        verdict, pin = judged(pin, one, at)
        verdicts.append(verdict)
    return verdicts, pin


def test_the_third_wrong_one_in_a_row_locks() -> None:
    verdicts, pin = tried(Pin(RIGHT), WRONG, WRONG, WRONG, RIGHT)
    assert verdicts == [Verdict.WRONG, Verdict.WRONG, Verdict.LOCKED, Verdict.LOCKED]
    assert judged(pin, RIGHT, NOW + LOCKED_FOR)[0] is Verdict.RIGHT


def test_a_right_one_forgets_the_wrong_ones() -> None:
    verdicts, _ = tried(Pin(RIGHT), WRONG, WRONG, RIGHT, WRONG, WRONG)
    assert Verdict.LOCKED not in verdicts


@given(st.lists(st.integers(0, 40 * 60), max_size=60))
def test_whoever_guesses_is_judged_three_times_and_then_waits(pauses: list[int]) -> None:
    pin, now, tries = Pin(RIGHT), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if pin.locked_until is None or now >= pin.locked_until:
            tries.append(now)
        _, pin = judged(pin, WRONG, now)
    for first, fourth in zip(tries, tries[TRIES:], strict=False):
        assert fourth - first >= LOCKED_FOR


@pytest.mark.parametrize(
    ("text", "good"), [("1234", True), ("12345678", True), ("123", False), ("123456789", False), ("12a4", False), ("١٢٣٤", False)]
)  # fmt: skip
def test_a_pin_is_four_to_eight_digits(text: str, good: bool) -> None:
    assert is_pin(text) is good
