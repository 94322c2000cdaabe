"""`vigie keys`: which keys there are, and changing them while everything runs."""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from gateway import files
from gateway.bootstrap import (
    KEYRING,
    METADATA,
    REFRESH_SECONDS,
    STANDBY,
    CannotStartError,
    build_spool,
    secret_keys_of,
)
from gateway.commands.common import actor, say, services_here, settings_here
from gateway.commands.entering import show
from gateway.commands.family import Family
from gateway.inbox import standby
from gateway.inbox.spool import Spool
from gateway.services import Services
from gateway.settings import BadSettingsError, Settings
from gateway.storage import rotation
from gateway.storage.cipher import (
    ENCRYPT,
    HASH,
    CannotDecryptError,
    Cipher,
    Wrap,
    key_of,
    stored_wraps,
    write_keyring,
)
from gateway.storage.database import create_engine

# A process that holds rows, or still writes with the old key, gets so many chances.
PASSES = 20
_BETWEEN_PASSES = 0.5


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """The data keys, the secret keys that open them, and how many values each made."""
    if context.invoked_subcommand is None:
        _show(settings_here())


def _show(settings: Settings) -> None:
    if not settings.database_url:
        raise BadSettingsError("VIGIE_DATABASE_URL is empty and no `vigie up` runs here: set it first.")
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        wraps = stored_wraps(connection)
        values: dict[int, int] = {}
        for name in rotation.ENCRYPTED:
            for key, count in rotation.values_by_key(connection, METADATA.tables[name]).items():
                values[key] = values.get(key, 0) + count
        unfinished = rotation.unfinished(connection)
    engine.dispose()
    for item in Spool(settings.spool_dir).waiting():
        with suppress(FileNotFoundError):
            key = _made_with(item.path)
            values[key] = values.get(key, 0) + 1
    here = [key.id for key in secret_keys_of(settings)]
    show(_table(wraps, values, here))
    if unfinished:
        say(f"The change to data key {unfinished} was interrupted: `vigie keys rotate` goes on with it.")


def _table(wraps: list[Wrap], values: dict[int, int], here: list[str]) -> Table:
    table = Table("data key", "use", "opened by secret key", "values", box=None)
    newest = max((wrap.data_key for wrap in wraps if wrap.purpose == ENCRYPT), default=0)
    for number in sorted({wrap.data_key for wrap in wraps}):
        mine = [wrap for wrap in wraps if wrap.data_key == number]
        hashes = mine[0].purpose == HASH
        use = _use(mine[0].purpose, newest=number == newest)
        opened = ", ".join(f"{wrap.secret_key} ({_standing(wrap.secret_key, here)})" for wrap in mine)
        table.add_row(str(number), use, opened, "" if hashes else f"{values.get(number, 0):,}")
    return table


def _use(purpose: str, *, newest: bool) -> str:
    if purpose == ENCRYPT:
        return "encrypts" if newest else "decrypts"
    return "finds" if purpose == HASH else purpose


def _standing(secret_key: str, here: list[str]) -> str:
    return "not here" if secret_key not in here else "first" if secret_key == here[0] else "here"


@keys.command()
@click.option("--new-secret-key", is_flag=True, help="put a fresh key first in <data>/secret-keys before")
@click.option("--wait", default=2 * REFRESH_SECONDS, hidden=True, help="seconds for processes to follow")
def rotate(new_secret_key: bool, wait: float) -> None:
    """Encrypt everything anew with a fresh data key, while the gateway runs; run again, it goes on."""
    settings = settings_here()
    _refuse_strangers(settings.data_dir)
    services = services_here()
    try:
        with rotation.alone(services.engine):
            if new_secret_key:
                _add_secret_key(services)
            _rotate(services, lambda: time.sleep(wait))
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted: nothing is lost, and `vigie keys rotate` goes on where it stopped."
        ) from None
    except rotation.RotationUnderWayError as error:
        raise CannotStartError(str(error)) from error


def _refuse_strangers(data_dir: Path) -> None:
    """Files that root rewrites would be closed to the gateway."""
    owner = data_dir.stat().st_uid if data_dir.exists() else os.geteuid()
    if owner != os.geteuid():
        raise CannotStartError(
            f"The data folder {data_dir} belongs to another user: run this as that user (`sudo -u '#{owner}' …`)."
        )


def _add_secret_key(services: Services) -> None:
    """Put a fresh key first in the file, unless an interrupted rotation did so already."""
    settings = services.settings
    if settings.secret_keys:
        raise BadSettingsError(
            "VIGIE_SECRET_KEYS is set: put the new key first there (new,old), start every process again "
            "with it, and run `vigie keys rotate`."
        )
    wrapped_by = {wrap.secret_key for wrap in _stored(services)}
    with services.engine.connect() as connection:
        going_on = rotation.unfinished(connection) is not None
    here = secret_keys_of(settings)
    if (going_on and len(here) > 1) or here[0].id not in wrapped_by:
        say("The new secret key of the interrupted run is used.")
        return
    path = settings.data_dir / "secret-keys"
    kept = path.read_text(encoding="ascii").strip()
    files.replace(path, f"{secrets.token_urlsafe(32)},{kept}\n".encode("ascii"))
    say(f"A new secret key stands first in {path}.")


def _rotate(services: Services, wait: Callable[[], None]) -> None:
    secret_keys = secret_keys_of(services.settings)
    with services.engine.begin() as connection:
        begun = rotation.begin(connection, services.cipher, secret_keys, services.now(), actor())
    if services.settings.secret_keys and len(secret_keys) > 1:
        say(
            "Every process must know the first secret key by now: without it none can start again afterwards."
        )
    say(
        f"{'Going on with' if begun.continued else 'New'} data key {begun.data_key}; processes learn to read it …"
    )
    _take_in(services, begun.wraps)
    wait()
    say("… and to write with it …")
    with services.engine.begin() as connection:
        wraps = rotation.make_current(connection, secret_keys, begun.data_key)
    _take_in(services, wraps)
    wait()
    with _progress() as progress:
        rows, broken = _tables(services, progress)
        files = _files(services, progress)
    removed = sorted({wrap.secret_key for wrap in begun.wraps} - {secret_keys[0].id})
    decision = rotation.done(
        actor(), begun.data_key, {"rows": rows, "files": files, "secret_keys_taken_off": removed}
    )
    with services.engine.begin() as connection:
        left = rotation.finish(connection, services.cipher, secret_keys[0], decision, services.now())
    write_keyring(services.settings.data_dir / KEYRING, left)
    _conclude(begun.data_key, rows, files, broken, removed)


def _take_in(services: Services, wraps: Sequence[Wrap]) -> None:
    write_keyring(services.settings.data_dir / KEYRING, wraps)
    services.cipher.adopt(Cipher.from_wraps(wraps, secret_keys_of(services.settings)))


def _conclude(data_key: int, rows: int, files: int, broken: int, removed: list[str]) -> None:
    say(f"Done: {rows:,} rows and {files:,} files are encrypted with data key {data_key}.")
    if broken:
        say(f"{broken:,} rows hold a value that opens with no key; they were left as they are.")
    if removed:
        say(
            f"The secret keys {', '.join(removed)} open nothing here any more and may leave VIGIE_SECRET_KEYS; "
            "keep them with the backups that were made before now."
        )


def _tables(services: Services, progress: Progress) -> tuple[int, int]:
    """Rewrite all tables, again and again until nothing is left. Returns rows rewritten and rows broken."""
    bars: dict[str, TaskID] = {}
    rewritten = 0
    for attempt in range(PASSES):
        left = broken = 0
        for name in rotation.ENCRYPTED:
            table = METADATA.tables[name]
            with services.engine.connect() as connection:
                stale = rotation.stale_rows(connection, table, services.cipher.current)
            bar = bars.setdefault(name, progress.add_task(name, total=stale)) if stale else None
            result = rotation.sweep(services.engine, table, services.cipher, _advance(progress, bar))
            rewritten += result.rewritten
            broken += result.broken
            left += max(0, stale - result.broken)
        if not left:
            return rewritten, broken
        if attempt:
            time.sleep(_BETWEEN_PASSES)
    raise CannotStartError(
        "Some process still writes with the old data key or holds rows: start the gateway again, "
        "then `vigie keys rotate`, which goes on where it stopped."
    )


def _advance(progress: Progress, bar: TaskID | None) -> Callable[[int], None]:
    return lambda rows: progress.advance(bar, rows) if bar is not None else None


def _files(services: Services, progress: Progress) -> int:
    """What lies encrypted on this machine's disk: the spool, the standby file, what was sent blindly."""
    cipher, data_dir = services.cipher, services.settings.data_dir
    spool = build_spool(services.settings)
    stale = [item for item in spool.waiting() if _is_stale(item.path, cipher)]
    bar = progress.add_task("spool", total=len(stale)) if stale else None
    for item in stale:
        with suppress(CannotDecryptError):  # the clock puts it aside, and counts it
            spool.rewrite(item, cipher)
        _advance(progress, bar)(1)
    sent = [path for path in (data_dir / "blind").glob("*.sent") if _is_stale(path, cipher)]
    for path in sent:
        with suppress(FileNotFoundError, CannotDecryptError):
            files.replace(path, cipher.encrypt(cipher.decrypt(path.read_bytes())))
    with services.engine.connect() as connection:
        standby.renew(data_dir / STANDBY, connection, cipher, services.now())
    return len(stale) + len(sent) + 1


def _is_stale(path: Path, cipher: Cipher) -> bool:
    with suppress(FileNotFoundError):
        return _made_with(path) != cipher.current
    return False


def _made_with(path: Path) -> int:
    with path.open("rb") as file:
        return key_of(file.read(2))


def _stored(services: Services) -> list[Wrap]:
    with services.engine.connect() as connection:
        return stored_wraps(connection)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description:>18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns) as progress:
        yield progress
