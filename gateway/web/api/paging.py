"""Pages of what has UUIDv7 ids: their order is the order of time, and a cursor is an id."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BITS_AT: Final = 80


class BadQueryError(Exception):
    """A parameter is wrong; the message is one sentence that names it. Answered 400."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with an id above ``above`` (and, for ``since``, from ``start`` on), ``limit`` at most."""

    above: UUID | None
    start: UUID | None
    limit: int


def read_page(query: Mapping[str, str]) -> Page:
    """The page that ``since``, ``after`` and ``limit`` ask for. Raise BadQueryError."""
    since, after = query.get("since"), query.get("after")
    return Page(
        above=_from_cursor(after) if after is not None else None,
        start=first_id_at(_moment(since)) if since is not None else None,
        limit=_limit(query.get("limit")),
    )


def cursor(last: UUID) -> str:
    """Opaque to the caller; goes back in as ``after``."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def first_id_at(moment: datetime) -> UUID:
    """The lowest UUID that one minted at that millisecond can have."""
    milliseconds = max(0, int((moment - _EPOCH).total_seconds() * 1000))
    return UUID(int=milliseconds << _TIME_BITS_AT)


def _from_cursor(text: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise BadQueryError("after: is not a cursor; take it from `next` of the page before.") from None


def _moment(text: str) -> datetime:
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" 0", "+0") if "T" in text else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQueryError("since: is no ISO 8601 time; write it as 2026-11-21T13:30:00Z.") from None


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
        raise BadQueryError(f"limit: must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)
