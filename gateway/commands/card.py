"""`vigie card`: the pocket card of codes, from the codebook as it is now."""

import re
import sys
from pathlib import Path

import click

from gateway.card.contents import NEIGHBOURS, codes_side, writing_side
from gateway.card.layout import SMALLEST, TooLongError, first_that_fits, pages
from gateway.card.page import to_html
from gateway.card.pdf import to_pdf, to_sheet
from gateway.reports.reader import load_reader
from gateway.settings import Settings
from gateway.text.words import LANGUAGES

_NUMBER = re.compile(r"[+0-9][0-9 ]{1,19}")


@click.command()
@click.option("--lang", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--format", "form", type=click.Choice(["pdf", "html"]), default="pdf", show_default=True)
@click.option("--number", metavar="NUMBER", help="the agents' line; a blank to fill in by hand if not given")
@click.option("--post", metavar="CODE", help="add the points that lie nearest to this post, as many as fit")
@click.option("--sheet", is_flag=True, help="both sides on one A4 sheet, to fold and cut (PDF)")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="the file; - is standard output"
)
def card(
    lang: str, form: str, number: str | None, post: str | None, sheet: bool, output: Path | None
) -> None:
    """Print the pocket card of codes: A6, two sides, from the codebook as it is now."""
    if number is not None and not _NUMBER.fullmatch(number):
        raise click.UsageError("--number is digits and spaces, such as +227 80 00 00 01.")
    if sheet and form != "pdf":
        raise click.UsageError("--sheet is for PDF; a browser can print two pages a sheet itself.")
    settings = Settings.read(database_url="", redis_url="")
    reader = load_reader(settings.timezone, settings.agency_dir)
    if post is not None and (post := post.upper()) not in reader.gazetteer.by_code:
        raise click.UsageError(f"{post!r} is no code of a point; points.csv lists them.")
    try:
        front = pages(codes_side(reader.book, lang))
        back = first_that_fits(
            writing_side(reader, lang, number=number, post=post, near=near)
            for near in range(NEIGHBOURS if post else 0, -1, -1)
        )
    except TooLongError as error:
        raise click.UsageError(str(error)) from None
    drawn, title = [*front, *back], f"Vigie, {lang}"
    if form == "html":
        made = to_html(drawn, title, lang).encode()
    else:
        made = (to_sheet if sheet else to_pdf)(drawn, title, lang)
    _write(made, output or Path(f"vigie-card-{lang}.{form}"))
    if len(drawn) > 2:
        click.echo(
            f"The card has {len(drawn)} sides: at {SMALLEST} points, the smallest type that can be read, "
            f"the codes need {len(front)} and the writing {len(back)}.",
            err=True,
        )


def _write(made: bytes, output: Path) -> None:
    if str(output) == "-":
        sys.stdout.buffer.write(made)
        return
    output.write_bytes(made)
    click.echo(f"{output} is written.", err=True)
