"""Rules for figures that count nobody to report: `plaque 4815`, `Toyota L200`, `patrouille de 8 hommes`."""

from typing import Final

from gateway.reports.draft import Draft
from gateway.reports.figures import words_beside
from gateway.reports.tally import is_letters, leave

_ONE: Final = frozenset({"un", "une", "le", "la", "du", "au", "ce", "cet", "cette", "the"})
_NO: Final = frozenset({"pas", "sans", "ni", "aucun", "aucune", "no"})
_OTHERS: Final = "others"
_OF: Final = frozenset({"de", "d", "of"})
_BY: Final = frozenset({"par", "by"})
_TO_ME: Final = frozenset({"m", "me", "nous", "ns"})
_HAVE: Final = frozenset({"a", "ont", "on", "avait", "avaient"})


def labels(draft: Draft) -> None:
    """`plaque 4815`, `loi 2015-36`, `age 52`, `message 2/3`, `grade B2`: the number is the label's own."""
    if draft.texts.isdisjoint(draft.vocabulary.sets["labels"]):
        return
    tokens = draft.tokens
    for index, token in enumerate(tokens):
        if token.text not in draft.vocabulary.sets["labels"] or not draft.touching(index + 1):
            continue
        letters = _letters_of_label(draft, index + 1)
        at = index + 1 + letters
        people = draft.touching(at + 1) and tokens[at + 1].sort == "people"
        if (draft.free(at, "number") or draft.free(at, "date")) and not people:
            leave(*tokens[index + 1 : at + 1])
            for following in tokens[at + 1 :]:  # 8M4521, AB 1430 NE
                if following.gap not in ("", "-", "/") and not (letters and len(following.text) == 2):
                    break
                leave(following)


def _letters_of_label(draft: Draft, index: int) -> bool:
    """`AB 1430`, `B2`: one or two letters before the number, that count nobody there."""
    word = draft.tokens[index]
    if len(word.text) > 2 or not word.text.isalpha() or not draft.touching(index + 1):
        return False
    joined = not draft.tokens[index + 1].gap
    return joined or word.text not in draft.vocabulary.keys


def others(draft: Draft) -> None:
    """`patrouille de 8 hommes`, `par 3 hommes`, `3 hommes m'ont pris`: people who are at work, or who did it, are not reported."""
    tokens = draft.tokens
    crews = draft.vocabulary.sets["crews"]
    for index, token in enumerate(tokens):
        if token.sort != "number" or token.field is not None:
            continue
        before = index - 1
        if before > 0 and tokens[before].text in _OF:
            before -= 1
        noun = tokens[index + 1] if draft.touching(index + 1) else None
        if noun is None or noun.sort != "people":
            continue
        led = tokens[before].text if before >= 0 and draft.touching(index) else ""
        if led in crews or led in _BY or _did_it(draft, index + 2):
            noun.sort = _OTHERS
            leave(token, noun)


def _did_it(draft: Draft, index: int) -> bool:
    """`m'ont pris`, `nous ont attaques`: what the people before did to the caller."""
    tokens = draft.tokens
    return (
        draft.line == "hotline"
        and draft.touching(index + 1)
        and draft.touching(index)
        and tokens[index].text in _TO_ME
        and tokens[index + 1].text in _HAVE
    )


def models(draft: Draft) -> None:
    """`Toyota L200`, `un F16`, `pas de 3G`: letters and figures joined that name a thing, and count nobody."""
    tokens = draft.tokens
    for index in range(1, len(tokens)):
        one, other = tokens[index - 1], tokens[index]
        if other.gap or one.field is not None or other.field is not None:
            continue
        if one.sort != "number" and other.sort == "number" and is_letters(draft, one):
            named = _names_model(draft, index - 1) or (
                draft.line == "hotline" and _stands_alone(draft, index)
            )
        else:
            named = one.sort == "number" and other.text == "g" and _names_network(draft, index - 1)
        if named:
            leave(one, other)


def _names_model(draft: Draft, index: int) -> bool:
    """Right after a make, or after an article for one thing."""
    before = draft.tokens[index - 1] if draft.touching(index) else None
    return before is not None and (before.text in draft.vocabulary.sets["makes"] or before.text in _ONE)


def _stands_alone(draft: Draft, index: int) -> bool:
    """`H24`, `appartement F3`: callers know no keys; a row of them is a report all the same."""
    return sum(token.sort == "number" for token in draft.tokens) == 1 and index > 0


def _names_network(draft: Draft, index: int) -> bool:
    """`3G` beside a word of networks, after an article, or said not to be there."""
    if not 2 <= draft.tokens[index].value <= 5:
        return False
    beside = {token.text for token in words_beside(draft, index)}
    first = index - 1 if draft.touching(index) and draft.tokens[index - 1].text == "de" else index
    before = draft.tokens[first - 1].text if draft.touching(first) else ""
    return before in _ONE | _NO or not beside.isdisjoint(draft.vocabulary.sets["networks"])
