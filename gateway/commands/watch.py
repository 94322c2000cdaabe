"""`vigie watch`: whether everything that is due is done, and by what others would know if it were not."""

import sys
from datetime import datetime, timedelta
from typing import Final

import click
from redis import RedisError
from rich.table import Table

from gateway.commands.common import say, services_here
from gateway.commands.entering import show, when
from gateway.inbox.spool import Spool
from gateway.services import Services
from gateway.watchman import heartbeat
from gateway.watchman import service as watchman
from gateway.watchman.lateness import Step, is_late

_TAKEN_WITHIN: Final = timedelta(minutes=3)
"""It is called every minute."""


@click.command()
def watch() -> None:
    """Whether each step that is due is done, the trouble that lasts, the heartbeat and the daily text."""
    services = services_here()
    now, zone, pace = services.now(), services.settings.zone, services.settings.pace
    with services.engine.connect() as connection:
        due = watchman.due_steps(connection, Spool(services.settings.spool_dir))
        lapse = watchman.open_lapse(connection)
        besides = watchman.wrong_besides(connection, services, now)
        day = watchman.last_told(connection)
    late = {step for step, at in due.items() if is_late(at, now, pace)}
    table = Table("step", "due", "state", box=None)
    for step in Step:
        if step in due:
            at = due[step]
            state = "waits" if at > now else "late" if step in late else "is due"
            table.add_row(step.value, when(at, zone), state)
    show(table) if table.row_count else say("Nothing is due.")
    if lapse is not None:
        told = f"told at {when(lapse.told_at, zone)}" if lapse.told_at else "nobody could be told yet"
        say(f"Since {when(lapse.since, zone)} not done in time: {lapse.step} ({told}).")
    for sentence in besides:
        say(sentence)
    beats, sentence = _beats(services, now)
    say(sentence)
    say(_daily(services, when(day, zone)))
    if lapse is not None or besides or late or not beats:
        sys.exit(1)
    say("All is well.")


def _beats(services: Services, now: datetime) -> tuple[bool, str]:
    """Whether the heartbeat is as it should be, and what there is to say of it."""
    if not services.settings.heartbeat_url:
        return True, "No heartbeat: VIGIE_HEARTBEAT_URL is empty."
    try:
        last = heartbeat.last(services)
    except RedisError:
        return False, "Heartbeat: unknown, Redis cannot be reached."
    at = when(last, services.settings.zone)
    if last is None or now - last > _TAKEN_WITHIN:
        return (
            False,
            f"Heartbeat: not taken for three minutes, last {at}; `heartbeat_not_taken` in the logs says why.",
        )
    return True, f"Heartbeat: last taken {at}."


def _daily(services: Services, last: str) -> str:
    hour = services.settings.all_well_at
    return (
        f"Daily text to the chiefs: at {hour}, last {last}."
        if hour
        else "No daily text: VIGIE_ALL_WELL_AT is empty."
    )
