"""What is left of our credit, asked of each provider that tells, once an hour."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from gateway.channels import periods
from gateway.channels.base import AskError, CreditChannel
from gateway.channels.records import ChannelState
from gateway.observability import get_logger
from gateway.services import Services
from gateway.storage.database import table_of

log = get_logger(__name__)

STATE = table_of(ChannelState)
EVERY: Final = timedelta(hours=1)


def due(services: Services) -> list[str]:
    """The channels that nobody has asked for an hour."""
    names = [name for name, channel in services.channels.items() if isinstance(channel, CreditChannel)]
    if not names:
        return []
    with services.engine.connect() as connection:
        return periods.due(connection, names, STATE.c.credit_at, EVERY, services.now())


def ask(services: Services, name: str) -> None:
    """Once an hour, however many clocks ring; without an answer nothing is known until the next hour."""
    channel = services.channels.get(name)
    if not isinstance(channel, CreditChannel) or not _claim(services, name):
        return
    try:
        credit: str | None = channel.credit()
    except AskError as error:
        log.warning("credit_not_told", channel=name, reason=error.reason)
        credit = None
    with services.engine.begin() as connection:
        connection.execute(sa.update(STATE).where(STATE.c.channel == name).values(credit=credit))


def _claim(services: Services, name: str) -> bool:
    with services.engine.begin() as connection:
        return periods.claim(connection, name, STATE.c.credit_at, EVERY, services.now())
