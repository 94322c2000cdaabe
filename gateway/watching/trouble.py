"""What is the matter with a channel. A rule: what its traffic tells and a moment in, trouble or none out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.messages import PhoneHealth
from gateway.watching.canary import IN_TIME, Canary

FAILING_FOR: Final = timedelta(minutes=3)
"""One failure is the network's; failures so far apart without a success are the channel's."""
SILENT_AT: Final = 6.0
"""So many texts should have come: one silence in four hundred is as long by chance (e^-6)."""
UNSEEN_FOR: Final = timedelta(minutes=30)
"""A phone that says how it is does so every few minutes."""
LOW_BATTERY: Final = 20
"""Percent: some hours are left to find a charger."""
STEADY_FOR: Final = timedelta(minutes=10)
"""A channel that works and fails in turns has one outage, of which nobody is told again and again."""


class What(StrEnum):
    """The gravest first: what goes out no more, what comes in no more, what soon will not."""

    FAILING = "failing"
    LATE = "late"
    UNSEEN = "unseen"
    SILENT = "silent"
    BATTERY = "battery"

    def is_graver_than(self, other: "What") -> bool:
        gravest_first = list(What)
        return gravest_first.index(self) < gravest_first.index(other)


@dataclass(frozen=True, slots=True)
class Trouble:
    what: What
    since: datetime
    reason: str = ""
    """What the sender last heard, where it is failing; between which lines texts are late; which phone is
    unseen; how full a battery is."""

    @property
    def sentence(self) -> str:
        """Without its beginning: who is in trouble, and since when."""
        match self.what:
            case What.SILENT:
                return "nothing has come in, and much should have"
            case What.LATE:
                return f"no text from {self.reason} comes in within 10 minutes"
            case What.UNSEEN:
                return "its phone has said nothing"
            case What.BATTERY:
                return f"its phone has {self.reason} of battery left and is not charging"
            case What.FAILING:
                return f"nothing goes out: {self.reason}"


def trouble(
    *,
    failing_since: datetime | None,
    failed_at: datetime | None,
    reason: str | None,
    last_in: datetime | None,
    expected: float | None,
    canaries: Sequence[Canary] = (),
    phones: Sequence[PhoneHealth] = (),
    now: datetime,
    pace: float = 1,
) -> Trouble | None:
    """The gravest of what is the matter.

    ``failing_since`` and ``failed_at`` are the first and the last failure in a row. A channel that failed once
    and was not tried again is in no trouble that anybody knows of.
    """
    if failing_since and failed_at and (failed_at - failing_since) * pace >= FAILING_FOR:
        return Trouble(What.FAILING, failing_since, reason or "no reason given")
    late = [(since, it.name) for it in canaries if (since := it.late_since(now))]
    if late:
        return Trouble(What.LATE, *min(late))
    phones = sorted(phones, key=lambda phone: phone.at)
    if phones and (now - phones[0].at) * pace > UNSEEN_FOR:
        return Trouble(What.UNSEEN, phones[0].at, phones[0].device)
    if last_in is not None and expected is not None and expected >= SILENT_AT:
        return Trouble(What.SILENT, last_in)
    for phone in phones:
        if phone.battery is not None and phone.battery < LOW_BATTERY and phone.charging is False:
            return Trouble(What.BATTERY, phone.at, f"{phone.battery} %")
    return None


_HEARD_WITHIN: Final = {What.LATE: IN_TIME, What.UNSEEN: UNSEEN_FOR, What.SILENT: UNSEEN_FOR}
"""How long whoever is well may take to be heard."""


def is_news(it: Trouble, told: What | None, listening: timedelta, pace: float = 1) -> bool:
    """Whether to tell the operator, who was ``told`` this of the channel's present outage, if it is in one.

    ``listening`` is for how long we have: after a power cut of ours nobody was heard, and nobody is in trouble.
    """
    if it.what in _HEARD_WITHIN and listening <= _HEARD_WITHIN[it.what] / pace:
        return False
    return told is None or it.what.is_graver_than(told)


def is_steady(well_since: datetime | None, now: datetime, pace: float = 1) -> bool:
    """Whether a channel has been well for so long that its outage is over."""
    return well_since is not None and (now - well_since) * pace >= STEADY_FOR
