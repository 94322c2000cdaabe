"""`vigie lines`: our own numbers, what each is for, and the channel that it goes through."""

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import ChannelRecord, Line
from gateway.channels.registry import KINDS, channels_from_settings
from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import change, our_number, show
from gateway.commands.family import Family
from gateway.outbox.operators import EVERYWHERE, BadReachError, prefixes_of
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.watching.records import CanaryRecord

CHANNEL, LINE, CANARY = table_of(ChannelRecord), table_of(Line), table_of(CanaryRecord)


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def lines(context: click.Context) -> None:
    """Our own numbers. They are printed on cards and posters, so they are shown in full."""
    if context.invoked_subcommand is not None:
        return
    services = services_here()
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(LINE).order_by(LINE.c.id)).all()
    table = Table("line", "number", "profile", "channel", "reaches", "cost", box=None)
    for row in rows:
        table.add_row(
            str(row.id),
            services.cipher.decrypt(row.number),
            row.profile,
            row.channel,
            " ".join(row.reach),
            str(row.cost),
        )
    show(table, "There is no line yet: `vigie lines add NUMBER --profile agents --channel NAME` sets one up.")


@lines.command()
@click.argument("number")
@click.option("--profile", type=click.Choice(["agents", "hotline"]), required=True, help="who writes to it")
@click.option("--channel", required=True, help="the channel that it goes through")
@click.option(
    "--reach",
    help="operators, countries or beginnings of numbers that it can text, comma-separated; * for all",
)
@click.option(
    "--cost",
    type=click.IntRange(0, 30_000),
    help="of one text: alerts go the cheapest way that is well",
)
def add(number: str, profile: str, channel: str, reach: str | None, cost: int | None) -> None:
    """Set up one of our numbers, or change it: --reach and --cost stay as they are if not given.

    A hotline line never answers by itself. A text that cannot go by one line goes by the next of the same profile. One on WhatsApp is written whatsapp:+227…: it is a line of its own beside the same number's SMS.
    """
    services = services_here()
    number = our_number(services, number)
    reaches = None if reach is None else _reach(reach)
    sealed = {"number": services.cipher.encrypt(number), "number_hash": services.cipher.digest(number)}
    with change(services) as (connection, decisions):
        kind = _kind_of(connection, services, channel)
        if on_whatsapp(number) and not KINDS[kind].whatsapp:
            raise click.UsageError(f"A channel of kind {kind} has no WhatsApp: take one of kind twilio.")
        before = connection.execute(
            sa.select(LINE).where(LINE.c.number_hash == sealed["number_hash"]).with_for_update()
        ).one_or_none()
        given = {"profile": profile, "channel": channel, "reach": reaches, "cost": cost}
        detail = {name: value for name, value in given.items() if value is not None}
        if before is None:
            id_ = connection.execute(
                sa.insert(LINE).values(**sealed, **detail).returning(LINE.c.id)
            ).scalar_one()
            decisions.append(Decision(actor(), "line added", f"line {id_}", detail))
        else:
            id_ = before.id
            connection.execute(sa.update(LINE).where(LINE.c.id == id_).values(**detail))
            was = {name: getattr(before, name) for name in detail}
            decisions.append(Decision(actor(), "line changed", f"line {id_}", {**detail, "was": was}))
    say(f"Line {id_}, {number}, is for {profile} and goes through {channel}.")


@lines.command()
@click.argument("number")
def remove(number: str) -> None:
    """Give up one of our numbers."""
    services = services_here()
    number_hash = services.cipher.digest(our_number(services, number))
    with change(services) as (connection, decisions):
        id_ = connection.execute(
            sa.select(LINE.c.id).where(LINE.c.number_hash == number_hash).with_for_update()
        ).scalar()
        if id_ is None:
            raise click.UsageError("That is no line of ours; `vigie lines` shows them.")
        its_own = sa.or_(CANARY.c.from_line == id_, CANARY.c.to_line == id_)
        canaries = connection.execute(sa.delete(CANARY).where(its_own)).rowcount
        connection.execute(sa.delete(LINE).where(LINE.c.id == id_))
        decisions.append(Decision(actor(), "line removed", f"line {id_}", {"canaries": canaries}))
    say(f"Line {id_} is removed" + (", and so are its canaries." if canaries else "."))


def _reach(names: str) -> list[str]:
    reach = [name.strip() for name in names.split(",") if name.strip()] or [EVERYWHERE]
    try:
        prefixes_of(reach)
    except BadReachError as error:
        raise click.UsageError(str(error)) from None
    return reach


def _kind_of(connection: sa.Connection, services: Services, channel: str) -> str:
    """Raise UsageError for one that no text goes through. The environment names its channels by kind."""
    active = connection.execute(sa.select(CHANNEL.c.name, CHANNEL.c.kind).where(CHANNEL.c.active))
    known = {row.name: row.kind for row in active if KINDS[row.kind].texts} | {
        name: name for name in channels_from_settings(services.settings)
    }
    if channel not in known:
        raise click.UsageError(
            f"There is no channel {channel!r} for texts (there are {', '.join(sorted(known)) or 'none'}): "
            "`vigie channels add KIND NAME` sets one up."
        )
    return str(known[channel])
