"""Rules for figures that are written in parts, or that count nothing: `1.277`, `40-50`, `500 mil F`."""

from typing import Final

from gateway.reports.calendar import FRACTION
from gateway.reports.draft import Draft
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.numerals import UNMADE
from gateway.reports.tally import (
    LEAST_SUM,
    approximation,
    bind,
    in_digits,
    is_joined,
    is_letters,
    is_letters_or_people,
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
_FIGURES: Final = frozenset({"number", "date"})
_THOUSANDS: Final = frozenset({" ", ".", "'"})
_POINTS: Final = frozenset({".", ",", "'", "/", ":"})
_UP_TO: Final = frozenset({"a", "ou", "or", "ko", "to"})
_AND: Final = frozenset({"et", "and", "da"})
_UNTIL: Final = "jusqu a"
_ONE: Final = frozenset({"un", "une", "le", "la", "du", "au", "ce", "cet", "cette", "the"})
_NO: Final = frozenset({"pas", "sans", "ni", "aucun", "aucune", "no"})
_OTHERS: Final = "others"
_OF: Final = frozenset({"de", "d", "of"})
_BY: Final = frozenset({"par", "by"})
_TO_ME: Final = frozenset({"m", "me", "nous", "ns"})
_HAVE: Final = frozenset({"a", "ont", "on", "avait", "avaient"})
_SUMS: Final = frozenset({"f", "m"})  # rancon 5M
_MILLIONS: Final = frozenset({"m", "k"})
_HALF: Final = frozenset({"et demi", "et demie", "demi", "demie", "half", "half a"})
_ARTICLES: Final = frozenset({"le", "du", "au", "vers"})
_MOST_PEOPLE: Final = 6  # digits; more are no count of people


def thousands(draft: Draft, index: int) -> bool:
    """`1.277`, `1 277`, `1'277` are one number, held by its last group, before a noun or a key; so are francs."""
    tokens = draft.tokens
    groups = _groups(draft, index)
    after = index + len(groups)
    if index and not tokens[index].gap and not _keyed(draft, index):
        return False  # RN20 919 pers
    if len(groups) < 2 or not draft.touching(after) or _read_with_key(draft, index):
        return False
    noun, last = tokens[after], groups[-1]
    value = int("".join(group.text for group in groups))
    if noun.sort == "money" or is_money(value, noun):
        return not _keyed(draft, index) and leave(*groups, noun)  # F32 500 euros
    if not (noun.sort in _NOUNS or noun.text in draft.vocabulary.keys) or not groups[0].value:
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
    if index > 1 and word.text in _AND | _UP_TO and draft.tokens[index - 2].sort in _FIGURES:
        return last.gap == " "
    return word.field is None and _names(draft, word) and (word.key != "weekdays" or last.gap == " ")


def _read_with_key(draft: Draft, index: int) -> bool:
    """`T1.277`: joined to its key, the dot can only part thousands."""
    tokens = draft.tokens
    return _keyed(draft, index) and tokens[index + 1].gap != " "


def _keyed(draft: Draft, index: int) -> bool:
    keys = draft.vocabulary.keys
    return index > 0 and is_joined(draft.tokens[index]) and draft.tokens[index - 1].text in keys


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
    """Two numbers with a dot or comma and no space between them are no counts, unless each has its noun."""
    tokens = draft.tokens
    named = _wanted_from_left(draft, index)
    if (
        named
        and index + 2 < len(tokens)
        and tokens[index + 1].gap == "/"
        and tokens[index + 2].sort == "people"
    ):
        return False
    figures = draft.free(index + 1, "number") and all(map(in_digits, tokens[index : index + 2]))
    if figures and tokens[index + 1].gap in _POINTS:
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
    beside = {token.text for token in _beside(draft, index)}
    first = index - 1 if draft.touching(index) and draft.tokens[index - 1].text == "de" else index
    before = draft.tokens[first - 1].text if draft.touching(first) else ""
    return before in _ONE | _NO or not beside.isdisjoint(draft.vocabulary.sets["networks"])


def francs(draft: Draft) -> None:
    """`1 500 000 F`, `2M CFA`, `500 mille F`: the figures of a sum, however they are parted."""
    tokens = draft.tokens
    for index, token in enumerate(tokens):
        if token.sort != "number" or token.field is not None or not in_digits(token):
            continue
        if index and is_joined(token) and tokens[index - 1].text in draft.vocabulary.keys:
            continue  # F32 500 euros
        groups = _groups(draft, index)
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
    if not draft.touching(upper) or (index and not tokens[index].gap and not _keyed(draft, index)):
        return 0
    between = index > 0 and tokens[index - 1].text == "entre"
    if tokens[upper].text in (_AND if between else _UP_TO) and draft.touching(upper + 1):
        upper += 1
    elif tokens[upper].gap.strip() != "-" or _hyphens_part(draft, index, upper):
        return 0
    if not draft.free(upper, "number") or _is_percent(draft, tokens[upper]):
        return 0
    following = tokens[upper + 1] if draft.free(upper + 1, "number") else None
    if tokens[index].gap in _POINTS or (
        following is not None
        and (following.gap in _POINTS or (following.gap == " " and len(following.text) == 3))
    ):
        return 0
    return upper


def _hyphens_part(draft: Draft, first: int, last: int) -> bool:
    """`RPZ-ASM-40-50`: where hyphens stand between other things too, they make no range."""
    tokens = draft.tokens
    inside = tokens[last].gap if last > first else ""
    if " " in inside and sum(token.gap.strip() == "-" for token in tokens) > 1:
        return True
    return tokens[first].gap.strip() == "-" or (
        last + 1 < len(tokens) and tokens[last + 1].gap.strip() == "-"
    )


def _span(draft: Draft, first: int, last: int, lower: int, upper: int) -> None:
    """A key joined to the lower end or a noun after the upper one says what is counted; else it is the total."""
    if _two_nouns(draft, first, last):
        return
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


def _two_nouns(draft: Draft, first: int, last: int) -> bool:
    """`T66 - 96 maliens`, `poste 2 - 14 enfants`: each number has its own."""
    if first == last or not draft.touching(last + 1) or not draft.touching(first):
        return False
    before, after = draft.tokens[first - 1], draft.tokens[last + 1]
    if not after.gap and is_letters(draft, after):
        return True
    if before.field is not None or after.sort not in _NOUNS | _TAKERS:
        return False
    if before.sort == "people":
        return after.sort != "people" or after.field is not None
    return is_letters(draft, before) or before.text in draft.vocabulary.sets["numbered"] - _ARTICLES


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
    """`H10-12`, `H 10-12`, `10-12 femmes`: the key before the range, or the people after it."""
    tokens = draft.tokens
    keys = draft.vocabulary.keys
    keyed = first > 0 and tokens[first - 1].text in keys and tokens[first - 1].field is None
    if keyed and (is_joined(tokens[first]) or _wanted_from_left(draft, first)):
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
    if not any(token.text in draft.vocabulary.sets["ransom"] for token in _beside(draft, index)):
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


def _beside(draft: Draft, index: int) -> list[Token]:
    """Up to two words on either side, with no comma or the like between."""
    tokens = draft.tokens
    first = index
    while first > max(index - 2, 0) and draft.touching(first):
        first -= 1
    last = index
    while last < index + 2 and draft.touching(last + 1):
        last += 1
    return tokens[first:index] + tokens[index + 1 : last + 1]


def money_before(draft: Draft, index: int) -> bool:
    """`dala 100`, `cfa 5000`: but not the number after the one that was money, `5000 cfa 3 pers`."""
    tokens = draft.tokens
    if not (draft.touching(index) and tokens[index - 1].sort == "money"):
        return False
    paid = draft.touching(index - 1) and tokens[index - 2].sort == "number"
    if paid and tokens[index - 1].text.endswith(" f") and not draft.touching(index + 1):
        return unclear(draft, tokens[index])  # 500 mil F 35: francs, or women?
    return not paid and leave(tokens[index])


def percent(draft: Draft, index: int) -> bool:
    """`68% soudanais` is no count."""
    return _is_percent(draft, draft.tokens[index]) and leave(draft.tokens[index])


def _is_percent(draft: Draft, number: Token) -> bool:
    return draft.source.normal[number.end : number.end + 2].lstrip().startswith("%")


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


def halved(draft: Draft, index: int) -> bool:
    """`4 et demi` is no count, nor is `1/2 douzaine`."""
    tokens = draft.tokens
    if draft.touching(index) and (tokens[index - 1].sort == FRACTION or tokens[index - 1].text in _HALF):
        return unclear(draft, tokens[index])
    return draft.touching(index + 1) and tokens[index + 1].text in _HALF and unclear(draft, tokens[index])


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
        word = last > 0 and tokens[last - 1].text in _AND | _UP_TO
        parted = word or tokens[last].gap.strip() == "," or tokens[last].gap in ("-", "/")
        last -= 2 if word else 1
        if not parted or not draft.free(last, "number") or _wanted_from_left(draft, last):
            return listed
        listed.append(tokens[last])


def _wanted_from_left(draft: Draft, index: int) -> bool:
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
