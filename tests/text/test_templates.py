"""Every text we send, in every language, with the longest values that can occur."""

import re
from importlib.resources import files

import pytest

from gateway.alerts.verbs import OUTCOMES
from gateway.hotline.service import ANSWERS
from gateway.hotline.triage import Notice
from gateway.places.gazetteer import load_gazetteer
from gateway.reports.codebook import load_codebook
from gateway.reports.dialogue import GRAVEST_FIRST
from gateway.text.gsm7 import WRITTEN, offending
from gateway.text.render import count, people, phrase, render
from gateway.text.segments import segments
from gateway.watching.trouble import What
from gateway.watchman.lateness import Step

LANGUAGES = ("fr", "en", "ha")
MANDATORY = {
    "receipt": ("reference",),
    "receipt_discreet": ("reference",),
    "receipt_unread": ("reference",),
    "receipt_position": ("reference",),
    "ask": ("reference", "ask"),
    "ask_choice": ("reference", "about", "choices"),
    "corrected": ("reference",),
    "added": ("reference",),
    "cancelled": ("reference",),
    "unchanged": ("reference",),
    "is_cancelled": ("reference",),
    "unknown_reference": ("reference",),
    "nothing_to_change": (),
    "late_answer": ("reference",),
    "which_report": ("first", "second"),
    "help": (),
    "drill_alert": ("severity",),
    "taken": ("reference", "time"),
    "alert": ("severity", "people", "late", "reference", "reply"),
    "alert_hotline": ("reference", "reply"),
    "alert_more": ("reference", "reply"),
    "alert_reminder": ("reference", "reply"),
    "alert_update": ("reference", "many", "people", "reply"),
    "alert_merged": ("reference", "second", "reply"),
    "alert_changed": ("reference", "reply", "people"),
    "alert_cancelled": ("reference", "reply", "people"),
    "alert_nobody": ("reference", "reply", "people"),
    "on_site": ("reference", "time"),
    "safe": ("reference", "time"),
    "handed_over": ("reference", "time"),
    "nothing_found": ("reference", "time"),
    "alert_help": ("reference", "reply", "people"),
    "answer_taken": ("reference",),
    "answer_cannot": ("reference",),
    "answer_escalated": ("reference",),
    "answer_help": ("reference",),
    "answer_helps": ("reference",),
    "answer_repeated": ("reference",),
    "answer_help_comes": ("reference",),
    "answer_outcome": ("reference", "outcome", "time"),
    "answer_not_yours": ("reference", "time"),
    "answer_noted": ("reference",),
    "answer_closed": ("reference", "second"),
    "answer_unclear": ("reference",),
    "answer_already": ("time",),
    "answer_unknown": (),
    "blind": ("time",),
    "blind_report": ("people",),
    "unknown_senders": ("senders", "texts"),
    "outage": ("channel", "what", "time"),
    "outage_over": ("channel", "time"),
    "cap": ("texts",),
    "watchman": ("what", "time"),
    "all_well": ("time", "alerts", "held", "texts"),
    "all_not_well": ("time", "alerts", "held", "texts"),
    "duty_begins": ("where", "until", "open"),
    "duty_ends": ("where", "open"),
    "digest": ("reports", "grave", "counted", "minors", "alerts", "median", "later", "callers", "gap"),
    "digest_calm": ("gap",),
    **{f"hotline_{name}": () for name in ANSWERS},
}
# Without these no text is written.
GIVEN = frozenset(
    {"reference", "reply", "time", "severity", "senders", "texts"}
    | {"region", "period", "reports", "grave", "counted", "alerts", "held"}
)
BOOK, GAZETTEER = load_codebook(), load_gazetteer()


def longest(language: str) -> dict[str, object]:
    return {
        "reference": "482135",
        "reply": "4821",
        "code": "RPZ",
        "severity": 1,
        "time": "14:05",
        "late": "08:10",
        "place": max((point.name for point in GAZETTEER.by_code.values()), key=len),
        "label": max((code.label(language) for code in BOOK.codes.values()), key=len),
        "people": people(1234567, language, approximate=True),
        "many": f"{count(1234)} {phrase('reports', language)}",
        "who": "Abdoulkarim Ousseini-Mahamadou Ibrahim 1",
        "words": "je suis enfermé 2027 " * 12,
        "drill": phrase("drill", language),
        "ask": max((phrase(f"ask_{problem}", language) for problem in GRAVEST_FIRST), key=len),
        "about": phrase("about_coordinates_out_of_area", language),
        "choices": "A) 13.515N 23.515E (Maine-Soroa) B) 23.515N 13.515E (Maine-Soroa)",
        "parts": "H590 F432 G415 L410 M400 X400 B400 FE400 PA400 HD400",
        "codes": "RPZ Refoulement Point Zéro, SOS Détresse, secours",
        "value": "Poste frontalier intégré Konni-Illela",
        "first": "482135",
        "second": "482143",
        "other": "Poste frontalier intégré Konni-Illela",
        "doubt": max(("ambiguous_nationality", *Notice), key=lambda doubt: len(phrase(doubt, language))),
        "senders": count(123456),
        "texts": count(1234567),
        "channel": "a-name-of-thirty-two-characters",
        "what": max(
            (phrase(key, language) for key in (*map("outage_{}".format, What), *map("late_{}".format, Step))),
            key=len,
        ),
        "outcome": max((phrase(f"outcome_{one}", language) for one in OUTCOMES), key=len),
        "where": f"{phrase('call', language)} 10, Tillaberi",
        "until": "31/12 18:00",
        "open": "1.234 ({0}1, {0}2, {0}3, + 1.231)".format(f"482135 {phrase('reply_code', language)} 482"),
        "region": max(
            sorted({point.region for point in GAZETTEER.by_code.values() if point.country == "NE"}), key=len
        ),
        "period": "29/12-31/12",
        "reports": count(1234),
        "grave": count(1234),
        "counted": count(123456),
        "minors": count(1234),
        "alerts": count(1234),
        "held": "999",
        "median": count(123),
        "later": count(1234),
        "callers": count(123),
        "gap": "31/12",
    }


def assert_fits(text: str, name: str, language: str) -> None:
    strange = [letter for letter in text if letter not in WRITTEN]
    assert not strange, f"{language}/{name}: {strange[0]!r} is no letter that we send: {text}"
    assert not offending(text), f"{language}/{name}: {offending(text)[0]!r} is not GSM-7: {text}"
    assert segments(text) == 1, f"{language}/{name} is longer than one segment: {text}"
    assert not re.search(r"[{}\[\]]", text), f"{language}/{name}: a field was not filled: {text}"
    groups = re.findall(r"(?<!\d)\d{4}(?!\d)", text)
    if name.startswith("alert"):
        assert groups == ["4821"], f"{language}/{name}: not only the reply code is four digits: {text}"
    if name.startswith("blind"):
        assert not groups, f"{language}/{name}: four digits look like a reply code: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MANDATORY)
def test_the_longest_values_fit(name: str, language: str) -> None:
    values = longest(language)
    text = render(name, language, **values)
    assert_fits(text, name, language)
    for field in MANDATORY[name]:
        assert str(values[field]) in text, f"{language}/{name}: {field} is missing or cut: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MANDATORY)
def test_optional_parts_vanish_cleanly(name: str, language: str) -> None:
    given = {field: value for field, value in longest(language).items() if field in GIVEN}
    text = render(
        name,
        language,
        **given,
        label="SOS",
        ask="Ou?",
        about="12h",
        choices="A) 12 B) 13",
        codes="RPZ",
        channel="kannel",
        what="rien ne part",
        outcome="sur place",
        where="appel 1",
        open="rien",
        value="ILL",
        first="482135",
        second="482143",
        other="MDM",
        who="Awa",
        place="",
        words=None,
        people="",
    )
    assert_fits(text, name, language)
    assert "  " not in text
    assert not re.search(r" [,.;]|\(\)|,,|\"\"", text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_of_the_folder_is_tested(language: str) -> None:
    found = {path.name.removesuffix(".txt") for path in (files("templates_sms") / language).iterdir()}
    assert found == {*MANDATORY, "words"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_the_same_and_plain_in_every_language(language: str) -> None:
    lines = (files("templates_sms") / language / "words.txt").read_text(encoding="utf-8").splitlines()
    french = (files("templates_sms") / "fr" / "words.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" = ")[0] for line in lines] == [line.split(" = ")[0] for line in french]
    for line in lines:
        assert set(line) <= WRITTEN, [letter for letter in line if letter not in WRITTEN]


@pytest.mark.parametrize("code", BOOK.codes)
@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_need_no_folding(code: str, language: str) -> None:
    label = BOOK.label(code, language)
    assert set(label) <= WRITTEN, [letter for letter in label if letter not in WRITTEN]


def test_the_french_texts_that_the_outside_relies_on() -> None:
    given = {"reference": "482135", "code": "RPZ", "place": "Assamaka"}
    assert render("receipt", "fr", **given, people=people(647, "fr")) == "Recu 482135 RPZ Assamaka 647 pers."
    assert render("receipt", "fr", **given, people=people(None, "fr")) == "Recu 482135 RPZ Assamaka"
    assert render("taken", "fr", reference="482135", time="14:05") == "482135 pris en charge 14:05"
    assert render("receipt_discreet", "ha", reference="482135") == "482135"


def test_an_unknown_language_is_answered_in_french() -> None:
    for language in ("ar", "und", "", "../en"):
        assert render("taken", language, reference="482135", time="14:05") == "482135 pris en charge 14:05"


def test_counts_are_written_so_that_they_are_no_reply_code() -> None:
    assert [count(number) for number in (0, 999, 1277, 1234567)] == ["0", "999", "1.277", "1.234.567"]
    text = render("alert", "fr", severity=1, label="x", people="1277 pers.", reference="482135", reply="9034")
    assert "1.277 pers." in text


def test_digits_and_foreign_letters_of_a_caller_do_not_reach_the_officer() -> None:
    given = {"reference": "482135", "reply": "9034"}
    text = render("alert_hotline", "fr", **given, words="appelle 22790000101 code 1234")
    assert "appelle # code #" in text
    assert render("alert_hotline", "fr", **given, words="النجدة") == render("alert_hotline", "fr", **given)


def test_a_key_without_words_stands_for_itself() -> None:
    assert phrase("no such key", "fr") == "no such key"
