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
def test_whoever_guesses_has_few_tries_in_any_half_hour(pauses: list[int]) -> None:
    pin, now, judged_at = Pin(RIGHT), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        locked = pin.locked_until is not None and now < pin.locked_until
        _, pin = judged(pin, WRONG, now)
        if not locked:
            judged_at.append(now)
    for number, at in enumerate(judged_at[TRIES:]):
        assert at - judged_at[number] >= min(LOCKED_FOR, at - judged_at[number])
        window = [one for one in judged_at if at - LOCKED_FOR < one <= at]
        assert len(window) <= 2 * TRIES - 1


@pytest.mark.parametrize(
    ("text", "good"), [("1234", True), ("12345678", True), ("123", False), ("123456789", False), ("12a4", False), ("١٢٣٤", False)]
)  # fmt: skip
def test_a_pin_is_four_to_eight_digits(text: str, good: bool) -> None:
    assert is_pin(text) is good
