"""`vigie hotline calls`, `recordings`, `recording` and `prompts`: who rang, what was said, and what callers hear."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import sqlalchemy as sa
from rich.table import Table

from gateway import files
from gateway.alerts.records import Alert
from gateway.commands.common import actor, say, services_here, settings_here
from gateway.commands.entering import change, show, when
from gateway.hotline.calls import CALLS, RECORDING
from gateway.hotline.prompts import SYNTHESISED, missing, recorded
from gateway.hotline.pseudonyms import pseudonym
from gateway.hotline.recordings import audio_of, kept_for
from gateway.hotline.voice import Prompt, sentences
from gateway.people.marks import CONTACT
from gateway.reports.records import ReportRecord
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

REPORT, ALERT = table_of(ReportRecord), table_of(Alert)
_WITHOUT_AUDIO: Final = [column for column in RECORDING.c if column is not RECORDING.c.audio]
_WHY_NOT: Final = {
    "erased": "was erased when its time was over",
    "lost": "was not to be had from the provider",
    "on its way": "has not come from the provider yet; try again in a minute",
}


def _standing(row: Any) -> str:
    if row.erased_at is not None:
        return "erased"
    return {"waiting": "on its way", "lost": "lost"}.get(row.state, "here")


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="the latest")
def calls(limit: int) -> None:
    """Calls to the hotline, the latest first; calls of one pseudonym are of one person."""
    services = services_here()
    query = (
        sa.select(CALLS, CONTACT.c.ordinal, CONTACT.c.calls.label("unanswered"), CONTACT.c.silent_calls)
        .join(CONTACT, CONTACT.c.id == CALLS.c.contact_id)
        .order_by(CALLS.c.began_at.desc())
        .limit(limit)
    )
    with services.engine.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        say("Nobody has called the hotline yet.")
        return
    table = Table("contact", "began", "language", "chosen", "missed or silent so far", box=None)
    for row in rows:
        empty = "missed" if row.missed else "silent" if row.ended_at else "going on"
        began = when(row.began_at, services.settings.zone)
        so_far = f"{row.unanswered}, {row.silent_calls} silent"
        table.add_row(pseudonym(row.ordinal), began, row.language or "–", row.chosen or empty, so_far)
    show(table)


@click.command("recordings")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="the latest")
def recordings_(limit: int) -> None:
    """What callers said, the latest first, and until when each is kept; `vigie hotline recording` plays one out."""
    services = services_here()
    query = (
        sa.select(*_WITHOUT_AUDIO, REPORT.c.reference, CONTACT.c.ordinal)
        .join(REPORT, REPORT.c.message_id == RECORDING.c.message_id)
        .join(CONTACT, CONTACT.c.id == REPORT.c.contact_id)
        .order_by(RECORDING.c.made_at.desc())
        .limit(limit)
    )
    with services.engine.connect() as connection:
        rows = connection.execute(query).all()
    zone = services.settings.zone
    table = Table("reference", "contact", "spoken", "state", "kept until", box=None)
    for row in rows:
        state, made = _standing(row), when(row.made_at, zone)
        until = when(row.made_at + kept_for(services), zone) if state == "here" else "–"
        table.add_row(row.reference, pseudonym(row.ordinal), made, state, until)
    show(table) if rows else say("Nobody has left a voice message yet.")


@click.command()
@click.argument("reference")
@click.option(
    "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="MP3 file to write"
)
def recording(reference: str, output: Path) -> None:
    """Write what a caller said to a file; REFERENCE is that of its report or of the alert. Put on record."""
    services = services_here()
    query = (
        sa.select(RECORDING, REPORT.c.reference)
        .join(REPORT, REPORT.c.message_id == RECORDING.c.message_id)
        .outerjoin(ALERT, ALERT.c.id == REPORT.c.alert_id)
        .where(sa.or_(REPORT.c.reference == reference, ALERT.c.reference == reference))
        .order_by(RECORDING.c.made_at)
    )
    with change(services) as (connection, decisions):
        rows = connection.execute(query).all()
        if not rows:
            raise click.UsageError(f"No voice message belongs to {reference}.")
        if len(rows) > 1:
            several = ", ".join(row.reference for row in rows)
            raise click.UsageError(f"{reference} has several voice messages, name one: {several}.")
        (row,) = rows
        if why_not := _WHY_NOT.get(_standing(row)):
            raise click.ClickException(f"This voice message {why_not}.")
        decisions.append(Decision(actor(), "recording played out", f"recording {row.id}"))
    files.replace(output, audio_of(services, row))
    say(f"Written to {output}. Delete it when you have heard it.")


@click.command()
def prompts() -> None:
    """The sentences of the voice menu, to be recorded as <data dir>/prompts/<language>/<name>.mp3 or .wav."""
    if lacking := show_prompts(sentences()):
        say(f"Hausa is not offered until its {len(lacking)} missing sentences are recorded.")


def show_prompts(said: Mapping[Prompt, str]) -> list[Prompt]:
    """What is recorded of these sentences. Returns those that Hausa lacks."""
    folder = settings_here().prompts_dir
    table = Table("language", "name", "recorded", "sentence", box=None)
    for prompt, words in said.items():
        synthetic = "synthetic voice" if prompt.language in SYNTHESISED else "missing"
        table.add_row(prompt.language, prompt.name, "yes" if recorded(folder, prompt) else synthetic, words)
    show(table)
    return missing(folder, "ha", said)
