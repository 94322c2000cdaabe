"""Number words side by side, as the one number that they make: `deux cents cinquante`, `ashirin da biyar`."""

from collections.abc import Sequence
from typing import Final

from gateway.reports.lexicon import Vocabulary
from gateway.reports.tokenizer import Token

UNMADE: Final = "unmade"
"""The key of number words that make no one number together: `deux trois`."""
_HAUSA: Final = "ha"
_AND: Final = frozenset({"et", "and"})
_HAUSA_AND: Final = frozenset({"da", "sha"})
_LONGEST_KEY: Final = 2
_LESS: Final = "babu"  # ashirin biyu babu: twenty less two
# What may still follow within a hundred: vingt-neuf, soixante-dix-neuf.
_AFTER_TENS: Final = {20: 9, 30: 9, 40: 9, 50: 9, 60: 19, 70: 9, 80: 19, 90: 9, 10: 9}


def compose(tokens: list[Token], vocabulary: Vocabulary) -> list[Token]:
    """Each run of number words becomes one token; said again in figures (`deux cents (200)`) it is said once."""
    composed: list[Token] = []
    index = 0
    while index < len(tokens):
        end = _run(tokens, index)
        if end > index + 1:
            composed += _together(tokens[index:end])
        else:
            composed.append(tokens[index])
        index = max(end, index + 1)
    return _said_once(composed, vocabulary)


def _run(tokens: Sequence[Token], index: int) -> int:
    """Where the number words that start here end."""
    if not _in_words(tokens[index]):
        return index
    end = index + 1
    while end < len(tokens) and _beside(tokens[end]):
        if _in_words(tokens[end]):
            end += 1
        elif (
            tokens[end].text in _AND | _HAUSA_AND
            and end + 1 < len(tokens)
            and _in_words(tokens[end + 1])
            and _beside(tokens[end + 1])
        ):
            end += 2
        else:
            break
    if end < len(tokens) and tokens[end].text == _LESS and end > index + 1:
        tokens[end - 1].key = UNMADE
    return end


def _beside(token: Token) -> bool:
    return token.gap in (" ", "-", "  ")


def _in_words(token: Token) -> bool:
    return token.sort == "number" and token.key != "approximate" and not token.text.isdigit()


def _together(run: list[Token]) -> list[Token]:
    hausa = run[0].key == _HAUSA
    made = None
    if all(token.sort != "number" or token.key == run[0].key for token in run):
        made = _hausa(run) if hausa else _western(run)
    if made is None:
        for token in run:
            if token.sort == "number":
                token.key = UNMADE
        return run
    first = run[0]
    first.text = " ".join(token.text for token in run)
    first.value, first.end = made, run[-1].end
    return [first]


def _western(run: list[Token]) -> int | None:
    """French and English: what is smaller is added, `cent` and `mille` multiply what stands before them."""
    thousands = part = 0
    room, least = 99, 1
    joined = False
    for token in run:
        value = token.value
        if token.sort != "number":
            if token.text not in _AND:
                return None
            joined = True
            continue
        if value == 1000 and not thousands and not joined:
            thousands, part, room, least = (part or 1) * 1000, 0, 99, 1
        elif value == 100 and part < 20 and not joined:
            part, room, least = (part or 1) * 100, 99, 1
        elif value == 20 and part % 100 == 4:  # quatre-vingts
            part, room, least = part + 76, 19, 1
        elif least <= value <= room:
            part += value
            room, least = _AFTER_TENS.get(value, 0), 7 if value == 10 else 1
        else:
            return None
        joined = False
    return thousands + part


def _hausa(run: list[Token]) -> int | None:
    """What is added stands after `da` (after ten, `sha`); `dari` and `dubu` multiply what stands after them."""
    thousands = part = 0
    room = 99
    index = 0
    while index < len(run):
        joiner = run[index].text if run[index].sort != "number" else ""
        index += bool(joiner)
        value = run[index].value
        if bool(joiner) != bool(thousands or part) or (joiner == "sha") != (part == 10):
            return None
        if value >= 100:
            times = 1
            if index + 1 < len(run) and run[index + 1].sort == "number" and run[index + 1].value < 100:
                index += 1
                times = run[index].value
            if part or (value == 1000 and thousands) or (value == 100 and times > 9):
                return None
            thousands, part = (times * 1000, 0) if value == 1000 else (thousands, times * 100)
            room = 99
        elif value <= room:
            part += value
            room = _AFTER_TENS.get(value, 0)
        else:
            return None
        index += 1
    return thousands + part


def _said_once(tokens: list[Token], vocabulary: Vocabulary) -> list[Token]:
    """`deux cents (200)`, `50 (cinquante)`: one number, if they agree; `X2 deux enfants` are two."""
    kept: list[Token] = []
    for token in tokens:
        before = kept[-1] if kept else None
        if (
            before is not None
            and token.sort == before.sort == "number"
            and token.value == before.value
            and token.text.isdigit() != before.text.isdigit()
            and before.text not in vocabulary.sets["only_before_people"]
            and token.gap.strip() in ("", "(", "=", ":")
            and ("(" in token.gap or not _has_key(kept))
        ):
            before.end = token.end
            if token.text.isdigit():
                before.text = token.text
        else:
            kept.append(token)
    return kept


def _has_key(tokens: Sequence[Token]) -> bool:
    """The last number belongs to a letter before it: `X2`, `H=12`."""
    return (
        len(tokens) > 1
        and tokens[-1].text.isdigit()
        and tokens[-1].gap.strip() in ("", "=")
        and 0 < len(tokens[-2].text) <= _LONGEST_KEY
    )
