"""What the words before a place make of it: the place itself, where from, where to, or none of these."""

from typing import Final

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.tokenizer import Token

AROUND_KM: Final = 5.0
_SEPARATORS: Final = frozenset(",;/|")
_AND: Final = frozenset({"et", "ou", "or", "and"})


def role(draft: Draft, index: int) -> tuple[str, list[Token]]:
    """What the words directly before a place make of it, and those words."""
    tokens = draft.tokens
    if ">" in tokens[index].gap:
        return "destination", []
    if index == 0 or tokens[index - 1].sort == "code":
        return "", []
    before: list[Token] = []
    position = index - 1
    if draft.touching(index) and tokens[position].text in draft.vocabulary.sets["articles"]:
        before.append(tokens[position])
        position -= 1
    if position < 0 or not (draft.touching(position + 1) or _separated(draft, position)):
        return "", []
    word = tokens[position]
    if word.sort == "preposition" and word.field is None:
        unsure = word.text in ("de", "d") and not _plain_origin(draft, position)
        return ("other", []) if unsure else (word.key, [*before, word])
    # `au sud Madama` does not say how far; `X et Y` names two places.
    unsure = word.field is None and (
        word.text in _AND or (word.text in draft.vocabulary.bearings and len(word.text) > 2)
    )
    return ("other" if unsure else ""), []


def _separated(draft: Draft, position: int) -> bool:
    """`vers,NIA`: where separators stand for spaces, one stands between the preposition and its place too."""
    word = draft.tokens[position]
    return draft.tokens[position + 1].gap in _SEPARATORS and word.key in ("origin", "destination")


def _plain_origin(draft: Draft, position: int) -> bool:
    """After an unknown noun (`la police de Konni`) `de` says whose, not where from."""
    if not (position and draft.touching(position)):
        return True
    before = draft.tokens[position - 1]
    if before.field is not None and before.field != LEFT_ALONE:
        return True
    return before.sort not in ("", "unit", "preposition", "small", "road", "time", "bearing")


def around(draft: Draft, index: int, before: list[Token]) -> float:
    """How far from a place one may be: `pres de Arlit`, `axe Arlit`, `PK45 Agadez`, and `40 km nord` of it."""
    km = draft.around
    if any(word.text in draft.vocabulary.sets["around"] for word in before):
        km = max(km, AROUND_KM)
    position = index - 1
    while position >= 0 and draft.touching(position + 1):
        token = draft.tokens[position]
        if token.sort == "road" and token.field is None:
            return max(km, AROUND_KM)
        if token.text not in draft.vocabulary.sets["articles"] and token.text not in ("de", "d"):
            break
        position -= 1
    return km


def after_code(draft: Draft, index: int) -> bool:
    return index > 0 and draft.tokens[index - 1].sort == "code"


def claim(tokens: list[Token], field: str) -> None:
    for token in tokens:
        token.field = field
