"""Whether this machine can take messages, and the figures of all its processes."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import redis
import sqlalchemy as sa
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.alerts.records import Alert
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.metrics_folder import metrics_lock
from gateway.observability import METRICS
from gateway.outbox.holding import crisis_texts
from gateway.outbox.records import OutboundRecord
from gateway.services import Services
from gateway.watching.service import Standing, standings
from gateway.watching.trouble import Trouble
from gateway.watchman import alive
from gateway.watchman.service import open_lapse
from gateway.web.probes import SECONDS, Probe, answer

OK: Final = "ok"
WORKER_KEYS: Final = "vigie:alive:worker:"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the database holds at this moment."""

    inbox: int
    oldest: datetime | None
    dead: int
    outbox: int
    held: int
    held_since: datetime | None
    crisis_texts: int
    alerts_open: int


@dataclass(frozen=True, slots=True)
class Lapse:
    """What the watchman saw was not done in time, and since when."""

    step: str
    since: datetime


def health(services: Services) -> Blueprint:
    """``/health/live``, ``/health/ready`` and ``/metrics``; none of them asks for a token."""
    blueprint = Blueprint("health", __name__)
    spool = Spool(services.settings.spool_dir)
    database = Probe(lambda: _ping(services.engine))
    bell = Probe(lambda: _redis_parts(services.redis))
    watched = Probe(lambda: _standings(services))
    steps = Probe(lambda: _lapse(services))
    gauges = _Gauges(Probe(lambda: _counts(services)), watched, steps, spool, services.now)

    @blueprint.get("/health/live")
    def live() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @blueprint.get("/health/ready")
    def ready() -> Response:
        by = time.monotonic() + SECONDS
        asked, rung, looked = database.start(), bell.start(), watched.start()
        undone = steps.start()
        stored, database_part = _database_part(asked, by)
        spooled, spool_part = _spool_part(spool)
        parts = {"database": database_part, "spool": spool_part, **_bell_parts(rung, by)}
        parts |= _channel_parts(looked, by) | _steps_part(undone, by) if stored else {}
        body = {"ready": stored or spooled, "parts": parts}
        return Response(json.dumps(body), 200 if body["ready"] else 503, content_type="application/json")

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(_exposition(gauges), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _ping(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.execute(sa.select(1))


def _database_part(asked: Future[None], by: float) -> tuple[bool, str]:
    try:
        answer(asked, by)
    except TimeoutError:
        return False, "PostgreSQL does not answer in time."
    except sa.exc.SQLAlchemyError:
        return False, "PostgreSQL cannot be reached."
    return True, OK


def _standings(services: Services) -> dict[str, Standing]:
    with services.engine.connect() as connection:
        return standings(connection, services, services.now())


def _channel_parts(looked: Future[dict[str, Standing]], by: float) -> dict[str, str]:
    """A channel in trouble keeps nobody from being heard: it is told here, and changes no status."""
    try:
        found = answer(looked, by)
    except (TimeoutError, sa.exc.SQLAlchemyError):
        return {"channels": "Unknown: PostgreSQL does not answer in time."}
    return {f"channel {name}": _told(it.trouble) if it.trouble else OK for name, it in found.items()}


def _lapse(services: Services) -> Lapse | None:
    with services.engine.connect() as connection:
        row = open_lapse(connection)
    return Lapse(row.step, row.since) if row else None


def _steps_part(undone: Future[Lapse | None], by: float) -> dict[str, str]:
    """That the clock does not do its work: told, and changes no status, for messages are still taken."""
    try:
        lapse = answer(undone, by)
    except (TimeoutError, sa.exc.SQLAlchemyError):
        return {"steps": "Unknown: PostgreSQL does not answer in time."}
    if lapse is None:
        return {"steps": OK}
    return {
        "steps": f"Since {lapse.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC not done in time: {lapse.step}."
    }


def _told(trouble: Trouble) -> str:
    return f"Since {trouble.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC {trouble.sentence}."


def _spool_part(spool: Spool) -> tuple[bool, str]:
    try:
        spool.prepare()
        unreadable = spool.unreadable()
    except OSError as error:
        return False, f"The spool cannot be written ({error.strerror})."
    return True, OK if not unreadable else f"{unreadable} files of the spool cannot be read."


def _redis_parts(connection: redis.Redis) -> dict[str, str]:
    unheard = alive.unheard(connection, alive.CLOCK_KEY, alive.WATCHMAN_KEY)
    worker = next(iter(connection.scan_iter(match=f"{WORKER_KEYS}*", count=1000)), None)
    return {
        "redis": OK,
        "clock": unheard.get(alive.CLOCK_KEY, OK),
        "workers": OK if worker else "No worker has been heard for ten seconds.",
        "watchman": unheard.get(alive.WATCHMAN_KEY, OK),
    }


def _bell_parts(rung: Future[dict[str, str]], by: float) -> dict[str, str]:
    try:
        return answer(rung, by)
    except TimeoutError:
        reason = "Redis does not answer in time."
    except redis.RedisError:
        reason = "Redis cannot be reached."
    unknown = "Unknown while Redis is away."
    return {"redis": reason, "clock": unknown, "workers": unknown, "watchman": unknown}


def _counts(services: Services) -> Counts:
    waiting = sa.select(sa.func.count(), sa.func.min(InboundRecord.received_at))
    number = sa.select(sa.func.count())
    held = sa.select(sa.func.count(OutboundRecord.held_since), sa.func.min(OutboundRecord.held_since))
    with services.engine.connect() as connection:
        inbox, oldest = connection.execute(waiting.where(InboundRecord.state == "received")).one()
        held_back, held_since = connection.execute(held.where(OutboundRecord.state == "queued")).one()
        return Counts(
            inbox=inbox,
            oldest=oldest,
            dead=connection.scalar(number.where(InboundRecord.state == "dead")) or 0,
            outbox=sum(
                connection.scalar(number.where(OutboundRecord.state == state)) or 0
                for state in ("queued", "sending")
            ),
            held=held_back,
            held_since=held_since,
            crisis_texts=crisis_texts(connection, services.settings, services.now()),
            alerts_open=connection.scalar(number.where(Alert.due_at.is_not(None), Alert.state == "open"))
            or 0,
        )


class _Gauges(Collector):
    """Counted at the scrape, once for all processes. Without the database the spool still counts."""

    def __init__(
        self,
        counts: Probe[Counts],
        watched: Probe[dict[str, Standing]],
        steps: Probe[Lapse | None],
        spool: Spool,
        now: Callable[[], datetime],
    ) -> None:
        self._counts = counts
        self._watched = watched
        self._steps = steps
        self._spool = spool
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            counts = answer(self._counts.start(), time.monotonic() + SECONDS)
        except (TimeoutError, sa.exc.SQLAlchemyError):
            counts = None
        spooled = self._spool.waiting()
        oldest = [spooled[0].received_at.timestamp()] if spooled else []
        if counts and counts.oldest:
            oldest.append(counts.oldest.timestamp())
        age = max(0.0, self._now().timestamp() - min(oldest)) if oldest else 0.0
        yield _gauge("database_up", "Whether PostgreSQL answers", counts is not None)
        yield _gauge(
            "inbox_waiting", "Accepted, not yet read", (counts.inbox if counts else 0) + len(spooled)
        )
        yield _gauge("inbox_oldest_waiting_seconds", "Age of the oldest of them", age)
        yield _gauge("spool_messages", "Messages on disk that wait for PostgreSQL", len(spooled))
        yield _gauge("spool_unreadable", "Files of the spool that cannot be read", self._spool.unreadable())
        if counts:
            yield _gauge("inbox_dead", "Messages set aside", counts.dead)
            yield _gauge("outbox_waiting", "Texts not yet with a provider", counts.outbox)
            since = counts.held_since.timestamp() if counts.held_since else None
            longest = max(0.0, self._now().timestamp() - since) if since else 0.0
            yield _gauge("outbox_held", "Texts that wait because their officer got many lately", counts.held)
            yield _gauge("outbox_oldest_held_seconds", "For how long the first of them has waited", longest)
            yield _gauge("crisis_texts_today", "Texts of crises since midnight", counts.crisis_texts)
            yield _gauge("alerts_open", "Alerts that nobody has taken", counts.alerts_open)
            yield from self._channels()
            yield from self._undone()

    def _undone(self) -> Iterator[GaugeMetricFamily]:
        try:
            lapse = answer(self._steps.start(), time.monotonic() + SECONDS)
        except (TimeoutError, sa.exc.SQLAlchemyError):
            return
        yield _gauge("steps_late", "Whether the clock does not do its work in time", lapse is not None)

    def _channels(self) -> Iterator[GaugeMetricFamily]:
        """Ages rather than moments, so that a rule of alerting is one comparison."""
        last_in = _by_channel("last_in_seconds", "Since a text last came in by it")
        last_out = _by_channel("last_out_seconds", "Since a text last went out by it")
        troubled = _by_channel("in_trouble", "Whether the operator is told that it is out of service")
        try:
            found = answer(self._watched.start(), time.monotonic() + SECONDS)
        except (TimeoutError, sa.exc.SQLAlchemyError):
            return
        took = _by_canary("seconds", "How long the last text from one line to the other took")
        late = _by_canary("late", "Whether none has come in in time since the last that did")
        for name, it in found.items():
            for canary in it.canaries:
                lines = [str(canary.from_line), str(canary.to_line)]
                late.add_metric(lines, canary.late_since(self._now()) is not None)
                if canary.took is not None:
                    took.add_metric(lines, canary.took.total_seconds())
            troubled.add_metric([name], it.trouble is not None)
            for family, at in ((last_in, it.last_in), (last_out, it.last_out)):
                if at is not None:
                    family.add_metric([name], (self._now() - at).total_seconds())
        yield from (last_in, last_out, troubled, took, late)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"vigie_{name}", words, value=value)


def _by_channel(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"vigie_channel_{name}", words, labels=["channel"])


def _by_canary(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"vigie_canary_{name}", words, labels=["from_line", "to_line"])


def _exposition(gauges: Collector) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(gauges)
    figures = generate_latest(registry)
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(METRICS) + figures
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    with metrics_lock():
        return generate_latest(together) + figures
