"""A few at once, so that a hanging database never takes the threads that messages need."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """All turns are taken, and stayed so. Answered 503."""


class Turns:
    """``at_once`` callers may be inside; others wait ``seconds``, then BusyError is raised."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free.acquire(timeout=self._seconds):
            raise BusyError
        try:
            yield
        finally:
            self._free.release()
