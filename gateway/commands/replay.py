"""`vigie replay`: recorded messages through the webhooks, with progress and totals."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.progress import Progress, track

from gateway import demo
from gateway.commands.common import say, services_here, web_address, web_url
from gateway.inbox.records import InboundRecord
from gateway.phones import Phones
from gateway.services import Services
from gateway.storage.database import any_of, table_of

IN = table_of(InboundRecord)
_GIVE_UP_SECONDS = 30
_BY_POST = {reporter.post: reporter.number for reporter in demo.REPORTERS}


@dataclass(frozen=True, slots=True)
class Recorded:
    sender: str
    line: str
    text: str
    sent_at: str | None


@click.command()
@click.option(
    "--rate", type=click.FloatRange(min=0.01), help="messages a second; as fast as it goes if not given"
)
@click.option("--url", callback=web_url, help="where the gateway listens, if `vigie up` does not run here")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def replay(file: Path, rate: float | None, url: str | None) -> None:
    """Feed FILE, JSON Lines, through the webhooks of a running demo.

    Each line has a "text" and may have "from", "to" (or "line": agents or hotline), "post" and "sent_at".
    """
    messages = list(_recorded(file))
    services = services_here()
    phones = Phones(services, url or web_address(services.settings))
    ids, began = [], time.monotonic()
    for number, message in enumerate(track(messages, "texting ")):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        ids.append(phones.text(message.sender, message.line, message.text, message.sent_at))
    _wait(services, ids)
    _sum_up(services, ids, time.monotonic() - began)


def _recorded(file: Path) -> Iterator[Recorded]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8.") from None
    if not text.strip():
        raise click.UsageError(f"{file} holds no texts.")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _one(line, number)


def _one(line: str, number: int) -> Recorded:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise click.UsageError(f'Line {number} is no JSON object with a "text".')
    for name in ("from", "to", "sent_at"):
        if not isinstance(value.get(name, ""), str | None):
            raise click.UsageError(f"Line {number}: its {name} is no string.")
    line = value.get("line", "agents")
    if line not in ("agents", "hotline"):  # no set: it may be unhashable
        raise click.UsageError(f"Line {number}: its line is agents or hotline.")
    hotline = line == "hotline"
    # Whoever is not named texts from a number of his own, so that one line is one phone.
    spare = demo.LOAD_TEST_NUMBERS[number % len(demo.LOAD_TEST_NUMBERS)]
    stranger = f"+2279000{7000 + number % 1000}"
    sender = value.get("from") or (stranger if hotline else _BY_POST.get(str(value.get("post")), spare))
    return Recorded(
        sender,
        value.get("to") or (demo.HOTLINE if hotline else demo.AGENTS_LINE),
        value["text"],
        value.get("sent_at"),
    )


def _states(services: Services, ids: list[str]) -> Counter[str]:
    with services.engine.connect() as connection:
        rows = connection.execute(
            sa.select(IN.c.state, sa.func.count().label("settled"))
            .where(IN.c.channel == demo.SIMULATOR, any_of(IN.c.provider_id, ids))
            .group_by(IN.c.state)
        ).all()
    return Counter({row.state: row.settled for row in rows})


def _wait(services: Services, ids: list[str]) -> None:
    """Until all are read, or nothing has moved for half a minute."""
    settled, moved = 0, time.monotonic()
    with Progress() as progress:
        reading = progress.add_task("reading ", total=len(ids))
        while settled < len(ids) and time.monotonic() - moved < _GIVE_UP_SECONDS:
            states = _states(services, ids)
            now_settled = sum(states.values()) - states["received"]
            if now_settled > settled:
                settled, moved = now_settled, time.monotonic()
                progress.update(reading, completed=settled)
            time.sleep(0.1)


def _sum_up(services: Services, ids: list[str], seconds: float) -> None:
    states = _states(services, ids)
    say(
        f"{len(ids)} texts in {seconds:.1f} s: {states['read']} read, {states['ignored']} ignored, "
        f"{states['dead']} dead, {len(ids) - sum(states.values()) + states['received']} not read yet."
    )
    if states["dead"]:
        say("`vigie inbox` tells what killed the dead ones.")
