"""Jobs of the inbox: a lane's number in, one service call."""

import sqlalchemy as sa

from gateway.observability import get_logger
from workers.process import this_process

log = get_logger(__name__)


def drain(lane: int) -> None:
    try:
        this_process().inbox.drain(lane)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        # The rows wait where they are, and the clock rings again.
        log.warning("drain_waits_for_database", lane=lane, error=type(error).__name__)
