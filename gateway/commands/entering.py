"""What the commands that enter people, channels and lines share."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import click
import phonenumbers
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from gateway.channels.numbers import WHATSAPP, normalised, on_whatsapp
from gateway.commands.common import actor, say
from gateway.people.pins import DIGITS, is_pin
from gateway.people.service import set_pin
from gateway.places.gazetteer import load_gazetteer
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision

LANGUAGES: Final = ("fr", "en", "ha")
_LONGEST_NAME: Final = 80
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_YEARS: Final = range(2000, 2101)
"""Beyond them it is a slip, and what reckons ahead or back from it fails."""
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


class BadNumberError(ValueError):
    """What was given is no number; the words never repeat it."""


class BadNameError(ValueError):
    """What was given is no name; the words never repeat it."""


@contextmanager
def change(services: Services) -> Iterator[tuple[sa.Connection, list[Decision]]]:
    """A transaction, and the list of decisions that goes on record as its last statement."""
    decisions: list[Decision] = []
    with services.engine.begin() as connection:
        yield connection, decisions
        audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)


def reveal(services: Services, what: str, subject: str, **detail: object) -> None:
    """Put on record that an operator sees words that are kept encrypted; before they are shown."""
    with change(services) as (_, decisions):
        decisions.append(Decision(actor(), what, subject, detail))


def phone_number(text: str, country: str) -> str:
    """A phone's number as E.164. Raise BadNumberError."""
    number = normalised(text, country)
    try:
        possible = number[1:].isdigit() and phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        possible = False
    if not possible:
        raise BadNumberError(
            f"is no phone number that can be; write it with its country (+227…) or as dialled in {country}"
        )
    return number


def plain(text: str) -> str:
    """The text without blanks around it. Raise BadNameError if it cannot be stored and shown."""
    text = text.strip()
    if _CONTROL.search(text):
        raise BadNameError("holds a control character")
    return text


def asked_number(services: Services, text: str, what: str = "NUMBER") -> str:
    """A phone's number as it stands in a command. Raise UsageError, which does not repeat it."""
    try:
        return phone_number(text, services.settings.country)
    except BadNumberError as error:
        raise click.UsageError(f"{what} {error}.") from None


def asked_name(text: str) -> str:
    """A name as it stands in a command. Raise UsageError."""
    try:
        return person_name(text)
    except BadNameError as error:
        raise click.UsageError(f"NAME {error}.") from None


def region_name(services: Services, told: str | None) -> str | None:
    """A region as the places know it, however it is written; None for the country. Raise UsageError."""
    if told is None:
        return None
    known = load_gazetteer(services.settings.agency_dir).regions
    for region in known:
        if region.lower() == told.lower():
            return region
    raise click.UsageError(f"{told!r} is no region; there are {', '.join(known)}.")


def person_name(text: str) -> str:
    """A reporter's or officer's name. Raise BadNameError."""
    name = plain(text)
    if not name:
        raise BadNameError("is empty")
    if len(name) > _LONGEST_NAME:
        raise BadNameError(f"is longer than {_LONGEST_NAME} letters")
    return name


def line_number(text: str, country: str) -> str:
    """One of our own numbers: a phone's, ``whatsapp:`` and one, or a short code. Raise BadNumberError."""
    if on_whatsapp(text):
        return WHATSAPP + phone_number(text.removeprefix(WHATSAPP), country)
    return text if _SHORT_CODE.fullmatch(text) else phone_number(text, country)


def our_number(services: Services, text: str) -> str:
    """One of our own numbers, as it is given to a command. Raise UsageError."""
    try:
        return line_number(text, services.settings.country)
    except BadNumberError as error:
        raise click.UsageError(f"The line {error}.") from None


def enter_pin(services: Services, people: sa.Table, number: str, what: str) -> None:
    """Ask for somebody's PIN of the USSD menu, twice, and keep its hash. Raise UsageError."""
    number = asked_number(services, number)
    number_hash = services.cipher.digest(number)
    with change(services) as (connection, decisions):
        row = connection.execute(
            sa.select(people.c.id, people.c.name).where(people.c.number_hash == number_hash, people.c.active)
        ).one_or_none()
        if row is None:
            raise click.UsageError(f"No active {what} has that number; `vigie people` shows them.")
        pin: str = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
        if not is_pin(pin):
            raise click.UsageError("A PIN is {} to {} digits.".format(*DIGITS))
        set_pin(connection, services.cipher, number_hash, pin)
        decisions.append(Decision(actor(), "PIN set", f"{what} {row.id}"))
    say(f"{row.name} {masked(number)} has a new PIN.")


def masked(number: str) -> str:
    """A number that can be told from its neighbours and not be called: ``+227 9• •• •• 01``."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number[:1] + "•" * max(0, len(number) - 3) + number[-2:]
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    country, _, rest = written.partition(" ")
    places = [place for place, sign in enumerate(rest) if sign.isdigit()]
    hidden = set(places[1:-2])
    return country + " " + "".join("•" if place in hidden else sign for place, sign in enumerate(rest))


def show(table: Table, nothing: str = "") -> None:
    """Print a table: as wide as the terminal, as wide as it likes where there is none; brackets are no markup.

    Where it has no rows, ``nothing`` says so.
    """
    if nothing and not table.row_count:
        click.echo(nothing)
        return
    Console(markup=False, width=None if sys.stdout.isatty() else 240).print(table)


def when(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "–"


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time as an operator writes it, the agency's where it names no other zone. Raise UsageError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no ISO time, such as 2026-11-21T18:00.") from None
    if at.year not in _YEARS:
        first, last = _YEARS[0], _YEARS[-1]
        raise click.UsageError(f"{text!r} is not of these times; write a year from {first} to {last}.")
    return at if at.tzinfo else at.replace(tzinfo=zone)
