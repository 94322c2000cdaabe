"""The keys: whether everything opens, and which secret key may not go yet."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from gateway.bootstrap import KEYRING, secret_keys_of
from gateway.doctor.findings import Finding, note, ok, warning, wrong
from gateway.inbox.spool import Spool
from gateway.settings import BadSettingsError, Settings
from gateway.storage import rotation
from gateway.storage.cipher import (
    CannotDecryptError,
    Cipher,
    SecretKey,
    Wrap,
    key_of,
    read_keyring,
    stored_wraps,
)


def keys(settings: Settings, connection: sa.Connection | None) -> Iterator[Finding]:
    """Against the database, or against the copy beside the spool while it is away."""
    path = settings.data_dir / KEYRING
    wraps = stored_wraps(connection) if connection else read_keyring(path) if path.exists() else []
    try:
        here = secret_keys_of(settings)
    except BadSettingsError as error:
        yield wrong("keys", str(error)) if wraps else ok("keys", "None yet; the first start makes them.")
        return
    if not wraps:
        yield ok("keys", "No data keys yet; the first start makes them.")
        return
    yield from _held_against(here, wraps)
    yield from _files(settings, wraps)
    if connection and (unfinished := rotation.unfinished(connection)):
        yield warning(
            "keys", f"The change to data key {unfinished} was interrupted: run `vigie keys rotate` again."
        )


def _held_against(here: Sequence[SecretKey], wraps: Sequence[Wrap]) -> Iterator[Finding]:
    try:
        Cipher.from_wraps(wraps, here)
    except CannotDecryptError:
        missing = _needed(wraps, {key.id for key in here})
        yield wrong(
            "keys",
            "VIGIE_SECRET_KEYS lacks a key that rows, spool or backups still need "
            f"({', '.join(missing) or 'it is damaged'}): put it back.",
        )
        return
    numbers = {wrap.data_key for wrap in wraps}
    first = {wrap.data_key for wrap in wraps if wrap.secret_key == here[0].id}
    others = [key.id for key in here[1:]]
    if first == numbers:
        yield ok("keys", f"All {len(numbers)} data keys open with the first secret key ({here[0].id}).")
    else:
        still = [name for name in others if any(wrap.secret_key == name for wrap in wraps)]
        yield warning(
            "keys",
            f"The secret keys {', '.join(still)} may not be removed: the first one ({here[0].id}) does not "
            "open everything before `vigie keys rotate`.",
        )
    if idle := [name for name in others if all(wrap.secret_key != name for wrap in wraps)]:
        yield note(
            "keys",
            f"The secret keys {', '.join(idle)} open nothing here any more: only backups made before the last "
            "`vigie keys rotate` may need them.",
        )


def _needed(wraps: Sequence[Wrap], here: set[str]) -> list[str]:
    """The secret keys of which one must be there for a data key that does not open."""
    opened = {wrap.data_key for wrap in wraps if wrap.secret_key in here}
    return sorted({wrap.secret_key for wrap in wraps if wrap.data_key not in opened})


def _files(settings: Settings, wraps: Sequence[Wrap]) -> Iterator[Finding]:
    known = {wrap.data_key for wrap in wraps}
    strange = 0
    for item in Spool(settings.spool_dir).waiting():
        try:
            with item.path.open("rb") as file:
                strange += key_of(file.read(2)) not in known
        except FileNotFoundError:  # the clock took it in
            continue
    if strange:
        yield wrong(
            "keys",
            f"{strange:,} files of the spool were made with a data key that is not here: "
            "is this data folder another installation's?",
        )
