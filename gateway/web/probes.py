"""Questions to the database and Redis that are answered in time, or count as unanswered."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

Answer = TypeVar("Answer")

SECONDS: Final = 1.5


class Probe(Generic[Answer]):
    """Asks in a thread of its own, one at a time, so that a server that hangs holds up one thread only."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asking: Future[Answer] | None = None

    def start(self) -> Future[Answer]:
        """Ask, or join the question that is still open."""
        with self._lock:
            if self._asking is None or self._asking.done():
                self._asking = Future()
                threading.Thread(target=self._run, args=(self._asking,), daemon=True).start()
            return self._asking

    def _run(self, asking: Future[Answer]) -> None:
        try:
            asking.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            asking.set_exception(error)


def answer(asking: Future[Answer], by: float) -> Answer:
    """Raise TimeoutError when there is none by then (of time.monotonic), else what asking raised."""
    return asking.result(timeout=max(0.0, by - time.monotonic()))
