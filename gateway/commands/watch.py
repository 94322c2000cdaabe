"""`vigie watch`: whether everything that is due is done, and by what others would know if it were not."""

import sys

import click
from redis import RedisError
from rich.table import Table

from gateway.commands.common import say, services_here
from gateway.commands.entering import show, when
from gateway.services import Services
from gateway.watchman import heartbeat
from gateway.watchman import service as watchman
from gateway.watchman.lateness import Step


@click.command()
def watch() -> None:
    """Whether each step that is due is done, the trouble that lasts, the heartbeat and the daily text."""
    services = services_here()
    now, zone = services.now(), services.settings.zone
    with services.engine.connect() as connection:
        due = watchman.due_steps(connection)
        lapse = watchman.open_lapse(connection)
        besides = watchman.wrong_besides(connection, now)
        day = watchman.last_told(connection)
    table = Table("step", "due", "state", box=None)
    for step in Step:
        if step in due:
            at = due[step]
            table.add_row(step.value, when(at, zone), "waits" if at > now else "is due")
    show(table) if table.row_count else say("Nothing is due.")
    if lapse is not None:
        told = f"told at {when(lapse.told_at, zone)}" if lapse.told_at else "nobody could be told yet"
        say(f"Since {when(lapse.since, zone)} not done in time: {lapse.step} ({told}).")
    for sentence in besides:
        say(sentence)
    say(_beats(services))
    say(_daily(services, when(day, zone)))
    if lapse is not None or besides:
        sys.exit(1)
    say("All is well.")


def _beats(services: Services) -> str:
    if not services.settings.heartbeat_url:
        return "No heartbeat: VIGIE_HEARTBEAT_URL is empty."
    try:
        last = heartbeat.last(services)
    except RedisError:
        return "Heartbeat: unknown, Redis cannot be reached."
    return f"Heartbeat: last taken {when(last, services.settings.zone)}."


def _daily(services: Services, last: str) -> str:
    hour = services.settings.all_well_at
    return (
        f"Daily text to the chiefs: at {hour}, last {last}."
        if hour
        else "No daily text: VIGIE_ALL_WELL_AT is empty."
    )
