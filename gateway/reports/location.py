"""Rules for where: the place itself, where people come from and where they go."""

from dataclasses import replace
from typing import Final

from gateway.places.gazetteer import HOME, Point
from gateway.reports.draft import LEFT_ALONE, Draft, at_point
from gateway.reports.reading import Country, Place
from gateway.reports.slots import after_code, around, claim, role
from gateway.reports.tokenizer import Token
from gateway.text.folding import squeeze

_ENDS: Final = ("origin", "destination")
_JOINTS: Final = frozenset({"-", "/"})
_EITHER: Final = frozenset({"ou", "or", "ko", "et", "and"})
_SHORT: Final = 4  # letters: a shorter word that is not known names no place
_MOST_WORDS: Final = 3
_SURE: Final = 6  # letters: a town of the country with a longer name is known anywhere in a text


def where(draft: Draft) -> None:
    """After coordinates and what is reckoned from a place: codes and names, then a near miss, then the post."""
    named(draft)
    countries(draft)
    fuzzy(draft)
    own_post(draft)


def named(draft: Draft) -> None:
    """Codes and names of places, each in the slot that the word before it says; without one, the place."""
    if "place" not in draft.sorts:
        return
    found: list[tuple[int, Token]] = []
    for index, token in enumerate(draft.tokens):
        if token.sort != "place" or token.field is not None or not token.points:
            continue
        slot, before = role(draft, index)
        if not _counts(draft, index, slot):
            draft.place_named |= slot == "place" or _sounds_like_town(draft, token)
        elif slot in _ENDS:
            _end(draft, index, slot, before)
        elif slot == "other":
            draft.place_named = True
        else:
            found.append((index, token))
    _main(draft, found)


def _counts(draft: Draft, index: int, slot: str) -> bool:
    """Names that are also words count only after a code or a preposition, or in capitals among small letters."""
    token = draft.tokens[index]
    word = token.text in draft.vocabulary.place_words
    if _is_town(token):
        return _town_counts(draft, index, word=word, in_slot=bool(slot))
    if draft.touching(index) and draft.tokens[index - 1].text in draft.vocabulary.sets["persons"]:
        return False  # Mme Diffa
    begins = _begins(draft, index)
    if word and draft.line == "hotline":  # `to say`: callers write whole sentences
        return (bool(slot) or begins) and draft.source.original(token)[0].isupper()
    if not word or slot:
        return True
    return begins or (not draft.all_capitals and draft.capitals(token))


def _begins(draft: Draft, index: int) -> bool:
    """Right after the code, after what may be one misspelt, or after what a correction begins with."""
    if not index:
        return False
    before = draft.tokens[index - 1]
    misspelt = index == 1 and not before.sort and 3 <= len(before.text) <= 4
    return misspelt or before.sort in ("code", "alias") or before.field in ("kind", "reference")


def _town_counts(draft: Draft, index: int, *, word: bool, in_slot: bool) -> bool:
    """The towns are many: one counts after the code, a preposition or a comma, or with a capital letter.

    One that is also a word needs both. A long name of this country counts anywhere.
    """
    token = draft.tokens[index]
    before = draft.tokens[index - 1] if index else None
    if before is not None and before.text in draft.vocabulary.sets["titles"]:
        return False
    in_slot = in_slot or (before is not None and before.sort in ("code", "alias"))
    capital = not draft.all_capitals and draft.source.original(token)[0].isupper()
    if word:
        return in_slot and (capital or draft.all_capitals)
    at_home = token.points[0].country == HOME and len(token.text) >= _SURE
    return in_slot or at_home or "," in token.gap or (capital and index > 0)


def _is_town(token: Token) -> bool:
    return token.points[0].code is None


def _sounds_like_town(draft: Draft, token: Token) -> bool:
    """Too unsure to be the place, and enough that the reporter's own post is not."""
    return token.text not in draft.vocabulary.place_words


def _end(draft: Draft, index: int, slot: str, before: list[Token]) -> None:
    token = draft.tokens[index]
    points = _decided(draft, index)
    if len(points) > 1:
        draft.problem("ambiguous_place", slot, (point.label for point in points))
        return
    place = at_point(points[0], token.key)
    known = getattr(draft, slot)
    other = _other_choice(draft, index) or _next_in_row(draft, index, points[0])
    if other is not None and draft.tokens[other].points != token.points:
        rival = draft.tokens[other].points[0].label
        draft.problem("ambiguous_place", slot, [token.points[0].label, rival])
    elif known is not None and known != place:
        draft.problem("ambiguous_place", slot, [_called(known), points[0].label])
        draft.give_up(slot)
    elif slot not in draft.problems:
        setattr(draft, slot, place)
        claim([token, *before], slot)


def _called(place: Place | Country) -> str:
    return place.country if isinstance(place, Country) else place.code or place.name


def _main(draft: Draft, found: list[tuple[int, Token]]) -> None:
    """One place fills the slot; of several, the one right after the code; else they are asked about."""
    if not found or (draft.place is not None and draft.place.source == "coordinates"):
        return
    draft.place_named = True
    first = found[0][0]
    reckoned = []
    if draft.place is not None:  # from one place, and here is another
        reckoned = [draft.place.name]
        draft.give_up("place")
    if after_code(draft, first):
        reckoned, found = [], found[:1]
    other = _other_choice(draft, first)
    if other is not None and other not in [index for index, _ in found]:
        found = [*found, (other, draft.tokens[other])]
    if reckoned or len({token.points for _, token in found}) > 1:
        chosen = None if reckoned else _merge_beside(draft, found)
        if chosen is None:
            labels = (point.label for _, token in found for point in token.points)
            draft.problem("ambiguous_place", "place", dict.fromkeys([*reckoned, *labels]))
            return
        found = [chosen]
    index, token = found[0]
    points = _decided(draft, index)
    if len(points) > 1:
        draft.problem("ambiguous_place", "place", (point.label for point in points))
        return
    _, before = role(draft, index)
    draft.place = at_point(points[0], token.key, around=around(draft, index, before))
    claim([token, *before], "place")


def _other_choice(draft: Draft, index: int) -> int | None:
    """`Arlit-Assamaka`, `Arlit ou Assamaka`: which of them? Where the other one stands."""
    tokens = draft.tokens
    if draft.free(index + 1, "place") and tokens[index + 1].gap.strip() in _JOINTS:
        return index + 1
    joined = draft.touching(index + 1) and tokens[index + 1].text in _EITHER and draft.touching(index + 2)
    return index + 2 if joined and draft.free(index + 2, "place") else None


def _next_in_row(draft: Draft, index: int, point: Point) -> int | None:
    """`de Tessaoua Zinder et Maradi` is a row of places; `de Kantche Zinder` one and its region."""
    if (
        not (draft.free(index + 1, "place") and draft.touching(index + 1))
        or ">" in draft.tokens[index + 1].gap
    ):
        return None
    following = draft.tokens[index + 1].text
    doubtful = following in draft.vocabulary.place_words or following == squeeze(point.region)
    return None if doubtful else index + 1


def _merge_beside(draft: Draft, found: list[tuple[int, Token]]) -> tuple[int, Token] | None:
    """`Tibiri, Dosso`: a town beside an ambiguous name decides it and is no place of its own."""
    for index, token in found:
        if token.points != _decided(draft, index):
            others = [entry for entry in found if entry[1] is not token]
            if all(abs(other[0] - index) == 1 for other in others):
                return index, token
    return None


def _decided(draft: Draft, index: int) -> tuple[Point, ...]:
    """Of namesakes, those in the country or region that is named beside them.

    `Gaya` is the point, and `Gaya Kano` or `Gaya Nigeria` the town of that name.
    """
    token = draft.tokens[index]
    points = token.points
    sole = len(points) == 1
    towns = (
        () if _is_town(token) or token.key != "name" else draft.vocabulary.gazetteer.towns.get(token.text, ())
    )
    if sole and not towns:
        return points
    for beside in (index + 1, index - 1):
        if not 0 <= beside < len(draft.tokens):
            continue
        word = draft.tokens[beside]
        chosen = tuple(point for point in points if _lies_in(draft, point, word))
        if not sole and len(chosen) == 1:
            word.field = "place"
            return chosen
        namesakes = tuple(town for town in towns if _lies_in(draft, town, word))
        if (
            not chosen
            and len(namesakes) == 1
            and word.sort in ("country", "place")
            and _joined(draft, index, beside)
        ):
            word.field = "place"
            return namesakes
    return points


def _joined(draft: Draft, index: int, beside: int) -> bool:
    return draft.touching(max(index, beside))


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
        slot, before = role(draft, index)
        code = token.key if token.sort == "country" else token.text.upper()
        if not iso and _says_where(draft, index, code):
            token.field = draft.tokens[index - 1].field
            continue
        if slot in _ENDS and not (iso and _only_a_word(draft, token)):
            if _and_another(draft, index):
                token.field = draft.tokens[index + 2].field = LEFT_ALONE
            elif getattr(draft, slot) in (None, Country(code)):
                setattr(draft, slot, Country(code))
                claim([token, *before], slot)
            else:
                token.field = LEFT_ALONE
        elif slot and token.sort == "country":
            draft.place_named = True
            token.field = LEFT_ALONE
        elif token.sort == "country":
            draft.add_nationality(code, None)
            token.field = "nationalities"


def _and_another(draft: Draft, index: int) -> bool:
    """`from Ghana and Togo`."""
    tokens = draft.tokens
    return (
        draft.touching(index + 1)
        and tokens[index + 1].text in _EITHER
        and draft.touching(index + 2)
        and draft.free(index + 2, "country")
    )


def _says_where(draft: Draft, index: int, country: str) -> bool:
    """`vers Sebha Libye`: the country of the town before it, and nobody's nationality."""
    if not draft.touching(index):
        return False
    town = draft.tokens[index - 1]
    read = town.field in ("place", *_ENDS) and town.sort == "place" and town.key == "name"
    return read and any(point.country == country for point in town.points)


def _only_a_word(draft: Draft, token: Token) -> bool:
    """Two letters that stand for no country here: `de la police`, `DE LA POLICE`."""
    return not draft.capitals(token) or (draft.all_capitals and token.text in draft.vocabulary.iso_words)


def fuzzy(draft: Draft) -> None:
    """A near miss of one name only, right after the code, a preposition or a comma; no known word."""
    if "" not in draft.sorts:
        return
    for index in range(len(draft.tokens)):
        if not _unknown(draft, index) or len(draft.tokens[index].text) < 2:
            continue
        slot = _slot(draft, index)
        if slot in _ENDS:
            if getattr(draft, slot) is None:
                _near_end(draft, index, slot)
        elif draft.place is None and "place" not in draft.problems:
            _near_place(draft, index, slot)


def _near_end(draft: Draft, index: int, slot: str) -> None:
    length, points = _misspelt(draft, index)
    if len(points) == 1:
        setattr(draft, slot, at_point(points[0], "fuzzy"))
        _, before = role(draft, index)
        claim([*_as_places(draft, index, length), *before], slot)


def _near_place(draft: Draft, index: int, slot: str) -> None:
    length, points = _misspelt(draft, index) if slot else (1, ())
    if len(points) == 1:
        draft.place = at_point(points[0], "fuzzy", around=draft.around)
        claim(_as_places(draft, index, length), "place")
    elif points:
        claim(_as_places(draft, index, length), LEFT_ALONE)
        draft.problem("ambiguous_place", "place", (point.label for point in points))
        draft.place_named = True
    elif len(draft.tokens[index].text) >= _SHORT and (
        slot in ("code", "place") or _looks_like_name(draft, index)
    ):
        draft.place_named = True


def _unknown(draft: Draft, index: int) -> bool:
    """A word that no table has: what it is must be seen from where it stands."""
    token = draft.tokens[index]
    return not token.sort and token.field is None and token.text not in draft.vocabulary.known


def _misspelt(draft: Draft, index: int) -> tuple[int, tuple[Point, ...]]:
    """The places that the words from here may mean, the longest run of words first: `Dan Isssa`."""
    similar = draft.vocabulary.gazetteer.similar
    length = 1
    while length < _MOST_WORDS and draft.touching(index + length) and _unknown(draft, index + length):
        length += 1
    while length:
        points = similar("".join(token.text for token in draft.tokens[index : index + length]))
        if points or length == 1:
            return length, points
        length -= 1
    return 1, ()


def _as_places(draft: Draft, index: int, length: int) -> list[Token]:
    """These words are known now: a number after them is a bare one."""
    words = draft.tokens[index : index + length]
    for word in words:
        word.sort = "place"
    return words


def _slot(draft: Draft, index: int) -> str:
    tokens = draft.tokens
    before = tokens[index - 1] if index else None
    if before is None:
        return ""
    if before.sort == "code" or (before.sort == "alias" and before.field == "code"):
        return "code"
    if before.text not in ("de", "d"):
        slot, _ = role(draft, index)
        if slot in ("place", *_ENDS):
            return slot
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
