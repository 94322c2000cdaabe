"""Signs of life: keys in Redis that run out when whoever sets them sets them no more."""

from typing import Final

import redis

CLOCK_KEY: Final = "vigie:alive:clock"
CLOCK_SECONDS: Final = 10
WATCHMAN_KEY: Final = "vigie:alive:watchman"
WATCHMAN_SECONDS: Final = 120
"""Twelve looks: it may be telling many of something, or waiting for the heartbeat's address."""
_UNHEARD: Final = {
    "clock": (CLOCK_KEY, "The clock has not been heard for ten seconds."),
    "watchman": (
        WATCHMAN_KEY,
        "Nobody watches the clock: the web and the workers do, from their second minute on.",
    ),
}


def unheard(connection: redis.Redis) -> dict[str, str]:
    """A sentence for each that has not been heard, by its name. Raise RedisError."""
    return {name: words for name, (key, words) in _UNHEARD.items() if not connection.exists(key)}
