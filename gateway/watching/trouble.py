"""What is the matter with a channel. A rule: what its traffic tells and a moment in, trouble or none out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.messages import PhoneHealth

FAILING_FOR: Final = timedelta(minutes=3)
"""One failure is the network's; failures so far apart without a success are the channel's."""
SILENT_AT: Final = 6.0
"""So many texts should have come: one silence in four hundred is as long by chance (e^-6)."""


UNSEEN_FOR: Final = timedelta(minutes=30)
"""A phone that says how it is does so every few minutes."""
LOW_BATTERY: Final = 20
"""Percent: some hours are left to find a charger."""


class What(StrEnum):
    FAILING = "failing"
    UNSEEN = "unseen"
    BATTERY = "battery"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Trouble:
    what: What
    since: datetime
    reason: str = ""
    """What the sender last heard, where it is failing."""

    @property
    def sentence(self) -> str:
        """Without its beginning: who is in trouble, and since when."""
        match self.what:
            case What.SILENT:
                return "nothing has come in, and much should have"
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
    phones: Sequence[PhoneHealth] = (),
    now: datetime,
    pace: float = 1,
) -> Trouble | None:
    """What does not go out is worse than what does not come in, and surer.

    ``failing_since`` and ``failed_at`` are the first and the last failure in a row. A channel that failed once
    and was not tried again is in no trouble that anybody knows of.
    """
    if failing_since and failed_at and (failed_at - failing_since) * pace >= FAILING_FOR:
        return Trouble(What.FAILING, failing_since, reason or "no reason given")
    for phone in sorted(phones, key=lambda phone: phone.at):
        if (now - phone.at) * pace > UNSEEN_FOR:
            return Trouble(What.UNSEEN, phone.at)
        if phone.battery is not None and phone.battery < LOW_BATTERY and phone.charging is False:
            return Trouble(What.BATTERY, phone.at, f"{phone.battery} %")
    if last_in is not None and expected is not None and expected >= SILENT_AT:
        return Trouble(What.SILENT, last_in)
    return None
