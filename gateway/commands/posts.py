"""`vigie posts`: how often each post is to be heard, and which one is silent."""

import re
from datetime import timedelta
from typing import Final

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import change, show, when
from gateway.commands.family import Family
from gateway.people.records import Reporter
from gateway.places.gazetteer import load_gazetteer
from gateway.services import Services
from gateway.silence import service as silence
from gateway.silence.rhythm import Rhythm
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

REPORTER = table_of(Reporter)
_PERIOD: Final = re.compile(r"([1-9]\d{0,3})(m|h|d)")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(days=60)


def period(_: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    """The callback of an option that is a length of time: `30m`, `12h`, `2d`."""
    if value is None:
        return None
    found = _PERIOD.fullmatch(value.strip().lower())
    if not found:
        raise click.UsageError(f"{parameter.opts[0]} {value!r} is no length of time, such as 30m, 12h or 2d.")
    length = int(found[1]) * _UNITS[found[2]]
    if not _SHORTEST <= length <= _LONGEST:
        raise click.UsageError(f"{parameter.opts[0]} is 15 minutes at least and 60 days at most.")
    return length


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def posts(context: click.Context) -> None:
    """The posts that are to be heard: when each last was, by when it must be, and which is silent."""
    if context.invoked_subcommand is None:
        _show(services_here())


@posts.command()
@click.argument("code")
@click.option("--every", callback=period, help="how often its reporters must be heard: 30m, 12h, 2d")
@click.option("--grace", callback=period, default="1h", show_default=True, help="how much later is too late")
@click.option(
    "--severity", type=click.IntRange(1, 2), default=2, show_default=True, help="of the alert that is raised"
)
@click.option("--off", is_flag=True, help="expect nothing of it any more")
def expect(code: str, *, every: timedelta | None, grace: timedelta, severity: int, off: bool) -> None:
    """Expect to hear the post CODE (`RAS`, or any report) so often; a silent one raises an alert."""
    services, code = services_here(), code.strip().upper()
    if off:
        _forget(services, code)
        return
    if every is None:
        raise click.UsageError("Say --every 12h, or --off to expect nothing of it any more.")
    if code not in load_gazetteer(services.settings.agency_dir).by_code:
        raise click.UsageError(f"{code!r} is none of the points that we know; `vigie card` lists them.")
    pace = services.settings.pace
    with change(services) as (connection, decisions):
        rhythm = Rhythm(every, grace, services.now())
        silence.expect(connection, code, rhythm, severity, pace)
        about = {"every": in_words(every), "grace": in_words(grace), "severity": severity}
        decisions.append(Decision(actor(), "post expected", f"post {code}", about))
        theirs = sa.exists(sa.select(REPORTER.c.id).where(REPORTER.c.post == code, REPORTER.c.active))
        anybody = connection.scalar(sa.select(theirs))
    by = when(rhythm.expected_by(None, pace), services.settings.zone)
    say(f"{code} is expected every {in_words(every)}: an alert is raised if nothing comes by {by}.")
    if not anybody:
        say(f"No active reporter serves at {code} yet: `vigie reporters import` registers them.")


def _forget(services: Services, code: str) -> None:
    with change(services) as (connection, decisions):
        if not silence.forget(connection, code):
            raise click.UsageError(f"Nothing is expected of {code!r}; `vigie posts` shows the others.")
        decisions.append(Decision(actor(), "post no longer expected", f"post {code}"))
    say(f"Nothing is expected of {code} any more.")


def _show(services: Services) -> None:
    with services.engine.connect() as connection:
        found = silence.standings(connection)
    if not found:
        say("No post is expected to be heard: `vigie posts expect ASM --every 12h` begins with one.")
        return
    now, zone, pace = services.now(), services.settings.zone, services.settings.pace
    table = Table("post", "every", "grace", "severity", "last heard", "by", "expected by", "state", box=None)
    for one in found:
        rhythm, heard = one.rhythm, one.heard
        by = rhythm.expected_by(heard.at if heard else None, pace)
        state = "silent" if rhythm.told_at and by <= now else "late" if by <= now else "heard"
        if state == "heard" and heard is None:
            state = "awaited"
        last = (when(heard.at, zone), heard.name) if heard else ("–", "–")
        about = (in_words(rhythm.every), in_words(rhythm.grace), str(one.severity))
        table.add_row(one.post, *about, *last, when(by, zone), state)
    show(table)


def in_words(length: timedelta) -> str:
    """As it is typed: the longest unit that fits."""
    unit = next(unit for unit in ("d", "h", "m") if not length % _UNITS[unit])
    return f"{length // _UNITS[unit]}{unit}"
