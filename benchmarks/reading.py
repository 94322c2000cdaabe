"""``python -m benchmarks.reading``: how fast texts are read, where the time goes, and what `vigie parse` needs.

One core, counted in CPU time, so that a busy machine does not mislead; what may be compared between machines
is the ratio to a plain split of the same texts into words, measured in turns with the reading.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any, Final

from gateway.reports.reader import Reader, load_reader

EXAMPLES: Final = Path(__file__).parents[1] / "tests" / "reports" / "examples.jsonl"
TIMEZONE: Final = "Africa/Niamey"
ROUNDS: Final = 40
STREAM: Final = 20_000
STARTS: Final = 7
# A sample belongs to the innermost of these that is on the stack, and else to the rest.
STAGES: Final = {
    "tokenize": ("reports.tokenizer", "text.folding"),
    "numbers": (
        "reports.counts", "reports.figures", "reports.money", "reports.nouns", "reports.numerals", "reports.ranges",
        "reports.reckoning", "reports.rows", "reports.slots", "reports.tally", "reports.things",
    ),
    "places": ("reports.location", "places.gazetteer", "places.locate", "places.coordinates"),
    "time": ("reports.times", "reports.calendar"),
}  # fmt: skip
_STAGE_OF: Final = {f"gateway.{name}": stage for stage, names in STAGES.items() for name in names}
_SPLIT: Final = re.compile(r"\w+|[^\w\s]")
_SAMPLE_EVERY: Final = 0.001


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one core; the times of single texts are seconds."""

    rate: float
    times: list[float]
    ratio: float
    """how often a plain split of the same texts could have been done meanwhile"""

    def at(self, share: float) -> float:
        return sorted(self.times)[round((len(self.times) - 1) * share)]


@dataclass(frozen=True, slots=True)
class Start:
    """From the call of a program to its first line, in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Stream:
    rate: float
    """texts a second of CPU, the start included"""
    peak: float
    """MiB"""


def examples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]


def reads(reader: Reader) -> list[Callable[[], object]]:
    """One call for each example text."""
    return [
        partial(
            reader.read, row["text"], line=row["line"], at=datetime.fromisoformat(row["at"]), post=row["post"]
        )
        for row in examples()
    ]


def speed(calls: list[Callable[[], object]]) -> Speed:
    """Reading and splitting in turns, so that both meet the same machine."""
    texts = [row["text"] for row in examples()]
    for call in calls:
        call()
    times: list[float] = []
    reading = splitting = 0
    for _ in range(ROUNDS):
        for call in calls:
            began = time.thread_time_ns()
            call()
            took = time.thread_time_ns() - began
            times.append(took / 1e9)
            reading += took
        began = time.thread_time_ns()
        for text in texts:
            _SPLIT.findall(text.lower())
        splitting += time.thread_time_ns() - began
    return Speed(len(times) / reading * 1e9, times, reading / splitting)


def stages(calls: list[Callable[[], object]], seconds: float = 4) -> dict[str, float]:
    """The share of time of each stage, by looking every millisecond where the program is."""
    if gone := [name for name in _STAGE_OF if find_spec(name) is None]:
        raise SystemExit(f"no module is called {', '.join(gone)} any more: mend STAGES in {__file__}")
    seen: Counter[str] = Counter()
    with _sampling(seen):
        end = time.process_time() + seconds
        for call in cycle(calls):
            call()
            if time.process_time() > end:
                break
    return {stage: seen[stage] / max(seen.total(), 1) for stage in (*STAGES, "the rest")}


@contextmanager
def _sampling(seen: Counter[str]) -> Iterator[None]:
    def look(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            stage = _STAGE_OF.get(frame.f_globals.get("__name__", ""))
            if stage is not None:
                break
            frame = frame.f_back
        seen[stage if frame is not None and stage else "the rest"] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _SAMPLE_EVERY, _SAMPLE_EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def start(*command: str) -> Start:
    """The fastest of several, after one that fills the caches: what the machine adds is not ours."""
    run(*command)
    runs = [run(*command) for _ in range(STARTS)]
    return Start(min(wall for wall, _, _ in runs), median(cpu for _, cpu, _ in runs))


def stream(count: int = STREAM) -> Stream:
    """`vigie parse` with so many example texts on its standard input."""
    rows = (
        json.dumps({key: row[key] for key in ("text", "line", "at", "post")})
        for row in islice(cycle(examples()), count)
    )
    _, cpu, peak = run(*VIGIE_PARSE, typed="\n".join(rows).encode())
    return Stream(count / cpu, peak / 1024)


VIGIE_PARSE: Final = (sys.executable, "-m", "gateway.cli", "parse")


def run(*command: str, typed: bytes = b"") -> tuple[float, float, int]:
    """Seconds of the clock, seconds of CPU, and the most memory in KiB while it read what was typed."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as program:
        assert program.stdin is not None
        program.stdin.write(typed)
        peak = most_memory(program.pid) if typed else 0
        program.stdin.close()
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {program.returncode}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, peak


def most_memory(pid: int) -> int:
    """In KiB, of the program alone: what the kernel reports at its end may be its parent's before the start."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def report() -> None:
    """Print what was measured."""
    calls = reads(load_reader(TIMEZONE))
    found = speed(calls)
    print(
        f"(h) reading {found.rate:,.0f} of {len(calls)} example texts a second of one core; "
        f"p50 {found.at(0.5) * 1000:.2f} ms, p99 {found.at(0.99) * 1000:.2f} ms a text; "
        f"{found.ratio:.0f} times what a plain split into words takes"
    )
    shares = ", ".join(f"{stage} {share:.0%}" for stage, share in stages(calls).items())
    print(f"    of its time: {shares}")
    flow = stream()
    first, python = start(*VIGIE_PARSE, "RPZ ASM 647 H590 F32"), start(sys.executable, "-c", "pass")
    print(
        f"    vigie parse: first answer after {first.wall:.2f} s, {first.cpu:.2f} s of it CPU (Python alone "
        f"{python.wall:.2f} s); a stream of {STREAM:,} at {flow.rate:,.0f} a second of CPU, "
        f"peak memory {flow.peak:.0f} MiB"
    )


if __name__ == "__main__":
    report()
