"""Encryption of numbers and texts, and the keyed hash by which numbers are found.

Two kinds of data key: *encrypting* keys, of which the newest encrypts and every one still decrypts
(its id stands in each value), and one *hashing* key, which never changes. A new encrypting key is
*announced* first: every process can read with it before the first one writes with it. The keys of
``VIGIE_SECRET_KEYS`` only wrap them, so changing a secret key touches a handful of rows.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Mapped, mapped_column

from gateway import files
from gateway.storage.database import Base

HASH, ENCRYPT, ANNOUNCED = "hash", "encrypt", "announced"
_NONCE = 12
_HASH_BYTES = 16


class CannotDecryptError(Exception):
    """A value was made with a key that is not here, or was tampered with. Never carries the value."""


class UnknownKeyError(CannotDecryptError):
    """A key that the process has not taken in yet: not the value's fault."""


class DataKeyWrap(Base):
    """One data key, wrapped by one secret key."""

    __tablename__ = "data_key_wraps"

    data_key: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    secret_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.Text)
    wrapped: Mapped[bytes] = mapped_column(sa.LargeBinary)


@dataclass(frozen=True, slots=True)
class Wrap:
    data_key: int
    secret_key: str
    purpose: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, unwrapped."""

    purpose: str
    material: bytes = field(repr=False)


class SecretKey:
    """A key of ``VIGIE_SECRET_KEYS``; ``id`` names it without telling it."""

    def __init__(self, words: str) -> None:
        material = _stretched(words)
        self.id = hashlib.sha256(b"id" + material).hexdigest()[:12]
        self._aead = AESGCM(material)

    def wrap(self, data_key: int, purpose: str, material: bytes) -> Wrap:
        nonce = os.urandom(_NONCE)
        sealed = self._aead.encrypt(nonce, material, f"{data_key}:{purpose}".encode())
        return Wrap(data_key, self.id, purpose, nonce + sealed)

    def unwrap(self, wrap: Wrap) -> bytes:
        context = f"{wrap.data_key}:{wrap.purpose}".encode()
        try:
            return self._aead.decrypt(wrap.wrapped[:_NONCE], wrap.wrapped[_NONCE:], context)
        except InvalidTag as error:
            raise CannotDecryptError(f"data key {wrap.data_key} does not open") from error


@cache
def _stretched(words: str) -> bytes:
    # Slow on purpose; every new data key asks for it again.
    return hashlib.scrypt(words.encode(), salt=b"vigie secret key", n=2**14, r=8, p=1, dklen=32)


class Cipher:
    """The data keys at work. Immutable but for ``adopt``, which takes in newer keys."""

    def __init__(self, encrypting: dict[int, bytes], hashing: bytes, current: int | None = None) -> None:
        self._keys = {number: AESGCM(material) for number, material in encrypting.items()}
        self._hashing = hashing
        self.current = max(encrypting) if current is None else current

    @classmethod
    def from_wraps(cls, wraps: Iterable[Wrap], secret_keys: Iterable[SecretKey]) -> Self:
        """Raise CannotDecryptError when a data key is wrapped by no key that is here."""
        opened = open_data_keys(wraps, secret_keys)
        hashing = [key.material for key in opened.values() if key.purpose == HASH]
        current = [number for number, key in opened.items() if key.purpose == ENCRYPT]
        if not hashing or not current:
            raise CannotDecryptError("there are no data keys yet; run `vigie migrate` first")
        reading = {number: key.material for number, key in opened.items() if key.purpose != HASH}
        return cls(reading, hashing[0], max(current))

    def adopt(self, newer: "Cipher") -> None:
        """Take in the keys of ``newer``; those at hand stay, so nothing in flight becomes unreadable."""
        self._keys = {**self._keys, **newer._keys}  # noqa: SLF001 - a cipher too
        self.current = newer.current

    def encrypt(self, text: str) -> bytes:
        nonce = os.urandom(_NONCE)
        sealed = self._keys[self.current].encrypt(nonce, text.encode(), None)
        return self.current.to_bytes(2, "big") + nonce + sealed

    def decrypt(self, value: bytes) -> str:
        key = self._keys.get(key_of(value))
        if key is None:
            raise UnknownKeyError(f"data key {key_of(value)} is not here")
        try:
            return key.decrypt(value[2 : 2 + _NONCE], value[2 + _NONCE :], None).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: cut short
            raise CannotDecryptError(f"a value of data key {key_of(value)} does not open") from error

    def digest(self, value: str) -> bytes:
        """The keyed hash under which a number (or a text) is found again."""
        return hmac.digest(self._hashing, value.encode(), "sha256")[:_HASH_BYTES]

    def derive(self, purpose: str) -> bytes:
        """A key for another use, such as the audit chain; it never changes."""
        return hmac.digest(self._hashing, b"derive:" + purpose.encode(), "sha256")


def key_of(value: bytes) -> int:
    """Which encrypting key made a value."""
    return int.from_bytes(value[:2], "big")


def open_data_keys(wraps: Iterable[Wrap], secret_keys: Iterable[SecretKey]) -> dict[int, DataKey]:
    """Raise CannotDecryptError when a data key is wrapped by no key that is here."""
    by_id = {key.id: key for key in secret_keys}
    known: set[int] = set()
    opened: dict[int, DataKey] = {}
    for wrap in wraps:
        known.add(wrap.data_key)
        if wrap.secret_key in by_id and wrap.data_key not in opened:
            opened[wrap.data_key] = DataKey(wrap.purpose, by_id[wrap.secret_key].unwrap(wrap))
    if closed := known - opened.keys():
        raise CannotDecryptError(
            f"data key {min(closed)} is wrapped by a secret key that VIGIE_SECRET_KEYS no longer holds"
        )
    return opened


def stored_wraps(connection: sa.Connection) -> list[Wrap]:
    rows = connection.execute(sa.select(DataKeyWrap.__table__).order_by(DataKeyWrap.data_key))
    return [Wrap(row.data_key, row.secret_key, row.purpose, bytes(row.wrapped)) for row in rows]


def store_wraps(connection: sa.Connection, wraps: Iterable[Wrap]) -> None:
    for wrap in wraps:
        connection.execute(
            sa.insert(DataKeyWrap).values(
                data_key=wrap.data_key,
                secret_key=wrap.secret_key,
                purpose=wrap.purpose,
                wrapped=wrap.wrapped,
            )
        )


def first_wraps(secret_keys: Iterable[SecretKey]) -> list[Wrap]:
    """The two data keys of a new installation."""
    hashing, encrypting = secrets.token_bytes(32), secrets.token_bytes(32)
    return [
        wrap for key in secret_keys for wrap in (key.wrap(1, HASH, hashing), key.wrap(2, ENCRYPT, encrypting))
    ]


def write_keyring(path: Path, wraps: Iterable[Wrap]) -> None:
    """Keep the wrapped data keys beside the spool, so that it can be written while PostgreSQL is away."""
    rows = [[wrap.data_key, wrap.secret_key, wrap.purpose, wrap.wrapped.hex()] for wrap in wraps]
    files.replace(path, json.dumps(rows).encode())


def read_keyring(path: Path) -> list[Wrap]:
    rows = json.loads(path.read_text(encoding="ascii"))
    return [Wrap(number, key, purpose, bytes.fromhex(wrapped)) for number, key, purpose, wrapped in rows]
