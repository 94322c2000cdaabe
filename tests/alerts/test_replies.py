"""An officer's answer, as officers write it."""

import random

import pytest

from gateway.alerts.replies import draw_code, parse


@pytest.mark.parametrize(
    "text",
    [
        "4821", "4821 1", "4821,1", "4821-1", "ok 4821", "OK 4821.", "Ok4821", "ok: 4821", "4821 ok",
        " 4821\n", '"4821"', "'4821'", "#4821", "4821!", "4821 OK!", "ok  4821  1", "4821.", "- 4821 -",
        "oui 4821", "4821 merci", "Repondez 4821", "482135 4821", "4821 1 1", "4 8 2 1", "je prends 4821 chef",
    ],
)  # fmt: skip
def test_an_answer_is_read(text: str) -> None:
    answer = parse(text)
    assert answer is not None
    assert answer.code == 4821


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "1", "482", "48211", "482135", "4821 2", "4821 4822", "RPZ ASM 4821", "48 21", "4821 non",
        "pas 4821", "OK", "4821 pers", "ASM 4821", "4821F", "+2274821", "non 4821 merci", "4821 4", "cvm 4821",
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(text: str) -> None:
    assert parse(text) is None


def test_a_code_is_four_digits_and_not_taken() -> None:
    chance = random.Random(1)
    taken: set[int] = set()
    for _ in range(500):
        code = draw_code(taken, chance)
        assert code is not None
        assert 1000 <= code <= 9999
        assert code not in taken
        taken.add(code)


def test_the_last_free_code_is_found_and_then_there_is_none() -> None:
    everything = set(range(1000, 10_000))
    assert draw_code(everything - {7777}, random.Random(1)) == 7777
    assert draw_code(everything, random.Random(1)) is None


def test_codes_are_not_to_be_guessed() -> None:
    chance = random.Random(1)
    drawn = [draw_code((), chance) for _ in range(100)]
    assert len(set(drawn)) > 90
    assert drawn != sorted(drawn, key=lambda code: code or 0)
