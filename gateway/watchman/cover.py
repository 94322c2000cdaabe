"""The daily text that all is well. A rule: it is as long, to the letter, whether all is well or not.

So its presence tells nobody who sees the phone or the network anything, and its absence is the alarm.
"""

from datetime import datetime, time, timedelta
from typing import Final

from gateway.text.render import render

LENGTH: Final = 140
MAY_COME: Final = timedelta(hours=4)
"""Later on the day it would say nothing any more: its absence has been the alarm."""
_MOST: Final = 999
_FILLER: Final = "."


def text(language: str, at: datetime, *, well: bool, alerts: int, taken: int, reports: int) -> str:
    """``alerts`` are open and nobody's, ``taken`` are somebody's, ``reports`` came in since a day."""
    said = render(
        "all_well" if well else "all_not_well",
        language,
        time=f"{at:%d/%m %H:%M}",
        alerts=_three(alerts),
        held=_three(taken),
        texts=_three(reports),
    )
    return said.ljust(LENGTH, _FILLER)


def is_due(now: datetime, hour: time) -> bool:
    """Whether the day's text may go, by the clock of ``now``."""
    due = datetime.combine(now.date(), hour, now.tzinfo)
    return due <= now < due + MAY_COME


def _three(number: int) -> str:
    """In three digits; more than they hold is as many as they do."""
    return f"{min(max(number, 0), _MOST):03}"
