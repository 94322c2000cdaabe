"""Rules for numbers: people, nationals, vehicles, quantities, and the numbers that are none of these."""

from typing import Final

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.tokenizer import Token

_SUBSETS: Final = frozenset({"pregnant", "elderly", "disabled"})
_NOUNS: Final = frozenset({"people", "nation", "country", "vehicle", "alias", "quantity"})
# A number before one of these belongs to it and is no count.
_TAKERS: Final = frozenset(
    {"", "unit", "age", "money", "caller", "ransom", "help", "other", "road", "friend", "ambiguous", "greeting"}
)  # fmt: skip
_SEPARATE: Final = frozenset({"code", "place", "service", "preposition", "approximate", "small", "covers"})
_THOUSANDS: Final = frozenset({" ", ".", "'"})
_APPROXIMATE_SIGNS: Final = frozenset("~±>")
_MOST_PEOPLE: Final = 6  # digits; more are no count of people
_MOST_BARE: Final = 4  # digits; with no word beside it, a longer one may be money or a reference


def numbers(draft: Draft) -> None:
    """Numbers go to what they are joined to, then to what stands beside them; the rest is bare."""
    indexes = [i for i, token in enumerate(draft.tokens) if token.sort == "number" and token.field is None]
    if not indexes:
        return
    for index in indexes:
        if draft.tokens[index].field is None:
            _spelled_in_parts(draft, index) or _out_of_scale(draft, index) or _ransom(draft, index) or joined(draft, index)
    for index in indexes:
        if draft.tokens[index].field is None:
            (
                thousands(draft, index)
                or decimal(draft, index)
                or span_of_numbers(draft, index)
                or before_noun(draft, index)
                or spelled_row(draft, index)
                or after_noun(draft, index)
            )


def joined(draft: Draft, index: int) -> bool:
    """`H590`, `12enf`, `T650NE`: a number belongs to the letters it is joined to, the ones before it first.

    A chain that begins with a number (`12H3F`) gives each number to the letters after it.
    """
    tokens = draft.tokens
    left = tokens[index - 1] if index and _is_joined(tokens[index]) else None
    right = tokens[index + 1] if index + 1 < len(tokens) and not tokens[index + 1].gap else None
    if left is not None and left.sort in _SEPARATE and not _is_letters(draft, left):
        left = None
    if left is not None and left.field is None and _is_letters(draft, left):
        if right is not None and right.sort in ("age", "unit", "money") and right.text not in draft.vocabulary.keys:
            return _leave(tokens[index], right)
        return _bind(draft, index, left, _thousands_after(draft, index))
    if left is not None and left.sort != "number":
        return _leave(tokens[index])
    if right is None or right.field is not None or right.sort == "number":
        return False
    if _is_letters(draft, right):
        return _leading(draft, index) or _bind(draft, index, right, tokens[index].value)
    return before_noun(draft, index)


def thousands(draft: Draft, index: int) -> bool:
    """`1.277`, `1 277`, `1'277` are one number before a people word; elsewhere they are not trusted."""
    tokens = draft.tokens
    if not (draft.free(index + 1, "number") and tokens[index + 1].gap in _THOUSANDS):
        return False
    first, second = tokens[index], tokens[index + 1]
    if not (_digits(first) and _digits(second) and len(first.text) <= 3 and len(second.text) == 3):
        return False
    if not (draft.touching(index + 2) and tokens[index + 2].sort == "people" and first.value):
        return False
    if index and draft.touching(index) and _is_letters(draft, tokens[index - 1]) and tokens[index - 1].field is None:
        return _unclear(draft, first, second)
    second.value += first.value * 1000
    first.field = "people"
    _approximation(draft, index)
    return _bind(draft, index + 1, tokens[index + 2], second.value)


def decimal(draft: Draft, index: int) -> bool:
    """Two numbers with a dot or comma and no space between them are no counts."""
    tokens = draft.tokens
    if draft.free(index + 1, "number") and tokens[index + 1].gap in (".", ",", "'", "/", ":"):
        return _leave(tokens[index], tokens[index + 1])
    return False


def span_of_numbers(draft: Draft, index: int) -> bool:
    """`40-50`, `40 a 50` people: both ends are kept, the lower one as the total."""
    tokens = draft.tokens
    upper = index + 1
    if upper < len(tokens) and tokens[upper].text == "a" and draft.touching(upper):
        upper += 1
    if not (draft.free(upper, "number") and _digits(tokens[index]) and _digits(tokens[upper])):
        return False
    if upper == index + 1 and tokens[upper].gap.strip() != "-":
        return False
    return _span(draft, index, tokens[index].value, tokens[upper].value, upper)


def dates_that_are_spans(draft: Draft) -> None:
    """`30-40 prs` looks like a date until the word after it is seen."""
    for index, token in enumerate(draft.tokens):
        if token.sort != "date" or token.field is not None or token.text.count("-") != 1:
            continue
        lower, upper = map(int, token.text.split("-"))
        followed = draft.touching(index + 1) and draft.tokens[index + 1].sort == "people"
        if followed or not (1 <= lower <= 31 and 1 <= upper <= 12):
            _span(draft, index, lower, upper, index)


def before_noun(draft: Draft, index: int) -> bool:
    """A number belongs to the noun after it: `3 hommes`, `12 senegalais`, `2 hilux`, `14 ans`."""
    tokens = draft.tokens
    number = tokens[index]
    position = index + 1
    if number.key == "approximate" and position < len(tokens) and tokens[position].text in ("de", "d"):
        position += 1
    if not draft.touching(position):
        return False
    noun = tokens[position]
    if _is_letters(draft, noun) and not (noun.sort in ("people", "unit") and len(noun.text) > 1):
        return False
    if noun.sort in _TAKERS:
        if _held_from_left(draft, index):
            return after_noun(draft, index)
        return False if _speaks_of_nothing(noun) else _leave(number)
    if noun.sort not in _NOUNS or (noun.field is not None and noun.sort != "alias"):
        return False
    if _contested(draft, index, position):
        return _unclear(draft, number)
    return _to_noun(draft, index, position)


def _to_noun(draft: Draft, index: int, position: int) -> bool:
    tokens = draft.tokens
    number, noun = tokens[index], tokens[position]
    if noun.sort == "alias":
        return _to_alias(draft, index, noun)
    if noun.sort == "people" and noun.key in _SUBSETS and _held_from_left(draft, index):
        _put(draft, noun.key, number.value)
        noun.field = "people"
        return after_noun(draft, index)
    bound = _bind(draft, index, noun, number.value)
    following = position + 1
    if noun.sort == "people" and draft.touching(following):
        subset = tokens[following]
        if subset.sort == "people" and subset.key in _SUBSETS and subset.field is None:
            _put(draft, subset.key, number.value)
            subset.field = "people"
    return bound


def spelled_row(draft: Draft, index: int) -> bool:
    """`H 12 F 3` or `12 H 3 F`: a row of letters and numbers is read in the one way in which it comes out even."""
    tokens = draft.tokens
    start = index
    if index and draft.touching(index) and _open_letters(draft, index - 1):
        start = index - 1
    row = [start]
    while draft.touching(row[-1] + 1) and _alternates(draft, row[-1], row[-1] + 1):
        row.append(row[-1] + 1)
    if len(row) < 2:
        return False
    numbers_at = [i for i in row if tokens[i].sort == "number"]
    if any(not _digits(tokens[i]) for i in numbers_at):
        return False
    if tokens[row[0]].sort != "number":
        return _row_of_pairs(draft, row)
    if tokens[row[-1]].sort == "number":
        return _row_with_total(draft, row)
    last = tokens[row[-1]]
    if len(row) > 2 and last.text not in draft.vocabulary.keys and any(tokens[i].text in draft.vocabulary.keys for i in row):
        return _unclear(draft, *(tokens[i] for i in numbers_at))
    for number, letters in zip(row[::2], row[1::2], strict=True):
        _bind(draft, number, tokens[letters], tokens[number].value)
    return True


def after_noun(draft: Draft, index: int) -> bool:
    """`mutane 12`, `maliens 218`: a number with nothing after it belongs to the noun before it."""
    if not (index and draft.touching(index)):
        return False
    noun = draft.tokens[index - 1]
    if noun.field is not None or noun.sort not in ("people", "nation"):
        return False
    return _bind(draft, index, noun, draft.tokens[index].value)


def bare(draft: Draft) -> None:
    """A bare number is the total on a code that needs people, the quantity on one that needs a quantity."""
    left = [t for t in draft.tokens if t.sort == "number" and t.field is None]
    if not left or draft.code is None or draft.line == "hotline":
        return
    candidates = [t for t in left if (_digits(t) and len(t.text) <= _MOST_BARE) or t.key == "approximate"]
    if _torn_thousand(draft):
        return
    if "quantity" in draft.code.required and draft.quantity is None and len(candidates) == 1:
        draft.quantity, candidates[0].field = candidates[0].value, "quantity"
    elif "people" in draft.code.required and "total" not in draft.people and candidates:
        if len(candidates) > 1 or "people" in draft.problems:
            draft.problem("total_unclear", "people")
            return
        token = candidates[0]
        _put(draft, "total", token.value)
        token.field = "people"
        _approximation(draft, draft.tokens.index(token))


def totals(draft: Draft) -> None:
    """The total is what was stated, else the sum; a sum above it or babies outside it are asked about."""
    people = draft.people
    stated = people.get("total")
    if draft.kind == "correction" or not people:
        return
    summed = [people[key] for key in PEOPLE_SUMMED if key in people]
    if stated is None and summed and not _uncertain(draft):
        people["total"] = sum(summed)
    elif stated is not None and stated < sum(summed):
        draft.problem("total_mismatch", "people")
    if draft.kind == "addition" or "under_5" not in people:
        return
    if stated is None and not draft.covered and people.keys().isdisjoint(("minors", "boys", "girls")):
        draft.problem("total_unclear", "people")


def _uncertain(draft: Draft) -> bool:
    return "people" in draft.problems


def _torn_thousand(draft: Draft) -> bool:
    """`T1 277`: one number or two? Neither is taken."""
    tokens = draft.tokens
    for index in range(1, len(tokens)):
        token, before = tokens[index], tokens[index - 1]
        if not (draft.free(index, "number") and _digits(token) and len(token.text) == 3):
            continue
        if before.sort == "number" and before.field == "people" and len(before.text) <= 3 and token.gap in _THOUSANDS:
            for key in [key for key, value in draft.people.items() if value == before.value]:
                del draft.people[key]
            return _unclear(draft, token, before)
    return False


def _row_of_pairs(draft: Draft, row: list[int]) -> bool:
    tokens = draft.tokens
    for letters, number in zip(row[::2], row[1::2], strict=False):
        if tokens[letters].sort == "vehicle" and not _worth_a_vehicle(draft, tokens[number]):
            tokens[number].field = LEFT_ALONE
        else:
            _bind(draft, number, tokens[letters], tokens[number].value)
    return True


def _worth_a_vehicle(draft: Draft, number: Token) -> bool:
    return number.value < 10 and bool(draft.people)


def _row_with_total(draft: Draft, row: list[int]) -> bool:
    """`647 H 590 F 32`: only if the first number can hold the others."""
    tokens = draft.tokens
    first = tokens[row[0]]
    keys = draft.vocabulary.keys
    counted = sum(tokens[n].value for w, n in zip(row[1::2], row[2::2], strict=True) if tokens[w].text in keys)
    if first.value < counted or draft.code is None or (row[0] and _hour_like(tokens[row[1]], first)):
        return _unclear(draft, *(tokens[i] for i in row if tokens[i].sort == "number"))
    return _row_of_pairs(draft, row[1:])


def _leading(draft: Draft, index: int) -> bool:
    """`647H590F32`, all joined: the first number is bare when the row ends with a number."""
    tokens = draft.tokens
    row = [index]
    while row[-1] + 1 < len(tokens) and not tokens[row[-1] + 1].gap and _alternates(draft, row[-1], row[-1] + 1):
        row.append(row[-1] + 1)
    if len(row) < 3 or tokens[row[-1]].sort != "number":
        return False
    return _row_with_total(draft, row)


def _alternates(draft: Draft, index: int, following: int) -> bool:
    if draft.tokens[index].sort == "number":
        return _open_letters(draft, following)
    return draft.free(following, "number")


def _open_letters(draft: Draft, index: int) -> bool:
    token = draft.tokens[index]
    return token.field is None and _is_letters(draft, token)


def _is_letters(draft: Draft, token: Token) -> bool:
    """A people key, a country's two letters, or a vehicle's code."""
    text = token.text
    if len(text) <= 2:
        return text in draft.vocabulary.keys or _is_country(draft, token)
    return token.sort == "vehicle" and text == token.key.lower()


def _is_country(draft: Draft, token: Token) -> bool:
    if token.text not in draft.vocabulary.iso:
        return False
    if token.text not in draft.vocabulary.iso_words:
        return True
    return draft.capitals(token) and (not draft.all_capitals or not token.gap or token.text == "ne")


def _held_from_left(draft: Draft, index: int) -> bool:
    """`mutane 12 suka zo`: a word that its number follows."""
    if not (index and draft.touching(index)):
        return False
    token = draft.tokens[index - 1]
    return token.field is None and token.text in draft.vocabulary.sets["before_number"]


def _contested(draft: Draft, index: int, position: int) -> bool:
    """`H 12 femmes`, `30 maza 5`: two nouns want one number."""
    tokens = draft.tokens
    if index and draft.touching(index) and _open_letters(draft, index - 1):
        return tokens[index - 1].text in draft.vocabulary.keys
    if tokens[position].text in draft.vocabulary.sets["before_number"]:
        follows = draft.touching(position + 1) and draft.free(position + 1, "number")
        return follows or _held_from_left(draft, index)
    return False


def _to_alias(draft: Draft, index: int, noun: Token) -> bool:
    """`5 blesses`: the people of the code that the alias stands for; `3 enfants seuls` are minors too."""
    number = draft.tokens[index]
    word = draft.vocabulary.words.get(noun.text.partition(" ")[0])
    if word is not None and word.sort in ("people", "vehicle"):
        noun_like = Token(noun.text, noun.start, noun.end, noun.gap, word.sort)
        noun_like.key = word.key
        kept = noun.field
        _bind(draft, index, noun_like, number.value)
        noun.field = kept or noun_like.field
        return True
    code = draft.code
    if code is None or noun.key != code.code or "people" not in code.required or not _digits(number):
        return _leave(number)
    _put(draft, "total", number.value)
    _approximation(draft, index)
    number.field = "people"
    return True


def _bind(draft: Draft, index: int, noun: Token, value: int) -> bool:
    """Number and noun become a count, by the noun's sort."""
    number = draft.tokens[index]
    key = draft.vocabulary.keys.get(noun.text) if len(noun.text) <= 2 else None
    if key is not None and _is_letters(draft, noun):
        if _is_money(number, noun) or (noun.start > number.start and _hour_like(noun, number)):
            return _defer(draft, number, noun)
        draft.letter_keys += 1
        return _count_people(draft, index, noun, key, value)
    if noun.sort == "people":
        return _count_people(draft, index, noun, noun.key, value)
    if noun.sort in ("nation", "country"):
        draft.add_nationality(noun.key, value)
        number.field = noun.field = "nationalities"
    elif noun.sort == "vehicle":
        draft.add_transport(noun.key, value)
        number.field = noun.field = "transport"
    elif noun.sort == "quantity":
        return _count_things(draft, number, noun)
    elif len(noun.text) == 2:
        draft.add_nationality(noun.text.upper(), value)
        number.field = noun.field = "nationalities"
    return True


def _count_people(draft: Draft, index: int, noun: Token, key: str, value: int) -> bool:
    number = draft.tokens[index]
    if len(number.text) > _MOST_PEOPLE and _digits(number):
        return _leave(number)
    _put(draft, key, value)
    number.field = noun.field = "people"
    _approximation(draft, index)
    return True


def _count_things(draft: Draft, number: Token, noun: Token) -> bool:
    code = draft.code
    if code is None or not {"quantity"} & (code.required | code.optional) or draft.quantity is not None:
        return _leave(number)
    draft.quantity = number.value
    number.field = noun.field = "quantity"
    return True


def _put(draft: Draft, key: str, value: int) -> None:
    """The same thing counted twice with two results is asked about, and not filled."""
    if draft.people.get(key, value) != value:
        draft.problem("total_unclear", "people")
        del draft.people[key]
    elif not any(p.code == "total_unclear" and key in p.candidates for p in draft.problems.values()):
        draft.people[key] = value


def _approximation(draft: Draft, index: int) -> None:
    tokens = draft.tokens
    token = tokens[index]
    before = tokens[index - 1] if index else None
    if token.key == "approximate" or not _APPROXIMATE_SIGNS.isdisjoint(token.gap):
        if "->" not in token.gap:
            draft.approximate = True
    elif before is not None and before.field is None and draft.touching(index):
        plus_de = before.text == "de" and "+" in before.gap
        if before.sort == "approximate" or plus_de:
            draft.approximate = True
            before.field = "people"
    if before is not None and before.text in ("un", "une") and token.key == "approximate":
        before.field = "people"


def _span(draft: Draft, index: int, lower: int, upper: int, last: int) -> bool:
    """The range ends in token `last`; a people word may follow it."""
    tokens = draft.tokens
    noun = tokens[last + 1] if draft.touching(last + 1) else None
    people = noun is not None and noun.sort == "people"
    bare_total = noun is None or noun.sort not in (_NOUNS | _TAKERS)
    needed = draft.code is not None and "people" in draft.code.required and draft.line == "agents"
    between = tokens[index : last + 1]
    if lower >= upper or not (people or (bare_total and needed and last > index)):
        return _leave(*between) if people or last > index else False
    if people and noun is not None and noun.key != "total":
        return _unclear(draft, *between)
    _put(draft, "total", lower)
    draft.people["total_max"] = upper
    draft.approximate = True
    for token in (*between, noun) if people and noun is not None else between:
        token.field = "people"
    return True


def _thousands_after(draft: Draft, index: int) -> int:
    """`T1.277`: joined to its key, the dot can only part thousands."""
    tokens = draft.tokens
    number = tokens[index]
    if draft.free(index + 1, "number") and tokens[index + 1].gap in (".", "'") and len(tokens[index + 1].text) == 3:
        tokens[index + 1].field = "people"
        return number.value * 1000 + tokens[index + 1].value
    return number.value


def _hour_like(letters: Token, number: Token) -> bool:
    return letters.text == "h" and number.value <= 23


def _defer(draft: Draft, number: Token, noun: Token) -> bool:
    """`12H` may be twelve men or noon: `times.py` decides when the rest is known; money is left alone."""
    number.field = noun.field = LEFT_ALONE
    if noun.text == "h":
        draft.hours.append(draft.tokens.index(number))
    return True


def _is_money(number: Token, noun: Token) -> bool:
    """Francs: 2 000 and more before an F, or a round hundred with the F joined on."""
    if noun.text != "f" or noun.start < number.start:
        return False
    return number.value >= 2000 or (number.value >= 100 and number.value % 100 == 0 and not noun.gap)


def _ransom(draft: Draft, index: int) -> bool:
    """Numbers beside `rancon`, `payer`, `argent` are money, unless people are counted with them."""
    tokens = draft.tokens
    number = tokens[index]
    near = tokens[max(index - 2, 0) : index] + tokens[index + 1 : index + 3]
    if not any(token.text in draft.vocabulary.sets["ransom"] for token in near):
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    beside = following is not None and draft.touching(index + 1) and following.sort == "people"
    keyed = index > 0 and _is_joined(number) and tokens[index - 1].text in draft.vocabulary.keys
    if (beside or keyed) and number.value % 100:
        return False
    return _leave(number)


def _out_of_scale(draft: Draft, index: int) -> bool:
    number = draft.tokens[index]
    return len(number.text) > _MOST_PEOPLE and _digits(number) and _leave(number)


def _spelled_in_parts(draft: Draft, index: int) -> bool:
    """`cent vingt`, `trois mille`: larger numbers in words are not put together; `un` counts people only."""
    tokens = draft.tokens
    number = tokens[index]
    before = tokens[index - 1] if draft.touching(index) else None
    after = tokens[index + 1] if draft.touching(index + 1) else None
    since = before is not None and before.text in draft.vocabulary.sets["since"]
    if since and after is not None and after.text == "min":
        return _leave(number, after)
    if _digits(number):
        parts = draft.vocabulary.sets["number_parts"] - {"et", "da"}
        return after is not None and after.gap == " " and after.text in parts and after.value >= 0 and _leave(number, after)
    if number.text in draft.vocabulary.sets["only_before_people"]:
        return (after is None or after.sort != "people") and _leave(number)
    neighbours = [t for t in (before, after) if t is not None and t.text not in ("un", "une", "et", "da", "a")]
    parts = draft.vocabulary.sets["number_parts"]
    if any(t.sort == "number" or t.text in parts for t in neighbours):
        return _leave(number)
    return False


def _speaks_of_nothing(noun: Token) -> bool:
    """Greetings are no nouns: `RPZ ASM 40 svp`."""
    return noun.sort == "greeting"


def _is_joined(token: Token) -> bool:
    return not token.gap or token.gap.strip() == "="


def _digits(token: Token) -> bool:
    return token.text[0].isdigit()


def _leave(*tokens: Token) -> bool:
    for token in tokens:
        token.field = LEFT_ALONE
    return True


def _unclear(draft: Draft, *tokens: Token) -> bool:
    draft.problem("total_unclear", "people")
    return _leave(*tokens)
