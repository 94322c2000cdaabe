"""`vigie up`: everything on one machine."""

import os
import shutil
import sys
from pathlib import Path

import click

from gateway.commands.common import WEB_ADDRESS, say
from gateway.settings import BadSettingsError, Settings, secret_keys
from gateway.supervisor.up import Plan, Running, run_up

SAMPLE = ("+22790000101", "RPZ ASM 647 H590 F32")


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="port of the web server"
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="instead of VIGIE_DATA_DIR")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="how many processes read the inbox",
)
@click.option("--demo", is_flag=True, help="with a sample agency; nothing leaves this machine")
@click.option("--sample", is_flag=True, help="text one sample report when ready (with --demo)")
@click.option(
    "--pace",
    type=click.FloatRange(0, min_open=True),
    help="divide every waiting period by this (with --demo)",
)
def up(port: int, data_dir: Path | None, workers: int, demo: bool, sample: bool, pace: float | None) -> None:
    """Run database, Redis, web, workers and clock until Ctrl-C."""
    if (sample or pace) and not demo:
        raise click.UsageError("--sample and --pace go with --demo.")
    settings = Settings.read(
        **({"data_dir": data_dir} if data_dir else {}),
        **({"demo": True} if demo else {}),
        **({"pace": pace} if pace else {}),
    )
    _check(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_keys(settings, create=True)
    plan = Plan(
        data_dir=settings.data_dir,
        port=port,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        environment=_environment(settings, port),
        migrate=lambda url: _prepare_database(settings, url),
        workers=workers,
    )
    run_up(plan, lambda running: _ready(running, settings, sample=sample), say)


def _check(settings: Settings) -> None:
    from gateway import demo  # noqa: PLC0415
    from gateway.reports.reader import load_reader  # noqa: PLC0415

    if settings.demo:
        demo.refuse_strangers(settings)
    elif demo.lives_in(settings.data_dir):
        raise BadSettingsError(
            f"VIGIE_DATA_DIR: {settings.data_dir} holds a demo, whose officers and PINs everybody knows; "
            "name another folder, or start the demo with --demo."
        )
    load_reader(settings.timezone, settings.agency_dir)  # before anybody hears "ready"
    if settings.pace != 1 and not settings.demo:
        raise BadSettingsError("VIGIE_PACE: only a demo may hurry; unset it.")


def _environment(settings: Settings, port: int) -> dict[str, str]:
    environment = {"VIGIE_DEMO": str(settings.demo).lower(), "VIGIE_PACE": str(settings.pace)}
    if "VIGIE_PUBLIC_URL" not in os.environ and "VIGIE_PUBLIC_URL_FILE" not in os.environ:
        environment["VIGIE_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    return environment


def _prepare_database(settings: Settings, url: str) -> None:
    from gateway import bootstrap, demo  # noqa: PLC0415 - SQLAlchemy takes a while to load
    from gateway.storage.database import create_engine  # noqa: PLC0415

    bootstrap.migrate(settings, url)
    if settings.demo:
        engine = create_engine(url)
        cipher = bootstrap.open_cipher(settings, engine)
        with engine.begin() as connection:
            demo.seed(connection, cipher, settings)
        engine.dispose()
        demo.api_token(settings.data_dir)


def _ready(running: Running, settings: Settings, *, sample: bool) -> None:
    (settings.data_dir / WEB_ADDRESS).write_text(running.web_url, encoding="ascii")
    say(f"Vigie is ready at {running.web_url}  (Ctrl-C stops it)")
    say(f"  webhooks  {running.web_url}/webhooks/<channel>/sms")
    say(f"  health    {running.web_url}/health/ready   metrics {running.web_url}/metrics")
    say(f"  API       {running.web_url}/api/v1/openapi.json")
    say(f"  logs      {settings.data_dir / 'log'}")
    if settings.demo:
        say(f"  phones    {running.web_url}/simulator/   (open it in a browser)")
        _introduce(settings)
    if sample:
        sender, text = SAMPLE
        say("")
        running.errand("send", "--from", sender, text)
        say("")
        say("Try it yourself in another terminal, in the same folder:")
        vigie = "vigie" if shutil.which("vigie") else os.path.relpath(sys.argv[0])
        say(f'  {vigie} send --from +22790000101 "SOS ASM 12 pers"')
        say(f"  {vigie} send --from +22790000901 <the four digits of the alert>")


def _introduce(settings: Settings) -> None:
    from gateway import demo  # noqa: PLC0415

    say(f"  API token {demo.api_token(settings.data_dir)}")
    say("The demo agency (numbers that belong to nobody):")
    say(f"  agents' line {demo.AGENTS_LINE}   hotline {demo.HOTLINE}")
    say(f"  USSD {demo.SERVICE_CODE}   PIN {demo.PIN}")
    for reporter in demo.REPORTERS:
        say(f"  {reporter.number}  {reporter.name}, post {reporter.post}")
    for number, name in demo.OFFICERS:
        say(f"  {number}  {name}, on call")
