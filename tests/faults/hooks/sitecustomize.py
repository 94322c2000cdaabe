"""Poison in the readers of a gateway under test: for marked texts, while the flag file is there."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

SLOW_SECONDS = 0.7


def _poison() -> None:
    from gateway.reports.reader import Reader

    read = Reader.read
    folder = Path(os.environ["VIGIE_DATA_DIR"])

    def poisoned(self: Reader, text: str, **facts: Any) -> Any:
        if (folder / "poison").exists():
            if "poison un" in text:
                raise ValueError(text)
            if "poison deux" in text:
                os.kill(os.getpid(), signal.SIGKILL)
            if "lent" in text:
                (folder / "begun").touch()
                time.sleep(SLOW_SECONDS)
        return read(self, text, **facts)

    Reader.read = poisoned  # type: ignore[method-assign]


if "gateway.cli" in sys.orig_argv and "worker" in sys.orig_argv:
    _poison()
