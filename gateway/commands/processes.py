"""`vigie web`, `vigie worker`, `vigie clock`, `vigie migrate`: the processes one by one."""

import os

import click

from gateway.metrics_folder import prepare_metrics
from gateway.settings import BadSettingsError, Settings


def _prepare() -> Settings:
    prepare_metrics(Settings.read().data_dir)
    from gateway.commands.common import settings_here  # noqa: PLC0415 - after the metrics folder is named

    settings = settings_here()
    # What is found out here must hold for the processes that follow.
    os.environ["VIGIE_DATABASE_URL"] = settings.database_url
    os.environ["VIGIE_REDIS_URL"] = settings.redis_url
    os.environ["VIGIE_DATA_DIR"] = str(settings.data_dir.resolve())
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """What a process would otherwise die of again and again is one sentence before it starts."""
    from gateway.reports.reader import load_reader  # noqa: PLC0415

    if not settings.database_url:
        raise BadSettingsError("VIGIE_DATABASE_URL is empty and no `vigie up` runs here: set it first.")
    load_reader(settings.timezone, settings.agency_dir)


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True, help="address to listen on")  # noqa: S104
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="port to listen on"
)
def web(host: str, port: int) -> None:
    """Receive webhooks and serve the API."""
    settings = _prepare()
    from gateway import bootstrap  # noqa: PLC0415 - after the metrics folder is named
    from gateway.serving import serve  # noqa: PLC0415
    from gateway.supervisor.ports import require_port  # noqa: PLC0415

    require_port(port, host)
    bootstrap.build_spool(settings)
    bootstrap.build_services(settings)
    serve(host, port, settings)


@click.command()
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="how many processes read the inbox",
)
def worker(number: int) -> None:
    """Read the inbox and send the outbox."""
    settings = _prepare()
    from workers import pool  # noqa: PLC0415

    pool.run(number, settings)


@click.command()
def clock() -> None:
    """Do every second whatever is due: escalations, stranded messages, the spool."""
    _prepare()
    from workers import clock as ticking  # noqa: PLC0415

    ticking.run()


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from gateway import bootstrap  # noqa: PLC0415
    from gateway.commands.common import counted, settings_here  # noqa: PLC0415
    from gateway.observability import configure_logging  # noqa: PLC0415

    settings = settings_here()
    configure_logging("WARNING")  # what was done is said below, not logged
    _check(settings)
    steps = bootstrap.migrate(settings)
    done = f"was brought up to date in {counted(len(steps), 'step')}" if steps else "was up to date already"
    click.echo(f"The database's schema {done}.")
