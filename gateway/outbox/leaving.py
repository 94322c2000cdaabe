"""A text of the outbox on its way out: the lines that it may leave by at this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from gateway.channels.numbers import on_whatsapp
from gateway.outbox.drafts import ABOUT_ALERTS, audience_of
from gateway.outbox.lines import Lines
from gateway.outbox.routing import Ration, Route, in_order, starting_line, tries_by
from gateway.people.safety import Audience, Way
from gateway.storage.cipher import CannotDecryptError, Cipher


@dataclass(frozen=True, slots=True)
class Leaving:
    """A text and the lines that it may leave by, the best first; none where no line of ours fits it."""

    row: sa.Row[Any]
    routes: Sequence[Route]
    written_for: str = field(default="", repr=False)
    """The number of the line that it is written for; empty when that cannot be read."""

    @property
    def is_alert(self) -> bool:
        return self.row.purpose in ABOUT_ALERTS

    @property
    def channel(self) -> str:
        return self.routes[0].channel if self.routes else self.row.channel

    @property
    def line(self) -> str:
        return self.routes[0].number if self.routes else self.written_for

    @property
    def way(self) -> Way | None:
        """That of the line that it leaves by; None when that cannot be told."""
        if not self.line:
            return None
        return Way.WHATSAPP if on_whatsapp(self.line) else Way.SMS

    def where_there_is_room(self, rations: Mapping[str, Ration]) -> "Leaving":
        """By the first of the lines that it was not handed to more often whose channel can take an alert now."""
        fits = (
            route
            for route in self.routes
            if self.row.tried.count(route.line) <= self.row.tried.count(self.routes[0].line)
            and (route.channel not in rations or rations[route.channel].has_room(alert=True))
        )
        first = next(fits, None)
        if first is None:
            return self
        return replace(self, routes=[first, *(route for route in self.routes if route is not first)])

    @property
    def tried(self) -> list[int]:
        """What it was handed to, this time included."""
        return [*self.row.tried, *(route.line for route in self.routes[:1])]

    @property
    def tries(self) -> int:
        """How often it was handed to the channel that it leaves by, this time included."""
        return tries_by(self.channel, self.routes, self.tried) if self.routes else int(self.row.attempts) + 1


def routed(row: sa.Row[Any], lines: Lines, cipher: Cipher) -> Leaving:
    try:
        written_for, recipient = cipher.decrypt(row.sender), cipher.decrypt(row.recipient)
    except CannotDecryptError:
        return Leaving(row, ())
    audience = audience_of(row.purpose)
    own = starting_line(written_for, lines.routes, audience)
    if own is None:
        return Leaving(row, (), written_for)
    if audience is Audience.OUR_LINES:
        return Leaving(row, [own], written_for)
    routes = in_order(
        recipient,
        own,
        list(lines.routes.values()),
        row.tried,
        alert=row.purpose in ABOUT_ALERTS,
        same_way=audience is Audience.CONTACT,
    )
    return Leaving(row, routes, written_for)
