import unicodedata

import pytest

from gateway.text.gsm7 import ALPHABET, BASIC, EXTENSION, WRITTEN, fold, is_gsm7, offending

# The letters of GSM 03.38 by their Unicode names, written apart from the table that they check.
NAMED = (
    ["COMMERCIAL AT", "POUND SIGN", "DOLLAR SIGN", "YEN SIGN", "SPACE", "SECTION SIGN", "CURRENCY SIGN"]
    + ["INVERTED EXCLAMATION MARK", "INVERTED QUESTION MARK", "LOW LINE", "EURO SIGN"]
    + [f"LATIN CAPITAL LETTER {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    + [f"LATIN SMALL LETTER {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    + [
        f"DIGIT {name}"
        for name in ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]
    ]
    + [
        f"LATIN SMALL LETTER {name}"
        for name in ("E WITH GRAVE", "E WITH ACUTE", "U WITH GRAVE", "I WITH GRAVE")
    ]
    + [
        f"LATIN SMALL LETTER {name}"
        for name in ("O WITH GRAVE", "A WITH GRAVE", "O WITH STROKE", "SHARP S", "AE")
    ]
    + [f"LATIN SMALL LETTER {name}" for name in ("A WITH RING ABOVE", "N WITH TILDE")]
    + [f"LATIN SMALL LETTER {letter} WITH DIAERESIS" for letter in "AOU"]
    + [f"LATIN CAPITAL LETTER {letter} WITH DIAERESIS" for letter in "AOU"]
    + [f"LATIN CAPITAL LETTER {name}" for name in ("C WITH CEDILLA", "E WITH ACUTE", "AE", "O WITH STROKE")]
    + [f"LATIN CAPITAL LETTER {name}" for name in ("A WITH RING ABOVE", "N WITH TILDE")]
    + [
        f"GREEK CAPITAL LETTER {name}"
        for name in ["DELTA", "PHI", "GAMMA", "LAMDA", "OMEGA", "PI", "PSI", "SIGMA", "THETA", "XI"]
    ]
    + ["EXCLAMATION MARK", "QUOTATION MARK", "NUMBER SIGN", "PERCENT SIGN", "AMPERSAND", "APOSTROPHE"]
    + ["LEFT PARENTHESIS", "RIGHT PARENTHESIS", "ASTERISK", "PLUS SIGN", "COMMA", "HYPHEN-MINUS", "FULL STOP"]
    + ["SOLIDUS", "COLON", "SEMICOLON", "LESS-THAN SIGN", "EQUALS SIGN", "GREATER-THAN SIGN", "QUESTION MARK"]
    + ["LEFT CURLY BRACKET", "RIGHT CURLY BRACKET", "LEFT SQUARE BRACKET", "RIGHT SQUARE BRACKET", "TILDE"]
    + ["CIRCUMFLEX ACCENT", "REVERSE SOLIDUS", "VERTICAL LINE"]
)


def test_the_table_holds_the_letters_of_the_standard() -> None:
    assert {unicodedata.lookup(name) for name in NAMED} | {"\n", "\r", "\f"} == ALPHABET


def test_the_table_has_its_places() -> None:
    assert len(BASIC) == 127  # and the escape to the extension
    assert len(set(BASIC)) == 127
    assert len(EXTENSION) == 10


@pytest.mark.parametrize("letter", "êâîôûëïçœÀÈÊ«»’–…ɓɗƙƴ`")
def test_letters_that_no_gsm_7_phone_shows(letter: str) -> None:
    assert not is_gsm7(f"a{letter}")
    assert offending(f"a{letter}b{letter}") == [letter]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("l’été, à Séguédine", "l'été, à Séguédine"),
        ("arrêté, reçu, cœur", "arrete, recu, coeur".replace("arrete", "arreté")),
        ("ɓaɗe ƙauye ƴan", "bade kauye yan"),
        ("« au secours »…", '" au secours "...'),
        ("Ça ÉTÉ Ñ", "Ca ETE N"),
        ("`x` – y", "'x' - y"),
        ("أرليت 12", " 12"),
        ("ok 👍🏽", "ok "),
        ("e\u0301te\u0302", "éte"),
    ],
)
def test_fold_gives_the_nearest_plain_letters(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert set(fold(text)) <= WRITTEN
