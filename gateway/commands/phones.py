"""`vigie send` and `vigie replay`: texts through the running gateway's webhooks."""

import click

from gateway import demo
from gateway.commands.common import say, services_here, web_address, web_url
from gateway.commands.fields import in_words
from gateway.phones import CameBack, Phones, wait_for
from gateway.reports.codebook import Codebook, load_codebook


@click.command()
@click.option("--from", "sender", required=True, metavar="NUMBER", help="whose phone it is")
@click.option("--to", "line", default=demo.AGENTS_LINE, show_default=True, metavar="LINE")
@click.option("--url", callback=web_url, help="where the gateway listens, if `vigie up` does not run here")
@click.argument("text")
def send(sender: str, line: str, url: str | None, text: str) -> None:
    """Text the running gateway as a phone would, wait, and show what came back."""
    services = services_here()
    phones = Phones(services, url or web_address(services.settings))
    say(f"{sender} texts {line}: {text}")
    _show(
        wait_for(services, phones.text(sender, line, text), sender),
        load_codebook(services.settings.agency_dir),
    )


def _show(came_back: CameBack, book: Codebook) -> None:
    if came_back.state == "received":
        say("  not read yet: it is safe, but no worker has come to it (`vigie doctor` tells more)")
    if came_back.state == "dead":
        say(f"  set aside as dead: {came_back.error}")
    for report in came_back.reports:
        say(f"  report {report['reference']}: {_in_words(report, book)}")
    for number, text, state in came_back.texts:
        say(f"  {number} got: {text}" + ("" if state in {"sent", "delivered"} else f"  [{state}]"))
    if came_back.state == "read" and not came_back.texts:
        say("  nothing was sent to anybody")


def _in_words(report: dict[str, object], book: Codebook) -> str:
    reading = report["reading"]
    if not isinstance(reading, dict):
        return ""
    code = report["code"]
    parts = [f"{code} ({book.label(code, 'fr')})" if isinstance(code, str) else str(report["kind"])]
    if place := reading["place"]:
        at = f" ({place['lat']}, {place['lon']})" if place["lat"] is not None else ""
        parts.append(f"{place['name']}{at}")
    if people := reading["people"]:
        parts.append(in_words(people))
    if report["severity"]:
        parts.append(f"severity {report['severity']}")
    parts += [f"problem: {problem['code']}" for problem in reading["problems"]]
    return "; ".join(parts)
