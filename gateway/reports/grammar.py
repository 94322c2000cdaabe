"""The rules that make a reading of the tokens of a text, in the order in which they are applied."""

import re
from typing import Final

from gateway.reports import codes, references
from gateway.reports.counts import bare, numbers, whole
from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.lexicon import Vocabulary
from gateway.reports.location import where
from gateway.reports.money import francs
from gateway.reports.ranges import spans
from gateway.reports.reading import Reading
from gateway.reports.reckoning import reckoned
from gateway.reports.tally import totals
from gateway.reports.things import labels, models, others
from gateway.reports.times import when
from gateway.reports.tokenizer import Token

_SHOUTING: Final = re.compile(r"!\s*!")
_REQUIRED_ORDER: Final = ("place", "people", "quantity", "partners", "destination")
_SMALL_WORDS: Final = frozenset({"control", "people", "vehicle", "manner", "partner", "covers"})
# What is read only after the small words, and surely.
_READ_LATER: Final = frozenset({"code", "place", "country", "clock", "date"})
_ALSO_WORDS: Final = frozenset({"men", "cle", "sal"})
_NOT: Final = frozenset({"pas", "not", "non", "ba"})
_BUT: Final = frozenset({"mais", "but", "amma"})
_NUMBER: Final = frozenset({"n", "no", "num", "numero"})
_ALONE: Final = frozenset({"help", "stop"})
_NO_REQUIREMENTS: Final = frozenset(
    {"correction", "cancel", "addition", "help", "stop", "hotline", "unknown"}
)


def fill(draft: Draft) -> None:
    """All fields but the code, which is known by now."""
    reference(draft)
    replacement(draft)
    urgency(draft)
    reckoned(draft)
    labels(draft)
    others(draft)
    models(draft)
    francs(draft)
    spans(draft)
    numbers(draft)
    whole(draft)
    small_words(draft)
    where(draft)
    nationalities(draft)
    when(draft)
    bare(draft)
    totals(draft)


def service(draft: Draft) -> None:
    """`CORR ANNU PLUS TEST` as the first word; `AIDE` and `STOP` only when they stand alone."""
    if not draft.tokens:
        return
    first = draft.tokens[0]
    kind = draft.vocabulary.services.get(first.text)
    if kind is None or (kind in _ALONE and len(draft.tokens) > 1):
        return
    if draft.line == "hotline" and kind != "stop":
        return
    if kind == "addition" and not _adds(draft):
        return
    draft.kind = kind  # type: ignore[assignment]
    first.field = "kind"


def _adds(draft: Draft) -> bool:
    """`PLUS` only before a reference, a code, or a key with a number."""
    tokens = draft.tokens
    if len(tokens) < 2:
        return False
    after = tokens[1]
    if after.sort == "code":
        return True
    if after.text in draft.vocabulary.keys or after.text in ("r", "ref"):
        return draft.free(2, "number")
    if after.sort != "number":
        return False
    return _is_reference(after) or (len(tokens) > 2 and tokens[2].sort == "people")


def reference(draft: Draft) -> None:
    """`R482135`, `ref 482135`, `#482135`, or right after `CORR`, `ANNU`, `PLUS`; the check digit must agree."""
    if draft.sorts.isdisjoint(("number", "phone")):
        return
    tokens = draft.tokens
    for index, token in enumerate(tokens):
        if token.sort not in ("number", "phone") or token.field is not None or len(token.text) < 4:
            continue
        if token.sort == "number" and not token.text.isdigit():
            continue
        before = tokens[index - 1] if index else None
        marked = before is not None and before.field is None and before.text in ("r", "ref", "reference")
        numbered = index == 2 and before is not None and before.text in _NUMBER
        after_service = (index == 1 or numbered) and tokens[0].field == "kind" and draft.kind != "drill"
        if not (marked or ((after_service or "#" in token.gap) and len(token.text) == 6)):
            continue
        if not references.valid(token.text):
            draft.problem("bad_reference", "reference")
            token.field = LEFT_ALONE
        elif draft.reference in (None, token.text):
            draft.reference, token.field = token.text, "reference"
            if (marked or numbered) and before is not None:
                before.field = "reference"


def _is_reference(token: Token) -> bool:
    return token.sort == "number" and len(token.text) == 6


def replacement(draft: Draft) -> None:
    """`CORR 38 pas 83`: what is right, and what it takes the place of."""
    if draft.kind != "correction":
        return
    tokens = draft.tokens
    pairs = []
    for index in range(1, len(tokens) - 1):
        right, word, wrong = tokens[index - 1 : index + 2]
        if word.text in _NOT and right.sort == wrong.sort == "number":
            pairs.append((wrong.value, right.value))
            right.field = word.field = wrong.field = "replace"
        elif (
            word.sort == "number"
            and right.text in _NOT
            and wrong.text in _BUT
            and draft.free(index + 2, "number")
        ):
            pairs.append((word.value, tokens[index + 2].value))  # pas 83 mais 38
            for token in tokens[index - 1 : index + 3]:
                token.field = "replace"
    draft.replace = tuple(pairs) or None


def urgency(draft: Draft) -> None:
    """`urg`, `urgent`, `gaggawa`, or two exclamation marks."""
    if "urgent" in draft.sorts:
        for token in draft.tokens:
            if token.sort == "urgent" and token.field is None:
                draft.urgent, token.field = True, "urgent"
    if "!" in draft.source.normal and _SHOUTING.search(draft.source.normal):
        draft.urgent = True


def small_words(draft: Draft) -> None:
    """Transport, controls, partners, and what stands for itself: each by its own word."""
    for index, token in enumerate(draft.tokens):
        if token.field is not None or token.sort not in _SMALL_WORDS:
            continue
        if token.text in draft.vocabulary.sets["controls"] and _is_control(draft, index):
            if token.text.upper() not in draft.controls:
                draft.controls.append(token.text.upper())
            token.field = "controls"
        elif token.sort in ("vehicle", "manner"):
            draft.add_transport(token.key, None)
            token.field = "transport"
        elif token.sort == "partner":
            if token.key not in draft.partners:
                draft.partners.append(token.key)
            token.field = "partners"
        elif token.sort == "covers":
            draft.covered = True


def _is_control(draft: Draft, index: int) -> bool:
    """`MEN` and `CLE` are words too.

    Where capitals do not set them off, they count only on a code that carries controls, after
    something that was read.
    """
    if draft.line == "hotline":
        return False
    token = draft.tokens[index]
    if draft.capitals(token) and not (draft.all_capitals and token.text in _ALSO_WORDS):
        return True
    if draft.code is None or "controls" not in draft.code.optional:
        return False
    before = draft.tokens[index - 1] if index else None
    return before is not None and (
        before.field not in (None, LEFT_ALONE) or before.sort in _READ_LATER or _iso(draft, before)
    )


def nationalities(draft: Draft) -> None:
    """A demonym, or two letters right after a count or in capitals; spellings of Niger and Nigeria are asked about."""
    for index, token in enumerate(draft.tokens):
        if token.field is not None:
            continue
        if token.sort == "nation":
            draft.add_nationality(token.key, None)
            token.field = "nationalities"
        elif token.sort == "ambiguous":
            draft.problem("ambiguous_nationality", "nationalities", token.key.split("-"))
        elif _iso(draft, token) and _stands_for_country(draft, index):
            if _is_doubted(draft, index):
                draft.problem("ambiguous_nationality", "nationalities", _alternatives(draft, index))
                continue
            draft.add_nationality(token.text.upper(), None)
            token.field = "nationalities"


def _iso(draft: Draft, token: Token) -> bool:
    return len(token.text) == 2 and token.text in draft.vocabulary.iso and token.sort != "road"


def _stands_for_country(draft: Draft, index: int) -> bool:
    tokens = draft.tokens
    token = tokens[index]
    word = token.text in draft.vocabulary.iso_words
    before = tokens[index - 1] if index else None
    if not word and before is not None and before.field == "people" and draft.touching(index):
        return True
    if not draft.capitals(token):
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if token.text in draft.vocabulary.sets["leading"]:  # `F2 ET L1`, `A LA GARE`
        return following is None
    if not word or not draft.shouted(index):
        return True
    if draft.line == "hotline":  # `I AM HELD`: whole sentences
        return False
    return following is None or following.sort in ("clock", "code") or _gives_field(following)


def _gives_field(token: Token) -> bool:
    """It was read, and as more than the name of an incident."""
    return token.field not in (None, LEFT_ALONE, "code", "also")


def _is_doubted(draft: Draft, index: int) -> bool:
    """`NG ou NE`: the sender does not know."""
    return len(_alternatives(draft, index)) > 1


def _alternatives(draft: Draft, index: int) -> list[str]:
    tokens = draft.tokens
    found = [tokens[index].text.upper()]
    for step in (-2, 2):
        middle, other = index + step // 2, index + step
        if (
            0 <= other < len(tokens)
            and tokens[middle].text in ("ou", "or", "ko")
            and _iso(draft, tokens[other])
        ):
            found.append(tokens[other].text.upper())
    return found


def requirements(draft: Draft) -> None:
    """A field that the code requires and that is absent is asked for."""
    code = draft.code
    if code is None or draft.kind in _NO_REQUIREMENTS:
        return
    for field in _REQUIRED_ORDER:
        if field in code.required and not _present(draft, field):
            draft.problem(f"missing_{field}", field)


def _present(draft: Draft, field: str) -> bool:
    if field == "people":
        return bool(draft.people) or any(p.code == "ambiguous_hour" for p in draft.problems.values())
    if field == "quantity":
        return draft.quantity is not None
    return bool(getattr(draft, field))


def suggestion(draft: Draft) -> None:
    """No code: the first word that is no greeting may be one edit from some codes; else there is none."""
    first = codes.misspelt(draft.tokens, draft.vocabulary)
    if first is not None:
        draft.problem("code_suggested", "code", codes.near(first, draft.vocabulary))
    elif draft.tokens:
        draft.problem("no_code", "code")
    else:
        draft.problem("empty", "code")


def doubted_code(draft: Draft) -> None:
    """What looks like another code, misspelt, is asked about: the fields may be those of that incident."""
    if draft.kind in _ALONE or draft.kind == "cancel":
        return
    word = codes.misspelt_beside(draft.tokens, draft.vocabulary)
    near = [] if word is None else codes.near(word, draft.vocabulary)
    agreed = draft.code is not None and draft.code_from == "alias" and near == [draft.code.code]
    if near and not agreed:
        draft.problem("code_suggested", "code", near)


def finish(draft: Draft) -> Reading:
    requirements(draft)
    code = draft.code
    severity = None
    if code is not None:
        severity = code.severity_for(draft.people, controls=len(draft.controls), urgent=draft.urgent)
    return Reading(
        kind=draft.kind,
        code=None if code is None else code.code,
        code_from=draft.code_from,  # type: ignore[arg-type]
        severity=severity,
        urgent=draft.urgent,
        place=draft.place,
        people=draft.people,
        approximate=draft.approximate,
        nationalities=draft.nationalities,
        origin=draft.origin,
        destination=draft.destination,
        transport=draft.transport,
        controls=tuple(draft.controls),
        partners=tuple(draft.partners),
        quantity=draft.quantity,
        occurred_at=draft.occurred_at,
        time_approximate=draft.time_approximate,
        reference=draft.reference,
        replace=draft.replace,
        note=draft.note(),
        problems=tuple(draft.problems.values()),
        also=tuple(draft.also),
        evidence=draft.evidence(),
    )


def language(tokens: list[Token], vocabulary: Vocabulary) -> str:
    """The language of most of the words; Arabic by its letters; `und` when the words do not tell."""
    votes: dict[str, int] = {}
    languages = vocabulary.languages
    for token in tokens:
        if "\u0600" <= token.text[0] <= "\u06ff":
            votes["ar"] = votes.get("ar", 0) + 2
            continue
        for word in (token.text,) if token.text in languages else token.text.split():
            if known := languages.get(word, ""):
                votes[known] = votes.get(known, 0) + 1
    return max(votes, key=votes.__getitem__) if votes else "und"
