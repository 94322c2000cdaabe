"""Rules for when it happened, on the agency's clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.reports.calendar import NIGHT, VAGUE, hour_of
from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.tokenizer import Token

_AHEAD: Final = timedelta(hours=1)
_DATE: Final = re.compile(r"(\d+)(?:[/.-](\d+)(?:[/.-](\d+))?)?")
_CLOCK: Final = re.compile(r"(\d+)\D+(\d+)")
_YEARS: Final = range(2000, 2100)
_LINKS: Final = frozenset(
    {"moi", "me", "nous", "au", "le", "la", "l", "les", "ce", "a", "vers", "du", "env", "environ"}
)
_OF: Final = frozenset({"de", "d", "of"})
_YEAR_LESS_BACK: Final = 180  # days: a date without a year that lies further back is asked about


class _Moment:
    """What the text says of the time: a day, an hour, a part of the day."""

    __slots__ = ("clocks", "days", "parts", "said")

    def __init__(self) -> None:
        self.clocks: list[tuple[int, int]] = []
        self.days: list[date] = []
        self.parts: list[int] = []
        self.said: list[Token] = []


def when(draft: Draft) -> None:
    """`occurred_at`: from hours, days and parts of the day; two that differ are not chosen between."""
    if draft.sorts.isdisjoint(_TAKE):
        return
    moment = _Moment()
    for index, token in enumerate(draft.tokens):
        if token.field is None and token.sort in ("clock", "date", "time", "number"):
            _TAKE[token.sort](draft, index, moment)
    _hours(draft, moment)
    if not moment.said:
        return
    if (moment.clocks or moment.days) and _to_come(draft):
        draft.problem("future_time", "occurred_at")
    differ = any(len(set(said)) > 1 for said in (moment.clocks, moment.days, moment.parts))
    if "occurred_at" in draft.problems or differ or _day_in_words(draft) or not _fill(draft, moment):
        for token in moment.said:
            token.field = LEFT_ALONE


def _to_come(draft: Draft) -> bool:
    """`demain`, `prochain`."""
    return any(token.sort == "time" and token.key == "future" for token in draft.tokens)


def _day_in_words(draft: Draft) -> bool:
    """`minuit`, `du 12 au 15`: a time that these rules do not read, so that no other is put in its place."""
    tokens = draft.tokens
    return any(
        (token.sort == "time" and token.key == VAGUE)
        or (
            token.sort == "number"
            and token.field in (None, LEFT_ALONE)
            and token.value <= 31
            and index > 0
            and tokens[index - 1].text in ("le", "du", "au")
        )
        for index, token in enumerate(tokens)
    )


def _clock(draft: Draft, index: int, moment: _Moment) -> None:
    """`14h30`, `14:30`, `14h 30mn`; after `depuis` it is no event time."""
    token = draft.tokens[index]
    match = _CLOCK.match(token.text)
    if match is None or _since(draft, index) or int(match[1]) > 23:
        token.field = LEFT_ALONE
        return
    moment.clocks.append((int(match[1]), int(match[2])))
    _say(draft, index, moment)


def _date(draft: Draft, index: int, moment: _Moment) -> None:
    """`24/03`, `24-3`, `24.03.25`: the day first, always."""
    token = draft.tokens[index]
    match = _DATE.fullmatch(token.text)
    day = match and _day(draft, *(int(part) if part else None for part in match.groups()))
    if not day or _since(draft, index):
        token.field = LEFT_ALONE
        return
    moment.days.append(day)
    _say(draft, index, moment)


def _day(draft: Draft, day: int | None, month: int | None, year: int | None) -> date | None:
    """Without a month it is this one; without a year this one, or the last if it ended not long ago."""
    today = draft.at.astimezone(draft.zone).date()
    if day is not None and day > 31:  # 2026-11-20
        day, year = year, day
    try:
        if year is not None:
            year += 2000 if year < 100 else 0
            return date(year, month or 0, day or 0) if year in _YEARS else None
        found = date(today.year, month or today.month, day or 0)
        if found > today + timedelta(days=1) and today - date(
            today.year - 1, month or today.month, day or 0
        ) < timedelta(_YEAR_LESS_BACK):
            return date(today.year - 1, month or today.month, day or 0)
    except ValueError:
        return None
    return found


def _time(draft: Draft, index: int, moment: _Moment) -> None:
    """`hier`, `ce matin`, weekdays (the latest past one)."""
    token = draft.tokens[index]
    if _since(draft, index):
        token.field = LEFT_ALONE
        return
    today = draft.at.astimezone(draft.zone).date()
    if token.key == "days":
        moment.days.append(today - timedelta(days=token.value))
    elif token.key == "weekdays":
        moment.days.append(today - timedelta(days=(today.weekday() - token.value) % 7 or 7))
    elif token.key in ("parts", "qualifier") and _says_part(token, moment):
        moment.parts.append(token.value)
        if token.text.startswith(("ce ", "cet ", "this ")):
            moment.days.append(today)
    else:
        return
    _say(draft, index, moment)


def _says_part(token: Token, moment: _Moment) -> bool:
    """`matin` and `da safe` say when only after a day: `hier matin`, `jiya da safe`."""
    if moment.days:
        return True
    return token.key == "parts" and (" " in token.text or token.text in ("midi", "noon"))


def _number(draft: Draft, index: int, moment: _Moment) -> None:
    """`1430` bare: an hour after a time word, with a leading zero, or when people are stated otherwise."""
    tokens = draft.tokens
    token = tokens[index]
    if not reads_as_hour(token):
        return
    if _since(draft, index):
        token.field = LEFT_ALONE
    elif token.text[0] == "0" or _after_time_word(draft, index) or draft.people:
        moment.clocks.append((token.value // 100, token.value % 100))
        _say(draft, index, moment)
    elif draft.code is not None and draft.line == "agents":
        draft.problem("ambiguous_hour", "occurred_at")
        token.field = LEFT_ALONE


def reads_as_hour(token: Token) -> bool:
    return len(token.text) == 4 and token.text.isdigit() and token.value < 2400 and token.value % 100 < 60


_TAKE: Final = {"clock": _clock, "date": _date, "time": _time, "number": _number}


def _hours(draft: Draft, moment: _Moment) -> None:
    """`12H`, `14h` without minutes: a time after a time word or a date; men beside another key; else asked."""
    for index in draft.hours:
        number, letter = draft.tokens[index], draft.tokens[index + 1]
        if _is_span(draft, index):
            continue
        if (
            draft.free(index + 2, "number")
            and draft.touching(index + 2)
            and len(draft.tokens[index + 2].text) == 2
        ):
            draft.problem("ambiguous_hour", "occurred_at")  # 14h 30
        elif _after_time_word(draft, index):
            moment.clocks.append((number.value, 0))
            letter.field = "occurred_at"
            _say(draft, index, moment)
        elif draft.letter_keys and "men" not in draft.people and draft.tokens[index - 1].text not in _OF:
            draft.people["men"] = number.value
            number.field = letter.field = "people"
        else:
            draft.problem("ambiguous_hour", "occurred_at")


def _is_span(draft: Draft, index: int) -> bool:
    """`depuis 2h`, `il y a 3h`, `2h de route` say how long, not when."""
    tokens = draft.tokens
    before = tokens[index - 1].text if index else ""
    y_a = before == "a" and index > 1 and tokens[index - 2].text in ("y", "ya")
    lasts = (
        draft.touching(index + 2)
        and tokens[index + 2].text in ("de", "d")
        and not (index + 3 < len(tokens) and tokens[index + 3].sort == "number")
    )
    spans = draft.vocabulary.sets["spans"]
    of = before in _OF and index > 1 and tokens[index - 2].text in spans
    return _since(draft, index) or y_a or before in spans or before == "ya" or lasts or of


def _since(draft: Draft, index: int) -> bool:
    """`depuis` and a time or a span is no event time, nor is what goes on from it: `depuis hier 14h`."""
    tokens = draft.tokens
    while index > 0 and draft.touching(index):
        index -= 1
        if tokens[index].text in draft.vocabulary.sets["since"]:
            return True
        if tokens[index].sort not in ("time", "date", "clock") and tokens[index].text not in _LINKS:
            return False
    return False


def _after_time_word(draft: Draft, index: int) -> bool:
    if not index:
        return False
    before = draft.tokens[index - 1]
    if before.text == "a" and index > 1 and draft.tokens[index - 2].sort == "number":
        return draft.tokens[index - 2].value >= draft.tokens[index].value  # 10 a 12h
    return before.text in draft.vocabulary.sets["time_words"] or before.sort in ("time", "date")


def _say(draft: Draft, index: int, moment: _Moment) -> None:
    tokens = draft.tokens
    tokens[index].field = "occurred_at"
    moment.said.append(tokens[index])
    if (
        index
        and tokens[index - 1].field is None
        and tokens[index - 1].text in draft.vocabulary.sets["time_words"]
    ):
        tokens[index - 1].field = "occurred_at"


def _fill(draft: Draft, moment: _Moment) -> bool:
    """A day without an hour is noon, today alone nothing; what lies more than an hour ahead is asked about."""
    local = draft.at.astimezone(draft.zone)
    day = moment.days[0] if moment.days else None
    clock = _hour_of_day(moment, other_day=day not in (None, local.date()))
    if clock is None:
        return not moment.clocks and not moment.parts
    found = datetime.combine(day or local.date(), time(*clock), draft.zone)
    if found - local > _AHEAD and day is None and moment.clocks and local.hour < 6 and clock[0] >= 18:
        found -= timedelta(days=1)
    if found - local > _AHEAD:
        draft.problem("future_time", "occurred_at")
        return False
    draft.occurred_at = found.astimezone(UTC)
    draft.time_approximate = not moment.clocks
    return True


def _hour_of_day(moment: _Moment, *, other_day: bool) -> tuple[int, int] | None:
    """`hier soir 8h` is 20:00; the night of another day lies on two, and is not chosen."""
    part = moment.parts[0] if moment.parts else None
    if not moment.clocks:
        if part == NIGHT and other_day:
            return None
        return (part, 0) if part is not None else (12, 0) if other_day else None
    hour, minute = moment.clocks[0]
    if part is None:
        return hour, minute
    if part == NIGHT and other_day and hour < 12:
        return None
    agreed = hour_of(part, hour)
    return None if agreed is None else (agreed, minute)
