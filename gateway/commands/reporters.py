"""`vigie reporters`: field agents in bulk, from a table, and those who wrote before they were registered."""

import csv
import io
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import sqlalchemy as sa
from rich.table import Table
from uuid_utils.compat import uuid7

from gateway.bootstrap import build_reader
from gateway.channels.records import Line
from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import (
    LANGUAGES,
    BadNameError,
    BadNumberError,
    asked_number,
    change,
    enter_pin,
    masked,
    person_name,
    phone_number,
    plain,
    show,
    when,
)
from gateway.commands.family import Family
from gateway.hotline.duress import agree_on_word
from gateway.hotline.service import BadWordError
from gateway.inbox import strangers
from gateway.inbox.strangers import Stranger
from gateway.people.records import Organisation, Reporter
from gateway.places.gazetteer import load_gazetteer
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of

REPORTER, ORGANISATION, LINE = table_of(Reporter), table_of(Organisation), table_of(Line)
COLUMNS: Final = ("number", "name", "post", "organisation", "language", "discreet")
NEEDED: Final = ("number", "name")
_YES, _NO = {"1", "yes", "y", "true", "oui", "o", "vrai", "x"}, {"", "0", "no", "n", "false", "non", "faux"}
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file that can be used."""

    number: str = field(repr=False)
    name: str
    post: str | None
    organisation: str | None
    language: str
    discreet: bool


@dataclass(slots=True)
class Counts:
    added: int = 0
    changed: int = 0
    unchanged: int = 0


class _FaultyError(ValueError):
    """One sentence on what is wrong with a line. Never a word of the file: its columns may be shifted."""


@click.group(cls=Family)
def reporters() -> None:
    """Registered field agents."""


@reporters.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="check and count, change nothing")
@click.option("--skip-faulty", is_flag=True, help="import the good lines although others are faulty")
def import_(file: Path, dry_run: bool, skip_faulty: bool) -> None:
    """Enter the reporters of FILE (columns number, name, post, organisation, language, discreet).

    A number that is known already is brought up to date. Nothing is imported if any line is faulty.
    """
    services = services_here()
    rows, faults = check(_records(file), services)
    for fault in faults[:_SHOWN]:
        click.echo(fault, err=True)
    if faults and not skip_faulty:
        more = f" (the first {_SHOWN} are shown)" if len(faults) > _SHOWN else ""
        raise click.UsageError(f"{len(faults)} lines are faulty{more}; nothing was imported.")
    counts = _plan(services, rows) if dry_run else _import(services, rows)
    verb = "would be" if dry_run else "were"
    say(
        f"{counts.added} {verb} added, {counts.changed} {verb} changed, {counts.unchanged} are as they were"
        + (f"; {len(faults)} faulty lines are left out." if faults else ".")
    )


@reporters.command()
@click.argument("number")
def pin(number: str) -> None:
    """Give a reporter a PIN, asked for twice: what is theirs in the USSD menu opens with it."""
    enter_pin(services_here(), REPORTER, number, "reporter")


@reporters.command()
@click.argument("number")
@click.option("--off", is_flag=True, help="no word any more")
def duress(number: str, *, off: bool) -> None:
    """Agree on a reporter's word for duress, asked for twice: in any text it calls the officers, unseen."""
    services = services_here()
    row = _reporter(services, number)
    word = None if off else click.prompt("Word", hide_input=True, confirmation_prompt=True, err=True)
    if word is not None and _means_something(services, word):
        raise click.UsageError("That word means something in a report: take one that nobody texts otherwise.")
    try:
        with change(services) as (connection, decisions):
            decisions.append(agree_on_word(connection, services.cipher, row.id, word, actor()))
    except BadWordError as error:
        raise click.UsageError(str(error)) from None
    say(f"{row.name}: the word is {'gone' if off else 'kept, and cannot be shown again'}.")


def _reporter(services: Services, number: str) -> sa.Row[Any]:
    number = asked_number(services, number)
    theirs = REPORTER.c.number_hash == services.cipher.digest(number)
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(REPORTER).where(theirs, REPORTER.c.active)).one_or_none()
    if row is None:
        raise click.UsageError("No active reporter has that number; `vigie people` shows them.")
    return row


def _means_something(services: Services, word: str) -> bool:
    """Whether the reader knows the word: it would call the officers whenever it is meant as such."""
    readings = (
        build_reader(services.settings).read(word, line="agents", at=services.now(), post=None).readings
    )
    return any(reading.note != word.strip() for reading in readings)


@reporters.command()
def unknown() -> None:
    """Who writes on the agents' line without being registered: read and alerted, but not answered."""
    services = services_here()
    with services.engine.connect() as connection:
        found = strangers.strangers(connection, services.cipher)
    if not found:
        say("Nobody unknown has written on the agents' line.")
        return
    zone = services.settings.zone
    table = Table("id", "number", "texts", "first", "last", "gravest", "codes", box=None)
    for one in found:
        about = (str(one.texts), when(one.first_at, zone), when(one.last_at, zone))
        table.add_row(one.id, masked(one.number), *about, str(one.gravest or "–"), ", ".join(one.codes))
    show(table)
    say("`vigie reporters add --unknown ID --name NAME --post CODE` registers one of them.")


@reporters.command()
@click.option("--unknown", "id_", required=True, metavar="ID", help="as `vigie reporters unknown` shows it")
@click.option("--name", required=True)
@click.option("--post", default="", metavar="CODE", help="the point where they serve")
@click.option("--organisation", default="")
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True)
@click.option("--discreet", is_flag=True, help="answered with references alone")
def add(id_: str, *, name: str, post: str, organisation: str, language: str, discreet: bool) -> None:
    """Register an unknown sender. What they sent before becomes theirs; the next text is answered."""
    services = services_here()
    one = _stranger(services, id_)
    fields = {"number": one.number, "name": name, "post": post, "organisation": organisation}
    try:
        row = _row(fields | {"language": language, "discreet": "yes" if discreet else ""}, services.settings)
    except _FaultyError as fault:
        sentence = str(fault)
        raise click.UsageError(f"{sentence[0].upper()}{sentence[1:]}.") from None
    _import(services, [row])
    say(f"{row.name} {masked(row.number)} is registered; {one.texts} earlier texts are theirs.")


def _stranger(services: Services, id_: str) -> Stranger:
    with services.engine.connect() as connection:
        found = [
            one
            for one in strangers.strangers(connection, services.cipher)
            if id_ and one.number_hash.hex().startswith(id_.lower())
        ]
    if len(found) != 1:
        what = "more than one unknown sender" if found else "no unknown sender"
        raise click.UsageError(f"{id_!r} is the ID of {what}; `vigie reporters unknown` shows them.")
    return found[0]


def _records(file: Path) -> list[tuple[int, dict[str, str]]]:
    """(line number, fields) of each line that is not empty."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8: save it as `CSV UTF-8`.") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if missing := [name for name in NEEDED if name not in names]:
        raise click.UsageError(f"{file} lacks the column {missing[0]}; its columns are {', '.join(COLUMNS)}.")
    if any(name not in COLUMNS for name in names):
        raise click.UsageError(f"{file} has a column that is none of {', '.join(COLUMNS)}.")
    reader.fieldnames = names
    return list(_filled(reader, file))


def _filled(reader: "csv.DictReader[str]", file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        for record in reader:
            fields = {name: (value or "").strip() for name, value in record.items() if name in COLUMNS}
            if any(fields.values()):
                yield reader.line_num, fields
    except csv.Error:
        raise click.UsageError(f"{file} cannot be read as CSV after line {reader.line_num}.") from None


def check(
    records: Sequence[tuple[int, Mapping[str, str]]], services: Services
) -> tuple[list[Row], list[str]]:
    """The lines that can be used, and one sentence for each that cannot."""
    with services.engine.connect() as connection:
        ours = {
            services.cipher.decrypt(number)
            for number in connection.execute(sa.select(LINE.c.number)).scalars()
        }
    rows: list[Row] = []
    lines: dict[str, int] = {}
    faults = []
    for line, fields in records:
        try:
            row = _row(fields, services.settings)
            _refuse(row.number, ours, lines)
            lines[row.number] = line
            rows.append(row)
        except _FaultyError as fault:
            faults.append(f"Line {line}: {fault}.")
    return rows, faults


def _refuse(number: str, ours: Container[str], seen: Mapping[str, int]) -> None:
    if number in ours:
        raise _FaultyError("the number is one of our own lines")
    if number in seen:
        raise _FaultyError(f"the number stands on line {seen[number]} already")


def _row(fields: Mapping[str, str], settings: Settings) -> Row:
    try:
        name = person_name(fields["name"])
    except BadNameError as error:
        raise _FaultyError(f"the name {error}") from None
    try:
        number = phone_number(fields["number"], settings.country)
    except BadNumberError as error:
        raise _FaultyError(f"the number {error}") from None
    post = fields.get("post", "").upper()
    if post and post not in load_gazetteer(settings.agency_dir).by_code:
        raise _FaultyError("its post is none of the points that we know")
    language = fields.get("language", "").lower() or "fr"
    if language not in LANGUAGES:
        raise _FaultyError(f"the language is one of {', '.join(LANGUAGES)}")
    try:
        organisation = plain(fields.get("organisation", "")) or None
    except BadNameError as error:
        raise _FaultyError(f"the organisation {error}") from None
    return Row(number, name, post or None, organisation, language, _discreet(fields))


def _discreet(fields: Mapping[str, str]) -> bool:
    word = fields.get("discreet", "").lower()
    if word not in _YES | _NO:
        raise _FaultyError("discreet is yes or no")
    return word in _YES


def _plan(services: Services, rows: Sequence[Row]) -> Counts:
    """What an import would do."""
    counts = Counts()
    with services.engine.connect() as connection:
        known = _known(connection, services.cipher, rows)
        names = connection.execute(sa.select(ORGANISATION.c.short_name, ORGANISATION.c.id))
        organisations = {row.short_name: row.id for row in names}
    for row in rows:
        before = known.get(services.cipher.digest(row.number))
        _count(counts, before, _values(row, organisations))
    return counts


def _import(services: Services, rows: Sequence[Row]) -> Counts:
    counts = Counts()
    with change(services) as (connection, decisions):
        organisations = _organisations(connection, rows, decisions)
        known = _known(connection, services.cipher, rows)
        for row in rows:
            before = known.get(services.cipher.digest(row.number))
            values = _values(row, organisations)
            changed = _count(counts, before, values)
            if before is None:
                id_ = uuid7()
                sealed = {
                    "number": services.cipher.encrypt(row.number),
                    "number_hash": services.cipher.digest(row.number),
                }
                connection.execute(sa.insert(REPORTER).values(id=id_, **sealed, **values))
                decisions.append(Decision(actor(), "reporter added", f"reporter {id_}", {"post": row.post}))
            elif changed:
                connection.execute(sa.update(REPORTER).where(REPORTER.c.id == before.id).values(**values))
                about = {"changed": changed}
                decisions.append(Decision(actor(), "reporter changed", f"reporter {before.id}", about))
        numbers = [services.cipher.digest(row.number) for row in rows]
        decisions.extend(strangers.take_in(connection, services.cipher, numbers, actor(), services.now()))
    return counts


def _known(connection: sa.Connection, cipher: Cipher, rows: Sequence[Row]) -> dict[bytes, sa.Row[Any]]:
    hashes = [cipher.digest(row.number) for row in rows]
    query = sa.select(REPORTER).where(any_of(REPORTER.c.number_hash, hashes))
    return {bytes(row.number_hash): row for row in connection.execute(query)}


def _values(row: Row, organisations: Mapping[str, int]) -> dict[str, Any]:
    return {
        "name": row.name,
        "post": row.post,
        "organisation_id": organisations.get(row.organisation, -1) if row.organisation else None,
        "language": row.language,
        "discreet": row.discreet,
        "active": True,
    }


def _count(counts: Counts, before: sa.Row[Any] | None, values: Mapping[str, Any]) -> list[str]:
    """Count a line, and name the columns that it changes."""
    if before is None:
        counts.added += 1
        return []
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    counts.changed += bool(changed)
    counts.unchanged += not changed
    return changed


def _organisations(
    connection: sa.Connection, rows: Sequence[Row], decisions: list[Decision]
) -> dict[str, int]:
    """The ids of all organisations, new ones made."""
    found = connection.execute(sa.select(ORGANISATION.c.short_name, ORGANISATION.c.id))
    organisations = {row.short_name: row.id for row in found}
    for name in dict.fromkeys(row.organisation for row in rows):
        if name and name not in organisations:
            organisations[name] = connection.execute(
                sa.insert(ORGANISATION).values(short_name=name, name=name).returning(ORGANISATION.c.id)
            ).scalar_one()
            about = f"organisation {organisations[name]}"
            decisions.append(Decision(actor(), "organisation added", about))
    return organisations
