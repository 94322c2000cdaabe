"""`vigie inbox`: what waits, what was set aside, and giving it another chance."""

import click
import sqlalchemy as sa

from gateway.bootstrap import build_inbox, build_spool
from gateway.commands.common import actor, say, services_here
from gateway.commands.family import Family
from gateway.inbox.records import InboundRecord


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def inbox(context: click.Context) -> None:
    """How many messages are waiting, read and dead; and the dead ones, by what went wrong."""
    if context.invoked_subcommand:
        return
    services = services_here()
    with services.engine.connect() as connection:
        counts = connection.execute(
            sa.select(InboundRecord.state, sa.func.count()).group_by(InboundRecord.state)
        ).all()
        dead = connection.execute(
            sa.select(InboundRecord.error, sa.func.count(), sa.func.max(InboundRecord.received_at))
            .where(InboundRecord.state == "dead")
            .group_by(InboundRecord.error)
        ).all()
    for state, count in sorted(counts):
        say(f"{state:10} {count:>9,}")
    say(f"{'spooled':10} {len(build_spool(services.settings).waiting()):>9,}")
    for error, count, latest in dead:
        say(f"  dead: {count} of {error}, the last {latest:%Y-%m-%d %H:%M} UTC")
    if dead:
        say("`vigie inbox replay` gives the dead ones another chance once the cause is mended.")


@inbox.command()
def replay() -> None:
    """Give every dead message another chance, once what killed it is mended."""
    count = build_inbox(services_here()).replay_dead(actor())
    say(f"{count} dead messages are waiting to be read again." if count else "Nothing is dead.")
