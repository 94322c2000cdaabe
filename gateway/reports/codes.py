"""Rules for which incident a text reports, and how many."""

from itertools import pairwise
from typing import Final

from gateway.places.gazetteer import within_one_edit
from gateway.reports.draft import Draft
from gateway.reports.lexicon import HELP_IS, Vocabulary
from gateway.reports.tokenizer import Token

Saying = tuple[str, Token]
"""A code, and the words that name it."""

# What follows a code when an incident begins with it.
_OWN: Final = frozenset({"place", "number", "position", "people"})

# Between a word and the thing that it is said of, after it and before it.
_OF: Final = {
    1: frozenset({"mon", "ma", "mes", "notre", "nos", "le", "la", "les", "l", "my", "our", "the", "de"}),
    -1: frozenset(
        {"est", "es", "is", "are", "a", "ete", "en", "sont", "was", "don", "presque", "almost", "tombe"}
    ),
}

# Sorts of words that do no more than name a code.
_NAMES: Final = frozenset({"alias", "caller", "code", "help"})


def misspelt(tokens: list[Token], vocabulary: Vocabulary) -> Token | None:
    """The first word that is no greeting, if it has three or four letters, is no word and is near a code."""
    first = _first(tokens, vocabulary)
    return first if first is not None and len(first.text) > 2 and _may_be_code(first, vocabulary) else None


def misspelt_beside(tokens: list[Token], vocabulary: Vocabulary) -> Token | None:
    """A misspelt code with fields of its own beside what named another one: `RPX ASM 120 pers MED`."""
    first = _first(tokens, vocabulary)
    for token, following in pairwise(tokens):
        leads = following.sort in _OWN or following.text in vocabulary.keys
        if token is first:
            leads = leads or following.sort == "preposition"
        if leads and _may_be_code(token, vocabulary):
            return token
    return None


def _first(tokens: list[Token], vocabulary: Vocabulary) -> Token | None:
    return next(
        (token for token in tokens if token.sort != "greeting" and token.text not in vocabulary.services),
        None,
    )


def _may_be_code(token: Token, vocabulary: Vocabulary) -> bool:
    return (
        not token.sort
        and token.field is None
        and 2 <= len(token.text) <= 4
        and token.text not in vocabulary.known
        and token.text not in vocabulary.iso
        and bool(near(token, vocabulary))
    )


def near(token: Token, vocabulary: Vocabulary) -> list[str]:
    """The codes within one edit of it."""
    return [code for text, code in vocabulary.codes.items() if within_one_edit(token.text, text)]


def settle(tokens: list[Token], vocabulary: Vocabulary, code: str) -> None:
    """The sender has chosen among the codes that were suggested: the misspelt word counts as that code."""
    for word in (misspelt(tokens, vocabulary), misspelt_beside(tokens, vocabulary)):
        if word is not None and code in near(word, vocabulary):
            word.sort, word.key = "code", code
            return


def code_words(draft: Draft) -> list[int]:
    """Tokens equal to an incident code; the first code of the text comes first, said twice running is said once."""
    found: list[int] = []
    for index, token in enumerate(draft.tokens):
        if token.sort != "code" or token.field is not None:
            continue
        before = draft.tokens[index - 1] if index else None
        if before is not None and before.sort == "code" and before.key == token.key:
            token.field = "code"
        else:
            found.append(index)
    return found


def take_code(draft: Draft, index: int) -> None:
    token = draft.tokens[index]
    draft.code, draft.code_from = draft.vocabulary.book[token.key], "code"
    token.field = "code"
    if draft.kind == "unknown":
        draft.kind = "report"


def mention(draft: Draft, indexes: list[int]) -> None:
    """Later codes with no field of their own."""
    for index in indexes:
        token = draft.tokens[index]
        token.field = "also"
        if (draft.code is None or token.key != draft.code.code) and token.key not in draft.also:
            draft.also.append(token.key)


def take_alias(draft: Draft, found: list[Saying]) -> None:
    """The gravest by base severity, on a tie the one written first; the others are kept in `also`."""
    if not found:
        return
    book = draft.vocabulary.book
    best = min((code for code, _ in found), key=lambda code: book[code].severity)
    draft.code, draft.code_from = book[best], "alias"
    if draft.kind == "unknown":
        draft.kind = "report"
    for code, token in found:
        if token.sort in _NAMES:
            token.field = "code" if code == best else "also"
        if code != best and code not in draft.also:
            draft.also.append(code)


def aliases(draft: Draft) -> list[Saying]:
    return [
        (token.key, token)
        for index, token in enumerate(draft.tokens)
        if token.sort == "alias" and token.field is None and _is_meant(draft, index)
    ]


def _is_meant(draft: Draft, index: int) -> bool:
    """Not said only to say that there is none, and not of a thing."""
    return not (_denied(draft, index) or _of_a_thing(draft, index))


def _denied(draft: Draft, index: int) -> bool:
    """`pas de convoi`, `aucun corps`, `0 mort`: the word is there to say that there is none."""
    before = index - 1
    if before > 0 and draft.tokens[before].text in ("de", "d"):
        before -= 1
    if before < 0 or not (draft.touching(index) and draft.touching(before + 1)):
        return False
    token = draft.tokens[before]
    return token.text in draft.vocabulary.sets["denials"] or token.text == "0"


def _of_a_thing(draft: Draft, index: int) -> bool:
    """`perdu mon telephone`, `my battery is dead`, `chameau mort`: nobody is in danger."""
    tokens = draft.tokens
    sets = draft.vocabulary.sets
    if draft.texts.isdisjoint(sets["things"]) or tokens[index].text not in sets["of_things"]:
        return False
    before, after = _passed(draft, index, -1), _passed(draft, index, 1)
    if before is not None and tokens[before].text in sets["things"]:
        return True
    # `on est perdus mon tel est le 96`: what comes next is said of the thing, and the rest of people.
    goes_on = after is not None and draft.touching(after + 1) and tokens[after + 1].text in _OF[-1]
    return after is not None and tokens[after].text in sets["things"] and not goes_on


def _passed(draft: Draft, index: int, step: int) -> int | None:
    """The first token to that side that is none of the small words between a word and its thing."""
    tokens = draft.tokens
    position = index + step
    while 0 <= position < len(tokens) and draft.touching(max(position, position - step)):
        if tokens[position].text not in _OF[step]:
            return position
        position += step
    return None


def hotline_class(draft: Draft) -> None:
    """Callers' words in any language; a call for help alone is SOS unless something as grave is said."""
    book = draft.vocabulary.book
    said = [token for index, token in enumerate(draft.tokens) if _is_meant(draft, index)]
    cries = [(HELP_IS, token) for token in said if token.text in draft.vocabulary.sets["cries"]]
    found = [
        (code, token)
        for token in said
        if (HELP_IS, token) not in cries and (code := _said_by_caller(draft, token))
    ]
    gravest = min((book[code].severity for code, _ in found), default=5)
    if cries and gravest > book[HELP_IS].severity:
        found += cries
    take_alias(draft, found)


def _said_by_caller(draft: Draft, token: Token) -> str | None:
    """The class that a word tells; a child is counted and is a class; a code must stand out as one."""
    if token.sort in ("alias", "caller"):
        return draft.vocabulary.callers.get(token.text, token.key)
    if token.sort == "code":
        stands_out = token.text == "sos" or (draft.capitals(token) and not draft.all_capitals)
        return token.key if stands_out else None
    return draft.vocabulary.callers.get(token.text) if token.sort == "people" else None


def more_than_a_word(draft: Draft) -> bool:
    """A later code opens an incident when it has a place, people, a quantity or a reference of its own."""
    own_place = draft.place is not None and draft.place.source != "post"
    return bool(
        own_place or draft.place_named or draft.people or draft.quantity is not None or draft.reference
    )


def says_again(draft: Draft, earlier: Draft) -> bool:
    """The same code at the same place, and not a word beside them."""
    return (
        (draft.code, draft.place) == (earlier.code, earlier.place)
        and not draft.problems
        and all(token.field in ("code", "place") for token in draft.tokens)
    )
