"""`vigie sitrep`: the situation report of any time, as text, page or PDF."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import change, moment, region_name
from gateway.digest.contents import LANGUAGES
from gateway.digest.mailing import send_next
from gateway.digest.rendering import FORMS, Rendering, rendered
from gateway.digest.service import PERIOD, chiefs, last, recipients, write
from gateway.digest.sources import gather
from gateway.services import Services
from gateway.storage.audit import Decision

LONGEST_DAYS: Final = 366


@click.command()
@click.option("--since", metavar="ISO-TIME", help="from when; else since the last digest")
@click.option("--until", metavar="ISO-TIME", help="until when; now if not given")
@click.option("--region", help="this region only; else the whole country")
@click.option("--lang", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--format", "form", type=click.Choice(FORMS), default=FORMS[0], show_default=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="the file; else standard output"
)
@click.option("--send", is_flag=True, help="mail it now, each in their language, instead of showing it")
def sitrep(
    *,
    since: str | None,
    until: str | None,
    region: str | None,
    lang: str,
    form: str,
    output: Path | None,
    send: bool,
) -> None:
    """Show the situation report: figures, open alerts, places, what is to be read, gaps of the rota."""
    services = services_here()
    region = region_name(services, region)
    with services.engine.connect() as connection:
        starts, ends = _period(services, since, until, last(connection))
        if not send:
            material = gather(connection, services, starts, ends)
    if send:
        _mail(services, region, starts, ends)
        return
    _write(_made(rendered(services, material, region, lang), form), form, output)


def _mail(services: Services, region: str | None, since: datetime, until: datetime) -> None:
    """To the region's chiefs; the country's to its chiefs and VIGIE_SITREP_TO."""
    if not services.settings.smtp_host:
        raise click.UsageError("VIGIE_SMTP_HOST is empty: set it, and `vigie doctor` tries it.")
    with change(services) as (connection, decisions):
        everybody = recipients(services, chiefs(connection, services))
        concerned = [one for one in everybody if one.region == region]
        mails = write(connection, services, concerned, since, until)
        decisions += [Decision(actor(), "report to be mailed", f"mail {id_}") for id_ in mails]
    if not concerned:
        raise click.UsageError(
            "There is nobody to mail it to: `vigie officers chief NUMBER --email ADDRESS`, or VIGIE_SITREP_TO."
        )
    if not mails:
        raise click.UsageError("The report until then was mailed before; another --until makes another.")
    while (outcome := send_next(services)) is not None:
        if outcome.id in mails and outcome.reason:
            again = " It is tried again by the gateway." if outcome.again else ""
            raise click.ClickException(f"{outcome.reason}{again}")
    say(f"Mailed to {len(mails)}.")


def _period(
    services: Services, since: str | None, until: str | None, told: datetime | None
) -> tuple[datetime, datetime]:
    zone = services.settings.zone
    ends = moment(until, zone) if until else services.now()
    starts = moment(since, zone) if since else told if told and told < ends else ends - PERIOD
    if starts >= ends:
        raise click.UsageError("--since must be earlier than --until.")
    if (ends - starts).days > LONGEST_DAYS:
        raise click.UsageError(f"A report is of {LONGEST_DAYS} days at most; give a later --since.")
    return starts, ends


def _made(rendering: Rendering, form: str) -> bytes:
    if form == "pdf":
        return rendering.pdf()
    return (rendering.html() if form == "html" else rendering.text()).encode()


def _write(made: bytes, form: str, output: Path | None) -> None:
    if output is not None:
        try:
            output.write_bytes(made)
        except OSError as error:
            raise click.UsageError(f"--output cannot be written ({error.strerror}).") from None
        click.echo(f"{output} is written.", err=True)
    elif form == "pdf" and sys.stdout.isatty():
        raise click.UsageError("A PDF is no text for a terminal: give --output FILE.")
    else:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
