"""Rules for rows in which words and numbers take turns: `H 12 F 3`, `maliens 12 guineens 8`."""

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.nouns import after_noun, held_from_left, names_nation, next_in_row, open_letters
from gateway.reports.tally import bind, hour_like, in_digits, is_letters, is_letters_or_people, leave, unclear
from gateway.reports.tokenizer import Token


def paired(draft: Draft, index: int) -> bool:
    """`hommes 12 femmes 4`, `F 32 total 647`, `BUS 2 80 pers`: each word with the number after it."""
    tokens = draft.tokens
    if not (draft.touching(index) and _names_people(draft, index - 1)):
        return _before_count(draft, index)
    if draft.touching(index - 1) and draft.free(index - 2, "number"):
        return False
    row = [index - 1, index]
    while (
        next_in_row(draft, row[-1] + 1)
        and _names_people(draft, row[-1] + 1)
        and draft.free(row[-1] + 2, "number")
    ):
        row += [row[-1] + 1, row[-1] + 2]
    last = row[-1] + 1
    if len(row) < 4 or (next_in_row(draft, last) and _names_people(draft, last)):
        return False
    if all(is_letters(draft, tokens[word]) for word in row[::2]):
        return False
    for word, number in zip(row[::2], row[1::2], strict=True):
        bind(draft, number, tokens[word], tokens[number].value)
    return True


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


def spelled_row(draft: Draft, index: int) -> bool:
    """`H 12 F 3` or `12 H 3 F`: a row of letters and numbers is read in the one way in which it comes out even."""
    tokens = draft.tokens
    start = index
    if index and draft.touching(index) and open_letters(draft, index - 1):
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
    if held_from_left(draft, row[0]) or (
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
    while names_nation(draft, end) and draft.touching(end):
        if not (draft.free(end + 1, "number") and draft.touching(end + 1)):
            end += 1
            break
        end += 2
    if end == index + 1 or not names_nation(draft, index - 1) or not draft.touching(index):
        return False
    if tokens[end - 1].sort != "number":  # `maliens 12 guineens`: whose?
        return leave(tokens[index])
    return bind(draft, index, tokens[index - 1], tokens[index].value)


def leading_total(draft: Draft, index: int) -> bool:
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


def _row_with_total(draft: Draft, row: list[int]) -> bool:
    """`647 H 590 F 32`: only if the first number can hold the others."""
    tokens = draft.tokens
    first = tokens[row[0]]
    keys = draft.vocabulary.keys
    counted = sum(
        tokens[n].value for w, n in zip(row[1::2], row[2::2], strict=True) if tokens[w].text in keys
    )
    if held_from_left(draft, row[0]) and first.value >= counted:
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


def _alternates(draft: Draft, index: int, following: int) -> bool:
    if draft.tokens[index].sort == "number":
        return open_letters(draft, following)
    return draft.free(following, "number")
