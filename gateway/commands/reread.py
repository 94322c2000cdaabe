"""`vigie reread`: stored texts read again by today's rules, compared field by field, and put in place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from gateway.bootstrap import build_reader
from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import change, moment, reveal, show
from gateway.commands.fields import in_words
from gateway.inbox import rereading
from gateway.inbox.rereading import Again, Batch, Left, Wanted
from gateway.reports.reader import Reader
from gateway.reports.rereading import sort_of
from gateway.reports.revision import Change
from gateway.services import Services

_WITHOUT: Final = "none"
_SORTS: Final = ("filled", "changed", "emptied")
_GRAVE_SHOWN: Final = 500


@dataclass(slots=True)
class Totals:
    """What a pass over the reports came to."""

    read: int = 0
    another: int = 0
    held: int = 0
    left: int = 0
    asked: int = 0
    grave: int = 0
    grave_ones: list[str] = field(default_factory=list)
    """The first of them: there may be any number."""
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, batch: Batch) -> None:
        self.read += batch.reports
        self.asked += batch.asked
        self.left += sum(len(left.references) for left in batch.left)
        for again in batch.read:
            self.another += bool(again.changes)
            self.changes.update((change.field, sort_of(change)) for change in again.changes)
            if again.would_have_alerted:
                self._note_grave(again)

    def _note_grave(self, again: Again) -> None:
        self.grave += 1
        if len(self.grave_ones) < _GRAVE_SHOWN:
            self.grave_ones.append(f"{again.reference}  {again.after.code}, severity {again.after.severity}")


@click.command()
@click.option("--since", required=True, metavar="ISO-TIME", help="reports received from then on")
@click.option("--until", metavar="ISO-TIME", help="and before then; until now if not given")
@click.option("--code", "codes", multiple=True, metavar="CODE", help="only those filed so; `none`: no code")
@click.option("--dry-run", is_flag=True, help="show what would become another, change nothing")
@click.option("--yes", is_flag=True, help="do not ask before changing")
@click.option("--show-notes", is_flag=True, help="show the words of notes too; this goes on record")
def reread(
    since: str, until: str | None, codes: Sequence[str], *, dry_run: bool, yes: bool, show_notes: bool
) -> None:
    """Read stored reports again with the codes, points and rules of today. Try it with --dry-run first.

    What a person has answered, corrected or added since stays. No old report wakes anybody. It may be
    interrupted at any time: run again, it goes on with what is left.
    """
    services = services_here()
    reader = build_reader(services.settings)
    wanted = _wanted(services, reader, since, until, codes)
    if show_notes:
        reveal(services, "words of notes shown", "reports", since=since)
    writer = _Writer(services, reader, wanted, show_notes=show_notes)
    if dry_run or not yes:
        totals = writer.run(tell=True, write=False)
        _sum_up(totals)
        if dry_run or not totals.another:
            say("Nothing was changed.")
            return
        if not click.confirm(f"Change {totals.another:,} reports?"):
            say("Nothing was changed.")
            return
    try:
        totals = writer.run(tell=yes, write=True)
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted: what was changed stays so, and run again it goes on with what is left."
        ) from None
    if yes:
        _sum_up(totals)
    say(f"{totals.another - totals.held:,} reports were changed; each change is in its report's history.")
    if totals.held:
        say(f"{totals.held:,} were in use at that moment and are as they were: run it again.")


def _wanted(
    services: Services, reader: Reader, since: str, until: str | None, codes: Sequence[str]
) -> Wanted:
    zone = services.settings.zone
    begins, ends = moment(since, zone), moment(until, zone) if until is not None else None
    if ends and ends <= begins:
        raise click.UsageError("--until must be later than --since.")
    named = [None if code.lower() == _WITHOUT else code.upper() for code in codes]
    if unknown := [code for code in named if code is not None and code not in reader.book]:
        raise click.UsageError(f"{unknown[0]} is no code of the codebook; `none` stands for no code.")
    return Wanted(begins, ends, frozenset(named))


@dataclass(slots=True)
class _Writer:
    """Goes over the reports: tells what became another, or writes it, or both."""

    services: Services
    reader: Reader
    wanted: Wanted
    show_notes: bool

    def run(self, *, tell: bool, write: bool) -> Totals:
        totals = Totals()
        with self.services.engine.connect() as connection:
            reports = rereading.count(connection, self.wanted)
        console = Console(stderr=True)
        columns = (TextColumn("reading again"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("", total=reports)
            for batch in rereading.batches(self.services, self.reader, self.wanted):
                totals.take(batch)
                if write:
                    totals.held += self._write([again for again in batch.read if again.is_another])
                if tell:
                    self._tell(batch)
                progress.advance(bar, batch.reports)
        return totals

    def _write(self, read: Sequence[Again]) -> int:
        if not read:
            return 0
        services = self.services
        with change(services) as (connection, decisions):
            held, made = rereading.apply(connection, services.cipher, read, actor(), services.now())
            decisions.extend(made)
        return held

    def _tell(self, batch: Batch) -> None:
        for again in batch.read:
            for one in again.changes:
                say(f"{again.reference}  {one.field:<16} {self._words(one)}")
        for left in batch.left:
            say(_left(left))

    def _words(self, one: Change) -> str:
        if one.field == "note" and not self.show_notes:
            return "other words (--show-notes shows them)"
        return f"{in_words(one.old)} -> {in_words(one.new)}"


def _left(left: Left) -> str:
    return f"{', '.join(left.references)}  needs a person: {left.why}"


def _sum_up(totals: Totals) -> None:
    if totals.changes:
        table = Table("field", *_SORTS, box=None)
        for name in sorted({name for name, _ in totals.changes}):
            table.add_row(name, *(f"{totals.changes[name, sort]:,}" for sort in _SORTS))
        show(table)
    say(f"{totals.read:,} reports were read again, {totals.another:,} read as something else.")
    if totals.left:
        say(f"{totals.left:,} need a person and are left as they are.")
    if totals.asked:
        say(f"{totals.asked:,} have a question open and are left; run it again later.")
    if totals.grave:
        say(
            f"{totals.grave:,} would have alerted. No old report wakes anybody: look at each of them yourself."
        )
        for line in totals.grave_ones:
            say(f"  {line}")
        if totals.grave > len(totals.grave_ones):
            say(f"  and {totals.grave - len(totals.grave_ones):,} more: read shorter periods again.")
