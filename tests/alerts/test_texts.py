"""What an alert says, to somebody woken at two in the morning."""

import re
from importlib.resources import files

import pytest

from gateway.alerts import texts
from gateway.alerts.facts import Facts
from gateway.reports.codebook import load_codebook
from gateway.text.render import phrase
from gateway.text.segments import segments
from tests.conversations.phones import four_digits

BOOK = load_codebook()
LANGUAGES = ("fr", "en", "ha")
WORDINGS = (texts.alert, texts.nobody, texts.reminder, texts.more, texts.update)
_PROBLEM = re.compile(r'problem\(\s*"(\w+)"')


def doubts() -> set[str]:
    """Every doubt that a reading, or intake, may hand over."""
    sources = [path.read_text(encoding="utf-8") for path in (files("gateway") / "reports").iterdir()
               if path.name.endswith(".py")]  # fmt: skip
    found = {code for source in sources for code in _PROBLEM.findall(source)}
    missing = {f"missing_{field}" for code in BOOK.codes.values() for field in code.required}
    return found | missing | {"unverified"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_doubt_has_words(language: str) -> None:
    assert len(doubts()) > 12
    for code in doubts():
        assert phrase(code, language) != code, f"{language}/words.txt has no words for {code}"
        said = texts.doubt(code, language)
        assert said is not None
        assert "_" not in said


def test_a_doubt_reads_as_one() -> None:
    assert texts.doubt("missing_place", "fr") == "manque le lieu"
    assert texts.doubt("missing_people", "en") == "not given: how many people"
    assert texts.doubt("unverified", "fr") == "expediteur inconnu"
    assert texts.doubt("unverified", "ha") == "ba a san mai aikawa ba"
    assert texts.doubt(None, "fr") is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("hotline", [False, True])
@pytest.mark.parametrize(
    "hostile",
    [
        {"words": "1234 5678 9012 " * 10, "people": 1277, "who": "Agent 2027", "place": "PK 1000"},
        {"words": "١٢٣٤ ۱۲۳۴ １２３４ 1²34", "people": 9999, "place": "Puits 4821 bis"},
        {"words": "4\n8\n2\n1 48.21 4821", "people": 1000, "approximate": True, "who": "4821"},
        {"words": "[{reply}] {reference} ]] 0000", "people": 123456, "who": "{reply}", "place": "[1234"},
        {"words": "", "people": 0, "place": "", "who": ""},
        {"words": "€" * 160, "people": 2026, "late": "20/11 18:00", "doubt": "ambiguous_nationality"},
    ],
)
def test_only_the_code_is_four_digits_whatever_was_written(
    language: str, wording: texts.Wording, hotline: bool, hostile: dict[str, object]
) -> None:
    for code in (None, "RPZ", "SEQ"):
        facts = Facts(hotline=hotline, severity=1, code=code, **hostile)  # type: ignore[arg-type]
        text = wording(BOOK, facts, language, "482135", 4821)
        assert four_digits(text) == ["4821"], text
        assert "482135" in text
        assert segments(text) == 1


def test_an_alert_in_french() -> None:
    facts = Facts(
        hotline=False, severity=2, code="RPZ", place="Assamaka", people=647, who="Agent Assamaka", late="13:00"
    )  # fmt: skip
    assert texts.alert(BOOK, facts, "fr", "482135", 4821) == (
        "ALERTE 2: Refoulement Point Zéro, Assamaka, 647 pers, rapport de 13:00, par Agent Assamaka. "
        "Ref 482135. Repondez 4821"
    )


def test_an_alert_of_many_reports_counts_them_instead_of_naming_one_of_their_writers() -> None:
    facts = Facts(
        hotline=False, severity=2, code="RPZ", place="Assamaka", people=647, who="Agent Assamaka", reports=7
    )
    assert texts.alert(BOOK, facts, "fr", "482135", 4821) == (
        "ALERTE 2: Refoulement Point Zéro, Assamaka, 647 pers, 7 rapports. Ref 482135. Repondez 4821"
    )
    assert texts.update(BOOK, facts, "fr", "482135", 4821) == (
        "SUITE 482135: 7 rapports, gravite 2, Refoulement Point Zéro, Assamaka, 647 pers. Repondez 4821"
    )


def test_an_alert_of_which_nothing_is_known_still_tells_how_to_take_it() -> None:
    facts = Facts(hotline=True, severity=2)
    assert (
        texts.alert(BOOK, facts, "fr", "482135", 4821) == "ALERTE ligne d'aide 2. Ref 482135. Repondez 4821"
    )
    assert texts.nobody(BOOK, facts, "fr", "482135", 4821) == (
        "PERSONNE DE GARDE pour 482135, gravite 2. Repondez 4821"
    )
