"""An ear at Redis: every command that anybody sends it, as MONITOR tells."""

import codecs
import re
import socket
import threading
from types import TracebackType
from typing import Self

from tests.privacy.search import unpacked

_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"')


class Ear:
    """Use as a context manager; it listens in a thread of its own."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._socket.sendall(b"MONITOR\r\n")
        self._lines: list[bytes] = []
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def heard(self) -> bytes:
        """All arguments of all commands, unescaped, compressed ones unpacked."""
        arguments = [
            codecs.escape_decode(argument)[0] for line in self._lines for argument in _ARGUMENT.findall(line)
        ]
        return b"\n".join(part for argument in arguments for part in (argument, unpacked(argument)))

    def _listen(self) -> None:
        with self._socket.makefile("rb") as stream:
            self._lines.extend(stream)
