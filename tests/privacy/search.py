"""A search for what must never be in clear, in whatever shape it might lie somewhere."""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import redis

# Read where the bytes may have been compressed by RQ.
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")


@dataclass(frozen=True)
class Needle:
    """A number or a text, and every shape of it that is looked for."""

    name: str
    exact: frozenset[bytes]
    folded: frozenset[bytes]

    @classmethod
    def of(cls, secret: str) -> "Needle":
        plain, *spaced = _spellings(secret)
        return cls(
            secret,
            exact=frozenset(_in_base64(plain.encode())),
            folded=frozenset(word.lower().encode() for word in (plain, *spaced, plain.encode().hex())),
        )

    def is_in(self, content: bytes, lowered: bytes) -> bool:
        return any(shape in content for shape in self.exact) or any(shape in lowered for shape in self.folded)


def _spellings(secret: str) -> list[str]:
    """A number without its country, then with spaces; a text as it is."""
    digits = secret.removeprefix("+227")
    if not re.fullmatch(r"\d{8}", digits):
        return [secret]
    pairs = re.findall(r"..", digits)
    return [digits, " ".join(pairs), "-".join(pairs), f"{digits[:2]} {digits[2:5]} {digits[5:]}"]


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The part of it that is the same whatever stands before and after, at each of three offsets."""
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + raw)
        yield whole[(0, 2, 3)[offset] : (offset + len(raw)) * 4 // 3]


def found(places: Iterable[tuple[str, bytes]], needles: Sequence[Needle]) -> set[tuple[str, str]]:
    """Which needle lies in which place. Zeros are left out: what is left of UTF-16 is the plain text."""
    return {
        (place, needle.name)
        for place, whole in places
        for content in [whole.translate(None, b"\0")]
        for lowered in [content.lower()]
        for needle in needles
        if needle.is_in(content, lowered)
    }


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below."""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):  # PostgreSQL and the spool remove files as they go
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(folder)), path.read_bytes()


def in_redis(connection: "redis.Redis") -> Iterator[tuple[str, bytes]]:
    """Every key and value, RQ's compressed job data unpacked too."""
    for key in connection.scan_iter(count=1000):
        dumped = connection.dump(key) or b""
        content = dumped + b"\n" + b"\n".join(_values(connection, key))
        yield f"redis {key.decode()}", key + content + unpacked(content)


def _values(connection: "redis.Redis", key: bytes) -> list[bytes]:
    """A hash's values as they are: a dump may have compressed them once more."""
    if connection.type(key) != b"hash":
        return []
    values = cast("dict[bytes, bytes]", connection.hgetall(key))
    return [part for pair in values.items() for part in pair]


def unpacked(content: bytes) -> bytes:
    """Whatever begins like zlib's format and can be read as such."""
    parts = []
    for start in _ZLIB.finditer(content):
        with suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(content[start.start() :]))
    return b"\n".join(parts)
