"""The heartbeat: an address of somebody else's is called every minute, only while all is well.

It carries nothing: no body, no name. Where it stops, whoever runs that address raises the alarm.
"""

from datetime import datetime
from typing import Final

from redis import RedisError

from gateway.channels.base import SendError
from gateway.channels.posting import Taker
from gateway.observability import get_logger
from gateway.services import Services

log = get_logger(__name__)

_DUE: Final = "vigie:heartbeat:rests"
_LAST: Final = "vigie:heartbeat:last"
_EVERY_MS: Final = 55_000
"""Less than a minute, for whoever looks every ten seconds."""


def beat(services: Services, *, well: bool) -> bool:
    """Call the address if it is due and all is well; Redis is part of that, for it keeps who called when."""
    url = services.settings.heartbeat_url
    if not url or not well:
        return False
    try:
        if not services.redis.set(_DUE, 1, nx=True, px=_EVERY_MS):
            return False  # another process has just called it
        taken = _call(url)
        if taken:
            services.redis.set(_LAST, services.now().isoformat())
    except RedisError:
        return False
    return taken


def _call(url: str) -> bool:
    taker = Taker(url, "the heartbeat address", "our call")
    try:
        answer = taker.ask("GET", None, {})
    except SendError as error:
        log.warning("heartbeat_not_taken", reason=error.reason)
        return False
    if not 200 <= answer.status < 300:
        log.warning("heartbeat_not_taken", status=answer.status)
        return False
    return True


def last(services: Services) -> datetime | None:
    """When it was last taken. Raise RedisError."""
    value = services.redis.get(_LAST)
    return datetime.fromisoformat(value.decode()) if isinstance(value, bytes) else None
