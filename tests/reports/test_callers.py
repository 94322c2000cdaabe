"""What callers say in five languages: each word alone tells its class, in any spelling of its letters."""

import pytest

from tests.reports.conftest import ReadOne

SAID = {
    "SOS": """aide, aidez moi, au secours, secours, svp aidez, help, help me, abeg, save us, taimako, ku taimake ni,
        a taimake ni, ina bukatar taimako, مساعدة, ساعدوني, النجدة, sa3douni, moussa3ada, perdus, chauffeur parti,
        abandonnés, panne, lost, driver left us, broke down, mun bace, direba ya gudu, an bar mu a hamada, ضعنا,
        تركنا السائق, في الصحراء, Ballal!, dimbali ma, faaba, wallu am, n deme, talilt, Wóoy!, danger, they see""",
    "SEQ": """je suis retenu, enfermé, on nous garde, bloqué, held, locked, they keep us, dem hold me,
        ana tsare da ni, an kulle mu, an sace ni, an kama ni, محتجز, محبوس, خطفوني, mahbous, khatfouni""",
    "PAP": """passeport pris, confisqué, papiers, took my passport, dem collect my passport, an kwace fasfo,
        an karbe takarduna, أخذوا جواز سفري, jawaz, passeport""",
    "TTF": """forcé de travailler, sans salaire, dette, forced to work, no pay, debt, ana tilasta min aiki,
        ba a biya ni, bashi, يجبرونني على العمل, بدون أجر, دين""",
    "TSX": "prostitution, prostitute, ashawo, madam, karuwanci, دعارة",
    "VBG": "viol, il me touche, rape, fyade, اغتصاب",
    "EAU": """pas d'eau, soif, plus d'eau, faim, no water, thirsty, water no dey, hungry, babu ruwa, ba ruwan sha,
        kishirwa, ina jin yunwa, لا يوجد ماء, ماكانش الماء, عطشان, makach lma, ndox, ndiyam, aman""",
    "MED": """malade, blessé, enceinte, accouche, sick, injured, pregnant, belle, ba ni lafiya, ciwo, mai ciki,
        haihuwa, مريض, مصاب, حامل""",
    "DCD": "mort, corps, décédé, dead, body, died, ya mutu, gawa, gawarwaki, مات, ميت, جثة",
    "MNA": "enfant, bébé, mineur, petite, child, baby, pikin, yaro, yarinya, yara, jariri, طفل, أطفال, بنت",
    "TRA": "vendue, trompé, sold me, tricked, an sayar da ni, yaudara, safarar mutane, fataucin mutane, باعوني, خدعوني",
    "ESC": "esclave, bauta",
}
STOPS = ["stop", "n'écrivez plus", "no text", "ku daina", "kada ku kira", "توقف", "لا تتصل", "arrêt", "daina"]
NOTHING = [
    "babu ruwana",
    "babu ruwanka",
    "babu ruwan sama",
    "mort de rire",
    "ca tue",
    "dead line",
    "bonne nuit",
    "ma belle soeur",
]

WORDS = [(word.strip(), code) for code, words in SAID.items() for word in words.split(",")]


@pytest.mark.parametrize(("word", "code"), WORDS)
def test_a_word_tells_its_class(word: str, code: str, read_one: ReadOne) -> None:
    for spelling in (word, word.upper(), f"{word}!"):
        reading = read_one(spelling, line="hotline")
        assert (reading["kind"], reading["code"], reading["problems"]) == ("hotline", code, [])


@pytest.mark.parametrize("word", STOPS)
def test_whoever_wants_no_texts_is_heard(word: str, read_one: ReadOne) -> None:
    assert read_one(word, line="hotline")["kind"] == "stop"


@pytest.mark.parametrize("words", NOTHING)
def test_what_only_sounds_grave_is_no_class(words: str, read_one: ReadOne) -> None:
    assert read_one(words, line="hotline")["code"] is None
