"""`vigie codebook`: the data files that the agency edits, out to be edited and checked before they are used."""

import sys
from importlib.resources import files
from pathlib import Path

import click

from gateway.commands.common import say
from gateway.commands.family import Family
from gateway.data.files import packaged
from gateway.reports.agency import examine
from gateway.settings import Settings


@click.group(cls=Family)
def codebook() -> None:
    """Codes, words, points and partners: the files of VIGIE_AGENCY_DIR, or those that come with Vigie."""


@codebook.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Copy the files that come with Vigie to FOLDER, to be edited there; nothing is overwritten."""
    if there := [name for name in packaged() if (folder / name).exists()]:
        raise click.UsageError(f"{folder / there[0]} is there already: name another folder, or move it away.")
    folder.mkdir(parents=True, exist_ok=True)
    for name in packaged():
        (folder / name).write_bytes((files("gateway.data") / name).read_bytes())
    say(f"{', '.join(packaged())} are in {folder}. A file that you do not change may be removed.")
    say(f"Then: vigie codebook check {folder}, set VIGIE_AGENCY_DIR={folder.absolute()}, and restart.")


@codebook.command()
@click.argument("folder", required=False)
def check(folder: str | None) -> None:
    """Name every fault of the files in FOLDER (or VIGIE_AGENCY_DIR): file, line, what to do."""
    agency = examine(folder or Settings.read().agency_dir)
    if agency.faults:
        for fault in agency.faults:
            say(str(fault))
        sys.exit(2)
    say(f"No fault: {agency.summary()}.")
