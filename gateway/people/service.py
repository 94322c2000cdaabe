"""PINs as they stand in the database."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from gateway.people.pins import Pin, Verdict, is_pin, judged
from gateway.people.records import PinRecord
from gateway.services import Services
from gateway.storage.cipher import Cipher
from gateway.storage.database import table_of

PIN = table_of(PinRecord)


def _hash(cipher: Cipher, number_hash: bytes, pin: str) -> bytes:
    """Keyed and bound to its number: four digits hashed without a key would be found in no time."""
    return cipher.digest(f"pin {number_hash.hex()} {pin}")


def set_pin(connection: sa.Connection, cipher: Cipher, number_hash: bytes, pin: str) -> None:
    """Give somebody a PIN, or another one, which also opens a lock."""
    row = {"pin_hash": _hash(cipher, number_hash, pin), "failures": 0, "locked_until": None}
    insert = postgresql.insert(PIN).values(number_hash=number_hash, **row)
    connection.execute(insert.on_conflict_do_update(index_elements=["number_hash"], set_=row))


def check_pin(connection: sa.Connection, services: Services, number_hash: bytes, typed: str) -> Verdict:
    """Judge what was typed, and count it."""
    row = connection.execute(
        sa.select(PIN).where(PIN.c.number_hash == number_hash).with_for_update()
    ).one_or_none()
    if row is None:
        return Verdict.MISSING
    if not is_pin(typed):  # a slip of the finger opens nothing, and is no try
        return Verdict.WRONG
    given = _hash(services.cipher, number_hash, typed)
    on_file = Pin(bytes(row.pin_hash), row.failures, row.locked_until)
    verdict, pin = judged(on_file, given, services.now())
    if pin != on_file:
        connection.execute(
            sa.update(PIN)
            .where(PIN.c.number_hash == number_hash)
            .values(failures=pin.failures, locked_until=pin.locked_until)
        )
    return verdict
