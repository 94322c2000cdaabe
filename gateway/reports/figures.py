"""Rules for how figures are written: in parts, in lists, in words, `1.277`, `4 et demi`, `68%`."""

from typing import Final

from gateway.reports.calendar import FRACTION
from gateway.reports.draft import Draft
from gateway.reports.numerals import UNMADE
from gateway.reports.tally import (
    MOST_PEOPLE,
    NOUNS,
    TAKERS,
    approximation,
    bind,
    in_digits,
    is_joined,
    is_letters,
    is_letters_or_people,
    is_money,
    leave,
    unclear,
)
from gateway.reports.tokenizer import Token

HALVES: Final = frozenset({"et demi", "et demie", "demi", "demie", "half", "half a"})
_NUMBERED: Final = frozenset({"time", "date", "clock", "vehicle", "road", "unit"})
_FIGURES: Final = frozenset({"number", "date"})
_THOUSANDS: Final = frozenset({" ", ".", "'"})
POINTS: Final = frozenset({".", ",", "'", "/", ":"})
UP_TO: Final = frozenset({"a", "ou", "or", "ko", "to"})
AND: Final = frozenset({"et", "and", "da"})
_UNTIL: Final = "jusqu a"


def thousands(draft: Draft, index: int) -> bool:
    """`1.277`, `1 277`, `1'277` are one number, held by its last group, before a noun or a key; so are francs."""
    tokens = draft.tokens
    groups = groups_of(draft, index)
    after = index + len(groups)
    if index and not tokens[index].gap and not joined_to_key(draft, index):
        return False  # RN20 919 pers
    if len(groups) < 2 or not draft.touching(after) or _read_with_key(draft, index):
        return False
    noun, last = tokens[after], groups[-1]
    value = int("".join(group.text for group in groups))
    if noun.sort == "money" or is_money(value, noun):
        return not joined_to_key(draft, index) and leave(*groups, noun)  # F32 500 euros
    if not (noun.sort in NOUNS or noun.text in draft.vocabulary.keys) or not groups[0].value:
        return False
    named = draft.touching(index) and _wants_first(draft, index, last)
    if named or len(groups) > 2 or (groups[0].value >= 100 and last.text[0] != "0"):
        return unclear(draft, *groups)
    last.value = value
    approximation(draft, index)
    return True


def _wants_first(draft: Draft, index: int, last: Token) -> bool:
    """`T1 277`, `le 15 et 16 450 pers`: the first group may be a number of its own; `lundi 1.245` is one."""
    word = draft.tokens[index - 1]
    if index > 1 and word.text in AND | UP_TO and draft.tokens[index - 2].sort in _FIGURES:
        return last.gap == " "
    return word.field is None and _names(draft, word) and (word.key != "weekdays" or last.gap == " ")


def _read_with_key(draft: Draft, index: int) -> bool:
    """`T1.277`: joined to its key, the dot can only part thousands."""
    tokens = draft.tokens
    return joined_to_key(draft, index) and tokens[index + 1].gap != " "


def joined_to_key(draft: Draft, index: int) -> bool:
    keys = draft.vocabulary.keys
    return index > 0 and is_joined(draft.tokens[index]) and draft.tokens[index - 1].text in keys


def groups_of(draft: Draft, index: int) -> list[Token]:
    """`1 200 000`: up to three digits, then threes, all parted in the same way."""
    tokens = draft.tokens
    groups = [tokens[index]]
    if not in_digits(groups[0]) or len(groups[0].text) > 3:
        return groups
    position = index + 1
    while (
        draft.free(position, "number")
        and in_digits(tokens[position])
        and len(tokens[position].text) == 3
        and tokens[position].gap in _THOUSANDS
        and tokens[position].gap == tokens[index + 1].gap
    ):
        groups.append(tokens[position])
        position += 1
    return groups


def _names(draft: Draft, word: Token) -> bool:
    """`T1 277`, `le 20 250 pers`, `poste 4 120 pers`: the word may take the first number for itself."""
    return is_letters(draft, word) or word.sort in _NUMBERED or word.text in draft.vocabulary.sets["numbered"]


def decimal(draft: Draft, index: int) -> bool:
    """Two numbers with a dot or comma and no space between them are no counts, unless each has its noun."""
    tokens = draft.tokens
    named = wanted_from_left(draft, index)
    if (
        named
        and index + 2 < len(tokens)
        and tokens[index + 1].gap == "/"
        and tokens[index + 2].sort == "people"
    ):
        return False
    figures = draft.free(index + 1, "number") and all(map(in_digits, tokens[index : index + 2]))
    if figures and tokens[index + 1].gap in POINTS:
        return leave(tokens[index], tokens[index + 1])
    return False


def enumerated(draft: Draft, index: int) -> bool:
    """`60 et 45 pers`: a sum, or two things of which one is not named."""
    tokens = draft.tokens
    if not (draft.touching(index + 1) and tokens[index + 1].text in AND and draft.free(index + 2, "number")):
        return False
    first, second = tokens[index], tokens[index + 2]
    if not (in_digits(first) and in_digits(second)):
        return False
    noun = tokens[index + 3] if draft.touching(index + 3) else None
    if noun is None or noun.sort not in (NOUNS | TAKERS) - {"people"}:
        return unclear(draft, first, second)
    return leave(first, second)


def words_beside(draft: Draft, index: int) -> list[Token]:
    """Up to two words on either side, with no comma or the like between."""
    tokens = draft.tokens
    first = index
    while first > max(index - 2, 0) and draft.touching(first):
        first -= 1
    last = index
    while last < index + 2 and draft.touching(last + 1):
        last += 1
    return tokens[first:index] + tokens[index + 1 : last + 1]


def percent(draft: Draft, index: int) -> bool:
    """`68% soudanais` is no count."""
    return is_percent(draft, draft.tokens[index]) and leave(draft.tokens[index])


def is_percent(draft: Draft, number: Token) -> bool:
    return draft.source.normal[number.end : number.end + 2].lstrip().startswith("%")


def out_of_scale(draft: Draft, index: int) -> bool:
    number = draft.tokens[index]
    return len(number.text) > MOST_PEOPLE and in_digits(number) and leave(number)


def in_words(draft: Draft, index: int) -> bool:
    """`un` counts people only; words that make no number together, and `5 mille`, are left."""
    tokens = draft.tokens
    number = tokens[index]
    before = tokens[index - 1] if draft.touching(index) else None
    after = tokens[index + 1] if draft.touching(index + 1) else None
    if in_digits(number):
        parts = draft.vocabulary.sets["number_parts"]
        return (
            after is not None
            and after.sort == "number"
            and after.gap in ("", " ")
            and bool(number.gap)
            and after.text.partition(" ")[0] in parts
            and leave(number, after)
        )
    if after is not None and "(" in after.gap and after.sort == "number":
        return unclear(draft, number, after)  # deux cents (250)
    if number.key == UNMADE:
        return leave(number)
    if number.text not in draft.vocabulary.sets["only_before_people"]:
        return False
    held = before is not None and before.text in draft.vocabulary.sets["before_number"]
    return not held and (after is None or after.sort != "people") and leave(number)


def minutes_since(draft: Draft, index: int) -> bool:
    """`depuis 20 min` are minutes, not minors."""
    tokens = draft.tokens
    if not (draft.touching(index) and draft.touching(index + 1) and tokens[index + 1].text == "min"):
        return False
    return tokens[index - 1].text in draft.vocabulary.sets["since"] and leave(*tokens[index : index + 2])


def year_since(draft: Draft, token: Token) -> bool:
    """`depuis 1998` says since when, not how many."""
    index = draft.tokens.index(token)
    since = index > 0 and draft.tokens[index - 1].text in draft.vocabulary.sets["since"]
    return since and 1900 <= token.value < 2100


def halved(draft: Draft, index: int) -> bool:
    """`4 et demi` is no count, nor is `1/2 douzaine`."""
    tokens = draft.tokens
    if draft.touching(index) and (tokens[index - 1].sort == FRACTION or tokens[index - 1].text in HALVES):
        return unclear(draft, tokens[index])
    return draft.touching(index + 1) and tokens[index + 1].text in HALVES and unclear(draft, tokens[index])


def added(draft: Draft, index: int) -> bool:
    """`45 + 12 pers`: what the first number counts is not said."""
    tokens = draft.tokens
    plus = draft.free(index + 1, "number") and "+" in tokens[index + 1].gap
    return plus and unclear(draft, tokens[index], tokens[index + 1])


def at_most(draft: Draft, index: int) -> bool:
    """`moins de 50`, `max 50` say how many there are not."""
    limit = draft.tokens[index - 1] if draft.touching(index) else None
    return (
        limit is not None
        and (limit.sort == "limit" or limit.text == _UNTIL)
        and unclear(draft, draft.tokens[index])
    )


def by_the_thousand(draft: Draft, index: int) -> bool:
    """`5K pers`; alone, `5K` may be money."""
    tokens = draft.tokens
    if not (draft.touching(index + 2) and tokens[index + 1].text == "k" and not tokens[index + 1].gap):
        return False
    if tokens[index + 2].sort != "people" or tokens[index].value >= 100 or not in_digits(tokens[index]):
        return False
    if not bind(draft, index, tokens[index + 2], tokens[index].value * 1000):
        return False
    tokens[index + 1].field = tokens[index].field
    return True


def ages(draft: Draft) -> None:
    """`(8, 10 et 12 ans)`: every number of the list is an age."""
    if "age" not in draft.sorts:
        return
    for index, token in enumerate(draft.tokens):
        if token.sort == "age" and draft.free(index - 1, "number"):
            leave(*_listed(draft, index - 1))


def _listed(draft: Draft, last: int) -> list[Token]:
    """The numbers of the list that ends there, up to one that letters or a noun before it want."""
    tokens = draft.tokens
    listed = [tokens[last]]
    while True:
        word = last > 0 and tokens[last - 1].text in AND | UP_TO
        parted = word or tokens[last].gap.strip() == "," or tokens[last].gap in ("-", "/")
        last -= 2 if word else 1
        if not parted or not draft.free(last, "number") or wanted_from_left(draft, last):
            return listed
        listed.append(tokens[last])


def wanted_from_left(draft: Draft, index: int) -> bool:
    before = draft.tokens[index - 1] if draft.touching(index) else None
    if before is None or before.field is not None or not is_letters_or_people(draft, before):
        return False
    return not (draft.touching(index - 1) and draft.tokens[index - 2].sort == "number")


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


def said_otherwise(draft: Draft, token: Token) -> bool:
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
    return joins and tokens[index + 2].sort == "number" and tokens[index + 2].field != "occurred_at"


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
