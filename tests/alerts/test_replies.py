"""An officer's answer, as officers write it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.replies import Answer, draw_code, parse
from gateway.alerts.verbs import VERBS, Verb
from gateway.text.folding import fold_for_matching

TAKEN, CANNOT, ESCALATE, ON_SITE, SAFE, HANDED_OVER, NOTHING_FOUND = Verb


@pytest.mark.parametrize(
    ("verb", "texts"),
    [
        (TAKEN, (
            "4821", "4821 1", "4821,1", "4821-1", "1 4821", "1-4821", "1,4821", "ok 4821", "OK 4821.", "Ok4821",
            "ok: 4821", "4821 ok", " 4821\n", '"4821"', "'4821'", "«4821»", "#4821", "#4821 ok", "4821!", "4821 OK!",
            "ok  4821  1", "4821.", "- 4821 -", "oui 4821", "4821 merci", "Repondez 4821", "482135 4821",
            "4821 1 482135", "4 8 2 1", "je prends 4821 chef", "4821 j'y vais", "4821 en route merci", "4821 d'accord",
            "Repondez 4821 1", "Bonjour chef 4821 oui", "4821 eh", "na karba 4821", "4821 karba nagode", "4821 to",
            "yes 4821 please", "4821 I take it", "4821 on my way", "４８２１ １", "*4821*1#", "4821/1", "4821:1",
            "1 4821 1", "\u200f4821 1",
        )),
        (CANNOT, (
            "4821 2", "2 4821", "4821-2", "#4821 2 merci", "4821 non", "non 4821 merci", "pas 4821", "NON 4821",
            "4821 je ne peux pas", "je peux pas 4821", "4821 impossible chef", "4821 2 impossible", "4821 no",
            "4821 can't", "cannot 4821", "4821 a'a", "ba zan iya ba 4821",
        )),
        (ESCALATE, ("4821 3", "3 4821", "4821.3", "4821 renfort svp", "escalade 4821", "4821 3 au suivant")),
        (ON_SITE, ("4821 4", "4-4821", "4821 4 sur place", "4821 sur place", "4821 on site", "4821 4 ok", "4821 4.")),
        (SAFE, ("4821 5", "5 4821", "4821 5 merci", "4821 5 ok", "4821, 5", "4821 5 suna lafiya")),
        (HANDED_OVER, ("4821 6", "6/4821", "#4821 #6", "4821 6 remis")),
        (NOTHING_FOUND, ("4821 7", "7 4821", "4821 7 rien", "4821 7 rien trouve", "4821 7 babu komai")),
    ],
)  # fmt: skip
def test_a_verb_is_read(verb: Verb, texts: tuple[str, ...]) -> None:
    assert {text: parse(text) for text in texts} == dict.fromkeys(texts, Answer(4821, verb))


@pytest.mark.parametrize(
    ("text", "verb", "note"),
    [
        ("4821 1 je pars avec 2 hommes", TAKEN, "je pars avec 2 hommes"),
        ("4821 1, depart 02h30", TAKEN, "depart 02h30"),
        ("1 4821 je pars dans 10 min", TAKEN, "je pars dans 10 min"),
        ("4821 2: panne de voiture", CANNOT, "panne de voiture"),
        ("4821 2 je suis a Arlit", CANNOT, "je suis a Arlit"),
        ("4821 3, il faut une ambulance", ESCALATE, "il faut une ambulance"),
        ("4821 3 mais je reste", ESCALATE, "mais je reste"),
        ("4821 4 je vois le camion", ON_SITE, "je vois le camion"),
        ("4821 5 tous, 3 femmes et 1 enfant", SAFE, "tous, 3 femmes et 1 enfant"),
        ("4821 5 they are at the shelter", SAFE, "they are at the shelter"),
        ("4821 6 police", HANDED_OVER, "police"),
        ("4821 6 à la gendarmerie d'Agadez", HANDED_OVER, "à la gendarmerie d'Agadez"),
        ("4821 6 OIM Agadez", HANDED_OVER, "OIM Agadez"),
        ("4821 6 Croix-Rouge", HANDED_OVER, "Croix-Rouge"),
        ("4821 6 to the shelter", HANDED_OVER, "to the shelter"),
        ("4821 6 ga 'yan sanda", HANDED_OVER, "ga 'yan sanda"),
        ("4821-6-Moussa, foyer", HANDED_OVER, "Moussa, foyer"),
        ("4821 7\ntraces de 4 vehicules", NOTHING_FOUND, "traces de 4 vehicules"),
        ("4821 7, pas de traces", NOTHING_FOUND, "pas de traces"),
        ("4821 7 il n'y a personne", NOTHING_FOUND, "il n'y a personne"),
    ],
)
def test_words_behind_the_digit_are_a_note(text: str, verb: Verb, note: str) -> None:
    assert parse(text) == Answer(4821, verb, note)


@pytest.mark.parametrize(
    "text",
    [
        # A digit that may be a number.
        "4821 4 femmes", "4821 1 blesse", "4821 2 malades", "4821 5 enfants, 2 hommes", "4821 6 policiers",
        "4821 6 Moussa", "4821 7 jours", "4821 4h", "4821 1,5 km", "4821 4-5 femmes", "4821 4 4 femmes",
        "1 4821 femmes", "4821 2 motos", "4821 mata 4", "4821 4 mata", "4821 4 women", "4821 5F 2E", "4821 3 (morts)",
        # A digit against a word, or two of them.
        "4821 1 2", "2 4821 1", "4821 2 ok", "oui 4821 2", "4821 1 non", "4821 1 je ne peux pas venir",
        "4821 4, pas encore", "4821 5 on ne sait pas", "4821 ok mais je peux pas", "non 4821 ok",
        # No digit of ours, or words alone that say nothing certain, or too much.
        "4821 8", "4821 0", "4821 12", "4821 4822", "4821 1 4822 1", "4821 moussa arrive", "4821 qui est-ce",
        "4821 pers", "4821F", "4821 rien", "4821 remis", "4821 all safe", "4821 lafiya", "4821 safe",
        "4821 trouve", "4821 RPZ ASM 12", "4821 1 SOS ACH", "4821 on", "4821 ?? ou ca",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_a_note_and_no_verb(text: str) -> None:
    answer = parse(text)
    assert answer is not None
    assert (answer.code, answer.verb) == (4821, None)
    assert answer.note


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "1", "482", "48211", "482135", "RPZ ASM 4821", "48 21", "OK", "ASM 4821", "+2274821", "cvm 4821",
        "12 4821", "T4821", "Moussa 4821", "SOS T4821 ASM", "4 femmes 4821", "3 1 4821", "0231", "oui", "je prends",
    ],
)  # fmt: skip
def test_anything_else_is_no_answer(text: str) -> None:
    assert parse(text) is None


COUNTED = [
    "femmes",
    "hommes",
    "pers",
    "Malades",
    "children",
    "women",
    "mata",
    "mutane",
    "km",
    "h30",
    "policiers",
    "F",
]
SPACES = st.sampled_from([" ", "  ", "-", ", ", ": ", "/", "\n"])
WORDS = st.text(max_size=40) | st.sampled_from(
    ["femmes", "pers", "ok", "non", "merci", "chef", "je pars", "4 mata"]
)


@given(
    st.integers(1000, 9999),
    st.sampled_from(list(VERBS)),
    SPACES,
    st.booleans(),
    st.sampled_from(["", "#", '"']),
)
def test_a_code_and_a_digit_are_the_digits_verb(
    code: int, digit: int, space: str, first: bool, mark: str
) -> None:
    pair = (str(digit), str(code)) if first else (str(code), str(digit))
    assert parse(mark + space.join(pair)) == Answer(code, VERBS[digit])


@given(WORDS, st.sampled_from(list(VERBS)), st.sampled_from(list(VERBS)), WORDS)
def test_no_text_is_two_verbs(before: str, one: int, other: int, after: str) -> None:
    answer = parse(f"{before} {one} 4821 {other} {after}")
    if answer is not None and answer.verb is not None:
        assert one == other
        assert answer.verb is VERBS[one]


@given(st.integers(1000, 9999), st.integers(0, 999), st.sampled_from(COUNTED), st.text(max_size=20))
def test_a_number_of_something_is_no_verb(code: int, number: int, thing: str, more: str) -> None:
    for text in (
        f"{code} {number} {thing} {more}",
        f"{number} {code} {thing} {more}",
        f"{code} {number}{thing}",
    ):
        answer = parse(text)
        assert answer is None or answer.verb is None


@given(
    st.text(max_size=60)
    | st.from_regex(r"[ #]?(ok|non)?\s?\d{3,5}[ .-]?\d?( [a-z]{1,8}){0,3}", fullmatch=True)
)
def test_whatever_is_written_its_code_stands_in_it_alone(text: str) -> None:
    answer = parse(text)
    if answer is not None:
        assert str(answer.code) in "".join(filter(str.isdecimal, fold_for_matching(text)))
        assert all(word in text for word in answer.note.split())


def test_a_note_is_not_shown_by_its_repr() -> None:
    assert "panne" not in repr(parse("4821 2: panne de voiture"))


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
