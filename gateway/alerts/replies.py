"""An officer's answer to an alert as a text, and the codes that it goes by. Rules.

`4821 2 panne de voiture` is a code, a digit and a note. A digit counts as a verb only where it can be nothing
else: in `4821 4 femmes` it may be a number, so the text is a note, and the officer is asked.
"""

import random
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.alerts.verbs import OUTCOMES, SETTLES, VERBS, Verb
from gateway.text.folding import fold_for_matching

_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_CODE = re.compile(r"[1-9][0-9]{3}")
_REFERENCE = re.compile(r"[0-9]{6}")
# What an officer half asleep writes around an answer, the alert's own words among it.
_COURTESY: Final = frozenset(
    _TOKEN.findall(
        "merci bien thanks thank you svp please pls chef boss bonjour bonsoir salut hello sannu nagode na gode "
        "repondez reponds reponse reply answer amsa da ref code"
    )
)
# A verb in words. A text says one only if it says nothing else: "ok mais je ne peux pas" is none.
_SAID: Final[Mapping[Verb, tuple[str, ...]]] = {
    Verb.TAKEN: (
        *("ok", "okay", "oui", "yes", "eh", "i", "je prends", "j prends", "prends", "pris", "take", "taken"),
        *("i take it", "mine", "recu", "je pars", "j y vais", "je m en occupe", "en route", "d accord"),
        *("on my way", "karba", "na karba", "zan je", "to"),
    ),
    Verb.CANNOT: (
        *("non", "no", "impossible", "peux pas", "je peux pas", "je ne peux pas", "pas possible", "pas moi"),
        *("pas", "not me", "cannot", "i cannot", "can t", "i can t", "a a", "ba zan iya ba", "ba zan iya"),
    ),
    Verb.ESCALATE: ("escalade", "escalader", "escalate", "renfort", "au suivant", "suivant", "next"),
    Verb.ON_SITE: ("sur place", "je suis sur place", "on site", "i am on site", "a wurin", "ina wurin"),
    Verb.SAFE: ("en securite", "sain et sauf", "sains et saufs", "saine et sauve", "all safe", "suna lafiya"),
    Verb.HANDED_OVER: ("remis", "remise", "remises", "confie", "confiee", "handed over", "an mika"),
    Verb.NOTHING_FOUND: ("rien", "rien trouve", "rien vu", "nothing", "nothing found", "babu komai"),
}
_SAYS: Final = {
    verb: re.compile(r"(?:(?:{})(?:\s|$))+".format("|".join(sorted(phrases, key=len, reverse=True))))
    for verb, phrases in _SAID.items()
}
# No number stands before these, so a digit before them is no number.
_NEVER_COUNTED: Final = frozenset(
    _TOKEN.findall(
        "je j on nous il elle ils elles c ce ca la le les l un une mais car parce qu tout tous toute toutes "
        "i we he she they it the all everyone but because ina mun muna sun suna ya ta an"
    )
)
_NEGATIONS: Final = frozenset(
    {"pas", "non", "jamais", "impossible", "no", "not", "never", "cannot", "ba", "babu"}
)
_AFFIRMS: Final = frozenset({Verb.TAKEN, Verb.ON_SITE, Verb.SAFE, Verb.HANDED_OVER})
# To whom people are handed over. Of six of them one would write "policiers".
_TAKES_OVER: Final = frozenset(
    _TOKEN.findall(
        "a au aux la chez to at ga zuwa police gendarmerie gendarmes douane douanes armee fds gni dst dpm anltp "
        "mairie prefecture procureur parquet tribunal hopital hospital csi clinique centre foyer refuge shelter "
        "asibiti sanda yansanda oim iom hcr unhcr unicef msf coopi asad icmpd irc crn cicr icrc aps drpe dgpc "
        "naptip anajj ciaud ong ngo croix"
    )
)
# What sets a digit off from the words behind it.
_SET_OFF = re.compile(r"\s*[,.:;/*#\n-]")
_FIRST, _LAST = 1000, 9999


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to the alert of ``code``; ``verb`` is None where that is not certain."""

    code: int
    verb: Verb | None = Verb.TAKEN
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Token:
    said: str
    start: int
    end: int


def parse(text: str) -> Answer | None:
    """``4821``, ``ok 4821``, ``4821 2``, ``1-4821``, ``#4821 5 merci``, ``4821 6 a la police``, ``4 8 2 1``.

    None for what cannot be an answer: without a code that stands alone, or with words before it that
    belong to something else (``RPZ ASM 4821``).
    """
    tokens = [_Token(fold_for_matching(one[0]), one.start(), one.end()) for one in _TOKEN.finditer(text)]
    spaced = "".join(one.said for one in tokens)
    if len(tokens) == 4 and _CODE.fullmatch(spaced):
        return Answer(int(spaced))
    place = next((place for place, one in enumerate(tokens) if _CODE.fullmatch(one.said)), None)
    if place is None:
        return None
    code, before, after = tokens[place], _telling(tokens[:place]), _telling(tokens[place + 1 :])
    digits = [one for one in before if one.said.isdecimal()]
    words = [one for one in before if not one.said.isdecimal()]
    if len(digits) > 1 or any(len(one.said) != 1 for one in digits) or (words and _said(words) is None):
        return None
    if after and after[0].said.isdecimal() and len(after[0].said) == 1:
        digits, after = [*digits, after[0]], after[1:]
    verb = _verb(
        text, digits, words, after, behind=digits[-1] if digits and digits[-1].start > code.end else code
    )
    if verb is None:
        return Answer(int(code.said), None, _tidy(f"{text[: code.start]} {text[code.end :]}"))
    note = text[after[0].start :] if _said(after) is None and after else ""
    return Answer(int(code.said), verb, _tidy(note))


def _verb(
    text: str, digits: Sequence[_Token], words: Sequence[_Token], after: Sequence[_Token], *, behind: _Token
) -> Verb | None:
    """The one thing that digits and words say together."""
    meant = {VERBS.get(int(one.said)) for one in digits}
    said = {_said(several) for several in (words, after) if several}
    if not digits:
        meant = said or {Verb.TAKEN}
        verb = meant.pop()
        return None if meant or verb in SETTLES else verb  # what ends the reminders is said by its digit
    verb = meant.pop()
    if meant or verb is None:
        return None
    courteous = {verb, Verb.TAKEN} if verb in OUTCOMES else {verb}  # "4821 5 ok"
    if said <= courteous:
        return verb
    denied = verb in _AFFIRMS and not _NEGATIONS.isdisjoint(one.said for one in after)
    if denied or not after or not said <= {None, *courteous}:
        return None
    return verb if _is_no_number(text, behind, after[0], verb) else None


def _is_no_number(text: str, digit: _Token, word: _Token, verb: Verb) -> bool:
    """Whether the digit (or the code, where that comes last) cannot count what stands behind it."""
    if word.said.isdecimal():
        return False
    if word.start == digit.end:  # 4h, 4F
        return False
    if _SET_OFF.match(text, digit.end):
        return True
    if word.said in _NEVER_COUNTED or any(word.said == phrase.split()[0] for phrase in _SAID[verb]):
        return True
    return verb is Verb.HANDED_OVER and word.said in _TAKES_OVER


def _telling(tokens: Sequence[_Token]) -> list[_Token]:
    """Those that say something: neither courtesy nor the alert's reference."""
    return [one for one in tokens if one.said not in _COURTESY and not _REFERENCE.fullmatch(one.said)]


def _said(words: Sequence[_Token]) -> Verb | None:
    """The verb that these words say, all of them."""
    text = " ".join(one.said for one in words)
    return next((verb for verb, says in _SAYS.items() if says.fullmatch(text)), None)


def _tidy(note: str) -> str:
    return " ".join(note.split()).strip(" ,.:;/*#-\"'")


def draw_code(taken: Collection[int], chance: random.Random) -> int | None:
    """A four-digit code that is not taken; None when all are.

    Random, because a sender's number can be forged and 1, 2, 3 would be guessed.
    """
    for _ in range(20):
        code = chance.randint(_FIRST, _LAST)
        if code not in taken:
            return code
    free = [code for code in range(_FIRST, _LAST + 1) if code not in taken]
    return chance.choice(free) if free else None
