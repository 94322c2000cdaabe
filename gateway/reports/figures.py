"""Rules for figures that are written in parts, or that count nothing: `1.277`, `40-50`, `500 mil F`."""

from typing import Final

from gateway.reports.draft import Draft
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.numerals import UNMADE
from gateway.reports.tally import (
    approximation,
    bind,
    in_digits,
    is_joined,
    is_letters,
    is_money,
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
_UP_TO: Final = frozenset({"a", "ou", "or", "ko", "to"})
_AND: Final = frozenset({"et", "and", "da"})
_HALF: Final = frozenset({"et demi", "et demie", "demi", "half"})
_MOST_PEOPLE: Final = 6  # digits; more are no count of people


def thousands(draft: Draft, index: int) -> bool:
    """`1.277`, `1 277`, `1'277` are one number, held by its last group, before a noun or a key; so are francs."""
    tokens = draft.tokens
    groups = _groups(draft, index)
    after = index + len(groups)
    if len(groups) < 2 or not draft.touching(after) or _read_with_key(draft, index):
        return False
    noun, last = tokens[after], groups[-1]
    value = int("".join(group.text for group in groups))
    if noun.sort == "money" or is_money(value, noun):
        return leave(*groups, noun)
    if not (noun.sort in _NOUNS or noun.text in draft.vocabulary.keys) or not groups[0].value:
        return False
    named = draft.touching(index) and tokens[index - 1].field is None and _names(draft, tokens[index - 1])
    if named or len(groups) > 2 or (groups[0].value >= 100 and last.text[0] != "0"):
        return unclear(draft, *groups)
    last.value = value
    approximation(draft, index)
    return True


def _read_with_key(draft: Draft, index: int) -> bool:
    """`T1.277`: joined to its key, the dot can only part thousands."""
    tokens = draft.tokens
    keyed = index > 0 and is_joined(tokens[index]) and tokens[index - 1].text in draft.vocabulary.keys
    return keyed and tokens[index + 1].gap != " "


def _groups(draft: Draft, index: int) -> list[Token]:
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
    """Two numbers with a dot or comma and no space between them are no counts."""
    tokens = draft.tokens
    if draft.free(index + 1, "number") and tokens[index + 1].gap in (".", ",", "'", "/", ":"):
        return leave(tokens[index], tokens[index + 1])
    return False


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


def spans(draft: Draft) -> None:
    """`40-50`, `40 a 50`, `entre 40 et 50`, `H10-12`: both ends are kept, the lower one as the count."""
    if "-" not in draft.source.normal and _UP_TO.isdisjoint(draft.texts) and "entre" not in draft.texts:
        return
    for index, token in enumerate(draft.tokens):
        if token.field is not None:
            continue
        if token.sort == "date" and token.text.count("-") == 1:
            lower, upper = map(int, token.text.split("-"))
            _span(draft, index, index, lower, upper)
        elif token.sort == "number":
            last = _upper_end(draft, index)
            if last:
                _span(draft, index, last, token.value, draft.tokens[last].value)


def _upper_end(draft: Draft, index: int) -> int:
    """The number that ends the range which begins here; 0 if none does."""
    tokens = draft.tokens
    upper = index + 1
    if not draft.touching(upper):
        return 0
    between = index > 0 and tokens[index - 1].text == "entre"
    if tokens[upper].text in (_AND if between else _UP_TO) and draft.touching(upper + 1):
        upper += 1
    elif tokens[upper].gap.strip() != "-" or _hyphens_part(draft, index, upper):
        return 0
    return upper if draft.free(upper, "number") else 0


def _hyphens_part(draft: Draft, first: int, last: int) -> bool:
    """`RPZ-ASM-40-50`: where hyphens stand between other things too, they make no range."""
    tokens = draft.tokens
    return tokens[first].gap.strip() == "-" or (
        last + 1 < len(tokens) and tokens[last + 1].gap.strip() == "-"
    )


def _span(draft: Draft, first: int, last: int, lower: int, upper: int) -> None:
    """A key joined to the lower end or a noun after the upper one says what is counted; else it is the total."""
    needed = draft.code is not None and "people" in draft.code.required and draft.line == "agents"
    ends = draft.tokens[first : last + 1]
    noun = _span_noun(draft, first, last)
    dateable = first == last and 1 <= lower <= 31 and 1 <= upper <= 12
    if first == last and _hyphens_part(draft, first, last):
        if needed:
            unclear(draft, *ends)
    elif noun is not None:
        _count_span(draft, ends, noun, (lower, upper))
    elif not dateable:
        after = draft.tokens[last + 1] if draft.touching(last + 1) else None
        if needed and (after is None or after.sort not in _NOUNS | _TAKERS):
            _count_span(draft, ends, None, (lower, upper))
        else:
            leave(*ends)


def _count_span(draft: Draft, ends: list[Token], noun: Token | None, span: tuple[int, int]) -> None:
    lower, upper = span
    key = "total" if noun is None else draft.vocabulary.keys.get(noun.text, noun.key)
    if lower >= upper or (draft.kind == "correction" and key in PEOPLE_SUMMED):
        unclear(draft, *ends)
        return
    put_people(draft, key, lower)
    if key in draft.people:
        if key == "total":
            draft.people["total_max"] = upper
        elif key in PEOPLE_SUMMED:
            draft.spread += upper - lower
    draft.approximate = True
    before = draft.tokens[draft.tokens.index(ends[0]) - 1]
    for token in (*ends, noun, before if before.text == "entre" else None):
        if token is not None:
            token.field = "people"


def _span_noun(draft: Draft, first: int, last: int) -> Token | None:
    tokens = draft.tokens
    keys = draft.vocabulary.keys
    if (
        first
        and is_joined(tokens[first])
        and tokens[first - 1].text in keys
        and tokens[first - 1].field is None
    ):
        return tokens[first - 1]
    noun = tokens[last + 1] if draft.touching(last + 1) else None
    if noun is None or noun.field is not None:
        return None
    key_after = noun.text in keys and not noun.gap and noun.text not in ("h", "f")
    return noun if noun.sort == "people" or key_after else None


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
            and after.gap == " "
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


def halved(draft: Draft, index: int) -> bool:
    """`4 et demi` is no count."""
    tokens = draft.tokens
    return draft.touching(index + 1) and tokens[index + 1].text in _HALF and unclear(draft, tokens[index])


def added(draft: Draft, index: int) -> bool:
    """`45 + 12 pers`: what the first number counts is not said."""
    tokens = draft.tokens
    plus = draft.free(index + 1, "number") and "+" in tokens[index + 1].gap
    return plus and unclear(draft, tokens[index], tokens[index + 1])


def at_most(draft: Draft, index: int) -> bool:
    """`moins de 50`, `max 50` say how many there are not."""
    limit = draft.tokens[index - 1] if draft.touching(index) else None
    return limit is not None and limit.sort == "limit" and unclear(draft, draft.tokens[index])


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
    tokens = draft.tokens
    for index, token in enumerate(tokens):
        position = index - 1
        if token.sort != "age" or not draft.free(position, "number"):
            continue
        listed = [tokens[position]]
        while not is_joined(tokens[position]) or tokens[position - 1].sort not in ("", "unit"):
            word = tokens[position - 1].text in _AND | _UP_TO
            if not (word or tokens[position].gap.strip() in (",", "-", "/")):
                break
            position -= 2 if word else 1
            if not draft.free(position, "number"):
                break
            if is_joined(tokens[position]):
                break
            listed.append(tokens[position])
        leave(*listed)


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
