"""`vigie channels`: the providers, how they do, and setting them up."""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlalchemy.dialects.postgresql import insert

from gateway.channels.answers import BadChannelError, Secret
from gateway.channels.base import AskError, ListingChannel
from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import ChannelRecord, ChannelState, Line
from gateway.channels.registry import KINDS, build_channel, channels_from_settings
from gateway.channels.simulator import SimulatorChannel
from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import BadNameError, change, moment, our_number, plain, show, when
from gateway.commands.family import Family
from gateway.inbox.clocks import OLDEST
from gateway.inbox.gaps import LOOKS_BACK, find
from gateway.outbox.records import OutboundRecord
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.watching import service as watching
from gateway.watching.canary import IN_TIME, Canary
from gateway.watching.records import CanaryRecord
from gateway.watching.service import Standing
from gateway.watching.trouble import SILENT_AT

CHANNEL, LINE, STATE = table_of(ChannelRecord), table_of(Line), table_of(ChannelState)
OUT, CANARY = table_of(OutboundRecord), table_of(CanaryRecord)


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def channels(context: click.Context) -> None:
    """The channels, their lines, and how they do."""
    if context.invoked_subcommand is None:
        _show(services_here())


def _show(services: Services) -> None:
    now, zone = services.now(), services.settings.zone
    with services.engine.connect() as connection:
        stored = connection.execute(sa.select(CHANNEL).order_by(CHANNEL.c.name)).all()
        ours = {row.id: row for row in connection.execute(sa.select(LINE))}
        waiting = _waiting(connection, now - timedelta(hours=24))
        found = watching.standings(connection, services, now)
    lines = [row.channel for row in ours.values()]
    here = {name: (name, "from settings") for name in channels_from_settings(services.settings)}
    known = {row.name: (row.kind, "yes" if row.active else "no") for row in stored} | here
    table = Table(
        *(
            "name",
            "kind",
            "lines",
            "active",
            "last in",
            "last out",
            "waiting",
            "failed",
            "credit",
            "battery",
            "state",
        ),
        box=None,
    )
    for name, (kind, active) in known.items():
        it, (queued, failed) = found.get(name, Standing(name)), waiting.get(name, (0, 0))
        table.add_row(
            *(name, kind, str(lines.count(name)), active),
            *(when(it.last_in, zone), when(it.last_out, zone), str(queued), str(failed)),
            it.credit or "–",
            "–" if it.battery is None else f"{it.battery} %",
            _state(it, zone) if name in found else "off",
        )
    show(table, "There is no channel yet: `vigie channels add KIND NAME` sets one up.")
    canaries = [canary for it in found.values() for canary in it.canaries]
    if canaries:
        numbers = {id_: services.cipher.decrypt(row.number) for id_, row in ours.items()}
        show(_canaries(canaries, numbers, now, zone))


def _canaries(canaries: Iterable[Canary], numbers: Mapping[int, str], now: datetime, zone: ZoneInfo) -> Table:
    table = Table("canary from", "to", "every", "last sent", "last took", "state", box=None)
    for it in canaries:
        state = "under way" if it.away or it.sent_at is None else "ok"
        if late := it.late_since(now):
            state = f"late since {when(late, zone)}"
        table.add_row(
            numbers[it.from_line],
            numbers[it.to_line],
            f"{it.every // timedelta(minutes=1)} min",
            when(it.sent_at, zone),
            "–" if it.took is None else f"{it.took.total_seconds():.0f} s",
            state,
        )
    return table


def _state(standing: Standing, zone: ZoneInfo) -> str:
    """In a few words: what is the matter and since when, or how far the silence is from being one."""
    if standing.trouble is not None:
        it = standing.trouble
        return f"{it.what} since {when(it.since, zone)}" + (f": {it.reason}" if it.reason else "")
    if standing.expected is None or standing.expected < 1:
        return "ok"
    return f"ok, {standing.expected:.0f} of {SILENT_AT:.0f} texts missed"


def _waiting(connection: sa.Connection, since: datetime) -> dict[str, tuple[int, int]]:
    """The texts that wait, and that failed lately, by channel."""
    rows = connection.execute(
        sa.select(
            OUT.c.channel,
            sa.func.count().filter(OUT.c.state.in_(("queued", "sending"))).label("waiting"),
            sa.func.count().filter(OUT.c.state == "failed", OUT.c.created_at > since).label("failed"),
        ).group_by(OUT.c.channel)
    )
    return {row.channel: (row.waiting, row.failed) for row in rows}


@channels.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@click.option("--secret", "given", multiple=True, metavar="NAME=VALUE", help="instead of being asked")
@click.option("--stdin", "from_stdin", is_flag=True, help="read NAME=VALUE lines from standard input")
@click.option("--replace", is_flag=True, help="give new secrets to a channel that is there already")
def add(kind: str, name: str, given: tuple[str, ...], from_stdin: bool, replace: bool) -> None:
    """Set up a channel of KIND, called NAME in its webhook addresses; its secrets are kept encrypted."""
    services = services_here()
    known = _refuse_second(services, name, replace=replace)
    answers = _answers((*given, *sys.stdin.read().splitlines()) if from_stdin else given, kind)
    if not from_stdin:
        answers |= _ask(secret for secret in KINDS[kind].secrets if secret.name not in answers)
    try:
        answers = {secret: _written(secret, answer) for secret, answer in answers.items()}
        build_channel(name, kind, answers, services.settings)
    except BadChannelError as error:
        raise click.UsageError(str(error)) from None
    row = {"kind": kind, "secrets": services.cipher.encrypt(json.dumps(answers)), "active": True}
    with change(services) as (connection, decisions):
        _refuse_kind(connection, services, name, kind)
        statement = insert(CHANNEL).values(name=name, **row)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
        decisions.append(Decision(actor(), "channel added", name, {"kind": kind, "secrets": sorted(answers)}))
    base = f"{services.settings.public_url}/webhooks/{name}"
    say(
        f"The channel {name} is set up. Its provider calls "
        + " and ".join(f"{base}/{end}" for end in KINDS[kind].calls)
    )
    if known:
        say("Running processes take the new secrets in within seconds.")
    if KINDS[kind].texts:
        say(f"Next: `vigie lines add NUMBER --profile agents --channel {name}`.")


def _refuse_second(services: Services, name: str, *, replace: bool) -> bool:
    """Whether the channel is there already, to be given new secrets."""
    if name in channels_from_settings(services.settings):
        raise click.UsageError(
            f"The environment (VIGIE_{name.upper()}_…) already sets up the channel {name}."
        )
    with services.engine.connect() as connection:
        stored = connection.execute(sa.select(CHANNEL.c.name, CHANNEL.c.active)).all()
    active = {row.name: row.active for row in stored}
    if active.get(name) and not replace:
        raise click.UsageError(f"There is a channel {name} already; --replace gives it new secrets.")
    return name in active


def _refuse_kind(connection: sa.Connection, services: Services, name: str, kind: str) -> None:
    """One that the lines of the channel cannot go through."""
    sealed = connection.execute(sa.select(LINE.c.number).where(LINE.c.channel == name)).scalars()
    numbers = [services.cipher.decrypt(number) for number in sealed]
    move = "move them with `vigie lines add` first."
    if numbers and not KINDS[kind].texts:
        raise click.UsageError(f"{len(numbers)} lines go through {name}, and {kind} takes no texts: {move}")
    if any(map(on_whatsapp, numbers)) and not KINDS[kind].whatsapp:
        raise click.UsageError(f"Lines on WhatsApp go through {name}, and {kind} has none: {move}")


def _written(name: str, answer: str) -> str:
    try:
        return plain(answer)
    except BadNameError as error:
        raise click.UsageError(f"{name} {error}.") from None


def _answers(lines: Iterable[str], kind: str) -> dict[str, str]:
    names = [secret.name for secret in KINDS[kind].secrets]
    answers = {}
    for line in filter(None, lines):
        name, found, value = line.partition("=")
        if not found or name not in names:  # the line itself may hold a secret: it is not repeated
            raise click.UsageError(f"A secret is written NAME=VALUE; {kind} knows {', '.join(names)}.")
        answers[name] = value
    return answers


def _ask(secrets: Iterable[Secret]) -> Mapping[str, str]:
    answers = {}
    for secret in secrets:
        question = secret.question if secret.required else f"{secret.question} (may be empty)"
        default = None if secret.required else ""
        try:
            typed: str = click.prompt(question, default=default, hide_input=secret.hidden, show_default=False)
        except click.Abort:
            raise click.UsageError(f"Its {secret.name} is needed: {secret.question}.") from None
        answers[secret.name] = typed
    return answers


@channels.command()
@click.argument("name")
def remove(name: str) -> None:
    """Switch a channel off and forget its secrets; what came and went through it stays."""
    services = services_here()
    with change(services) as (connection, decisions):
        active = connection.execute(sa.select(CHANNEL.c.name).where(CHANNEL.c.active)).scalars()
        if name not in set(active):
            raise click.UsageError(f"There is no active channel {name!r} to remove.")
        used = connection.execute(
            sa.select(sa.func.count()).select_from(LINE).where(LINE.c.channel == name)
        ).scalar_one()
        if used:
            raise click.UsageError(f"{used} lines go through {name}: move them with `vigie lines add` first.")
        connection.execute(
            sa.update(CHANNEL)
            .where(CHANNEL.c.name == name)
            .values(active=False, secrets=services.cipher.encrypt("{}"))
        )
        watching.forget_channel(connection, name)
        decisions.append(Decision(actor(), "channel removed", name))
    say(f"The channel {name} is switched off within seconds, its secrets are forgotten.")


@channels.command()
@click.argument("name", required=False)
@click.option("--since", metavar="ISO-TIME", help="how far back, 30 days at most; 3 days if not given")
def gaps(name: str | None, since: str | None) -> None:
    """Take in what providers have on their lists and never reached us. The clock does it daily."""
    services = services_here()
    began = services.now() - LOOKS_BACK if since is None else moment(since, services.settings.zone)
    if not services.now() - OLDEST < began < services.now():
        raise click.UsageError("--since must be a time of the last 30 days.")
    listing = {
        key: channel for key, channel in services.channels.items() if isinstance(channel, ListingChannel)
    }
    if name is not None and name not in listing:
        raise click.UsageError(
            f"{name} is no channel whose provider lists what came in (there are {', '.join(listing) or 'none'})."
        )
    if not listing:
        say("No channel's provider lists what came in: there is nothing to compare.")
    for key in [name] if name else listing:
        _close(services, listing[key], began)


def _close(services: Services, channel: ListingChannel, since: datetime) -> None:
    with Console(stderr=True).status(f"{channel.name}: asking for its list") as status:

        def told(listed: int, missing: int) -> None:
            status.update(f"{channel.name}: {listed} compared, {missing} missing")

        try:
            found = find(services, channel, since, actor=actor(), told=told)
        except AskError as error:
            raise click.ClickException(f"{channel.name}: {error.reason}.") from None
    begin = when(since, services.settings.zone)
    say(f"{channel.name}, texts since {begin}: {found.listed} listed, {found.missing} missing and taken in.")


@channels.command(context_settings={"ignore_unknown_options": True})  # -1 is a number
@click.argument("name")
@click.argument("texts", type=click.IntRange(0, 60_000))
def rate(name: str, texts: int) -> None:
    """Let a channel take at most so many TEXTS a minute, alerts first; 0 for any number."""
    services = services_here()
    with change(services) as (connection, decisions):
        known = connection.execute(sa.select(CHANNEL.c.name).where(CHANNEL.c.active)).scalars()
        if name not in {*known, *channels_from_settings(services.settings)}:
            raise click.UsageError(f"There is no active channel {name!r}; `vigie channels` shows them.")
        row = {"rate": texts or None, "allowance": None, "allowance_at": None}
        statement = insert(STATE).values(channel=name, **row)
        connection.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=row))
        decisions.append(Decision(actor(), "channel's rate set", name, {"rate": texts or None}))
    say(f"{name} takes {f'{texts} texts a minute' if texts else 'any number of texts'}.")


@channels.command()
def phones() -> None:
    """The phones with SIMs of ours, as each said last how it is."""
    services = services_here()
    with services.engine.connect() as connection:
        known = watching.phones(connection)
    table = Table("channel", "device", "battery", "charging", "last seen", box=None)
    for phone in known:
        table.add_row(
            phone.channel,
            phone.device,
            "–" if phone.battery is None else f"{phone.battery} %",
            "–" if phone.charging is None else "yes" if phone.charging else "no",
            when(phone.at, services.settings.zone),
        )
    show(table, "No phone has said yet how it is: have the app call its webhook for `system:ping`.")


@channels.command()
@click.argument("channel")
@click.argument("device")
def forget(channel: str, device: str) -> None:
    """Forget a phone that was replaced, so that nobody waits for word of it; DEVICE as in `vigie channels phones`."""
    services = services_here()
    with change(services) as (connection, decisions):
        theirs = [phone.device for phone in watching.phones(connection) if phone.channel == channel]
        if device not in theirs:
            raise click.UsageError(
                f"No phone {device!r} has said anything by the channel {channel!r} "
                f"(there are {', '.join(theirs) or 'none'})."
            )
        watching.forget_phone(connection, channel, device)
        decisions.append(Decision(actor(), "phone forgotten", channel, {"device": device}))
    say(f"{device} is forgotten; if it says again how it is, it is known again.")


@channels.command()
@click.argument("from_line", metavar="FROM")
@click.argument("to_line", metavar="TO")
@click.option(
    "--every",
    type=click.IntRange(IN_TIME // timedelta(minutes=1), 24 * 60),
    default=15,
    show_default=True,
    help="minutes from one text to the next",
)
@click.option("--off", is_flag=True, help="send none any more")
def canary(from_line: str, to_line: str, every: int, off: bool) -> None:
    """Text our line TO from our line FROM again and again: what is not in within 10 minutes is told as a trouble of FROM's channel."""
    services = services_here()
    pair = {"from_line": from_line, "to_line": to_line}
    with change(services) as (connection, decisions):
        lines = {name: _line(connection, services, number) for name, number in pair.items()}
        ids = {name: line.id for name, line in lines.items()}
        subject = "line {from_line} to line {to_line}".format(**ids)
        if off:
            ours = [CANARY.c[name] == id_ for name, id_ in ids.items()]
            if not connection.execute(sa.delete(CANARY).where(*ours)).rowcount:
                raise click.UsageError("There is no such canary; `vigie channels` shows them.")
            decisions.append(Decision(actor(), "canary ended", subject))
        else:
            _refuse_mute(services, lines["from_line"], lines["to_line"])
            row = {"every": every, "due_at": services.now()}
            statement = insert(CANARY).values(**ids, **row)
            connection.execute(statement.on_conflict_do_update(index_elements=list(ids), set_=row))
            decisions.append(Decision(actor(), "canary set", subject, {"every": every}))
    if off:
        say(f"No more texts go from {subject}.")
    else:
        say(f"Every {every} minutes a text goes from {subject}: {24 * 60 // every} a day.")


def _line(connection: sa.Connection, services: Services, number: str) -> sa.Row[Any]:
    """One of our lines. Raise UsageError."""
    number_hash = services.cipher.digest(our_number(services, number))
    found = sa.select(LINE).where(LINE.c.number_hash == number_hash)
    line = connection.execute(found).one_or_none()
    if line is None:
        raise click.UsageError("A canary goes between two lines of ours; `vigie lines` shows them.")
    return line


def _refuse_mute(services: Services, *lines: sa.Row[Any]) -> None:
    """Lines between which no text could ever come back."""
    if len({line.id for line in lines}) == 1:
        raise click.UsageError("A canary goes from one line to another: name two.")
    for line in lines:
        if on_whatsapp(services.cipher.decrypt(line.number)):
            raise click.UsageError(f"Line {line.id} is on WhatsApp, where a line only answers.")
        if isinstance(services.channels.get(line.channel), SimulatorChannel):
            raise click.UsageError(f"Line {line.id} is the simulator's, which reaches its own phones alone.")
