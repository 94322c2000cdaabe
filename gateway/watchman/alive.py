"""Signs of life: keys in Redis that run out when whoever sets them sets them no more."""

from typing import Final

import redis

CLOCK_KEY: Final = "vigie:alive:clock"
CLOCK_SECONDS: Final = 10
WATCHMAN_KEY: Final = "vigie:alive:watchman"
"""Somebody looks."""
WATCHED_KEY: Final = "vigie:alive:watched"
"""Somebody has looked without a break for as long as any step may take."""
WATCHMAN_SECONDS: Final = 120
"""Twelve looks: it may be telling many of something, or waiting for the heartbeat's address."""
_UNHEARD: Final = {
    CLOCK_KEY: "The clock has not been heard for ten seconds.",
    WATCHMAN_KEY: "The watchman, who is in the web and in the workers, has not been heard for two minutes.",
    WATCHED_KEY: "Nobody has watched the clock for a whole minute yet: ask again in a minute.",
}


def unheard(connection: redis.Redis, *keys: str) -> dict[str, str]:
    """A sentence for each of these signs that is not there. Raise RedisError."""
    return {key: _UNHEARD[key] for key in keys if not connection.exists(key)}
