"""Rules for the noun beside a number: which one it counts, and which one takes it away."""

from typing import Final

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.figures import multiplied
from gateway.reports.slots import role
from gateway.reports.tally import (
    NOUNS,
    TAKERS,
    approximation,
    bind,
    is_joined,
    is_letters,
    leave,
    put_people,
    unclear,
)
from gateway.reports.times import reads_as_hour
from gateway.reports.tokenizer import Token

_JOINS: Final = frozenset({"a", "et", "ou", "de", "and", "or", "k"})
_SUBSETS: Final = frozenset({"pregnant", "elderly", "disabled"})
_ADULT: Final = 18


def before_noun(draft: Draft, index: int) -> bool:
    """A number belongs to the noun after it: `3 hommes`, `12 senegalais`, `2 hilux`, `14 ans`."""
    tokens = draft.tokens
    position = _noun_after(draft, index)
    if not position:
        return False
    noun = tokens[position]
    if noun.sort == "vehicle" and _noun_follows(draft, position):
        return bind(draft, index, noun, tokens[index].value)
    if noun.sort in TAKERS:
        return _before_other_noun(draft, index, position)
    if noun.sort == "alias" and _lone_key(draft, index):
        return bind(draft, index, tokens[index - 1], tokens[index].value)
    if noun.sort not in NOUNS or (noun.field is not None and noun.sort != "alias"):
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
        and draft.tokens[after].sort in NOUNS | TAKERS
    )


def _before_other_noun(draft: Draft, index: int, position: int) -> bool:
    """A noun that is counted nowhere takes its number away: `14 ans`, `1 marabou`; an hour may stand for itself."""
    noun = draft.tokens[position]
    if held_from_left(draft, index):
        return after_noun(draft, index)
    dala = noun.text == "dala" and draft.free(position + 1, "number")
    if (dala or noun.sort not in ("unit", "age", "money")) and _lone_key(draft, index):
        return bind(draft, index, draft.tokens[index - 1], draft.tokens[index].value)
    if noun.sort == "greeting" or (not noun.sort and reads_as_hour(draft.tokens[index])):
        return False
    return leave(draft.tokens[index])


def _lone_key(draft: Draft, index: int) -> bool:
    """`F 33 quota`, `GN 25 tel`: the letters before a number, when no number before them wants them."""
    if not (draft.touching(index) and open_letters(draft, index - 1)):
        return False
    if draft.tokens[index - 1].sort == "vehicle":
        return False  # bus 45 places
    return not (draft.touching(index - 1) and draft.free(index - 2, "number"))


def _to_noun(draft: Draft, index: int, position: int) -> bool:
    tokens = draft.tokens
    number, noun = tokens[index], tokens[position]
    if held_from_left(draft, index) and noun.key not in _SUBSETS:
        return after_noun(draft, index)
    if _contested(draft, index, position) or _of_many(draft, index, position):
        noun.field = LEFT_ALONE
        return unclear(draft, number)
    if noun.sort == "country" and draft.touching(index) and open_letters(draft, index - 1):
        return leave(number)  # `GN 53 Ghana`: whose?
    if noun.sort == "alias":
        return _to_alias(draft, index, noun)
    if noun.sort == "people" and noun.key in _SUBSETS and held_from_left(draft, index):
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


def _of_many(draft: Draft, index: int, position: int) -> bool:
    """`le 12 maliens`, `2 bus de 50 pers`, `45 hommes, femmes et enfants`: what the number says is not plain."""
    number, noun = draft.tokens[index], draft.tokens[position]
    if index and draft.tokens[index - 1].text == "le" and number.value <= 31:
        return noun.sort in ("people", "nation")
    return noun.sort == "people" and (multiplied(draft, index) or _counted_together(draft, position))


def _counted_together(draft: Draft, position: int) -> bool:
    """`45 hommes, femmes et enfants`: one number for several kinds of people."""
    tokens = draft.tokens
    other = position + 1
    if other < len(tokens) and tokens[other].text in _JOINS:
        other += 1
    if (
        not next_in_row(draft, other)
        or tokens[other].sort != "people"
        or tokens[other].key in _SUBSETS | {"under_5"}
    ):
        return False
    same = tokens[other].key == tokens[position].key
    return not same and tokens[other].field is None and not draft.free(other + 1, "number")


def _contested(draft: Draft, index: int, position: int) -> bool:
    """`H 12 femmes`, `30 maza 5`: two nouns want one number."""
    tokens = draft.tokens
    if (
        draft.touching(index)
        and open_letters(draft, index - 1)
        and tokens[index - 1].text in draft.vocabulary.keys
    ):
        return True
    before = tokens[index - 1] if draft.touching(index) else None
    if (
        before is not None
        and before.sort == "people"
        and before.field is None
        and not held_from_left(draft, index)
    ):
        return not (draft.touching(index - 1) and draft.free(index - 2, "number"))
    if tokens[position].text in draft.vocabulary.sets["before_number"]:
        follows = draft.touching(position + 1) and draft.free(position + 1, "number")
        return follows and not held_from_left(draft, index)
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
    return not (is_letters(draft, noun) or noun.sort in NOUNS | TAKERS | {"number"} or noun.text in _JOINS)


def after_noun(draft: Draft, index: int) -> bool:
    """`mutane 12`, `maliens 218`: a number with nothing after it belongs to the noun before it."""
    if not (index and draft.touching(index)):
        return False
    noun = draft.tokens[index - 1]
    if noun.field is not None or not (noun.sort == "people" or names_nation(draft, index - 1)):
        return False
    if noun.sort == "people" and index > 1 and _one_of_several(draft, index - 1):
        return unclear(draft, noun, draft.tokens[index])
    if noun.text in draft.vocabulary.sets["one_child"] and 1 < draft.tokens[index].value < _ADULT:
        return unclear(draft, noun, draft.tokens[index])
    return bind(draft, index, noun, draft.tokens[index].value)


def _one_of_several(draft: Draft, index: int) -> bool:
    """`hommes femmes enfants 40`: the number may be that of all of them."""
    before = draft.tokens[index - 1]
    other = before.sort == "people" and before.field is None and before.key != draft.tokens[index].key
    counted = index > 1 and draft.tokens[index - 2].sort == "number"
    return other and not counted and draft.touching(index)


def held_from_left(draft: Draft, index: int) -> bool:
    """`mutane 12 suka zo`: a word that its number follows; `24 mata 5girls` is even the other way round."""
    if not (index and draft.touching(index)):
        return False
    token = draft.tokens[index - 1]
    if token.field is not None or token.text not in draft.vocabulary.sets["before_number"]:
        return False
    counted = draft.touching(index - 1) and draft.free(index - 2, "number")
    return not counted or held_from_left(draft, index - 2)


def names_nation(draft: Draft, index: int) -> bool:
    """A demonym, or a country that is not where from or where to."""
    if draft.free(index, "country"):
        return not role(draft, index)[0]
    return draft.free(index, "nation")


def open_letters(draft: Draft, index: int) -> bool:
    return is_open(draft, draft.tokens[index])


def is_open(draft: Draft, token: Token) -> bool:
    return token.field is None and is_letters(draft, token)


def next_in_row(draft: Draft, index: int) -> bool:
    """Nothing but spaces and commas between."""
    return index < len(draft.tokens) and not draft.tokens[index].gap.strip(" ,")
