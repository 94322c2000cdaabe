"""``make bench``: everything in one run on one machine, as figures and as ratios.

Absolute figures are this machine's of this minute; the ratios are what may be compared. "The same
work" of the baseline is done by Vigie's own code, so that only the way of queueing differs.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from benchmarks import alerts, reading
from benchmarks.load import ROUTINE, Result, drive, texts, webhook, webhooks
from benchmarks.machine import Machine, machine, wait_until
from gateway import demo
from gateway.inbox.accept import insert, to_row
from gateway.messages import InboundMessage

REPORTS = "SELECT count(*) FROM reports"
WAITING = "SELECT count(*) FROM inbound_messages WHERE state = 'received'"
MESSAGES = "SELECT count(*) FROM inbound_messages"
ALERTS_OUT = (
    "SELECT count(*) FROM outbound_messages WHERE purpose = 'alert' AND state IN ('sent', 'delivered')"
)
UNSENT = "SELECT count(*) FROM outbound_messages WHERE state IN ('queued', 'sending')"


@dataclass(frozen=True, slots=True)
class Run:
    """Messages in, until every report, receipt and alert row is stored."""

    accepted: Result
    rate: float
    cpu: float
    """seconds per 1,000 messages, over all processes"""


def measure(running: Machine, messages: int, *, seed: int) -> Run:
    """Drive distinct webhooks from a process of its own; wait for the last report."""
    requests = webhooks(running.public_url, messages, seed=seed)
    before = running.count(REPORTS)
    cpu, began = running.cpu_seconds(), time.perf_counter()
    accepted = generate(running, requests)
    # Counting what waits is cheap however much is stored; counting the reports is not.
    wait_until(lambda: running.count(WAITING) == 0, 600, pause=0.05)
    seconds = time.perf_counter() - began
    run = Run(accepted, messages / seconds, (running.cpu_seconds() - cpu) / messages * 1000)
    stored = running.count(REPORTS)
    if stored != before + messages:
        raise SystemExit(f"{messages} messages made {stored - before} reports")
    return run


def generate(running: Machine, requests: list[bytes], connections: int = 64) -> Result:
    return finish(start_generator(running, requests, connections))


def start_generator(
    running: Machine, requests: list[bytes], connections: int, rate: float = math.inf
) -> "subprocess.Popen[str]":
    file = running.folder / f"requests-{uuid4().hex}"
    file.write_text("\n".join(request.hex() for request in requests))
    return start("benchmarks.load", running.port, connections, file, rate)


def start(module: str, *arguments: object) -> "subprocess.Popen[str]":
    command = (sys.executable, "-m", module, *map(str, arguments))
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(program: "subprocess.Popen[str]") -> Result:
    out, _ = program.communicate(timeout=600)
    return Result(*json.loads(out))


@dataclass(frozen=True, slots=True)
class Gateway:
    run: Run
    unloaded: Result
    rows: int
    answers: dict[str, int]
    sending_cpu: float


def gateway(messages: int) -> Gateway:
    """Vigie: (a), (b), (e), the answer of an idle gateway, the same ids four times, and sending apart."""
    with machine() as running:
        running.start_gateway()
        measure(running, 1000, seed=1)
        run = measure(running, messages, seed=2)
        unloaded = generate(running, webhooks(running.public_url, 500, seed=3), connections=1)
        rows, answers = same_ids(running)
        return Gateway(run, unloaded, rows, answers, sending_cpu(running))


def same_ids(running: Machine, count: int = 2000) -> tuple[int, dict[str, int]]:
    """Four senders post the same ids at the same moment: rows made, and the answers."""
    before = running.count(MESSAGES)
    numbers = demo.LOAD_TEST_NUMBERS
    requests = [
        webhook(running.public_url, numbers[index % len(numbers)], text)
        for index, text in enumerate(texts(count, ROUTINE, seed=9))
    ]
    programs = [start_generator(running, requests, 16) for _ in range(4)]
    statuses: dict[str, int] = {}
    for program in programs:
        for status, number in finish(program).statuses.items():
            statuses[status] = statuses.get(status, 0) + number
    return running.count(MESSAGES) - before, statuses


def sending_cpu(running: Machine, seconds: float = 10) -> float:
    """CPU seconds per 1,000 texts handed to Twilio's SDK, the stand-in that takes them not counted."""
    running.stop_programs()
    running.start_senders()
    standin = running.programs[0]
    wait_until(lambda: running.count(UNSENT) < running.count("SELECT count(*) FROM outbound_messages"), 60)
    before, cpu = running.count(UNSENT), running.cpu_seconds(but=standin)
    time.sleep(seconds)
    sent = before - running.count(UNSENT)
    return (running.cpu_seconds(but=standin) - cpu) / sent * 1000 if sent else float("nan")


def baseline(messages: int, kind: str) -> Run:
    """RQ as its guide shows it: one job a message, two workers."""
    with machine() as running:
        for _ in range(2):
            running.start("benchmarks.baseline", "work", kind)
        running.start("benchmarks.baseline", "application", str(running.port))
        running.wait_for_port()
        measure(running, 200, seed=1)
        return measure(running, messages, seed=2)


def empty_view(messages: int) -> Result:
    """The ceiling of this server and this generator."""
    with machine() as running:
        running.start("benchmarks.baseline", "empty", str(running.port))
        running.wait_for_port()
        generate(running, webhooks(running.public_url, 500))
        return generate(running, webhooks(running.public_url, messages, seed=2))


def urgent_through_backlog(count: int) -> float:
    """Seconds from the webhook of an SOS, sent into a backlog that is being worked off, to its alert."""
    with machine() as running:
        running.start_gateway(workers=0)
        running.start_senders()
        backlog(running, count)
        for number in range(2):
            running.start("benchmarks.worker", f"inbox-{number}")
        wait_until(lambda: running.count(REPORTS) > 0, 60)
        before, began = running.count(ALERTS_OUT), time.perf_counter()
        drive(running.port, [webhook(running.public_url, demo.LOAD_TEST_NUMBERS[7], "SOS ASM 12")], 1)
        wait_until(lambda: running.count(ALERTS_OUT) > before, 60, pause=0.005)
        seconds = time.perf_counter() - began
        left = running.count(WAITING)
    note(f"{left:,} routine messages were still waiting when the alert left")
    return seconds


def backlog(running: Machine, count: int) -> None:
    """Routine messages that wait, stored as the edge stores them."""
    services, now = running.services, datetime.now(UTC)
    numbers = demo.LOAD_TEST_NUMBERS
    rows = [
        to_row(
            InboundMessage(
                uuid7(),
                "twilio",
                f"SM{uuid4().hex}",
                numbers[index % len(numbers)],
                demo.AGENTS_LINE,
                text,
                now,
            ),
            services.cipher,
            services.settings.lanes,
            frozenset(),
        )
        for index, text in enumerate(texts(count, ROUTINE, seed=10))
    ]
    with services.engine.begin() as connection:
        for first in range(0, count, 1000):
            insert(connection, rows[first : first + 1000])


@dataclass(frozen=True, slots=True)
class Dialled:
    """What people saw who answer screens, and the generator whose texts came in beside them."""

    screens: Result
    texts: Result


def dialled(seconds: float = 20, sessions: int = 50, rate: float = 500) -> tuple[Dialled, Dialled]:
    """Sessions at once while ``rate`` texts a second come in: of people who take a second for a screen on
    average, and of such as take no time at all."""
    with machine() as running:
        running.start_gateway()
        measure(running, 1000, seed=1)

        def beside_texts(pause: float, seed: int) -> Dialled:
            requests = webhooks(running.public_url, int(seconds * rate), seed=seed)
            texting = start_generator(running, requests, 64, rate)
            screens = finish(start("benchmarks.ussd", running.port, sessions, seconds, pause))
            dialled = Dialled(screens, finish(texting))
            wait_until(lambda: running.count(WAITING) == 0, 120)
            return dialled

        return beside_texts(1.0, 2), beside_texts(0.0, 3)


def with_history(messages: int, reports: int) -> tuple[Run, Run]:
    """The same run in an empty database, and with so many reports in it already."""
    with machine() as running:
        running.start_gateway()
        measure(running, 1000, seed=1)
        empty = measure(running, messages, seed=2)
        note(f"storing {reports:,} reports")
        store_history(running, reports)
        return empty, measure(running, messages, seed=3)


def store_history(running: Machine, count: int) -> None:
    """Reports of the last years, each with its message and its receipt, by copying one of each."""
    statements = (
        f"CREATE TEMP TABLE history AS SELECT n FROM generate_series(1, {count}) n",
        """ALTER TABLE history ADD message uuid DEFAULT gen_random_uuid(), ADD report uuid DEFAULT gen_random_uuid(),
            ADD at timestamptz""",
        "UPDATE history SET at = now() - interval '91 days' - n * interval '1 minute'",
        """INSERT INTO inbound_messages (id, channel, provider_id, sender, sender_hash, recipient,
            recipient_hash, text, segments, lane, urgent, state, attempts, received_at, read_at)
            SELECT message, channel, 'history-' || n, sender, sender_hash, recipient, recipient_hash, text,
            segments, lane, urgent, state, attempts, at, at
            FROM history, (SELECT * FROM inbound_messages WHERE state = 'read' LIMIT 1) one""",
        """INSERT INTO reports (id, message_id, reference, line, kind, code, severity, state, drill,
            verified, reading, reporter_id, sender_hash, text_hash, received_at, read_at)
            SELECT history.report, message, lpad((n % 1000000)::text, 6, '0'), line, kind, code, severity, state,
            drill, verified, reading, reporter_id, sender_hash, decode(md5(n::text), 'hex'), at, at
            FROM history, (SELECT * FROM reports LIMIT 1) one""",
        """INSERT INTO outbound_messages (id, purpose, rank, channel, sender, recipient, recipient_hash, text,
            segments, subject, state, attempts, created_at, due_at, expires_at)
            SELECT gen_random_uuid(), purpose, rank, channel, sender, recipient, recipient_hash, text, segments,
            history.report, 'sent', 1, at, at, at
            FROM history, (SELECT * FROM outbound_messages WHERE purpose = 'receipt' LIMIT 1) one""",
        "ANALYZE",
        "CHECKPOINT",
    )
    with running.services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def note(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000, help="webhooks of the main run")
    parser.add_argument("--history", type=int, default=1_000_000, help="reports already stored in (g)")
    parser.add_argument(
        "--quick", action="store_true", help="only reading, the main run and RQ's SimpleWorker"
    )
    options = parser.parse_args()
    share = max(options.messages // 8, 500)

    note("reading alone")
    reading.report()
    note("Vigie: webhooks, reports, receipts and alerts")
    ours = gateway(options.messages)
    run = ours.run
    note("the same work, one RQ job a message, SimpleWorker x 2")
    simple = baseline(share, "simple")
    print(
        f"(a) accepted {run.accepted.rate:,.0f}/s; answer p50 {run.accepted.at(0.5):.1f} ms, "
        f"p99 {run.accepted.at(0.99):.1f} ms under load, p50 {ours.unloaded.at(0.5):.2f} ms unloaded; "
        f"answers {run.accepted.statuses}"
    )
    print(f"(b) end to end {run.rate:,.0f}/s, reading and alerting included")
    print(
        f"(c) SimpleWorker x 2, one job a message: {simple.rate:,.0f}/s: Vigie does "
        f"{run.rate / simple.rate:.2f} times the rate"
    )
    print(
        f"(e) CPU {run.cpu:.2f} s per 1,000 messages, SimpleWorker {simple.cpu:.2f} s: "
        f"{run.cpu / simple.cpu:.2f} of it (sending through the SDK apart: "
        f"{ours.sending_cpu:.2f} s per 1,000 texts)"
    )
    print(f"    four senders, the same 2,000 ids at once: {ours.rows:,} rows, answers {ours.answers}")
    if options.quick:
        return
    note("the same work, one RQ job a message, RQ's default worker x 2")
    default = baseline(max(share // 5, 200), "default")
    print(
        f"(c) default worker x 2, one job a message: {default.rate:,.0f}/s: Vigie does "
        f"{run.rate / default.rate:.2f} times the rate, at {run.cpu / default.cpu:.2f} of the CPU"
    )
    note("an empty view")
    empty = empty_view(options.messages)
    print(
        f"(d) empty Flask view, the ceiling: {empty.rate:,.0f}/s, p50 {empty.at(0.5):.1f} ms; "
        f"Vigie accepts {run.accepted.rate / empty.rate:.2f} of it"
    )
    note("an SOS through a backlog of 20,000")
    print(f"(f) SOS through a backlog of 20,000: {urgent_through_backlog(20_000):.2f} s to its alert")
    note("50 USSD sessions at once while 500 texts a second come in")
    for pace, ussd in zip(("a second", "no time"), dialled(), strict=True):
        print(
            f"(i) USSD, 50 sessions at once, {pace} for a screen, {ussd.texts.rate:,.0f} texts/s beside them: "
            f"answer p50 {ussd.screens.at(0.5):.1f} ms, p99 {ussd.screens.at(0.99):.1f} ms "
            f"at {ussd.screens.rate:,.0f} screens/s; answers {ussd.screens.statuses} {ussd.texts.statuses}"
        )
    note("a clock with much open")
    alerts.report()
    note(f"the same with {options.history:,} reports stored")
    before, after = with_history(options.messages, options.history)
    print(
        f"(g) with {options.history:,} reports stored: {after.rate:,.0f}/s against {before.rate:,.0f}/s: "
        f"{after.rate / before.rate:.2f} of the empty database's rate "
        f"(accepted {after.accepted.rate / before.accepted.rate:.2f}, CPU {after.cpu / before.cpu:.2f})"
    )


if __name__ == "__main__":
    main()
