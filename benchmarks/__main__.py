"""``make bench``: everything in one run on one machine, as figures and as ratios.

Absolute figures are this machine's of this minute; the ratios are what may be compared.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from rq import Queue
from rq.serializers import JSONSerializer

from benchmarks.load import MIX, ROUTINE, Result, drive, texts, webhook, webhooks
from benchmarks.machine import Machine, machine, wait_until
from gateway import demo, queueing
from gateway.inbox.accept import insert, to_row
from gateway.messages import InboundMessage
from gateway.storage.database import any_of

Mix = tuple[tuple[int, str], ...]
SPENT = "SELECT count(*) FROM inbound_messages WHERE state = 'received'"
REPORTS = "SELECT count(*) FROM reports"


@dataclass(frozen=True, slots=True)
class Run:
    """Messages in, until every report and receipt is stored."""

    accepted: Result
    rate: float
    cpu_per_thousand: float


def measure(running: Machine, messages: int, *, seed: int) -> Run:
    """Drive distinct webhooks from a process of its own; wait for the last report."""
    requests = webhooks(running.public_url, messages, seed=seed)
    before = running.count(REPORTS)
    cpu, began = running.cpu_seconds(), time.perf_counter()
    accepted = generator(running, requests)
    wait_until(lambda: running.count(REPORTS) >= before + messages, 600)
    seconds = time.perf_counter() - began
    return Run(accepted, messages / seconds, (running.cpu_seconds() - cpu) / messages * 1000)


def generator(running: Machine, requests: list[bytes], connections: int = 64) -> Result:
    return finish(start_generator(running, requests, connections))


def start_generator(running: Machine, requests: list[bytes], connections: int) -> subprocess.Popen[str]:
    file = running.folder / f"requests-{uuid4().hex}"
    file.write_text("\n".join(request.hex() for request in requests))
    return subprocess.Popen(
        (sys.executable, "-m", "benchmarks.load", str(running.port), str(connections), str(file)),
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(program: subprocess.Popen[str]) -> Result:
    out, _ = program.communicate()
    return Result(*json.loads(out))


def gateway_run(messages: int) -> tuple[Run, Result]:
    """Vigie: (a), (b) and (e); and the answer of an idle gateway."""
    with machine() as running:
        running.start_gateway()
        measure(running, 1000, seed=1)
        run = measure(running, messages, seed=2)
        unloaded = generator(running, webhooks(running.public_url, 500, seed=3), connections=1)
    return run, unloaded


def baseline_run(messages: int, kind: str) -> Run:
    """RQ as its guide shows it: one job a message, two workers."""
    with machine() as running:
        for _ in range(2):
            running.start("benchmarks.baseline", "work", kind)
        running.start("benchmarks.baseline", "application", str(running.port))
        running.wait_for_port()
        measure(running, 200, seed=1)
        return measure(running, messages, seed=2)


def empty_view(messages: int) -> Result:
    with machine() as running:
        running.start("benchmarks.baseline", "empty", str(running.port))
        running.wait_for_port()
        generator(running, webhooks(running.public_url, 500))
        return generator(running, webhooks(running.public_url, messages, seed=2))


def same_ids(running: Machine, count: int = 2000) -> tuple[int, dict[str, int]]:
    """Four senders post the same ids at the same moment: rows made, and the answers."""
    before = running.count("SELECT count(*) FROM inbound_messages")
    requests = [
        webhook(running.public_url, demo.LOAD_TEST_NUMBERS[index % 500], text)
        for index, text in enumerate(texts(count, ROUTINE, seed=9))
    ]
    programs = [start_generator(running, requests, 16) for _ in range(4)]
    statuses: dict[str, int] = {}
    for program in programs:
        for status, number in finish(program).statuses.items():
            statuses[status] = statuses.get(status, 0) + number
    return running.count("SELECT count(*) FROM inbound_messages") - before, statuses


def backlog(running: Machine, count: int) -> None:
    """Routine messages that wait, stored as the edge stores them."""
    services, now = running.services, datetime.now(UTC)
    numbers = demo.LOAD_TEST_NUMBERS
    for first in range(0, count, 1000):
        rows = []
        for index, text in enumerate(texts(min(1000, count - first), ROUTINE, seed=first + 10)):
            id_ = f"SM{uuid4().hex}"
            message = InboundMessage(
                running_id(), "twilio", id_, numbers[index % 500], demo.AGENTS_LINE, text, now
            )
            rows.append(to_row(message, services.cipher, services.settings.lanes, frozenset()))
        with services.engine.begin() as connection:
            insert(connection, rows)


def running_id() -> "UUID":
    return uuid7()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    run, unloaded = gateway_run(options.messages)
    print(f"accepted {run.accepted.rate:,.0f}/s p50 {run.accepted.at(.5):.1f} p99 {run.accepted.at(.99):.1f} ms {run.accepted.statuses}")
    print(f"end to end {run.rate:,.0f}/s cpu/1000 {run.cpu_per_thousand:.3f} s; unloaded p50 {unloaded.at(.5):.2f} ms")
    if options.only:
        return
    base = baseline_run(max(options.messages // 8, 500), "simple")
    print(f"baseline simple {base.rate:,.0f}/s cpu/1000 {base.cpu_per_thousand:.3f}; accept {base.accepted.rate:,.0f}")
    print(f"ratio {run.rate/base.rate:.2f} x rate, {run.cpu_per_thousand/base.cpu_per_thousand:.2f} x CPU")
    e = empty_view(options.messages)
    print(f"empty {e.rate:,.0f}/s p50 {e.at(.5):.1f}")


if __name__ == "__main__":
    main()
