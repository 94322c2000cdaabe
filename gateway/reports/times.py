"""Rules for when it happened, on the agency's clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.tokenizer import Token

_AHEAD: Final = timedelta(hours=1)
_DATE: Final = re.compile(r"(\d+)[/.-](\d+)(?:[/.-](\d+))?")
_CLOCK: Final = re.compile(r"(\d+)\D+(\d+)")
_YEAR_LESS_BACK: Final = 180  # days: a date without a year that lies further back is asked about


class _Moment:
    """What the text says of the time: a day, an hour, a part of the day."""

    __slots__ = ("clock", "clocks", "day", "days", "part", "said")

    def __init__(self) -> None:
        self.clocks: list[tuple[int, int]] = []
        self.days: list[date] = []
        self.part: int | None = None
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
    if len(set(moment.clocks)) > 1 or len(set(moment.days)) > 1 or _day_in_words(draft):
        for token in moment.said:
            token.field = LEFT_ALONE
        return
    _fill(draft, moment)


def _day_in_words(draft: Draft) -> bool:
    """`le 12`, `12 juin`: a day that these rules do not read yet, so that no hour is put on another day."""
    if not draft.texts.isdisjoint(draft.vocabulary.sets["months"]):
        return True
    numbers = (
        i for i, token in enumerate(draft.tokens) if i and token.sort == "number" and token.field is None
    )
    return any(draft.tokens[i].value <= 31 and draft.tokens[i - 1].text in ("le", "du") for i in numbers)


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
    day = match and _day(draft, int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    if not day or _since(draft, index):
        token.field = LEFT_ALONE
        return
    moment.days.append(day)
    _say(draft, index, moment)


def _day(draft: Draft, day: int, month: int, year: int | None) -> date | None:
    today = draft.at.astimezone(draft.zone).date()
    try:
        if year is not None:
            return date(year + 2000 if year < 100 else year, month, day)
        found = date(today.year, month, day)
        if found > today + timedelta(days=1) and today - date(today.year - 1, month, day) < timedelta(
            _YEAR_LESS_BACK
        ):
            return date(today.year - 1, month, day)
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
    elif " " in token.text or token.text in ("midi", "noon") or moment.days:
        moment.part = token.value
    else:
        return
    _say(draft, index, moment)


def _number(draft: Draft, index: int, moment: _Moment) -> None:
    """`1430` bare, and `8pm`: an hour after a time word, with a leading zero, or when people are stated otherwise."""
    tokens = draft.tokens
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.text in ("pm", "am") and 1 <= token.value <= 12:
        moment.clocks.append((token.value % 12 + (12 if following.text == "pm" else 0), 0))
        following.field = "occurred_at"
        _say(draft, index, moment)
        return
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
        if _after_time_word(draft, index):
            moment.clocks.append((number.value, 0))
            letter.field = "occurred_at"
            _say(draft, index, moment)
        elif draft.letter_keys and "men" not in draft.people:
            draft.people["men"] = number.value
            number.field = letter.field = "people"
        else:
            draft.problem("ambiguous_hour", "occurred_at")


def _is_span(draft: Draft, index: int) -> bool:
    """`depuis 2h`, `il y a 3h`, `2h de route` say how long, not when."""
    tokens = draft.tokens
    before = tokens[index - 1].text if index else ""
    y_a = before == "a" and index > 1 and tokens[index - 2].text in ("y", "ya")
    after = tokens[index + 2].text if index + 2 < len(tokens) else ""
    return (
        _since(draft, index)
        or y_a
        or before in draft.vocabulary.sets["spans"]
        or before == "ya"
        or after in ("de", "d")
    )


def _since(draft: Draft, index: int) -> bool:
    """`depuis` and a time or a span is no event time."""
    return index > 0 and draft.tokens[index - 1].text in draft.vocabulary.sets["since"]


def _after_time_word(draft: Draft, index: int) -> bool:
    if not index:
        return False
    before = draft.tokens[index - 1]
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


def _fill(draft: Draft, moment: _Moment) -> None:
    """A day without an hour is noon, today alone nothing; what lies more than an hour ahead is asked about."""
    local = draft.at.astimezone(draft.zone)
    day = moment.days[0] if moment.days else None
    if moment.clocks:
        hour, minute = moment.clocks[0]
    elif moment.part is not None:
        hour, minute = moment.part, 0
    elif day is not None and day != local.date():
        hour, minute = 12, 0
    else:
        return
    found = datetime.combine(day or local.date(), time(hour, minute), draft.zone)
    if found - local > _AHEAD and day is None and moment.clocks and local.hour < 6 and hour >= 18:
        found -= timedelta(days=1)
    if found - local > _AHEAD:
        draft.problem("future_time", "occurred_at")
        for token in moment.said:
            token.field = LEFT_ALONE
        return
    draft.occurred_at = found.astimezone(UTC)
    draft.time_approximate = not moment.clocks
