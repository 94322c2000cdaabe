"""The hotline's texts betray nothing: neither whose they are nor what they are about."""

import re
from importlib.resources import files

import pytest

from gateway.hotline.service import ANSWERS
from gateway.text.folding import fold_for_matching
from gateway.text.gsm7 import WRITTEN
from gateway.text.render import render
from gateway.text.segments import segments

LANGUAGES = ("fr", "en", "ha", "ar")
# Beginnings of words that would tell a stranger who holds the phone what the other one did.
ANYWHERE = (
    "anltp vigie naptip oim iom unhcr ong ngo hotline http www sms alert sos "
    "polic gendarm douan armee army judge juge justic avocat lawyer ministe govern gouvern "
    "victim traffick trafic traite smuggl passeur migra refug esclav slave exploit prostitu viol rape kidnap "
)
FORBIDDEN = {
    "fr": "aide secour sauv urgen danger agence service ligne numero protec abri foyer "
    "police enferm retenu force menac battu bless fuir partir liber plainte temoin signal assist question",
    "en": "help rescu save emergenc danger agency service line protect shelter safe secret lock held force threat "
    "beat hurt flee escape free complain witness report assist support officer case",
    "ha": "taimak ceto gaggaw hadari hukuma layin tsaro kare mafaka sanda fatauci safara bauta bawa "
    "fyade sace tsare kulle tilas barazana gudu wakil rahoto kotu alkali gwamnat",
    "ar": "musaad najda inqaz tawari khatar wikala hukum khatt himaya malja shurta bolis dahiya ittijar tahrib "
    "abd ubud ikhtitaf mahbus khuruj harab qadi mahkama balagh",
}
CASES = [(name, language) for name in ANSWERS for language in LANGUAGES]


def betraying(text: str, language: str) -> list[str]:
    said = fold_for_matching(text)
    words = (ANYWHERE + " " + FORBIDDEN[language]).split()
    return [word for word in words if re.search(rf"(?<![a-z]){re.escape(word)}", said)]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_text_says_no_word_that_betrays_and_carries_no_link(name: str, language: str) -> None:
    text = render(f"hotline_{name}", language)
    # "Wrong number" is what a stranger would write, too.
    allowed = {"numero"} if name == "wrong_number" else set()
    assert set(betraying(text, language)) <= allowed, text
    assert not re.search(r"[/@#*+]|\w\.\w|\d\d", text), text


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_text_is_one_short_segment_of_letters_that_every_phone_shows(name: str, language: str) -> None:
    text = render(f"hotline_{name}", language)
    assert set(text) <= WRITTEN
    assert segments(text) == 1
    assert 10 <= len(text) <= 60


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_text_is_written_in_its_language_and_the_same_for_everybody(name: str, language: str) -> None:
    path = files("templates_sms") / language / f"hotline_{name}.txt"
    assert render(f"hotline_{name}", language) == path.read_text(encoding="utf-8").strip()
    assert "{" not in path.read_text(encoding="utf-8")


def test_the_search_finds_a_word_that_betrays() -> None:
    for text, language in (
        ("Bonjour, la police arrive", "fr"),
        ("Bonjour, ici l'ANLTP", "fr"),
        ("Hello, we can help", "en"),
        ("Sannu, za mu taimake ku", "ha"),
        ("Salam, shurta", "ar"),
    ):
        assert betraying(text, language), text


def test_no_other_text_of_the_folder_is_sent_to_a_contact() -> None:
    for language in LANGUAGES:
        names = {path.name for path in (files("templates_sms") / language).iterdir()}
        assert {name for name in names if name.startswith("hotline_")} == {
            f"hotline_{name}.txt" for name in ANSWERS
        }
