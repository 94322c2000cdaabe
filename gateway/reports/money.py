"""Rules for money: figures of a sum or a ransom count nobody."""

from typing import Final

from gateway.reports.draft import Draft
from gateway.reports.figures import groups_of, joined_to_key, words_beside
from gateway.reports.tally import (
    LEAST_SUM,
    in_digits,
    is_letters,
    is_letters_or_people,
    leave,
    unclear,
)

_SUMS: Final = frozenset({"f", "m"})  # rancon 5M
_MILLIONS: Final = frozenset({"m", "k"})


def francs(draft: Draft) -> None:
    """`1 500 000 F`, `2M CFA`, `500 mille F`: the figures of a sum, however they are parted."""
    tokens = draft.tokens
    for index, token in enumerate(tokens):
        if token.sort != "number" or token.field is not None or not in_digits(token):
            continue
        if joined_to_key(draft, index):
            continue  # F32 500 euros
        groups = groups_of(draft, index)
        last = index + len(groups)
        value = int("".join(group.text for group in groups))
        if last < len(tokens) and tokens[last].text in _MILLIONS and not tokens[last].gap:
            groups.append(tokens[last])
            last += 1
            value = LEAST_SUM if draft.touching(last) else 0
        if not draft.touching(last) or len(groups) < 2:
            continue
        if tokens[last].sort == "money" or (tokens[last].text == "f" and value >= LEAST_SUM):
            leave(*groups, tokens[last])


def ransom(draft: Draft, index: int) -> bool:
    """Numbers beside `rancon`, `payer`, `argent` are money, unless people are counted with them."""
    tokens = draft.tokens
    number = tokens[index]
    if not any(token.text in draft.vocabulary.sets["ransom"] for token in words_beside(draft, index)):
        return False
    following = tokens[index + 1] if draft.touching(index + 1) else None
    if following is not None and (
        following.sort in ("vehicle", "nation", "age")
        or following.text == "h"
        or (not following.gap and is_letters(draft, following) and following.text not in _SUMS)
    ):
        return False
    beside = following is not None and following.sort == "people"
    before = tokens[index - 1] if draft.touching(index) else None
    keyed = before is not None and before.field is None and is_letters_or_people(draft, before)
    if (beside or keyed) and number.value % 100:
        return False
    if following is not None and following.text in _SUMS:
        leave(following)
    return leave(number)


def money_before(draft: Draft, index: int) -> bool:
    """`dala 100`, `cfa 5000`: but not the number after the one that was money, `5000 cfa 3 pers`."""
    tokens = draft.tokens
    if not (draft.touching(index) and tokens[index - 1].sort == "money"):
        return False
    before = index - 2
    paid = draft.touching(index - 1) and tokens[before].sort == "number" and not joined_to_key(draft, before)
    if paid and tokens[index - 1].text.endswith(" f") and not draft.touching(index + 1):
        return unclear(draft, tokens[index])  # 500 mil F 35: francs, or women?
    return not paid and leave(tokens[index])
