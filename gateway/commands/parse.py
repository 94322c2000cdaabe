"""`vigie parse`: read one text, or a stream of them, without any database."""

import json
import sys
from datetime import UTC, datetime
from typing import Any, cast

import click

from gateway.reports.reader import Reader, load_reader
from gateway.reports.reading import Line
from gateway.settings import Settings


@click.command()
@click.option("--line", type=click.Choice(["agents", "hotline"]), default="agents", show_default=True)
@click.option("--at", metavar="ISO-TIME", help="when it was sent; now if not given")
@click.option("--post", metavar="CODE", help="the reporter's own post")
@click.argument("text", required=False)
def parse(line: str, at: str | None, post: str | None, text: str | None) -> None:
    """Read TEXT, or JSON Lines from standard input, and print one JSON object a line."""
    settings = Settings.read()
    reader = load_reader(settings.timezone, settings.agency_dir)
    if text is not None:
        _print(reader, {"text": text, "line": line, "at": at, "post": post})
        return
    for number, row in enumerate(sys.stdin, start=1):
        if row.strip():
            _print(reader, {"line": line, "at": at, "post": post} | _object(row, number))


def _object(row: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise click.UsageError(f'Line {number} is no JSON object with a "text".')
    return value


def _print(reader: Reader, row: dict[str, Any]) -> None:
    if row["line"] not in {"agents", "hotline"}:
        raise click.UsageError("The line is agents or hotline.")
    line = cast("Line", row["line"])
    reading = reader.read(row["text"], line=line, at=_moment(row["at"]), post=row["post"])
    click.echo(json.dumps(reading.to_dict(), ensure_ascii=False))


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise click.UsageError(f"{at!r} is no ISO time, such as 2026-11-21T13:30:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
