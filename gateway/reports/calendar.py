"""Days and hours that are said in several words, as one token: `le 12 juin`, `8h du soir`, `karfe 9 na safe`."""

from typing import Final

from gateway.reports.lexicon import Vocabulary
from gateway.reports.tokenizer import Token

VAGUE: Final = "vague"
"""The key of words of time that settle nothing, and that forbid to settle anything beside them."""
FRACTION: Final = "fraction"
_FRACTIONS: Final = frozenset({"1/2", "1/3", "1/4", "2/3", "3/4"})
MORNING, NOON, AFTERNOON, EVENING, NIGHT = 8, 12, 15, 19, 2
_ORDINALS: Final = frozenset({"er", "ier", "st", "nd", "rd", "th"})
_ARTICLES: Final = frozenset({"le", "du", "the", "on"})
_BEFORE_CLOCK: Final = frozenset({"a", "vers", "at", "karfe", "des"})
_HALVES_OF_DAY: Final = frozenset({"am", "pm"})
_GOES_ON: Final = frozenset({"clock", "time", "date", "preposition", "greeting", "urgent"})


def compose(tokens: list[Token], vocabulary: Vocabulary) -> list[Token]:
    """What makes a day or an hour together becomes a token of the sort `date` or `clock`."""
    composed: list[Token] = []
    index = 0
    while index < len(tokens):
        length = _hour(tokens, index) or _day(tokens, index, vocabulary)
        composed.append(tokens[index])
        index += length or 1
    return composed


def split_dates(tokens: list[Token], vocabulary: Vocabulary) -> list[Token]:
    """`F31/14 enfants`, `h21/15enf`: two counts, and no date; nor is `1/2 douzaine`."""
    split: list[Token] = []
    for index, token in enumerate(tokens):
        if token.sort == "date" and token.text in _FRACTIONS and _parts(tokens, index + 1):
            token.sort = FRACTION
        if token.sort == "date" and token.text.count("/") == 1 and _counts(tokens, index, vocabulary):
            first, _, second = token.text.partition("/")
            middle = token.start + len(first)
            for text, start, gap in ((first, token.start, token.gap), (second, middle + 1, "/")):
                split.append(Token(text, start, start + len(text), gap, "number"))
                split[-1].value = int(text)
        else:
            split.append(token)
    return split


def _parts(tokens: list[Token], index: int) -> bool:
    """`douzaine`, `heure`, `journee`: what one may have a part of."""
    if index >= len(tokens) or not _near(tokens, index):
        return False
    whole = tokens[index]
    return whole.sort == "unit" or (whole.key == "approximate" and not whole.text.isdigit()) or not whole.sort


def _counts(tokens: list[Token], index: int, vocabulary: Vocabulary) -> bool:
    """A people key is joined on before it, or what follows has no other number to count by."""
    keys = vocabulary.keys
    keyed = index > 1 and not tokens[index].gap.strip(" =:") and tokens[index - 1].text in keys
    if keyed and tokens[index - 2].sort != "number":
        return True
    if index + 1 == len(tokens):
        return False
    following = tokens[index + 1]
    if not following.gap and following.text in keys:
        return True
    if following.sort != "people" or not _near(tokens, index + 1):
        return False
    after = tokens[index + 2] if index + 2 < len(tokens) else None
    return after is None or after.sort != "number" or bool(after.gap.strip()) or "\n" in after.gap


def hour_of(part: int, hour: int) -> int | None:
    """The hour of 24 that `8h du soir` means; none where part and hour do not go together."""
    if part == MORNING:
        return hour if hour < NOON else None
    if part == AFTERNOON:
        return hour + 12 if 1 <= hour <= 6 else hour if 12 <= hour <= 18 else None
    if part == EVENING:
        return hour + 12 if 4 <= hour <= 11 else hour if 16 <= hour <= 23 else None
    if part == NIGHT:
        return hour + 12 if 7 <= hour <= 11 else hour if hour <= 5 or hour >= 19 else None
    return hour if hour == part else None


def _hour(tokens: list[Token], index: int) -> int:
    """`8pm`, `8:30 pm`, `8h du soir`, `karfe 9 na safe`, `a 13.30`; how many tokens it takes."""
    token = tokens[index]
    karfe = token.text == "karfe"
    at = index + karfe
    if at >= len(tokens) or not (_number(tokens, at) or tokens[at].sort == "clock"):
        return 0
    hour, minute, end = _figures(tokens, at)
    if end < len(tokens) and tokens[end].text in _HALVES_OF_DAY and _near(tokens, end) and 1 <= hour <= 12:
        hour = hour % 12 + (12 if tokens[end].text == "pm" else 0)
    elif (
        end < len(tokens)
        and tokens[end].key == "qualifier"
        and (karfe or end > at + 1 or tokens[at].sort == "clock")
    ):
        found = hour_of(tokens[end].value, hour)
        if found is None:
            return _become(tokens, index, end, "time", VAGUE)
        hour = found
    elif not (
        index and tokens[index - 1].text in _BEFORE_CLOCK and _dotted(tokens, at) and _closed(tokens, at + 1)
    ):
        return _become(tokens, index, at, "time", VAGUE) if karfe and hour <= 12 and end == at + 1 else 0
    else:
        minute, end = tokens[at + 1].value, at + 1
    if hour > 23 or minute > 59:
        return 0
    return _become(tokens, index, end, "clock", f"{hour}:{minute:02}")


def _figures(tokens: list[Token], at: int) -> tuple[int, int, int]:
    """Hour, minute and the index after them: `8`, `8h`, `8h30`."""
    token = tokens[at]
    if token.sort == "clock":
        hour, minute = (int(part) for part in token.text.replace("h", ":").rstrip("mins ").split(":"))
        return hour, minute, at + 1
    with_letter = (
        at + 1 < len(tokens) and tokens[at + 1].text in ("h", "heures", "heure") and _near(tokens, at + 1)
    )
    return token.value, 0, at + 1 + with_letter


def _day(tokens: list[Token], index: int, vocabulary: Vocabulary) -> int:
    """`le 12`, `12 juin 2026`, `1er`, `lundi 12`, `le 24.03`; how many tokens it takes."""
    token = tokens[index]
    if token.key == "weekdays":
        return _dated_weekday(tokens, index)
    article = token.text in _ARTICLES
    at = index + article
    if article and at < len(tokens) and tokens[at].sort == "date" and _near(tokens, at):
        return _become(tokens, index, at, "date", tokens[at].text)
    if not (_number(tokens, at) and 1 <= tokens[at].value <= 31):
        return 0
    last, said = _with_month(tokens, at, vocabulary, sure=article) or _alone(tokens, at, token) or (0, "")
    return _become(tokens, index, last, "date", said) if said else 0


def _with_month(
    tokens: list[Token], at: int, vocabulary: Vocabulary, *, sure: bool
) -> tuple[int, str] | None:
    """`12 juin`, `1er juin`, `12 juin 2026`, `le 24.03`: the last token of it, and the date."""
    day = tokens[at].value
    last = at + 1 + _ordinal(tokens, at)
    month = _month(tokens, last, vocabulary, sure=sure)
    if month:
        if _number(tokens, last + 1) and 2000 <= tokens[last + 1].value < 2100 and _near(tokens, last + 1):
            return last + 1, f"{day}/{month}/{tokens[last + 1].value}"
        return last, f"{day}/{month}"
    if sure and _dotted(tokens, at) and 1 <= tokens[at + 1].value <= 12 and _closed(tokens, at + 1):
        return at + 1, f"{day}/{tokens[at + 1].value}"
    return None


def _alone(tokens: list[Token], at: int, first: Token) -> tuple[int, str] | None:
    """`le 12`, `1er`: of this month."""
    ordinal = _ordinal(tokens, at)
    the_first = ordinal and tokens[at].value == 1 and tokens[at + 1].text in ("er", "ier")
    if (the_first or (first.text in ("le", "du") and not ordinal)) and _closed(tokens, at + ordinal):
        return at + ordinal, str(tokens[at].value)
    return None


def _ordinal(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].text in _ORDINALS and not tokens[at + 1].gap


def _dated_weekday(tokens: list[Token], index: int) -> int:
    """`lundi 12`: the number is the day's, and the day's name is read as ever."""
    at = index + 1
    if (
        at < len(tokens)
        and _number(tokens, at)
        and 1 <= tokens[at].value <= 31
        and _near(tokens, at)
        and _closed(tokens, at)
    ):
        tokens[at].sort, tokens[at].text = "date", str(tokens[at].value)
    return 0


def _month(tokens: list[Token], index: int, vocabulary: Vocabulary, *, sure: bool) -> int:
    """`may` and `mai` are other words too: only after an article or before a year."""
    if index >= len(tokens) or tokens[index].gap.strip(" -.") or tokens[index].text not in vocabulary.months:
        return 0
    if (
        not sure
        and tokens[index].text in vocabulary.sets["doubtful_months"]
        and not _number(tokens, index + 1)
    ):
        return 0
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return (
        0 if following is not None and following.sort == "people" else vocabulary.months[tokens[index].text]
    )


def _number(tokens: list[Token], index: int) -> bool:
    """Figures that are not joined to letters before them."""
    if index >= len(tokens) or tokens[index].sort != "number" or not tokens[index].text.isdigit():
        return False
    return bool(tokens[index].gap) and tokens[index].gap.strip() not in ("=", "#", "~", "±", ">", "+")


def _near(tokens: list[Token], index: int) -> bool:
    return not tokens[index].gap.strip(" -")


def _dotted(tokens: list[Token], index: int) -> bool:
    """`13.30`: two figures after a dot."""
    return (
        index + 1 < len(tokens)
        and tokens[index + 1].gap == "."
        and len(tokens[index + 1].text) == 2
        and tokens[index + 1].text.isdigit()
    )


def _closed(tokens: list[Token], index: int) -> bool:
    """Nothing follows that the number could count."""
    if index + 1 >= len(tokens):
        return True
    following = tokens[index + 1]
    if (
        following.gap.strip() in (",", ";", "!", "|", "?", ")")
        or following.gap in (" - ", " / ")
        or "\n" in following.gap
        or following.gap == ". "
    ):
        return True
    if following.sort == "number":
        return False
    hour = index + 2 < len(tokens) and tokens[index + 2].text == "h"
    return (
        bool(following.gap) and (following.sort in _GOES_ON or following.text in ("a", "vers")) and not hour
    )


def _become(tokens: list[Token], first: int, last: int, sort: str, said: str) -> int:
    """The first token takes in the others; how many they are."""
    token = tokens[first]
    token.end = tokens[last].end
    token.sort, token.key = sort, said if sort == "time" else ""
    if sort != "time":
        token.text = said
    return last - first + 1
