"""The menus: every screen fits, every key is answered, every path ends, and what is said is read back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.replies import Answer, parse
from gateway.alerts.verbs import VERBS, Verb
from gateway.people.pins import Verdict
from gateway.reports.agency import examine
from gateway.reports.reader import load_reader
from gateway.ussd.menu import AGENTS, CUT, HOTLINE, Facts, Menu
from gateway.ussd.screens import MOST, catalogue, languages
from gateway.ussd.talk import ANSWERS, BACK, START

AGENCY = examine()
MENU = Menu(AGENCY.book, AGENCY.gazetteer, AGENCY.partners)
READER = load_reader("Africa/Niamey")
AT = datetime(2026, 11, 21, 13, tzinfo=UTC)
# Report, code (which?), place (which?), three fields at most (which?), urgent or not, send.
LONGEST = 11
CODES = tuple(str(4821 + place) for place in range(7))
ALERTS = (
    "482135 SOS Point kilometrique 1250 de la route d'Arlit a Assamaka",
    "482143",
    *("482150 RPZ ASM",) * 5,
)
POSTS = [*AGENCY.gazetteer.by_code, None]


def facts(language: str = "fr", post: str | None = "ASM", **more: object) -> Facts:
    known = {
        "kinds": MENU.kinds(["RPZ", "CVM"]),
        "near": MENU.near(post),
        "officer": True,
        "partners": MENU.present(AT.date()),
        "alerts": ALERTS,
        "codes": CODES,
        **more,
    }
    return Facts(AGENTS, language, **known)  # type: ignore[arg-type]


def shown(*typed: str, about: Facts | None = None) -> str:
    return MENU.standing(about or facts(), typed).screen.text


AGENTS_FACTS = st.builds(
    facts,
    st.sampled_from(languages(AGENTS)),
    st.sampled_from(POSTS),
    kinds=st.lists(st.sampled_from(sorted(AGENCY.book.codes)), max_size=7, unique=True).map(MENU.kinds),
    officer=st.booleans(),
    cut=st.none() | st.sampled_from(["", "CVM NRB T9999 >NRB"]),
)
FACTS = AGENTS_FACTS | st.just(Facts(HOTLINE))
KEYS = (
    st.sampled_from([*"0123456789", START, "X", "#", "*", "12*3", "", " 1 ", *map(str, Verdict)])
    | st.sampled_from(sorted(AGENCY.book.codes))
    | st.sampled_from(sorted(AGENCY.gazetteer.by_code))
    | st.sampled_from(sorted(AGENCY.partners))
    | st.integers(0, 99_999).map(str)
    | st.text(max_size=70)
)


@given(FACTS, st.lists(KEYS, max_size=ANSWERS + 2))
def test_any_keys_lead_to_a_screen_that_every_phone_can_show(about: Facts, typed: list[str]) -> None:
    standing = MENU.standing(about, typed)
    text = standing.screen.text
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert len(text) <= MOST
    looked_up = standing.ending is not None and (
        standing.ending.show is not None or standing.ending.goes_on is not None
    )
    assert text or looked_up
    assert standing.screen.goes_on is (standing.ending is None and len(typed) < ANSWERS)


@given(FACTS, st.lists(KEYS, max_size=20), KEYS)
def test_keys_that_mean_nothing_lead_nowhere_else(about: Facts, typed: list[str], key: str) -> None:
    before, after = MENU.standing(about, typed), MENU.standing(about, [*typed, key])
    if (
        len(after.answers) == len(before.answers)
        and after.ending is None
        and key.strip() not in (BACK, START)
    ):
        assert after.answers == before.answers
        assert after.draft == before.draft
        assert after.screen != before.screen or before.answers != tuple(typed)


@given(FACTS, st.lists(KEYS, max_size=20))
def test_without_its_detours_a_path_leads_to_the_same_place(about: Facts, typed: list[str]) -> None:
    standing = MENU.standing(about, typed)
    straight = MENU.standing(about, standing.answers)
    assert (straight.draft, straight.ending) == (standing.draft, standing.ending)


@given(FACTS, st.lists(KEYS, max_size=20))
def test_start_again_always_shows_the_first_screen(about: Facts, typed: list[str]) -> None:
    if MENU.standing(about, typed).screen.goes_on:
        assert MENU.standing(about, [*typed, START]).screen == MENU.standing(about, []).screen


@given(FACTS, st.lists(KEYS, max_size=20))
def test_from_anywhere_few_answers_lead_to_the_end(about: Facts, typed: list[str]) -> None:
    path = MENU.standing(about, typed).answers
    while (here := MENU.standing(about, path)).screen.goes_on:
        assert len(path) < LONGEST, path
        ways = ((*path, answer) for answer in ("1", "40", "ASM", str(Verdict.RIGHT)))
        path = next(way for way in ways if MENU.standing(about, way).answers == way)
    assert here.ending is not None


@given(FACTS, st.lists(KEYS, max_size=20), KEYS)
def test_the_same_keys_for_ever_end_too(about: Facts, typed: list[str], key: str) -> None:
    assert not MENU.standing(about, [*typed, *[key] * ANSWERS]).screen.goes_on


@pytest.mark.parametrize("code", sorted(AGENCY.book.codes))
def test_a_report_of_every_code_is_read_back_with_nothing_in_doubt(code: str) -> None:
    *drafts, message = _on_the_way(code)
    (reading,) = READER.read(message, line="agents", at=AT, post=None).readings
    assert (reading.code, reading.problems, reading.note) == (code, (), None)
    assert reading.place is not None
    assert reading.place.code == "ASM"
    for field in AGENCY.book[code].required:
        assert getattr(reading, field), field
    assert drafts


@pytest.mark.parametrize("code", sorted(AGENCY.book.codes))
def test_a_report_that_was_cut_is_read_as_far_as_it_went(code: str) -> None:
    for draft in _on_the_way(code):
        parse = READER.read(draft + CUT, line="agents", at=AT, post=None)
        (whole,) = READER.read(draft, line="agents", at=AT, post=None).readings
        (reading,) = parse.readings
        assert reading.note == CUT.strip(" ,")
        assert replace(reading, note=None, evidence=whole.evidence) == whole


@pytest.mark.parametrize("code", sorted(AGENCY.book.codes))
def test_what_is_handed_over_adds_no_language_to_its_code(code: str) -> None:
    """So that its sender is answered in the language on file."""
    bare = READER.read(code, line="agents", at=AT, post=None).language
    for draft in _on_the_way(code):
        for text in (draft, draft + CUT):
            assert READER.read(text, line="agents", at=AT, post=None).language == bare


def _on_the_way(code: str) -> list[str]:
    """What a report says, from its place to its last question."""
    typed, said = ["1", code, "1"], []
    while (standing := MENU.standing(facts(), typed)).screen.goes_on:
        assert standing.draft is not None
        said.append(standing.draft)
        typed.append("40" if "Combien" in standing.screen.text or "quantite" in standing.screen.text else "1")
    assert standing.ending is not None
    assert standing.ending.message is not None
    return [*dict.fromkeys(said), standing.ending.message]


@pytest.mark.parametrize("language", languages(AGENTS))
def test_the_last_question_shows_the_whole_message_and_the_ways_out(language: str) -> None:
    say = catalogue()[AGENTS][language]
    for place in sorted(AGENCY.gazetteer.by_code):
        text = shown("1", "CVM", place, "9999", "SBH", "1", about=facts(language))
        assert f"CVM {place} T9999 >SBH URG" in text
        assert text.endswith(f"1 {say['send']}\n{say['back']}")


def test_the_screens_of_a_report() -> None:
    assert shown() == "Que faire?\n1 Signaler\n2 Mes messages\n3 Qui est de garde\n4 Mes alertes"
    assert shown("1").splitlines()[:3] == [
        "Quoi? Numero ou code",
        "1 RPZ Refoulement",
        "2 CVM Convoi de",
    ]
    assert shown("1", "2").splitlines()[1:4] == ["1 ASM Assamaka", "2 PZR Point Zero", "3 IGZ In Guezzam"]
    assert shown("1", "2", "arlit").splitlines()[0] == "Combien de personnes? (X = pas su)"
    assert shown("1", "2", "1", "40").splitlines()[:2] == ["Vers ou? Numero ou code", "1 ARL Arlit"]
    assert shown("1", "2", "1", "40", "SBH") == "Urgent?\n1 Oui\n2 Non\n0 Retour 00 Debut"
    assert shown("1", "2", "1", "40", "SBH", "2") == (
        "Envoyer? CVM ASM T40 >SBH: Convoi de migrants, Assamaka\n1 Oui, envoyer\n0 Retour 00 Debut"
    )
    assert shown("1", "2", "1", "40", "SBH", "2", "1") == "Message enregistre. Un SMS suit."


def test_what_is_gravest_is_not_asked_whether_it_is_urgent() -> None:
    assert MENU.standing(facts(), ["1", "SEQ", "1", "4", "1"]).ending is not None


def test_a_number_that_is_not_known_is_left_open() -> None:
    assert MENU.standing(facts(), ["1", "SEQ", "1", "x"]).draft == "SEQ ASM"


def test_a_name_that_two_places_have_is_asked_about() -> None:
    lines = shown("1", "SOS", "illela").splitlines()
    assert lines[0] == "Lequel?"
    assert {line[2:] for line in lines[1:-1]} == {"ILL Illela (Niger)", "ILN Illela (Nigeria)"}
    assert "SOS ILL" in shown("1", "SOS", "ILL")


@pytest.mark.parametrize(("typed", "meant"), [("RZP", "RPZ"), ("RP", "RPZ"), ("sso", "SOS")])
def test_a_slip_in_a_code_is_asked_about_and_never_corrected(typed: str, meant: str) -> None:
    lines = shown("1", typed).splitlines()
    assert lines[0] == "Lequel?"
    (digit,) = (line[0] for line in lines[1:] if line[2:5] == meant)
    assert MENU.standing(facts(), ["1", typed, digit]).draft == meant
    assert shown("1", typed, "0") == shown("1")


@pytest.mark.parametrize(("typed", "meant"), [("Assamakka", "ASM"), ("Asamaaka", "ASM"), ("ASN", "ASM")])
def test_a_slip_in_a_place_is_asked_about(typed: str, meant: str) -> None:
    here = MENU.standing(facts(), ["1", "SOS", typed])
    if here.screen.text.startswith("Lequel?"):
        (digit,) = (line[0] for line in here.screen.text.splitlines() if line[2:5] == meant)
        here = MENU.standing(facts(), ["1", "SOS", typed, digit])
    assert here.draft == f"SOS {meant}"


def test_a_partner_is_known_by_any_name_and_offered_while_there() -> None:
    assert MENU.standing(facts(), ["1", "PQT", "1", "iom"]).draft == "PQT ASM OIM"
    assert shown("1", "PQT", "1", "nobody").startswith("Pas compris.")
    gone = {
        name: replace(partner, active_to=AT.date() - timedelta(days=1)) if name == "ASAD" else partner
        for name, partner in AGENCY.partners.items()
    }
    assert "ASAD" in MENU.present(AT.date())
    assert "ASAD" not in replace(MENU, partners=gone).present(AT.date())


def test_without_a_post_a_place_is_typed() -> None:
    about = facts(post=None)
    assert shown("1", "SOS", about=about) == "Ou? Numero ou code\n0 Retour 00 Debut"
    assert "SOS ASM" in shown("1", "SOS", "asm", about=about)


def test_who_is_on_duty_is_for_officers() -> None:
    assert "garde" not in shown(about=facts(officer=False))
    assert shown("3", about=facts(officer=False)).startswith("Pas compris.")


def test_no_shelter_and_no_ghetto_stands_on_a_screen() -> None:
    kinds = {AGENCY.gazetteer.by_code[code].kind for post in POSTS for code in MENU.near(post)}
    assert not kinds & {"shelter", "ghetto"}


@pytest.mark.parametrize("language", range(1, len(languages(HOTLINE)) + 1))
def test_every_way_through_the_menu_of_callers_fits_and_ends(language: int) -> None:
    """Four needs with and without a place, and six answers to when a call is safe."""
    assert _ends(str(language)) == 4 * 2 + 6


def _ends(*typed: str) -> int:
    """In how many ways the callers' menu ends from here."""
    here = MENU.standing(Facts(HOTLINE), typed)
    assert here.screen.text.isascii()
    assert len(here.screen.text) <= MOST
    if not here.screen.goes_on:
        return 1
    ways = [(*typed, answer) for answer in ("1", "2", "3", "4", "5", "Agadez")]
    return sum(_ends(*way) for way in ways if MENU.standing(Facts(HOTLINE), way).answers == way)


def test_a_caller_sees_the_same_last_words_whatever_was_chosen() -> None:
    about = Facts(HOTLINE)
    ends = {shown("1", *path, about=about) for path in (("1", "1"), ("4", "Agadez"), ("5", "1"), ("5", "3"))}
    assert ends == {"Merci."}


@pytest.mark.parametrize(("need", "code"), [("1", "SOS"), ("2", "EAU"), ("3", "SEQ"), ("4", "MED")])
def test_what_a_caller_chooses_is_read_as_what_it_is(need: str, code: str) -> None:
    ending = MENU.standing(Facts(HOTLINE), ["3", need, "Arlit"]).ending
    assert ending is not None
    assert ending.message is not None
    (reading,) = READER.read(ending.message, line="hotline", at=AT, post=None).readings
    assert (reading.code, reading.place and reading.place.code) == (code, "ARL")


def test_every_language_says_everything() -> None:
    for menu in (AGENTS, HOTLINE):
        keys = {language: set(say) for language, say in catalogue()[menu].items()}
        assert all(said == keys["fr"] for said in keys.values()), keys


BETRAYING = (
    "traite", "victim", "police", "anltp", "vigie", "agence", "agency", "rescue", "secours", "trafic",
    "traffick", "help", "aide", "taimak", "helpline", "safarar", "bauta", "slave", "esclav",
)  # fmt: skip


def test_no_word_for_callers_betrays_what_the_number_is() -> None:
    said = " ".join(word for say in catalogue()[HOTLINE].values() for word in say.values())
    said += " ".join(catalogue()["busy"]["any"].values())
    assert not [word for word in BETRAYING if word in said.lower()]


def test_the_screens_of_an_alert() -> None:
    right = str(Verdict.RIGHT)
    assert shown("4") == "Votre PIN?\n0 Retour 00 Debut"
    assert "2 482143\n3 482150 RPZ ASM" in shown("4", right)
    assert shown("4", right, "3") == (
        "482150 RPZ ASM\n1 Je prends\n2 Impossible\n3 Appeler le suivant\n4 Sur place\n5 En securite\n6 Remis a un service\n"
        "7 Rien trouve\n0 Retour 00 Debut"
    )
    assert shown("4", right, "3", "6") == "Remis a qui? Ecrivez, ou 1 pour passer\n0 Retour 00 Debut"
    assert shown("4", right, "3", "2") == "Message enregistre. Un SMS suit."
    assert shown("4", right, about=facts(alerts=(), codes=())) == "Aucune alerte pour vous."
    assert shown("4", str(Verdict.LOCKED)) == "PIN bloque. Reessayez dans 30 min."


@pytest.mark.parametrize("language", languages(AGENTS))
@pytest.mark.parametrize("digit", VERBS)
def test_what_an_officer_chooses_is_read_as_that(language: str, digit: int) -> None:
    ends = ("1",) if VERBS[digit] is Verb.HANDED_OVER else ()
    standing = MENU.standing(facts(language), ["4", str(Verdict.RIGHT), "2", str(digit), *ends])
    assert standing.ending
    assert standing.ending.message
    assert parse(standing.ending.message) == Answer(4822, VERBS[digit])


@given(st.text(min_size=2, max_size=60).filter(lambda typed: typed.strip() not in ("", BACK, START)))
def test_to_whom_is_a_note_whatever_is_typed(to: str) -> None:
    standing = MENU.standing(facts(), ["4", str(Verdict.RIGHT), "1", "6", to])
    if standing.ending and standing.ending.message:
        answer = parse(standing.ending.message)
        assert answer
        assert answer.code == 4821
        assert answer.verb in {Verb.HANDED_OVER, None}


@pytest.mark.parametrize("to", ["police", "12 rue du marche", "4 femmes a la police", "OIM"])
def test_a_number_of_an_address_is_no_number_of_people(to: str) -> None:
    standing = MENU.standing(facts(), ["4", str(Verdict.RIGHT), "1", "6", to])
    assert standing.ending
    assert parse(standing.ending.message or "") == Answer(4821, Verb.HANDED_OVER, f"remis: {to}")
