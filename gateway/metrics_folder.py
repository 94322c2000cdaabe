"""The folder in which the processes of one machine add up their counters.

Apart from `observability`, because it must be known before prometheus_client is imported.
"""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_KINDS: Final = ("counter", "histogram")


def prepare_metrics(data_dir: Path) -> Path:
    """Make the folder and name it to prometheus_client. Call before anything imports that.

    What processes that are gone had counted is added up into one file of each kind, so that totals
    never go backwards and files do not heap up.
    """
    folder = Path(os.environ.setdefault(_VARIABLE, str(data_dir.resolve() / "metrics")))
    folder.mkdir(parents=True, exist_ok=True)
    with metrics_lock(exclusive=True):
        for kind in _KINDS:
            _fold(folder, kind)
    return folder


@contextmanager
def metrics_lock(*, exclusive: bool = False) -> Iterator[None]:
    """Held shared while counters are read, so that no file is read twice while files are folded."""
    folder = os.environ.get(_VARIABLE)
    if folder is None:
        yield
        return
    descriptor = os.open(Path(folder) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _fold(folder: Path, kind: str) -> None:
    from prometheus_client import mmap_dict  # noqa: PLC0415 - only once the folder is named

    book_of: Any = mmap_dict.MmapedDict
    dead = [file for file in folder.glob(f"{kind}_*.db") if _is_of_dead_process(file)]
    if not dead:
        return
    folded = folder / f"{kind}_folded.db"
    totals: dict[str, float] = defaultdict(float)
    for file in [*dead, *([folded] if folded.exists() else [])]:
        for key, value, *_ in book_of.read_all_values_from_file(str(file)):
            totals[key] += value
    partial = folder / f"{kind}.partial"
    partial.unlink(missing_ok=True)
    book = book_of(str(partial))
    for key, value in totals.items():
        book.write_value(key, value, 0.0)
    book.close()
    partial.rename(folded)
    for file in dead:
        file.unlink(missing_ok=True)


def _is_of_dead_process(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
