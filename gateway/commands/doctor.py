"""`vigie doctor`: each part is tried; what is wrong gets one sentence that mends it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import sqlalchemy as sa

from gateway.bootstrap import ANCHORS, secret_keys_of
from gateway.commands.common import counted, settings_here
from gateway.doctor import duties, machine, mail, providers, secrets, stored
from gateway.doctor.findings import Finding, Level, examined, note, ok, wrong
from gateway.queueing import connect
from gateway.settings import BadSettingsError, Settings
from gateway.storage.cipher import CannotDecryptError, Cipher, stored_wraps
from gateway.storage.database import create_engine

_COLOURS = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.WRONG: "red"}


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="instead of VIGIE_DATA_DIR")
def doctor(data_dir: Path | None) -> None:
    """Try every part and say in one sentence how to mend what is wrong."""
    logging.disable(logging.CRITICAL)  # what is found is said below, not logged
    levels = []
    for finding in examine(data_dir):
        levels.append(finding.level)
        level = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
        click.echo(f"{level} {finding.part}: {finding.sentence}")
    faults, warnings = levels.count(Level.WRONG), levels.count(Level.WARNING)
    click.echo("")
    verdict = (
        f"{counted(faults, 'thing')} {'is' if faults == 1 else 'are'} wrong" if faults else "Nothing is wrong"
    )
    click.echo(f"{verdict}, {counted(warnings, 'warning')}.")
    logging.disable(logging.NOTSET)
    if faults:
        sys.exit(1)


def examine(data_dir: Path | None) -> Iterator[Finding]:
    try:
        settings = settings_here(**({"data_dir": data_dir} if data_dir else {}))
    except BadSettingsError as error:
        yield wrong("settings", str(error))
        return
    yield ok("settings", "can be read.")
    yield from examined("data folder", lambda: machine.folder(settings))
    yield from examined("codebook", lambda: machine.agency(settings))
    yield from examined("spool", lambda: machine.spool(settings))
    if not settings.database_url or not settings.redis_url:
        yield from examined("servers", lambda: machine.embedded(settings))
    yield from _redis(settings)
    yield from _database(settings)


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url:
        with closing(connect(settings.redis_url)) as client:
            yield from examined("Redis", lambda: duties.processes(client))


def _database(settings: Settings) -> Iterator[Finding]:
    if not settings.database_url:
        yield from examined("keys", lambda: secrets.keys(settings, None))
        yield _not_running(settings)
        return
    engine = create_engine(settings.database_url)
    try:
        # AUTOCOMMIT: a part that fails must not spoil the transaction of the next.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield from _stored(settings, connection)
    except sa.exc.OperationalError:
        yield wrong("PostgreSQL", _away(settings))
        yield from examined("keys", lambda: secrets.keys(settings, None))
    finally:
        engine.dispose()


def _not_running(settings: Settings) -> Finding:
    if (settings.data_dir / "postgres").exists():
        return wrong(
            "gateway", f"It does not run on {settings.data_dir}: start `vigie up`, or nobody is heard."
        )
    return note(
        "gateway", "It was never started here: `vigie up` starts it, `vigie up --demo` a sample agency."
    )


def _away(settings: Settings) -> str:
    url = sa.make_url(settings.database_url)
    host = url.host or url.query.get("host") or "this machine"
    return (
        f"cannot be reached as {url.username or 'whoever you are'} at {host}: see that it runs and that "
        "VIGIE_DATABASE_URL names its address, user, password and database (with `vigie up`: start that)."
    )


def _stored(settings: Settings, connection: sa.Connection) -> Iterator[Finding]:
    now = datetime.now(UTC)
    yield from examined("PostgreSQL", lambda: stored.server(connection))
    schema = stored.is_migrated(connection)
    yield schema
    if schema.level is Level.WRONG:
        return
    parts = (
        ("keys", lambda: secrets.keys(settings, connection)),
        ("inbox", lambda: stored.messages(connection, now)),
        ("audit", lambda: stored.record(connection, settings.data_dir / ANCHORS)),
        ("mail", lambda: mail.examine(connection, settings, now)),
        ("duty", lambda: duties.duty(connection, settings, now)),
    )
    for name, findings in parts:
        yield from examined(name, findings)
    cipher = _cipher(settings, connection)
    if cipher:
        yield from examined("channels", lambda: providers.examine(connection, cipher, settings))


def _cipher(settings: Settings, connection: sa.Connection) -> Cipher | None:
    """None where the keys do not open, which was said already."""
    try:
        return Cipher.from_wraps(stored_wraps(connection), secret_keys_of(settings))
    except (CannotDecryptError, BadSettingsError):
        return None
