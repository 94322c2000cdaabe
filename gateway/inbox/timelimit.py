"""A limit on how long reading one batch may take."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class ReadingTooSlowError(Exception):
    """Reading a text took longer than any text should."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ReadingTooSlowError when the block runs longer. Only a main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def too_slow(_signal: int, _frame: FrameType | None) -> None:
        raise ReadingTooSlowError

    before = signal.signal(signal.SIGALRM, too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
