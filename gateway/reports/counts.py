"""Rules for which word a number belongs to: people, nationals, vehicles, quantities."""

from collections.abc import Callable
from typing import Final

from gateway.reports.calendar import FRACTION
from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.figures import (
    added,
    after_hour,
    ages,
    at_most,
    by_the_thousand,
    decimal,
    enumerated,
    half_said,
    halved,
    in_words,
    minutes_since,
    money_before,
    multiplied,
    out_of_scale,
    percent,
    ransom,
    thousands,
    torn_thousand,
)
from gateway.reports.slots import role
from gateway.reports.tally import (
    approximation,
    bind,
    hour_like,
    in_digits,
    is_joined,
    is_letters,
    is_letters_or_people,
    leave,
    maybe_one,
    put_people,
    thousands_after,
    unclear,
)
from gateway.reports.times import reads_as_hour
from gateway.reports.tokenizer import Token

_Rule = Callable[[Draft, int], bool]
_JOINS: Final = frozenset({"a", "et", "ou", "de", "and", "or", "k"})
_HALVES: Final = frozenset({"et demi", "et demie", "demi", "demie", "half", "half a"})
_SUBSETS: Final = frozenset({"pregnant", "elderly", "disabled"})
_NOUNS: Final = frozenset({"people", "nation", "country", "vehicle", "alias", "quantity"})
_TAKERS: Final = frozenset(
    {"", "unit", "age", "money", "caller", "ransom", "help", "other", "road", "friend", "ambiguous", "greeting"}
)  # fmt: skip
_SEPARATE: Final = frozenset({"code", "place", "service", "preposition", "approximate", "small", "covers"})
_MOST_PEOPLE: Final = 6  # digits; more are no count of people
_ADULT: Final = 18
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
        (FRACTION in draft.sorts or not texts.isdisjoint(_HALVES), halved),
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
    if number.gap or not index or len(number.text) > _MOST_PEOPLE:
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
    if left is not None and (left.field is not None or left.sort in _SEPARATE) and not _open(draft, left):
        left = None
    if left is not None and _open(draft, left):
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
        return _leading(draft, index) or bind(draft, index, right, tokens[index].value)
    return before_noun(draft, index)


def before_noun(draft: Draft, index: int) -> bool:
    """A number belongs to the noun after it: `3 hommes`, `12 senegalais`, `2 hilux`, `14 ans`."""
    tokens = draft.tokens
    position = _noun_after(draft, index)
    if not position:
        return False
    noun = tokens[position]
    if noun.sort == "vehicle" and _noun_follows(draft, position):
        return bind(draft, index, noun, tokens[index].value)
    if noun.sort in _TAKERS:
        return _before_other_noun(draft, index, position)
    if noun.sort == "alias" and _lone_key(draft, index):
        return bind(draft, index, tokens[index - 1], tokens[index].value)
    if noun.sort not in _NOUNS or (noun.field is not None and noun.sort != "alias"):
        return False
    return _to_noun(draft, index, position)


def _noun_after(draft: Draft, index: int) -> int:
    """Where the word stands that a number may count; 0 if none does. Letters and `GN 22 4x4` are read elsewhere."""
    tokens = draft.tokens
    position = index + 1
    if tokens[index].key == "approximate" and position < len(tokens) and tokens[position].text in ("de", "d"):
        position += 1
    if not draft.touching(position) or (" " in tokens[position].gap and "-" in tokens[position].gap):
        return 0
    noun = tokens[position]
    if noun.text == "4 x 4" and draft.touching(index) and tokens[index - 1].field is None:
        return 0
    word = noun.sort in ("people", "unit") and len(noun.text) > 1
    if is_letters(draft, noun) and not (word or (noun.sort == "vehicle" and _noun_follows(draft, position))):
        return 0
    return position


def _noun_follows(draft: Draft, position: int) -> bool:
    """`2 bus 80 pers`: the number after the vehicle has a noun of its own."""
    after = position + 2
    return (
        draft.tokens[position].field is None
        and draft.touching(position + 1)
        and draft.free(position + 1, "number")
        and draft.touching(after)
        and draft.tokens[after].sort in _NOUNS | _TAKERS
    )


def _before_other_noun(draft: Draft, index: int, position: int) -> bool:
    """A noun that is counted nowhere takes its number away: `14 ans`, `1 marabou`; an hour may stand for itself."""
    noun = draft.tokens[position]
    if _held_from_left(draft, index):
        return after_noun(draft, index)
    dala = noun.text == "dala" and draft.free(position + 1, "number")
    if (dala or noun.sort not in ("unit", "age", "money")) and _lone_key(draft, index):
        return bind(draft, index, draft.tokens[index - 1], draft.tokens[index].value)
    if noun.sort == "greeting" or (not noun.sort and reads_as_hour(draft.tokens[index])):
        return False
    return leave(draft.tokens[index])


def _lone_key(draft: Draft, index: int) -> bool:
    """`F 33 quota`, `GN 25 tel`: the letters before a number, when no number before them wants them."""
    if not (draft.touching(index) and _open_letters(draft, index - 1)):
        return False
    if draft.tokens[index - 1].sort == "vehicle":
        return False  # bus 45 places
    return not (draft.touching(index - 1) and draft.free(index - 2, "number"))


def _to_noun(draft: Draft, index: int, position: int) -> bool:
    tokens = draft.tokens
    number, noun = tokens[index], tokens[position]
    if _held_from_left(draft, index) and noun.key not in _SUBSETS:
        return after_noun(draft, index)
    if _contested(draft, index, position) or _of_many(draft, index, position):
        noun.field = LEFT_ALONE
        return unclear(draft, number)
    if noun.sort == "country" and draft.touching(index) and _open_letters(draft, index - 1):
        return leave(number)  # `GN 53 Ghana`: whose?
    if noun.sort == "alias":
        return _to_alias(draft, index, noun)
    if noun.sort == "people" and noun.key in _SUBSETS and _held_from_left(draft, index):
        put_people(draft, noun.key, number.value)
        noun.field = "people"
        return after_noun(draft, index)
    bound = bind(draft, index, noun, number.value)
    following = position + 1
    if noun.sort == "people" and draft.touching(following):
        subset = tokens[following]
        if subset.sort == "people" and subset.key in _SUBSETS and subset.field is None:
            put_people(draft, subset.key, number.value)
            subset.field = "people"
    return bound


def _of_many(draft: Draft, index: int, position: int) -> bool:
    """`le 12 maliens`, `2 bus de 50 pers`, `45 hommes, femmes et enfants`: what the number says is not plain."""
    number, noun = draft.tokens[index], draft.tokens[position]
    if index and draft.tokens[index - 1].text == "le" and number.value <= 31:
        return noun.sort in ("people", "nation")
    return noun.sort == "people" and (multiplied(draft, index) or _counted_together(draft, position))


def paired(draft: Draft, index: int) -> bool:
    """`hommes 12 femmes 4`, `F 32 total 647`, `BUS 2 80 pers`: each word with the number after it."""
    tokens = draft.tokens
    if not (draft.touching(index) and _names_people(draft, index - 1)):
        return _before_count(draft, index)
    if draft.touching(index - 1) and draft.free(index - 2, "number"):
        return False
    row = [index - 1, index]
    while (
        _follows(draft, row[-1] + 1)
        and _names_people(draft, row[-1] + 1)
        and draft.free(row[-1] + 2, "number")
    ):
        row += [row[-1] + 1, row[-1] + 2]
    last = row[-1] + 1
    if len(row) < 4 or (_follows(draft, last) and _names_people(draft, last)):
        return False
    if all(is_letters(draft, tokens[word]) for word in row[::2]):
        return False
    for word, number in zip(row[::2], row[1::2], strict=True):
        bind(draft, number, tokens[word], tokens[number].value)
    return True


def _follows(draft: Draft, index: int) -> bool:
    """Nothing but spaces and commas between."""
    return index < len(draft.tokens) and not draft.tokens[index].gap.strip(" ,")


def _names_people(draft: Draft, index: int) -> bool:
    token = draft.tokens[index]
    return token.field is None and is_letters_or_people(draft, token) and token.sort != "vehicle"


def _before_count(draft: Draft, index: int) -> bool:
    """`BUS 2 80 pers`: the number after has a noun of its own, so this one is the vehicle's."""
    tokens = draft.tokens
    vehicle = index > 0 and draft.touching(index) and draft.free(index - 1, "vehicle")
    if not vehicle or (index > 1 and tokens[index - 2].sort == "number"):
        return False
    own = draft.free(index + 1, "number") and draft.touching(index + 2) and tokens[index + 2].sort == "people"
    return own and in_digits(tokens[index]) and bind(draft, index, tokens[index - 1], tokens[index].value)


def _counted_together(draft: Draft, position: int) -> bool:
    """`45 hommes, femmes et enfants`: one number for several kinds of people."""
    tokens = draft.tokens
    other = position + 1
    if other < len(tokens) and tokens[other].text in _JOINS:
        other += 1
    if (
        not _follows(draft, other)
        or tokens[other].sort != "people"
        or tokens[other].key in _SUBSETS | {"under_5"}
    ):
        return False
    same = tokens[other].key == tokens[position].key
    return not same and tokens[other].field is None and not draft.free(other + 1, "number")


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
    if any(not in_digits(tokens[i]) for i in numbers_at):
        return False
    if tokens[row[0]].sort != "number":
        return _row_of_pairs(draft, row)
    if tokens[row[-1]].sort == "number":
        return _row_with_total(draft, row)
    last = tokens[row[-1]]
    if _held_from_left(draft, row[0]) or (
        len(row) > 2
        and last.text not in draft.vocabulary.keys
        and any(tokens[i].text in draft.vocabulary.keys for i in row)
    ):
        return unclear(draft, *(tokens[i] for i in numbers_at))
    for number, letters in zip(row[::2], row[1::2], strict=True):
        bind(draft, number, tokens[letters], tokens[number].value)
    return True


def row_of_nationals(draft: Draft, index: int) -> bool:
    """`maliens 12 guineens 8`: in a row that begins with a noun, each number belongs to the noun before it."""
    tokens = draft.tokens
    end = index + 1
    while _names_nation(draft, end) and draft.touching(end):
        if not (draft.free(end + 1, "number") and draft.touching(end + 1)):
            end += 1
            break
        end += 2
    if end == index + 1 or not _names_nation(draft, index - 1) or not draft.touching(index):
        return False
    if tokens[end - 1].sort != "number":  # `maliens 12 guineens`: whose?
        return leave(tokens[index])
    return bind(draft, index, tokens[index - 1], tokens[index].value)


def _names_nation(draft: Draft, index: int) -> bool:
    """A demonym, or a country that is not where from or where to."""
    if draft.free(index, "country"):
        return not role(draft, index)[0]
    return draft.free(index, "nation")


def after_noun(draft: Draft, index: int) -> bool:
    """`mutane 12`, `maliens 218`: a number with nothing after it belongs to the noun before it."""
    if not (index and draft.touching(index)):
        return False
    noun = draft.tokens[index - 1]
    if noun.field is not None or not (noun.sort == "people" or _names_nation(draft, index - 1)):
        return False
    if noun.sort == "people" and index > 1 and _one_of_several(draft, index - 1):
        return unclear(draft, noun, draft.tokens[index])
    if noun.text in draft.vocabulary.sets["one_child"] and 1 < draft.tokens[index].value < _ADULT:
        return unclear(draft, noun, draft.tokens[index])
    return bind(draft, index, noun, draft.tokens[index].value)


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


def _one_of_several(draft: Draft, index: int) -> bool:
    """`hommes femmes enfants 40`: the number may be that of all of them."""
    before = draft.tokens[index - 1]
    other = before.sort == "people" and before.field is None and before.key != draft.tokens[index].key
    counted = index > 1 and draft.tokens[index - 2].sort == "number"
    return other and not counted and draft.touching(index)


def bare(draft: Draft) -> None:
    """A bare number is the total on a code that needs people, the quantity on one that needs a quantity."""
    if "number" not in draft.sorts:
        return
    left = [t for t in draft.tokens if t.sort == "number" and t.field is None]
    if not left or draft.code is None or draft.line == "hotline":
        return
    left = [t for t in left if not (after_hour(draft, t) or half_said(draft, t))]
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
    """Beside people that were counted by kind, a bare total stands right after the code or the place."""
    return not draft.people or _after_head(draft, token)


def _row_of_pairs(draft: Draft, row: list[int]) -> bool:
    tokens = draft.tokens
    for letters, number in zip(row[::2], row[1::2], strict=False):
        if tokens[letters].sort == "vehicle" and not _worth_a_vehicle(draft, tokens[number]):
            tokens[number].field = LEFT_ALONE
        else:
            bind(draft, number, tokens[letters], tokens[number].value)
    return True


def _worth_a_vehicle(draft: Draft, number: Token) -> bool:
    return number.value < 10 and bool(draft.people)


def _row_with_total(draft: Draft, row: list[int]) -> bool:
    """`647 H 590 F 32`: only if the first number can hold the others."""
    tokens = draft.tokens
    first = tokens[row[0]]
    keys = draft.vocabulary.keys
    counted = sum(
        tokens[n].value for w, n in zip(row[1::2], row[2::2], strict=True) if tokens[w].text in keys
    )
    if _held_from_left(draft, row[0]) and first.value >= counted:
        return after_noun(draft, row[0]) and _row_of_pairs(draft, row[1:])
    after = row[-1] + 1
    letter = draft.touching(after) and len(tokens[after].text) == 1 and tokens[after].sort != "number"
    vehicles = tokens[row[1]].sort == "vehicle" and not first.value >= 10 > tokens[row[2]].value
    if (
        letter  # 45 h 12 f 3 e
        or vehicles
        or first.value < counted
        or draft.code is None
        or (row[0] and hour_like(tokens[row[1]], first))
    ):
        return unclear(draft, *(tokens[i] for i in row if tokens[i].sort == "number"))
    return _row_of_pairs(draft, row[1:])


def _leading(draft: Draft, index: int) -> bool:
    """`647H590F32`, all joined: the first number is bare when the row ends with a number."""
    tokens = draft.tokens
    row = [index]
    while (
        row[-1] + 1 < len(tokens) and not tokens[row[-1] + 1].gap and _alternates(draft, row[-1], row[-1] + 1)
    ):
        row.append(row[-1] + 1)
    if len(row) < 3 or tokens[row[-1]].sort != "number":
        return False
    if len(row) == 3 and tokens[row[1]].text == "x":
        return unclear(draft, *(tokens[i] for i in row))  # 25x3
    return _row_with_total(draft, row)


def _alternates(draft: Draft, index: int, following: int) -> bool:
    if draft.tokens[index].sort == "number":
        return _open_letters(draft, following)
    return draft.free(following, "number")


def _open_letters(draft: Draft, index: int) -> bool:
    return _open(draft, draft.tokens[index])


def _open(draft: Draft, token: Token) -> bool:
    return token.field is None and is_letters(draft, token)


def _held_from_left(draft: Draft, index: int) -> bool:
    """`mutane 12 suka zo`: a word that its number follows; `24 mata 5girls` is even the other way round."""
    if not (index and draft.touching(index)):
        return False
    token = draft.tokens[index - 1]
    if token.field is not None or token.text not in draft.vocabulary.sets["before_number"]:
        return False
    counted = draft.touching(index - 1) and draft.free(index - 2, "number")
    return not counted or _held_from_left(draft, index - 2)


def _contested(draft: Draft, index: int, position: int) -> bool:
    """`H 12 femmes`, `30 maza 5`: two nouns want one number."""
    tokens = draft.tokens
    if (
        draft.touching(index)
        and _open_letters(draft, index - 1)
        and tokens[index - 1].text in draft.vocabulary.keys
    ):
        return True
    before = tokens[index - 1] if draft.touching(index) else None
    if (
        before is not None
        and before.sort == "people"
        and before.field is None
        and not _held_from_left(draft, index)
    ):
        return not (draft.touching(index - 1) and draft.free(index - 2, "number"))
    if tokens[position].text in draft.vocabulary.sets["before_number"]:
        follows = draft.touching(position + 1) and draft.free(position + 1, "number")
        return follows and not _held_from_left(draft, index)
    return tokens[position].sort == "people" and _orphan(draft, position + 1)


def _orphan(draft: Draft, index: int) -> bool:
    """`9 femmes 24`: a number that the noun before it may want, having none of its own."""
    if not (draft.touching(index) and draft.free(index, "number")) or reads_as_hour(draft.tokens[index]):
        return False
    after = index + 1
    if draft.free(after, "number") and draft.tokens[after].gap in (".", ",", "/", ":"):
        return False  # 14.30
    if not draft.touching(after) or "-" in draft.tokens[after].gap:
        return True
    noun = draft.tokens[after]
    if noun.sort == "people" and _orphan(draft, after + 1):
        return True
    if is_letters(draft, noun) and draft.free(after + 1, "number"):
        return noun.gap != "" and is_joined(draft.tokens[after + 1])
    return not (is_letters(draft, noun) or noun.sort in _NOUNS | _TAKERS | {"number"} or noun.text in _JOINS)


def _to_alias(draft: Draft, index: int, noun: Token) -> bool:
    """`5 blesses`: the people of the code that the alias stands for; `3 enfants seuls` are minors too."""
    number = draft.tokens[index]
    word = draft.vocabulary.words.get(noun.text.partition(" ")[0])
    if word is not None and word.sort in ("people", "vehicle"):
        noun_like = Token(noun.text, noun.start, noun.end, noun.gap, word.sort)
        noun_like.key = word.key
        kept = noun.field
        bind(draft, index, noun_like, number.value)
        noun.field = kept or noun_like.field
        return True
    code = draft.code
    counted = code is not None and noun.key == code.code and "people" in code.required
    if not counted or draft.line == "hotline":
        return leave(number)
    put_people(draft, "total", number.value)
    approximation(draft, index)
    number.field = "people"
    return True
