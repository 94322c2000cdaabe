"""`vigie parse`: read one text, or a stream of them, without any database."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Any, Final, cast

import click

from gateway.reports.reader import Reader, load_reader
from gateway.reports.reading import Line, Parse
from gateway.settings import Settings
from gateway.text.words import LANGUAGES

_JSON: Final = json.JSONEncoder(ensure_ascii=False)


@click.command()
@click.option("--line", type=click.Choice(["agents", "hotline"]), default="agents", show_default=True)
@click.option("--at", metavar="ISO-TIME", help="when it was sent; now if not given")
@click.option("--post", metavar="CODE", help="the reporter's own post")
@click.option("--explain", is_flag=True, help="show a person which words gave which field")
@click.option("--lang", type=click.Choice(LANGUAGES), help="of the explanation; the terminal's if not given")
@click.argument("text", required=False)
def parse(
    line: str, at: str | None, post: str | None, explain: bool, lang: str | None, text: str | None
) -> None:
    """Read TEXT, or JSON Lines from standard input, and print one JSON object a line."""
    _speak_utf_8()
    # No database and no Redis are needed here, so not even their addresses are looked at.
    settings = Settings.read(database_url="", redis_url="")
    reader = load_reader(settings.timezone, settings.agency_dir)
    show = _explainer(reader, lang) if explain else _print
    given = {"line": line, "at": at, "post": post}
    if text is not None:
        show(_read(reader, given | {"text": text}))
        return
    for number, row in _stream():
        try:
            show(_read(reader, given | _object(row)))
        except click.UsageError as error:
            raise click.UsageError(f"Line {number}: {error.message}") from None


def _speak_utf_8() -> None:
    """JSON is UTF-8, whatever the terminal's locale; half a letter goes out as its escape."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _stream() -> Iterator[tuple[int, str]]:
    """The lines of standard input that hold something, each as soon as it is there."""
    number = 0
    try:
        for number, row in enumerate(sys.stdin, start=1):
            if row.strip():
                yield number, row
    except UnicodeDecodeError:
        raise click.UsageError(f"Standard input is not UTF-8 after line {number}.") from None


def _object(row: str) -> dict[str, Any]:
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise click.UsageError('this is no JSON object with a "text".')
    for key in ("line", "at", "post"):
        if not isinstance(value.get(key), str | None):
            raise click.UsageError(f"its {key} is no string.")
    return {key: value[key] for key in ("text", "line", "at", "post") if value.get(key) is not None}


def _read(reader: Reader, row: dict[str, Any]) -> Parse:
    if row["line"] not in {"agents", "hotline"}:
        raise click.UsageError("the line is agents or hotline.")
    post = row["post"] and row["post"].upper()
    if post is not None and post not in reader.gazetteer.by_code:
        raise click.UsageError(f"{row['post']!r} is no code of a point; points.csv lists them.")
    return reader.read(row["text"], line=cast("Line", row["line"]), at=_moment(row["at"]), post=post)


def _print(parse: Parse) -> None:
    """Each line at once: whoever reads a stream may wait for it."""
    sys.stdout.write(_JSON.encode(parse.to_dict()) + "\n")
    sys.stdout.flush()


def _explainer(reader: Reader, lang: str | None) -> Callable[[Parse], None]:
    from rich.console import Console  # noqa: PLC0415 - JSON is printed faster without it

    from gateway.commands.explaining import Page, language_here  # noqa: PLC0415
    from gateway.reports.explanation import Explanation  # noqa: PLC0415

    return Page(Console(), Explanation(lang or language_here(), reader)).show


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise click.UsageError(f"{at!r} is no ISO time, such as 2026-11-21T13:30:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
