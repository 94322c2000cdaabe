"""Rules for ranges of numbers: `40-50`, `entre 40 et 50`, `H10-12`."""

from typing import Final

from gateway.reports.draft import Draft
from gateway.reports.figures import AND, POINTS, UP_TO, is_percent, joined_to_key, wanted_from_left
from gateway.reports.lexicon import PEOPLE_SUMMED
from gateway.reports.tally import NOUNS, TAKERS, is_joined, is_letters, leave, put_people, unclear
from gateway.reports.tokenizer import Token

_ARTICLES: Final = frozenset({"le", "du", "au", "vers"})


def spans(draft: Draft) -> None:
    """`40-50`, `40 a 50`, `entre 40 et 50`, `H10-12`: both ends are kept, the lower one as the count."""
    if "-" not in draft.source.normal and UP_TO.isdisjoint(draft.texts) and "entre" not in draft.texts:
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
    if not draft.touching(upper) or (index and not tokens[index].gap and not joined_to_key(draft, index)):
        return 0
    between = index > 0 and tokens[index - 1].text == "entre"
    if tokens[upper].text in (AND if between else UP_TO) and draft.touching(upper + 1):
        upper += 1
    elif tokens[upper].gap.strip() != "-" or _hyphens_part(draft, index, upper):
        return 0
    if not draft.free(upper, "number") or is_percent(draft, tokens[upper]):
        return 0
    following = tokens[upper + 1] if draft.free(upper + 1, "number") else None
    if tokens[index].gap in POINTS or (
        following is not None
        and (following.gap in POINTS or (following.gap == " " and len(following.text) == 3))
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
        if needed and (after is None or after.sort not in NOUNS | TAKERS or _begins_count(draft, last + 1)):
            _count_span(draft, ends, None, (lower, upper))
        else:
            leave(*ends)


def _begins_count(draft: Draft, index: int) -> bool:
    """`40 ou 50 F10`: the key has a number of its own."""
    return is_letters(draft, draft.tokens[index]) and draft.free(index + 1, "number")


def _two_nouns(draft: Draft, first: int, last: int) -> bool:
    """`T66 - 96 maliens`, `poste 2 - 14 enfants`: each number has its own."""
    if first == last or not draft.touching(last + 1) or not draft.touching(first):
        return False
    before, after = draft.tokens[first - 1], draft.tokens[last + 1]
    if not after.gap and is_letters(draft, after):
        return True
    if before.field is not None or after.sort not in NOUNS | TAKERS:
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
    if keyed and (is_joined(tokens[first]) or wanted_from_left(draft, first)):
        return tokens[first - 1]
    noun = tokens[last + 1] if draft.touching(last + 1) else None
    if noun is None or noun.field is not None:
        return None
    key_after = noun.text in keys and not noun.gap and noun.text not in ("h", "f")
    return noun if noun.sort == "people" or key_after else None
