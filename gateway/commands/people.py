"""`vigie people` and `vigie officers`: who writes, who answers, who is on duty now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.table import Table
from uuid_utils.compat import uuid7

from gateway.alerts import departing
from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import (
    LANGUAGES,
    asked_name,
    asked_number,
    change,
    enter_pin,
    masked,
    moment,
    region_name,
    show,
)
from gateway.commands.family import Family
from gateway.duty.records import ShiftRecord
from gateway.duty.roster import on_duty
from gateway.duty.service import read_rota
from gateway.people.records import Officer, Organisation, Reporter
from gateway.services import Services
from gateway.settings import email_address
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

REPORTER, OFFICER, SHIFT = table_of(Reporter), table_of(Officer), table_of(ShiftRecord)
_COUNTRY = "the whole country"
_NOBODY = "Now nobody is on duty: put somebody on with `vigie officers add` or `vigie duty rotate`."


@click.command()
@click.option("--all", "everybody", is_flag=True, help="with those who are switched off or not listed")
def people(everybody: bool) -> None:
    """Reporters and officers; of their numbers only the ends."""
    services = services_here()
    with services.engine.connect() as connection:
        reporters = connection.execute(
            sa.select(REPORTER, Organisation.short_name)
            .outerjoin(Organisation, Organisation.id == REPORTER.c.organisation_id)
            .where(sa.true() if everybody else sa.and_(REPORTER.c.listed, REPORTER.c.active))
            .order_by(REPORTER.c.post, REPORTER.c.name)
        ).all()
        officers = connection.execute(
            sa.select(OFFICER).where(sa.true() if everybody else OFFICER.c.active).order_by(OFFICER.c.name)
        ).all()
        steps = _steps_now(connection, services)
    table = Table("name", "number", "is", "organisation", "post", "language", "remarks", box=None)
    for row in reporters:
        about = ("reporter", row.short_name or "–", row.post or "–", row.language, _remark(row))
        table.add_row(row.name, masked(services.cipher.decrypt(row.number)), *about)
    for row in officers:
        duty = ", ".join(f"on duty now, step {step}" for step in steps.get(row.id, ()))
        remark = "switched off" if not row.active else duty or "not on duty now"
        remark += ", operator" if row.operator else ""
        remark += f", chief of {row.chief_region or _COUNTRY}" if row.chief else ""
        number = masked(services.cipher.decrypt(row.number))
        table.add_row(row.name, number, "officer", "–", "–", row.language, remark)
    show(table, "Nobody is entered yet: `vigie reporters import` and `vigie officers add` do it.")
    if not steps:
        say("Nobody is on duty now: `vigie officers add NUMBER NAME --step 0` puts somebody on the rota.")


def _remark(row: sa.Row[Any]) -> str:
    remarks = {"discreet": row.discreet, "switched off": not row.active, "not listed": not row.listed}
    return ", ".join(remark for remark, holds in remarks.items() if holds)


def _steps_now(connection: sa.Connection, services: Services) -> Mapping[UUID, list[int]]:
    steps: dict[UUID, list[int]] = {}
    for step, officers in sorted(on_duty(read_rota(connection, services.now()), services.now()).items()):
        for officer in officers:
            steps.setdefault(officer, []).append(step)
    return steps


@click.group(cls=Family)
def officers() -> None:
    """Those who are alerted and answer: put on the rota, switched off."""


@officers.command()
@click.argument("number")
@click.argument("name")
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True)
@click.option("--step", type=click.IntRange(0, 9), help="0 is alerted first, and is meant if not given")
@click.option("--region", help="only for what happens in this region; else for the whole country")
@click.option("--from", "starts", metavar="ISO-TIME", help="when the duty begins; at once if not given")
@click.option("--until", "ends", metavar="ISO-TIME", help="when it ends; never if not given")
@click.option(
    "--turns-only", is_flag=True, help="no shift: on duty by `vigie duty`; shifts that there are end now"
)
def add(
    number: str,
    name: str,
    *,
    language: str,
    step: int | None,
    region: str | None,
    starts: str | None,
    ends: str | None,
    turns_only: bool,
) -> None:
    """Put an officer on the rota; one who is known already gets a further shift."""
    services = services_here()
    if turns_only and any(told is not None for told in (step, region, starts, ends)):
        raise click.UsageError(
            "--turns-only takes no --step, --region, --from and --until: these make a shift."
        )
    number, name = asked_number(services, number), asked_name(name)
    shift = {
        "step": step or 0,
        "region": region_name(services, region),
        **_shift(services.settings.zone, starts, ends),
    }
    with change(services) as (connection, decisions):
        id_ = _enter(
            connection,
            services,
            number=number,
            name=name,
            language=language,
            decisions=decisions,
        )
        if turns_only:
            _end_shifts(connection, services.now(), id_, decisions)
        else:
            _begin_shift(connection, id_, shift, decisions)
        left = _steps_now(connection, services)
    how = "by rotations and overrides alone" if turns_only else f"at step {shift['step']}"
    say(f"{name} {masked(number)} is on the rota {how}.")
    if turns_only and not left:
        click.echo(_NOBODY, err=True)


def _begin_shift(
    connection: sa.Connection, officer: UUID, shift: Mapping[str, Any], decisions: list[Decision]
) -> None:
    already = sa.select(SHIFT.c.id).where(
        SHIFT.c.officer_id == officer,
        *(SHIFT.c[column].is_not_distinct_from(value) for column, value in shift.items()),
    )
    if connection.execute(already).first() is None:
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, **shift))
        decisions.append(Decision(actor(), "shift added", f"officer {officer}", _told(shift)))


def _end_shifts(connection: sa.Connection, now: datetime, officer: UUID, decisions: list[Decision]) -> None:
    """Those to come are taken back, one that runs ends now."""
    theirs = SHIFT.c.officer_id == officer
    to_come = connection.execute(sa.delete(SHIFT).where(theirs, SHIFT.c.starts_at >= now)).rowcount
    runs = sa.or_(SHIFT.c.ends_at.is_(None), SHIFT.c.ends_at > now)
    ended = connection.execute(sa.update(SHIFT).where(theirs, runs).values(ends_at=now)).rowcount
    if to_come or ended:
        told = {"ended": ended, "taken back": to_come}
        decisions.append(Decision(actor(), "shifts ended", f"officer {officer}", told))


def _enter(
    connection: sa.Connection,
    services: Services,
    *,
    number: str,
    name: str,
    language: str,
    decisions: list[Decision],
) -> UUID:
    """The officer's id; made, or brought up to date."""
    number_hash = services.cipher.digest(number)
    known = connection.execute(sa.select(OFFICER).where(OFFICER.c.number_hash == number_hash)).one_or_none()
    values = {"name": name, "language": language, "active": True}
    if known is None:
        id_ = uuid7()
        sealed = {"number": services.cipher.encrypt(number), "number_hash": number_hash}
        connection.execute(sa.insert(OFFICER).values(id=id_, **sealed, **values))
        decisions.append(Decision(actor(), "officer added", f"officer {id_}", {"language": language}))
        return id_
    changed = sorted(column for column, value in values.items() if getattr(known, column) != value)
    if changed:
        connection.execute(sa.update(OFFICER).where(OFFICER.c.id == known.id).values(**values))
        decisions.append(Decision(actor(), "officer changed", f"officer {known.id}", {"changed": changed}))
    found: UUID = known.id
    return found


@officers.command()
@click.argument("number")
def disable(number: str) -> None:
    """Switch an officer off: no alert reaches them any more, and what was theirs alone goes to the next at once."""
    services = services_here()
    number_hash = services.cipher.digest(asked_number(services, number))
    with change(services) as (connection, decisions):
        name, decided = departing.switch_off(connection, number_hash, actor(), services.now())
        if name is None:
            raise click.UsageError("No active officer has that number; `vigie people` shows them.")
        decisions.extend(decided)
        left = _steps_now(connection, services)
    say(f"{name} is switched off.")
    if not left:
        click.echo(_NOBODY, err=True)


@officers.command("number")
@click.argument("old")
@click.argument("new")
def number_(old: str, new: str) -> None:
    """Give an officer another number: the turns stay, and what the old one was alone asked goes to the next at once."""
    services = services_here()
    number_hash, number = services.cipher.digest(asked_number(services, old)), asked_number(services, new)
    with change(services) as (connection, decisions):
        others = sa.select(OFFICER.c.id).where(OFFICER.c.number_hash == services.cipher.digest(number))
        if connection.execute(others).first():
            raise click.UsageError("That number is an officer's already; `vigie people --all` shows whose.")
        name, decided = departing.give_another_number(
            connection, services.cipher, number_hash, number, actor(), services.now()
        )
        if name is None:
            raise click.UsageError("No active officer has the old number; `vigie people` shows them.")
        decisions.extend(decided)
    say(f"{name} is {masked(number)} now; a PIN is to be given anew with `vigie officers pin`.")


@officers.command()
@click.argument("number")
def pin(number: str) -> None:
    """Give an officer a PIN, asked for twice: who is on duty is shown for it in the USSD menu."""
    enter_pin(services_here(), OFFICER, number, "officer")


@officers.command()
@click.argument("number")
@click.option("--off", is_flag=True, help="no longer")
def operator(number: str, off: bool) -> None:
    """Name who looks after the machines: told once when a channel is out of service, and when it works again."""
    services = services_here()
    number = asked_number(services, number)
    with change(services) as (connection, decisions):
        id_ = connection.execute(
            sa.update(OFFICER)
            .where(OFFICER.c.number_hash == services.cipher.digest(number), OFFICER.c.active)
            .values(operator=not off)
            .returning(OFFICER.c.id)
        ).scalar()
        if id_ is None:
            raise click.UsageError("That is no active officer's number; `vigie people` shows who is.")
        decisions.append(Decision(actor(), "operator named", f"officer {id_}", {"operator": not off}))
    say(f"{masked(number)} is {'no longer ' if off else ''}told of channels that are out of service.")


@officers.command()
@click.argument("number")
@click.option("--region", help="chief of this region; else of the whole country")
@click.option(
    "--email", metavar="ADDRESS", help="where reports go by mail; an earlier one stays if not given"
)
@click.option("--off", is_flag=True, help="no longer; the address is forgotten")
def chief(number: str, region: str | None, email: str | None, *, off: bool) -> None:
    """Name a chief: texted how things stand in the morning and the evening, and mailed the situation report."""
    services = services_here()
    if off and (region is not None or email is not None):
        raise click.UsageError("--off takes neither --region nor --email.")
    number, region = asked_number(services, number), region_name(services, region)
    values: dict[str, Any] = {"chief": not off, "chief_region": region}
    if off or email is not None:
        values["email"] = None if email is None else services.cipher.encrypt(_email(email))
    with change(services) as (connection, decisions):
        id_ = connection.execute(
            sa.update(OFFICER)
            .where(OFFICER.c.number_hash == services.cipher.digest(number), OFFICER.c.active)
            .values(**values)
            .returning(OFFICER.c.id)
        ).scalar()
        if id_ is None:
            raise click.UsageError("That is no active officer's number; `vigie people` shows who is.")
        told = {"chief": not off, "region": region, "email": "changed" if "email" in values else "as before"}
        decisions.append(Decision(actor(), "chief named", f"officer {id_}", told))
    say(f"{masked(number)} is {'no longer a chief' if off else f'chief of {region or _COUNTRY}'}.")


def _email(address: str) -> str:
    try:
        return email_address(address)
    except ValueError as error:
        raise click.UsageError(f"--email {error}.") from None


def _shift(zone: ZoneInfo, starts: str | None, ends: str | None) -> dict[str, datetime | None]:
    begins, over = (moment(text, zone) if text is not None else None for text in (starts, ends))
    if begins and over and over <= begins:
        raise click.UsageError("--until must be later than --from.")
    return {"starts_at": begins, "ends_at": over}


def _told(shift: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in shift.items()
    }
