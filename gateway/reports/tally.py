"""How a number that was understood is entered, and how one that was not is left alone."""

from typing import Final

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.numerals import UNMADE
from gateway.reports.tokenizer import Token

NOUNS: Final = frozenset({"people", "nation", "country", "vehicle", "alias", "quantity"})
TAKERS: Final = frozenset(
    {"", "unit", "age", "money", "caller", "ransom", "help", "other", "road", "friend", "ambiguous", "greeting"}
)  # fmt: skip
_DURING: Final = frozenset({"pendant", "durant", "dans", "apres", "avant", "for", "duree"})
_APPROXIMATE_SIGNS: Final = frozenset("~±>")
_TOGETHER: Final = frozenset({"et", "avec", "ac", "and", "with", "da", "plus"})
_SAME_PEOPLE: Final = frozenset({"total", "pregnant", "elderly", "disabled"})
_MAYBE_SUM: Final = 1000
LEAST_SUM: Final = 2000  # francs; fewer before an F are women
MOST_PEOPLE: Final = 6  # digits; more are no count of people


def totals(draft: Draft) -> None:
    """The total is what was stated, else the sum; a sum above it or babies outside it are asked about."""
    people = draft.people
    if (people and (_of_each(draft) or _with_others(draft) or _is_part(draft))) or _left_uncounted(draft):
        draft.problem("total_unclear", "people")
        people.pop("total", None)
        people.pop("total_max", None)
    if not people:
        leave(*(token for token in draft.tokens if token.field == "people"))
    stated = people.get("total")
    if draft.kind == "correction" or not people:
        return
    summed = [people[key] for key in PEOPLE_SUMMED if key in people]
    if stated is None and summed and "people" not in draft.problems:
        people["total"] = sum(summed)
        if draft.spread:
            people["total_max"] = people["total"] + draft.spread
    elif stated is not None and stated < sum(summed):
        draft.problem("total_mismatch", "people")
    if draft.kind == "addition" or "under_5" not in people:
        return
    if stated is None and not draft.covered and people.keys().isdisjoint(("minors", "boys", "girls")):
        draft.problem("total_unclear", "people")


def _of_each(draft: Draft) -> bool:
    """`40 chacun`, `100 pers par bus`, `50 pers/bus`: how many there are in all is not said."""
    each = draft.vocabulary.sets["each"]
    if not draft.texts.isdisjoint(each) and any(
        token.text in each and not _is_sum(draft, index - 1) for index, token in enumerate(draft.tokens)
    ):
        return True
    if "vehicle" not in draft.sorts:
        return False
    return any(
        token.sort == "vehicle"
        and index > 0
        and (
            draft.tokens[index - 1].text in ("par", "per")
            or ("/" in token.gap and draft.tokens[index - 1].sort in ("people", "number"))
        )
        for index, token in enumerate(draft.tokens)
    )


def _is_part(draft: Draft) -> bool:
    """`80 nigeriens dont 10 femmes`, `67 arrives hier dont 5 femmes`: those counted are not all."""
    if "covers" not in draft.sorts or "total" in draft.people:
        return False
    first = next(index for index, token in enumerate(draft.tokens) if token.sort == "covers")
    before = draft.tokens[:first]
    return all(token.field != "people" for token in before) and any(
        token.sort == "number" for token in before
    )


def _is_sum(draft: Draft, index: int) -> bool:
    """`50 000 F chacun`: what each has to pay."""
    if index > 0 and draft.tokens[index].text in ("a", "par", "pour"):
        index -= 1
    token = draft.tokens[index]
    if token.sort == "number":
        return token.value >= LEAST_SUM
    return index > 0 and (token.sort == "money" or (token.text == "f" and token.field == LEFT_ALONE))


def _with_others(draft: Draft) -> bool:
    """`une femme et son bebe`, `ma femme et mes 3 enfants`: beside those counted there are some that are not."""
    if "total" in draft.people:
        return False
    for index, token in enumerate(draft.tokens):
        if token.sort != "people" or token.field not in (None, LEFT_ALONE) or token.key in _SAME_PEOPLE:
            continue
        if _counted_beside(draft, index, -1) or _counted_beside(draft, index, 1):
            return True
    return False


def _counted_beside(draft: Draft, index: int, step: int) -> bool:
    """On that side, over a joining word and a possessive, stands a count of people."""
    tokens = draft.tokens
    joined = False
    position = index + step
    while 0 <= position < len(tokens) and draft.touching(max(position, position - step)):
        joined |= tokens[position].text in _TOGETHER
        if tokens[position].text not in draft.vocabulary.sets["possessives"] | _TOGETHER:
            return joined and tokens[position].field == "people"
        position += step
    return False


def _left_uncounted(draft: Draft) -> bool:
    """A number and a people word beside each other that no rule has read: some count is not in the total."""
    if draft.line == "hotline":
        return False
    if draft.letter_keys and any(_joins_no_key(draft, index) for index in range(1, len(draft.tokens))):
        return True
    unread = (None, LEFT_ALONE)
    for index, token in enumerate(draft.tokens[1:], start=1):
        before = draft.tokens[index - 1]
        if {token.sort, before.sort} == {"number", "people"} and token.field in unread:
            number = token if token.sort == "number" else before
            counts = in_digits(number) or number.key == UNMADE
            if before.field in unread and counts and draft.touching(index):
                return True
    return False


def _joins_no_key(draft: Draft, index: int) -> bool:
    """`H60 F40 E12`: an E for the children, as no key is."""
    letter, number = draft.tokens[index - 1 : index + 1]
    return letter.text == "e" and number.sort == "number" and number.field != "people" and is_joined(number)


def maybe_one(draft: Draft, letters: Token) -> bool:
    """`l2` in a text that is else in capitals: two girls or twelve, who knows."""
    if letters.text != "l" or draft.capitals(letters):
        return False
    keys = [t for t in draft.tokens if t.text in draft.vocabulary.keys and t is not letters]
    signs = keys or [t for t in draft.tokens if t.sort == "code"]
    return any(draft.capitals(sign) for sign in signs)


def bind(draft: Draft, index: int, noun: Token, value: int) -> bool:
    """Number and noun become a count, by the noun's sort."""
    number = draft.tokens[index]
    key = draft.vocabulary.keys.get(noun.text) if len(noun.text) <= 2 else None
    if key is not None and is_letters(draft, noun):
        if noun.start > number.start and _measures(draft, index, noun):
            return leave(number, noun)
        if noun.start > number.start and (_maybe_money(value, noun) or hour_like(noun, number)):
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
    if len(number.text) > MOST_PEOPLE and in_digits(number):
        return leave(number)
    if noun.start < number.start and maybe_one(draft, noun):
        return unclear(draft, noun, number)
    put_people(draft, key, value)
    number.field = noun.field = "people"
    approximation(draft, index)
    return True


def _count_things(draft: Draft, number: Token, noun: Token) -> bool:
    code = draft.code
    if code is None or not {"quantity"} & (code.required | code.optional) or draft.quantity is not None:
        return leave(number)
    draft.quantity = number.value
    number.field = noun.field = "quantity"
    return True


def put_people(draft: Draft, key: str, value: int) -> None:
    """The same thing counted twice with two results is asked about, and not filled."""
    if key not in draft.people and not draft.problems:
        draft.people[key] = value
    elif draft.people.get(key, value) != value:
        draft.problem("total_unclear", "people")
        del draft.people[key]
        draft.people.pop("total_max", None)
    elif not any(p.code == "total_unclear" and key in p.candidates for p in draft.problems.values()):
        draft.people[key] = value


def approximation(draft: Draft, index: int) -> None:
    """`env 50`, `~50`, `+ de 50`, `50+ pers`, `50 pers environ`, `une bonne trentaine`."""
    tokens = draft.tokens
    token = tokens[index]
    before = tokens[index - 1] if index else None
    after = index + 1
    if after < len(tokens) and tokens[after].field == "people" and "+" not in tokens[after].gap:
        after += 1
    trails = draft.touching(after) and (
        (tokens[after].sort == "approximate" and not draft.free(after + 1, "number"))
        or (after == index + 1 and "+" in tokens[after].gap and tokens[after].sort == "people")
    )
    if token.key == "approximate" or not _APPROXIMATE_SIGNS.isdisjoint(token.gap) or trails:
        if "->" not in token.gap:
            draft.approximate = True
    elif before is not None and before.field is None and (draft.touching(index) or token.gap == ". "):
        plus_de = before.text == "de" and "+" in before.gap
        if before.sort == "approximate" or before.text == "pres de" or plus_de:
            draft.approximate = True
            before.field = "people"
    if trails and tokens[after].sort == "approximate":
        tokens[after].field = "people"
    if before is not None and before.text in ("un", "une") and token.key == "approximate":
        before.field = "people"


def thousands_after(draft: Draft, index: int) -> int:
    """`T1.277` is one number."""
    tokens = draft.tokens
    number = tokens[index]
    if (
        draft.free(index + 1, "number")
        and tokens[index + 1].gap in (".", "'")
        and len(tokens[index + 1].text) == 3
    ):
        tokens[index + 1].field = "people"
        return number.value * 1000 + tokens[index + 1].value
    return number.value


def _measures(draft: Draft, index: int, noun: Token) -> bool:
    """`depuis 48h`, `2 bidons de 20L`: how long, and how much; what is handed out may be litres anyway."""
    before = draft.tokens[index - 1] if draft.touching(index) else None
    if noun.text == "h":
        return before is not None and before.text in draft.vocabulary.sets["since"] | _DURING
    if noun.text != "l":
        return False
    if draft.code is not None and "quantity" in draft.code.required:
        return True
    return before is not None and before.text == "de" and index > 1 and draft.tokens[index - 2].sort == "unit"


def hour_like(letters: Token, number: Token) -> bool:
    return letters.text == "h" and number.value <= 23


def _defer(draft: Draft, number: Token, noun: Token) -> bool:
    """`12H` may be twelve men or noon: `times.py` decides when the rest is known; money is left alone."""
    if noun.text == "f" and not is_money(number.value, noun):
        return unclear(draft, number, noun)
    number.field = noun.field = LEFT_ALONE
    if noun.text == "h":
        draft.hours.append(draft.tokens.index(number))
    return True


def is_money(value: int, noun: Token) -> bool:
    """Francs: 2 000 and more before an F, or a round hundred with the F joined on."""
    return noun.text == "f" and (value >= LEAST_SUM or (value >= 100 and value % 100 == 0 and not noun.gap))


def _maybe_money(value: int, noun: Token) -> bool:
    """`1500 F` may be francs, or women that nobody has counted to the last."""
    return is_money(value, noun) or (noun.text == "f" and value >= _MAYBE_SUM)


def is_letters(draft: Draft, token: Token) -> bool:
    """A people key, a country's two letters, or a vehicle's code."""
    text = token.text
    if token.elided:
        return False
    if len(text) <= 2:
        return text in draft.vocabulary.keys or _is_country(draft, token)
    return token.sort == "vehicle" and text == token.key.lower()


def is_letters_or_people(draft: Draft, token: Token) -> bool:
    return token.sort == "people" or is_letters(draft, token)


def _is_country(draft: Draft, token: Token) -> bool:
    if token.text not in draft.vocabulary.iso or token.sort == "road":
        return False
    if token.text not in draft.vocabulary.iso_words:
        return True
    if token.text in draft.vocabulary.sets["leading"] and token.gap:  # 4 HOM ET 2 FEM, et 1 chien
        return draft.capitals(token) and draft.source.normal[token.end : token.end + 1].isdigit()
    index = draft.tokens.index(token)
    if not draft.capitals(token):
        return token.text == "ne" and _joins_figure(draft, index)
    return not token.gap or token.text == "ne" or not draft.shouted(index)


def _joins_figure(draft: Draft, index: int) -> bool:
    """`ne12`, `12ne`: no small word is written so."""
    before = index > 0 and not draft.tokens[index].gap and draft.tokens[index - 1].sort == "number"
    return before or (draft.free(index + 1, "number") and not draft.tokens[index + 1].gap)


def is_joined(token: Token) -> bool:
    return not token.gap or token.gap.strip() == "="


def in_digits(token: Token) -> bool:
    return token.text.isdigit()


def leave(*tokens: Token) -> bool:
    for token in tokens:
        token.field = LEFT_ALONE
    return True


def unclear(draft: Draft, *tokens: Token) -> bool:
    draft.problem("total_unclear", "people")
    return leave(*tokens)
