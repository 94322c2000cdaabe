"""Rules for figures that are written in parts, or that count nothing: `1.277`, `40-50`, `500 mil F`."""

from typing import Final

from gateway.reports.draft import Draft
from gateway.reports.tally import (
    approximation,
    in_digits,
    is_joined,
    is_letters,
    leave,
    put_people,
    unclear,
)
from gateway.reports.tokenizer import Token

_NOUNS: Final = frozenset({"people", "nation", "country", "vehicle", "alias", "quantity"})
_TAKERS: Final = frozenset(
    {"", "unit", "age", "money", "caller", "ransom", "help", "other", "road", "friend", "ambiguous", "greeting"}
)  # fmt: skip
_NUMBERED: Final = frozenset({"time", "date", "clock", "vehicle", "road", "unit"})
_THOUSANDS: Final = frozenset({" ", ".", "'"})
_UP_TO: Final = frozenset({"a", "ou", "or", "ko"})
_AND: Final = frozenset({"et", "and", "da"})
_MOST_PEOPLE: Final = 6  # digits; more are no count of people


def thousands(draft: Draft, index: int) -> bool:
    """`1.277`, `1 277`, `1'277` are one number, held by its last group, before a noun; elsewhere not trusted."""
    tokens = draft.tokens
    if not (draft.free(index + 1, "number") and tokens[index + 1].gap in _THOUSANDS):
        return False
    first, second = tokens[index], tokens[index + 1]
    if not (in_digits(first) and in_digits(second) and len(first.text) <= 3 and len(second.text) == 3):
        return False
    if not (draft.touching(index + 2) and tokens[index + 2].sort in _NOUNS and first.value):
        return False
    if draft.touching(index) and tokens[index - 1].field is None and _names(draft, tokens[index - 1]):
        return unclear(draft, first, second)
    second.value += first.value * 1000
    approximation(draft, index)
    return True


def _names(draft: Draft, word: Token) -> bool:
    """`T1 277`, `le 20 250 pers`, `poste 4 120 pers`: the word may take the first number for itself."""
    return is_letters(draft, word) or word.sort in _NUMBERED or word.text in draft.vocabulary.sets["numbered"]


def decimal(draft: Draft, index: int) -> bool:
    """Two numbers with a dot or comma and no space between them are no counts."""
    tokens = draft.tokens
    if draft.free(index + 1, "number") and tokens[index + 1].gap in (".", ",", "'", "/", ":"):
        return leave(tokens[index], tokens[index + 1])
    return False


def span_of_numbers(draft: Draft, index: int) -> bool:
    """`40-50`, `40 a 50`, `40 ou 50` people: both ends are kept, the lower one as the total."""
    tokens = draft.tokens
    upper = index + 1
    if upper < len(tokens) and tokens[upper].text in _UP_TO and draft.touching(upper):
        upper += 1
    if not (draft.free(upper, "number") and in_digits(tokens[index]) and in_digits(tokens[upper])):
        return False
    if upper == index + 1 and tokens[upper].gap.strip() != "-":
        return False
    return _span(draft, index, tokens[index].value, tokens[upper].value, upper)


def enumerated(draft: Draft, index: int) -> bool:
    """`60 et 45 pers`: a sum, or two things of which one is not named."""
    tokens = draft.tokens
    if not (draft.touching(index + 1) and tokens[index + 1].text in _AND and draft.free(index + 2, "number")):
        return False
    first, second = tokens[index], tokens[index + 2]
    if not (in_digits(first) and in_digits(second)):
        return False
    noun = tokens[index + 3] if draft.touching(index + 3) else None
    if noun is None or noun.sort not in (_NOUNS | _TAKERS) - {"people"}:
        return unclear(draft, first, second)
    return leave(first, second)


def dates_that_are_spans(draft: Draft) -> None:
    """`30-40 prs` looks like a date until the word after it is seen."""
    if "date" not in draft.sorts:
        return
    for index, token in enumerate(draft.tokens):
        if token.sort != "date" or token.field is not None or token.text.count("-") != 1:
            continue
        lower, upper = map(int, token.text.split("-"))
        followed = draft.touching(index + 1) and draft.tokens[index + 1].sort == "people"
        if followed or not (1 <= lower <= 31 and 1 <= upper <= 12):
            _span(draft, index, lower, upper, index)


def _span(draft: Draft, index: int, lower: int, upper: int, last: int) -> bool:
    """The range ends in token `last`; a people word may follow it."""
    tokens = draft.tokens
    noun = tokens[last + 1] if draft.touching(last + 1) else None
    people = noun is not None and noun.sort == "people"
    bare_total = noun is None or noun.sort not in (_NOUNS | _TAKERS)
    needed = draft.code is not None and "people" in draft.code.required and draft.line == "agents"
    between = tokens[index : last + 1]
    if lower >= upper or not (people or (bare_total and needed and last > index)):
        if people and lower >= upper:
            return unclear(draft, *between)
        return leave(*between) if people or last > index else False
    if people and noun is not None and noun.key != "total":
        return unclear(draft, *between)
    put_people(draft, "total", lower)
    draft.people["total_max"] = upper
    draft.approximate = True
    for token in (*between, noun) if people and noun is not None else between:
        token.field = "people"
    return True


def ransom(draft: Draft, index: int) -> bool:
    """Numbers beside `rancon`, `payer`, `argent` are money, unless people are counted with them."""
    tokens = draft.tokens
    number = tokens[index]
    near = tokens[max(index - 2, 0) : index] + tokens[index + 1 : index + 3]
    if not any(token.text in draft.vocabulary.sets["ransom"] for token in near):
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    beside = following is not None and draft.touching(index + 1) and following.sort == "people"
    keyed = index > 0 and is_joined(number) and tokens[index - 1].text in draft.vocabulary.keys
    if (beside or keyed) and number.value % 100:
        return False
    return leave(number)


def out_of_scale(draft: Draft, index: int) -> bool:
    number = draft.tokens[index]
    return len(number.text) > _MOST_PEOPLE and in_digits(number) and leave(number)


def spelled_in_parts(draft: Draft, index: int) -> bool:
    """`cent vingt`, `trois mille`: larger numbers in words are not put together; `un` counts people only."""
    tokens = draft.tokens
    number = tokens[index]
    before = tokens[index - 1] if draft.touching(index) else None
    after = tokens[index + 1] if draft.touching(index + 1) else None
    since = before is not None and before.text in draft.vocabulary.sets["since"]
    if since and after is not None and after.text == "min":
        return leave(number, after)
    if in_digits(number):
        parts = draft.vocabulary.sets["number_parts"] - {"et", "da"}
        return (
            after is not None
            and after.gap == " "
            and after.text in parts
            and after.value >= 0
            and leave(number, after)
        )
    if number.text in draft.vocabulary.sets["only_before_people"]:
        return (after is None or after.sort != "people") and leave(number)
    neighbours = [
        t for t in (before, after) if t is not None and t.text not in ("un", "une", "et", "da", "a")
    ]
    parts = draft.vocabulary.sets["number_parts"]
    if any(t.sort == "number" or t.text in parts for t in neighbours):
        return leave(number)
    return False


def torn_thousand(draft: Draft) -> bool:
    """`T1 277`: one number or two? Neither is taken."""
    tokens = draft.tokens
    for index in range(1, len(tokens)):
        token, before = tokens[index], tokens[index - 1]
        if not (draft.free(index, "number") and in_digits(token) and len(token.text) == 3):
            continue
        if (
            before.sort == "number"
            and before.field == "people"
            and len(before.text) <= 3
            and token.gap in _THOUSANDS
        ):
            for key in [key for key, value in draft.people.items() if value == before.value]:
                del draft.people[key]
            return unclear(draft, token, before)
    return False


def half_said(draft: Draft, token: Token) -> bool:
    """`50%`, `le 12`, `14 et 16 ans`: figures that the words around them make something else."""
    tokens = draft.tokens
    index = tokens.index(token)
    if draft.source.normal[token.end : token.end + 1] == "%" or (
        index and tokens[index - 1].text in ("le", "du", "au")
    ):
        return True
    if draft.touching(index) and not tokens[index - 1].sort:  # `OUT 80`, `dossier 45`
        return True
    joins = index + 2 < len(tokens) and tokens[index + 1].text in ("et", "ou", "a")
    return joins and tokens[index + 2].sort == "number"


def multiplied(draft: Draft, index: int) -> bool:
    """`2 bus de 50 pers` does not say whether that is fifty in all or in each."""
    if index < 3:
        return False
    times, _, word = draft.tokens[index - 3 : index]
    return word.text == "de" and times.sort == "number" and times.value > 1 and draft.tokens[index].gap == " "


def after_hour(draft: Draft, token: Token) -> bool:
    """`14h 30`: the 30 may be minutes."""
    index = draft.tokens.index(token)
    return index > 1 and index - 2 in draft.hours and len(token.text) == 2
