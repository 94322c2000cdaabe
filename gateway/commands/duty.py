"""`vigie duty`: who is on duty, in turn, in whose stead, and where nobody will be."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import click
import sqlalchemy as sa
from rich.table import Table
from uuid_utils.compat import uuid7

from gateway.commands.common import actor, counted, public_address, say, services_here
from gateway.commands.entering import (
    asked_name,
    asked_number,
    change,
    moment,
    region_name,
    show,
    when,
)
from gateway.commands.family import Family
from gateway.duty.cover import LOOKS_AHEAD, gaps, leaves_at, overloads, own_backups, spans, stretches
from gateway.duty.records import Holiday, OverrideRecord, RotationRecord
from gateway.duty.roster import Rota, posts
from gateway.duty.rotations import EVERY_DAY, OnHolidays, Unit
from gateway.duty.service import feed_path, read_rota
from gateway.people.records import Officer
from gateway.places.gazetteer import load_gazetteer
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

OFFICER, ROTATION = table_of(Officer), table_of(RotationRecord)
OVERRIDE, HOLIDAY = table_of(OverrideRecord), table_of(Holiday)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEAR = timedelta(days=366)
_LAST_OVERRIDE = 2**31 - 1
_EVERY = {"day": (Unit.DAYS, 1), "week": (Unit.WEEKS, 1)}


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def duty(context: click.Context) -> None:
    """Who is on duty now, and until when."""
    if context.invoked_subcommand:
        return
    services = services_here()
    now, zone = services.now(), services.settings.zone
    with services.engine.connect() as connection:
        rota, names = read_rota(connection, now), _names(connection)
    standing = sorted(posts(rota, now), key=lambda post: (post.region or "", post.step))
    table = Table("region", "step", "officer", "until", box=None)
    for post in standing:
        until = leaves_at(rota, post.officer, now, now + LOOKS_AHEAD)
        table.add_row(post.region or "whole country", str(post.step), names[post.officer], when(until, zone))
    if standing:
        show(table)
    else:
        say("Nobody is on duty now: `vigie officers add` or `vigie duty rotate` puts somebody on the rota.")
    _warn(services, rota)


def _warn(services: Services, rota: Rota) -> None:
    now, zone = services.now(), services.settings.zone
    found = gaps(rota, now, now + LOOKS_AHEAD, load_gazetteer(services.settings.agency_dir).regions)
    if found:
        many = "A gap" if len(found) == 1 else f"{len(found)} gaps"
        first = when(found[0].starts_at, zone)
        click.echo(f"{many} in the next 60 days, from {first}: `vigie duty gaps`.", err=True)


@duty.command()
@click.argument("name")
@click.argument("officers", nargs=-1, required=True, metavar="OFFICER...")
@click.option("--step", type=click.IntRange(0, 9), default=0, show_default=True, help="0 is alerted first")
@click.option(
    "--every",
    default="week",
    show_default=True,
    metavar="TURN",
    help="how long a turn is: day, week, or a number of hours, days or weeks, such as 12h, 3d, 2w",
)
@click.option(
    "--from", "starts", metavar="ISO-TIME", required=True, help="when the first officer's turn begins"
)
@click.option("--until", "ends", metavar="ISO-TIME", help="when the rotation ends; never if not given")
@click.option(
    "--hours", metavar="18:00-06:00", help="the hours of the day in which it holds; all if not given"
)
@click.option(
    "--days", metavar="mon-fri,sun", help="the days of the week on which it holds; all if not given"
)
@click.option(
    "--holidays", type=click.Choice([one.value for one in OnHolidays]), default="also", show_default=True
)
@click.option("--region", help="only for what happens in this region; else for the whole country")
@click.option("--zone", help="the clock that it goes by; the agency's if not given")
def rotate(name: str, officers: tuple[str, ...], **told: Any) -> None:
    """Put officers on the rota in turn; an officer is named as in `vigie people`, or by a number.

    The same name again changes the rotation.
    """
    services = services_here()
    with change(services) as (connection, decisions):
        row = {
            "name": asked_name(name),
            "step": told["step"],
            "officers": [_officer(connection, services, officer) for officer in officers],
            **_when(services, told),
            "holidays": told["holidays"],
            "region": region_name(services, told["region"]),
        }
        known = connection.execute(
            sa.update(ROTATION).where(ROTATION.c.name == row["name"]).values(**row).returning(ROTATION.c.id)
        ).scalar()
        id_ = known or uuid7()
        if known is None:
            connection.execute(sa.insert(ROTATION).values(id=id_, **row))
        what = "rotation changed" if known else "rotation added"
        decisions.append(Decision(actor(), what, f"rotation {id_}", _told(row)))
        rota = read_rota(connection, services.now())
    take = "takes" if len(officers) == 1 else "take"
    say(f"{row['name']}: {counted(len(officers), 'officer')} {take} turns at step {row['step']}.")
    _warn(services, rota)


@duty.command()
def rotations() -> None:
    """The rotations, with their officers in the order of their turns."""
    services = services_here()
    with services.engine.connect() as connection:
        names = _names(connection)
        rows = connection.execute(sa.select(ROTATION).order_by(ROTATION.c.step, ROTATION.c.name)).all()
    table = Table(
        "name", "region", "step", "turn", "hours", "days", "holidays", "officers", "from", "until", box=None
    )
    zone = services.settings.zone
    for row in rows:
        hours = "all day" if row.opens == row.closes else f"{row.opens:%H:%M}-{row.closes:%H:%M}"
        table.add_row(
            row.name,
            row.region or "whole country",
            str(row.step),
            counted(row.length, row.unit.removesuffix("s")),
            hours if row.zone == zone.key else f"{hours} {row.zone}",
            "every day"
            if len(row.weekdays) == len(_DAYS)
            else ",".join(_DAYS[day] for day in sorted(row.weekdays)),
            row.holidays,
            ", ".join(names.get(officer, "?") for officer in row.officers),
            when(row.starts_at, zone),
            when(row.ends_at, zone),
        )
    if rows:
        show(table)
    else:
        say("There is no rotation: `vigie duty rotate NAME OFFICER... --from TIME` makes one.")


@duty.command()
@click.argument("name")
@click.option("--at", metavar="ISO-TIME", help="when; now if not given")
def end(name: str, at: str | None) -> None:
    """End a rotation: nobody takes turns in it any more."""
    services = services_here()
    ends = moment(at, services.settings.zone) if at else services.now()
    with change(services) as (connection, decisions):
        id_ = connection.execute(
            sa.update(ROTATION).where(ROTATION.c.name == name).values(ends_at=ends).returning(ROTATION.c.id)
        ).scalar()
        if id_ is None:
            raise click.UsageError(f"No rotation is called {name!r}; `vigie duty rotations` shows them.")
        decisions.append(Decision(actor(), "rotation ended", f"rotation {id_}", {"at": ends.isoformat()}))
        rota = read_rota(connection, services.now())
    say(f"{name} ends at {when(ends, services.settings.zone)}.")
    _warn(services, rota)


@duty.command()
@click.option("--from", "starts", metavar="ISO-TIME", required=True)
@click.option("--until", "ends", metavar="ISO-TIME", required=True)
@click.option("--absent", metavar="OFFICER", help="who steps back")
@click.option("--instead", metavar="OFFICER", help="who stands in")
@click.option("--step", type=click.IntRange(0, 9), help="only at this step; needed where nobody steps back")
@click.option("--region", help="where, if nobody steps back; else the whole country")
def override(starts: str, ends: str, **told: Any) -> None:
    """For a time let one officer step back, another stand in, or both."""
    services = services_here()
    if not told["absent"] and (not told["instead"] or told["step"] is None):
        raise click.UsageError("Say who is --absent, or who stands --instead at which --step.")
    if told["absent"] and told["region"]:
        raise click.UsageError(
            "--region is for whoever stands in where nobody steps back: leave it out, and it is wherever "
            "the absent officer stands."
        )
    with change(services) as (connection, decisions):
        stretch = _stretch(services, starts, ends)
        row = {
            **stretch,
            "absent_id": _officer(connection, services, told["absent"]) if told["absent"] else None,
            "instead_id": _officer(connection, services, told["instead"]) if told["instead"] else None,
            "step": told["step"],
            "region": region_name(services, told["region"]),
        }
        _override(connection, services, decisions, row)
        rota = read_rota(connection, services.now())
    say(
        f"From {starts} until {ends}: {told['absent'] or 'nobody'} steps back, {told['instead'] or 'nobody'} stands in."
    )
    _warn(services, rota)


@duty.command()
@click.argument("one")
@click.argument("other")
@click.option("--first", nargs=2, metavar="FROM UNTIL", required=True, help="when ONE would be on duty")
@click.option("--second", nargs=2, metavar="FROM UNTIL", required=True, help="when OTHER would be on duty")
def swap(one: str, other: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    """Let two officers stand in for each other: OTHER in the first stretch of time, ONE in the second."""
    services = services_here()
    both = [_stretch(services, *stretch) for stretch in (first, second)]
    if max(it["starts_at"] for it in both) < min(it["ends_at"] for it in both):
        raise click.UsageError("The two stretches overlap: one officer would stand for both.")
    with change(services) as (connection, decisions):
        ids = [_officer(connection, services, officer) for officer in (one, other)]
        for stretch, (absent, instead) in zip(both, (ids, ids[::-1]), strict=True):
            _override(
                connection, services, decisions, {**stretch, "absent_id": absent, "instead_id": instead}
            )
        rota = read_rota(connection, services.now())
    say(f"{other} stands in for {one} from {first[0]}, and {one} for {other} from {second[0]}.")
    _warn(services, rota)


@duty.command()
@click.option("--all", "everything", is_flag=True, help="with those that are over")
def overrides(everything: bool) -> None:
    """Who stands in for whom, and when."""
    services = services_here()
    zone = services.settings.zone
    with services.engine.connect() as connection:
        names = _names(connection)
        kept = sa.true() if everything else OVERRIDE.c.ends_at > services.now()
        rows = connection.execute(sa.select(OVERRIDE).where(kept).order_by(OVERRIDE.c.starts_at)).all()
    table = Table("no.", "from", "until", "steps back", "stands in", "step", "region", box=None)
    for row in rows:
        who = (names.get(row.absent_id, "–"), names.get(row.instead_id, "–"))
        step = "–" if row.step is None else str(row.step)
        table.add_row(
            str(row.id), when(row.starts_at, zone), when(row.ends_at, zone), *who, step, row.region or "–"
        )
    if rows:
        show(table)
    else:
        say("Nobody stands in for anybody.")


@duty.command()
@click.argument("number", type=click.IntRange(1, _LAST_OVERRIDE), metavar="NO.")
def restore(number: int) -> None:
    """Take an override back, by its number in `vigie duty overrides`."""
    services = services_here()
    with change(services) as (connection, decisions):
        gone = connection.execute(sa.delete(OVERRIDE).where(OVERRIDE.c.id == number)).rowcount
        if not gone:
            raise click.UsageError(f"There is no override {number}; `vigie duty overrides` shows them.")
        decisions.append(Decision(actor(), "override taken back", f"override {number}"))
    say(f"Override {number} is taken back.")


@duty.command()
@click.argument("day", required=False, metavar="[DAY")
@click.argument("name", required=False, metavar="NAME]")
@click.option("--remove", is_flag=True, help="the day is none")
def holidays(day: str | None, name: str | None, remove: bool) -> None:
    """The holidays, or one more: those that follow the moon are entered once they are known."""
    services = services_here()
    if day is None:
        _show_holidays(services)
        return
    on = _day(day)
    if not remove and not name:
        raise click.UsageError(
            "Give the holiday's NAME too, such as `vigie duty holidays 2026-12-18 Republique`."
        )
    with change(services) as (connection, decisions):
        connection.execute(sa.delete(HOLIDAY).where(HOLIDAY.c.day == on))
        if name and not remove:
            connection.execute(sa.insert(HOLIDAY).values(day=on, name=asked_name(name)))
        what = "holiday removed" if remove else "holiday entered"
        decisions.append(Decision(actor(), what, on.isoformat()))
    say(f"{on} is {'no holiday' if remove else 'a holiday'}.")


def _show_holidays(services: Services) -> None:
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(HOLIDAY).order_by(HOLIDAY.c.day)).all()
    table = Table("day", "name", box=None)
    for row in rows:
        table.add_row(f"{row.day:%a %Y-%m-%d}", row.name)
    if rows:
        show(table)
    else:
        say("No holiday is entered.")


@duty.command()
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True)
@click.option("--region", help="for what happens in this region; else in the whole country")
def calendar(days: int, region: str | None) -> None:
    """Who will be on duty, change by change."""
    services = services_here()
    now, zone = services.now(), services.settings.zone
    region = region_name(services, region)
    with services.engine.connect() as connection:
        rota, names = read_rota(connection, now), _names(connection)
    found = spans(rota, now, now + timedelta(days=days), region)
    steps = sorted({step for span in found for step in span.duty} | {0})
    table = Table("from", "until", *(f"step {step}" for step in steps), box=None)
    for span in found:
        who = (", ".join(names[one] for one in span.duty.get(step, ())) or "nobody" for step in steps)
        table.add_row(f"{span.starts_at.astimezone(zone):%a %Y-%m-%d %H:%M}", when(span.ends_at, zone), *who)
    show(table)


@duty.command("gaps")
@click.option("--days", type=click.IntRange(1, 366), default=LOOKS_AHEAD.days, show_default=True)
def faults(days: int) -> None:
    """Where nobody will stand at the first step, who bears too much, and who stands behind himself.

    Ends with status 1 where there is a gap.
    """
    services = services_here()
    now, zone = services.now(), services.settings.zone
    until = now + timedelta(days=days)
    with services.engine.connect() as connection:
        rota, names = read_rota(connection, now), _names(connection)
    found = gaps(rota, now, until, load_gazetteer(services.settings.agency_dir).regions)
    if found:
        table = Table("from", "until", "region", "missing", box=None)
        for gap in found:
            missing = "everybody" if gap.nobody else "the first step"
            table.add_row(
                when(gap.starts_at, zone), when(gap.ends_at, zone), gap.region or "whole country", missing
            )
        show(table)
    else:
        say(f"No gap in the next {days} days.")
    for overload in overloads(rota, now, until):
        share, fair = (round(length / timedelta(days=1), 1) for length in (overload.share, overload.fair))
        say(f"{names[overload.officer]} bears {share} days of the first step; an equal share is {fair}.")
    for officer, several in groupby(own_backups(rota, now, until), lambda one: one.officer):
        first, *more = several
        span = f"from {when(first.starts_at, zone)} until {when(first.ends_at, zone)}"
        again = f", and {len(more)} times more" if more else ""
        say(f"{names[officer]} stands behind himself {span}{again}: put somebody else on one of the steps.")
    if found:
        raise SystemExit(1)


@duty.command()
@click.argument("officer")
@click.option("--renew", is_flag=True, help="a new address; the old one shows nothing any more")
def feed(officer: str, renew: bool) -> None:
    """The address of an officer's calendar, for the officer's phone alone (iCalendar)."""
    services = services_here()
    with change(services) as (connection, decisions):
        id_ = _officer(connection, services, officer)
        renewed = connection.execute(
            sa.update(OFFICER)
            .where(OFFICER.c.id == id_)
            .values(feed=OFFICER.c.feed + (1 if renew else 0))
            .returning(OFFICER.c.feed)
        ).scalar_one()
        if renew:
            decisions.append(Decision(actor(), "calendar's address renewed", f"officer {id_}"))
    click.echo(f"{public_address(services.settings)}/{feed_path(services.cipher, id_, renewed)}")


def _names(connection: sa.Connection) -> Mapping[UUID, str]:
    return {row.id: row.name for row in connection.execute(sa.select(OFFICER.c.id, OFFICER.c.name))}


def _officer(connection: sa.Connection, services: Services, told: str) -> UUID:
    """By number or by name; raise UsageError where that is nobody's, or several have it."""
    number: sa.ColumnElement[bool] = sa.false()
    if told.lstrip("+").replace(" ", "").isdigit():
        number = OFFICER.c.number_hash == services.cipher.digest(
            asked_number(services, told, "The officer's number")
        )
    found = connection.execute(
        sa.select(OFFICER.c.id).where(
            OFFICER.c.active, number | (sa.func.lower(OFFICER.c.name) == told.lower())
        )
    ).scalars()
    ids: list[UUID] = list(found)
    if len(ids) == 1:
        return ids[0]
    who = "No active officer is" if not ids else "Several officers are"
    raise click.UsageError(f"{who} called so; name one as `vigie people` does, or by a number.")


def _when(services: Services, told: Mapping[str, Any]) -> dict[str, Any]:
    name = told["zone"] or services.settings.timezone
    if name not in available_timezones():
        raise click.UsageError(f"{name!r} is no time zone, such as Africa/Niamey.")
    zone = ZoneInfo(name)
    starts, ends = (moment(at, zone) if at else None for at in (told["starts"], told["ends"]))
    if starts and ends and ends <= starts:
        raise click.UsageError("--until must be later than --from.")
    unit, length = _turn(told["every"])
    opens, closes = _hours(told["hours"])
    return {
        "starts_at": starts,
        "ends_at": ends,
        "zone": name,
        "unit": unit.value,
        "length": length,
        "opens": opens,
        "closes": closes,
        "weekdays": sorted(_weekdays(told["days"])),
    }


def _stretch(services: Services, starts: str, ends: str) -> dict[str, datetime]:
    begins, over = (moment(at, services.settings.zone) for at in (starts, ends))
    if over <= begins:
        raise click.UsageError("--until must be later than --from.")
    return {"starts_at": begins, "ends_at": over}


def _override(
    connection: sa.Connection, services: Services, decisions: list[Decision], row: dict[str, Any]
) -> None:
    absent, since, until = row["absent_id"], row["starts_at"], row["ends_at"]
    if absent is not None and absent == row["instead_id"]:
        raise click.UsageError("Nobody can stand in for themselves: name two officers.")
    rota, looks_until = read_rota(connection, since), min(until, since + _YEAR)
    if absent is not None and not stretches(rota, absent, since, looks_until):
        zone, name = services.settings.zone, _names(connection)[absent]
        stretch = f"from {when(since, zone)} until {when(looks_until, zone)}"
        click.echo(f"{name} is not on duty {stretch} by the rota as it is, so nothing changes.", err=True)
    id_ = connection.execute(sa.insert(OVERRIDE).values(**row).returning(OVERRIDE.c.id)).scalar_one()
    decisions.append(Decision(actor(), "override entered", f"override {id_}", _told(row)))


def _turn(told: str) -> tuple[Unit, int]:
    if told in _EVERY:
        return _EVERY[told]
    units = {unit.value[0]: unit for unit in Unit}
    number, unit = told[:-1], units.get(told[-1:])
    if unit and number.isdecimal() and 0 < int(number) <= 1000:
        return unit, int(number)
    raise click.UsageError(f"--every {told} is no turn; write day, week, or such as 12h, 3d, 2w.")


def _hours(told: str | None) -> tuple[time, time]:
    if told is None:
        return time(), time()
    try:
        opens, closes = (time.fromisoformat(hour) for hour in told.split("-"))
    except ValueError:
        raise click.UsageError(f"--hours {told} is no stretch of a day, such as 18:00-06:00.") from None
    return opens, closes


def _weekdays(told: str | None) -> frozenset[int]:
    if told is None:
        return EVERY_DAY
    days: set[int] = set()
    for part in told.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise click.UsageError(f"--days {told} names no days; write such as mon-fri,sun.")
        begins, over = _DAYS.index(first), _DAYS.index(last or first)
        days.update(day % 7 for day in range(begins, over + 1 + (7 if over < begins else 0)))
    return frozenset(days)


def _day(told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise click.UsageError(f"{told!r} is no day, such as 2026-12-18.") from None


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _word(value) for name, value in row.items()}


def _word(value: Any) -> Any:
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return (
        [_word(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else value
    )
