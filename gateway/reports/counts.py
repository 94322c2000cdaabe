"""Rules for what a number counts: which rule is asked first, and what is joined to letters or stands bare."""

from collections.abc import Callable
from typing import Final

from gateway.reports.calendar import FRACTION
from gateway.reports.draft import Draft
from gateway.reports.figures import (
    HALVES,
    added,
    after_hour,
    ages,
    at_most,
    by_the_thousand,
    decimal,
    enumerated,
    halved,
    in_words,
    minutes_since,
    multiplied,
    out_of_scale,
    percent,
    said_otherwise,
    thousands,
    torn_thousand,
    year_since,
)
from gateway.reports.money import money_before, ransom
from gateway.reports.nouns import after_noun, before_noun, is_open
from gateway.reports.rows import leading_total, paired, row_of_nationals, spelled_row
from gateway.reports.tally import (
    MOST_PEOPLE,
    approximation,
    bind,
    in_digits,
    is_joined,
    is_letters,
    leave,
    maybe_one,
    put_people,
    thousands_after,
    unclear,
)
from gateway.reports.tokenizer import Token

_Rule = Callable[[Draft, int], bool]
_SEPARATE: Final = frozenset({"code", "place", "service", "preposition", "approximate", "small", "covers"})
_MOST_BARE: Final = 4  # digits; with no word beside it, a longer one may be money or a reference


def numbers(draft: Draft) -> None:
    """Numbers go to what they are joined to, then to what stands beside them; the rest is bare."""
    if "number" not in draft.sorts:
        return
    ages(draft)
    indexes = [i for i, token in enumerate(draft.tokens) if token.sort == "number" and token.field is None]
    seldom = _seldom(draft, indexes)
    money_near = not draft.texts.isdisjoint(draft.vocabulary.sets["ransom"])
    for index in indexes:
        if draft.tokens[index].field is None and (seldom or money_near or not plain_key(draft, index)):
            (
                any(rule(draft, index) for rule in seldom)
                or out_of_scale(draft, index)
                or (money_near and ransom(draft, index))
                or whole_thousands(draft, index)
                or joined(draft, index)
            )
    for index in indexes:
        if draft.tokens[index].field is None:
            (
                decimal(draft, index)
                or paired(draft, index)
                or row_of_nationals(draft, index)
                or before_noun(draft, index)
                or spelled_row(draft, index)
                or after_noun(draft, index)
                or enumerated(draft, index)
            )


def _seldom(draft: Draft, indexes: list[int]) -> list[_Rule]:
    """The rules that only a few texts call for."""
    texts = draft.texts
    calls = (
        (FRACTION in draft.sorts or not texts.isdisjoint(HALVES), halved),
        (not all(in_digits(draft.tokens[i]) for i in indexes), in_words),
        ("min" in texts, minutes_since),
        ("limit" in draft.sorts or "jusqu a" in texts, at_most),
        ("%" in draft.source.normal, percent),
        ("k" in texts, by_the_thousand),
        ("money" in draft.sorts, money_before),
        ("+" in draft.source.normal, added),
    )
    return [rule for called, rule in calls if called]


def whole_thousands(draft: Draft, index: int) -> bool:
    """`1 200 refoules`: both groups go where the number that they make goes."""
    if not thousands(draft, index):
        return False
    first, last = draft.tokens[index : index + 2]
    if last.field is None and not before_noun(draft, index + 1):
        return unclear(draft, first, last)
    first.field = last.field
    return True


def plain_key(draft: Draft, index: int) -> bool:
    """`H590`, `GN120` with nothing joined on: the commonest form, read without further questions."""
    tokens = draft.tokens
    number = tokens[index]
    if number.gap or not index or len(number.text) > MOST_PEOPLE:
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and (not following.gap or following.sort == "number"):
        return False
    letters = tokens[index - 1]
    if letters.field is not None or maybe_one(draft, letters):
        return False
    key = draft.vocabulary.keys.get(letters.text)
    if key is not None:
        draft.letter_keys += 1
        put_people(draft, key, number.value)
        number.field = letters.field = "people"
        return True
    if letters.text not in draft.vocabulary.iso or letters.text in draft.vocabulary.iso_words:
        return False
    draft.add_nationality(letters.text.upper(), number.value)
    number.field = letters.field = "nationalities"
    return True


def joined(draft: Draft, index: int) -> bool:
    """`H590`, `12enf`, `T650NE`: a number belongs to the letters it is joined to, the ones before it first.

    A chain that begins with a number (`12H3F`) gives each number to the letters after it.
    """
    tokens = draft.tokens
    left = tokens[index - 1] if index and is_joined(tokens[index]) else None
    right = tokens[index + 1] if index + 1 < len(tokens) and not tokens[index + 1].gap else None
    if left is not None and (left.field is not None or left.sort in _SEPARATE) and not is_open(draft, left):
        left = None
    if left is not None and is_open(draft, left):
        if (
            right is not None
            and right.sort in ("age", "unit", "money")
            and right.text not in draft.vocabulary.keys
        ):
            return leave(tokens[index], right)
        return bind(draft, index, left, thousands_after(draft, index))
    if left is not None and left.sort != "number":
        counted = index > 1 and draft.touching(index - 1) and draft.free(index - 2, "number")
        worded = (
            left.sort == "people" and not counted and bind(draft, index, left, thousands_after(draft, index))
        )
        return worded or leave(tokens[index])
    if right is None or right.field is not None or right.sort == "number":
        return False
    if is_letters(draft, right):
        return leading_total(draft, index) or bind(draft, index, right, tokens[index].value)
    return before_noun(draft, index)


def whole(draft: Draft) -> None:
    """`67 dont 5 femmes`: right before `dont` and a count stands what that count is a part of."""
    if "covers" not in draft.sorts:
        return
    for index, token in enumerate(draft.tokens):
        if not (draft.free(index, "number") and draft.touching(index + 1)):
            continue
        part = draft.tokens[index + 2 : index + 4]
        if draft.tokens[index + 1].sort == "covers" and any(each.field == "people" for each in part):
            put_people(draft, "total", token.value)
            token.field = "people"
            approximation(draft, index)


def bare(draft: Draft) -> None:
    """A bare number is the total on a code that needs people, the quantity on one that needs a quantity."""
    if "number" not in draft.sorts:
        return
    left = [t for t in draft.tokens if t.sort == "number" and t.field is None]
    if not left or draft.code is None or draft.line == "hotline":
        return
    left = [t for t in left if not (after_hour(draft, t) or said_otherwise(draft, t) or year_since(draft, t))]
    candidates = [t for t in left if _may_be_bare(draft, t)]
    if torn_thousand(draft):
        return
    if "quantity" in draft.code.required and draft.quantity is None and len(candidates) == 1:
        draft.quantity, candidates[0].field = candidates[0].value, "quantity"
    elif "people" in draft.code.required and "total" not in draft.people and candidates:
        if (
            len(candidates) > 1
            or "people" in draft.problems
            or not _may_be_total(draft, candidates[0])
            or multiplied(draft, draft.tokens.index(candidates[0]))
        ):
            draft.problem("total_unclear", "people")
            return
        token = candidates[0]
        put_people(draft, "total", token.value)
        token.field = "people"
        approximation(draft, draft.tokens.index(token))


def _may_be_bare(draft: Draft, token: Token) -> bool:
    """Figures of four digits at most; words only where a total is looked for, `neuf` is also no number."""
    if token.key == "approximate":
        return True
    return len(token.text) <= _MOST_BARE if in_digits(token) else _after_head(draft, token)


def _after_head(draft: Draft, token: Token) -> bool:
    """Right after the code or the place."""
    index = draft.tokens.index(token)
    return index > 0 and draft.tokens[index - 1].field in ("code", "place")


def _may_be_total(draft: Draft, token: Token) -> bool:
    """Beside people that were counted by kind, a bare total stands right after the code or the place.

    It is no less than those whose nationality was counted: `100 nigerians 50 maliens guineens 20`.
    """
    nationals = sum(count or 0 for count in draft.nationalities.values())
    return token.value >= nationals and (not draft.people or _after_head(draft, token))
