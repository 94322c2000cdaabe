"""Rules for where: the place itself, where people come from and where they go."""

from dataclasses import replace
from typing import Final

from gateway.places.gazetteer import Point
from gateway.reports.draft import LEFT_ALONE, Draft, at_point
from gateway.reports.reading import Country
from gateway.reports.reckoning import AROUND_KM, claim
from gateway.reports.tokenizer import Token
from gateway.text.folding import squeeze

_AND: Final = frozenset({"et", "ou", "or", "and"})


def where(draft: Draft) -> None:
    """After coordinates and what is reckoned from a place: codes and names, then a near miss, then the post."""
    named(draft)
    countries(draft)
    if draft.place is None and "place" not in draft.problems:
        fuzzy(draft)
    own_post(draft)


def named(draft: Draft) -> None:
    """Codes and names of points, each in the slot that the word before it says; without one, the place."""
    if "place" not in draft.sorts:
        return
    found: list[tuple[int, Token]] = []
    for index, token in enumerate(draft.tokens):
        if token.sort != "place" or token.field is not None or not token.points:
            continue
        role, before = _role(draft, index)
        if not _counts(draft, index, role):
            continue
        if role in ("origin", "destination"):
            _end(draft, index, role, before)
        elif role == "other":
            draft.place_named = True
        else:
            found.append((index, token))
    _main(draft, found)


def _counts(draft: Draft, index: int, role: str) -> bool:
    """Names that are also words count only after a code or a preposition, or in capitals among small letters."""
    token = draft.tokens[index]
    if token.text not in draft.vocabulary.place_words or role:
        return True
    after_code = index > 0 and draft.tokens[index - 1].sort in ("code", "alias")
    return after_code or (not draft.all_capitals and draft.capitals(token))


def _role(draft: Draft, index: int) -> tuple[str, list[Token]]:
    """What the words directly before a place make of it, and those words."""
    tokens = draft.tokens
    if ">" in tokens[index].gap:
        return "destination", []
    if index == 0 or tokens[index - 1].sort == "code":
        return "", []
    before: list[Token] = []
    position = index - 1
    if position >= 0 and draft.touching(index) and tokens[position].text in draft.vocabulary.sets["articles"]:
        before.append(tokens[position])
        position -= 1
    if position < 0 or not draft.touching(position + 1):
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


def _plain_origin(draft: Draft, position: int) -> bool:
    """After an unknown noun (`la police de Konni`) `de` says whose, not where from."""
    if not (position and draft.touching(position)):
        return True
    before = draft.tokens[position - 1]
    if before.field is not None and before.field != LEFT_ALONE:
        return True
    return before.sort not in ("", "unit", "preposition", "small", "road", "time", "bearing")


def _end(draft: Draft, index: int, role: str, before: list[Token]) -> None:
    token = draft.tokens[index]
    points = _decided(draft, index)
    if len(points) > 1:
        draft.problem("ambiguous_place", role, (point.code for point in points))
        return
    place = at_point(points[0], token.key)
    known = getattr(draft, role)
    if known is not None and known != place:
        return
    setattr(draft, role, place)
    claim([token, *before], role)


def _main(draft: Draft, found: list[tuple[int, Token]]) -> None:
    """One place fills the slot; of several, the one right after the code; else they are asked about."""
    if not found or draft.place is not None:
        return
    draft.place_named = True
    if len(found) > 1 and len({token.points for _, token in found}) > 1:
        first = found[0][0]
        tokens = draft.tokens
        if not (first and tokens[first - 1].sort == "code"):
            beside = _merge_beside(draft, found)
            if beside is None:
                candidates = dict.fromkeys(point.code for _, token in found for point in token.points)
                draft.problem("ambiguous_place", "place", candidates)
                return
            found = beside
    index, token = found[0]
    points = _decided(draft, index)
    if len(points) > 1:
        draft.problem("ambiguous_place", "place", (point.code for point in points))
        return
    _, before = _role(draft, index)
    around = any(word.text in draft.vocabulary.sets["around"] for word in before)
    draft.place = at_point(points[0], token.key, around=AROUND_KM if around else 0)
    claim([token, *before], "place")


def _merge_beside(draft: Draft, found: list[tuple[int, Token]]) -> list[tuple[int, Token]] | None:
    """`Tibiri, Dosso`: a town beside an ambiguous name decides it and is no place of its own."""
    for index, token in found:
        if len(token.points) > 1 and len(_decided(draft, index)) == 1:
            others = [entry for entry in found if entry[1] is not token]
            if all(abs(other[0] - index) == 1 for other in others):
                return [(index, token)]
    return None


def _decided(draft: Draft, index: int) -> tuple[Point, ...]:
    """Of namesakes, those in the country or region that is named beside them."""
    points = draft.tokens[index].points
    if len(points) == 1:
        return points
    for beside in (index + 1, index - 1):
        if not 0 <= beside < len(draft.tokens):
            continue
        token = draft.tokens[beside]
        chosen = tuple(point for point in points if _lies_in(draft, point, token))
        if len(chosen) == 1:
            token.field = "place"
            return chosen
    return points


def _lies_in(draft: Draft, point: Point, token: Token) -> bool:
    if token.sort == "country":
        return point.country == token.key
    if token.sort == "place" and len(token.points) == 1:
        return (point.country, point.region) == (token.points[0].country, token.points[0].region)
    if len(token.text) == 2 and token.text in draft.vocabulary.iso and draft.capitals(token):
        return point.country == token.text.upper()
    return squeeze(point.region) == token.text


def countries(draft: Draft) -> None:
    """A country after `depuis` or `vers` is where from or where to; with no preposition, a nationality."""
    for index, token in enumerate(draft.tokens):
        iso = len(token.text) == 2 and token.text in draft.vocabulary.iso
        if token.field is not None or not (token.sort == "country" or iso):
            continue
        role, before = _role(draft, index)
        code = token.key if token.sort == "country" else token.text.upper()
        if role in ("origin", "destination") and not (iso and _only_a_word(draft, token)):
            if getattr(draft, role) in (None, Country(code)):
                setattr(draft, role, Country(code))
                claim([token, *before], role)
            else:
                token.field = LEFT_ALONE
        elif role and token.sort == "country":
            draft.place_named = True
            token.field = LEFT_ALONE
        elif token.sort == "country":
            draft.add_nationality(code, None)
            token.field = "nationalities"


def _only_a_word(draft: Draft, token: Token) -> bool:
    """Two letters that stand for no country here: `de la police`, `DE LA POLICE`."""
    return not draft.capitals(token) or (draft.all_capitals and token.text in draft.vocabulary.iso_words)


def fuzzy(draft: Draft) -> None:
    """A near miss of one name only, right after the code, a preposition of place or a comma; no known word."""
    if "" not in draft.sorts:
        return
    for index, token in enumerate(draft.tokens):
        if (
            token.sort
            or token.field is not None
            or len(token.text) < 4
            or token.text in draft.vocabulary.known
        ):
            continue
        slot = _slot(draft, index)
        points = draft.vocabulary.gazetteer.similar(token.text) if slot else ()
        if len(points) == 1 and draft.place is None:
            draft.place = at_point(points[0], "fuzzy")
            token.field = "place"
            return
        if len(points) > 1:
            draft.problem("ambiguous_place", "place", (point.code for point in points))
            draft.place_named = True
        elif slot in ("code", "preposition") or _looks_like_name(draft, index):
            draft.place_named = True


def _slot(draft: Draft, index: int) -> str:
    tokens = draft.tokens
    before = tokens[index - 1] if index else None
    if before is None:
        return ""
    if before.sort == "code" or (before.sort == "alias" and before.field == "code"):
        return "code"
    if before.sort == "preposition" and before.key == "place":
        return "preposition"
    return "comma" if "," in tokens[index].gap else ""


def _looks_like_name(draft: Draft, index: int) -> bool:
    """A capital inside a text of small letters."""
    original = draft.source.original(draft.tokens[index])
    return index > 0 and not draft.all_capitals and original.istitle()


def own_post(draft: Draft) -> None:
    """Nothing named: the reporter's own post."""
    if draft.place is not None or draft.place_named or draft.post is None or draft.line == "hotline":
        return
    point = draft.vocabulary.gazetteer.by_code.get(draft.post)
    if point is not None and draft.code is not None and draft.kind in ("report", "drill"):
        draft.place = at_point(point, "post")


def previous(draft: Draft, first: Draft) -> None:
    """A second incident with no place of its own is where the first one is."""
    if (
        first.place is not None
        and (draft.place is None or draft.place.source == "post")
        and not draft.place_named
    ):
        source = "post" if first.place.source == "post" else "previous"
        draft.place = replace(first.place, source=source)  # type: ignore[arg-type]
