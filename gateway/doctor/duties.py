"""People and processes: who is on duty, and whether web, workers and clock are alive."""

from collections.abc import Iterator
from datetime import datetime

import redis
import sqlalchemy as sa

from gateway.alerts.codes import told_to_nobody
from gateway.doctor.findings import Finding, ok, warning, wrong
from gateway.duty.cover import LOOKS_AHEAD, gaps
from gateway.duty.roster import on_duty
from gateway.duty.service import read_rota
from gateway.places.gazetteer import load_gazetteer
from gateway.settings import Settings

_ALIVE = "vigie:alive:"
_PROCESSES = {
    "web": "web",
    "clock": "clock",
    "worker:inbox": "workers that read",
    "worker:alerts": "worker that sends alerts",
    "worker:outbox": "worker that sends the rest",
}


def processes(client: redis.Redis) -> Iterator[Finding]:
    """Each says every few seconds that it is alive."""
    try:
        names = [
            key.decode().removeprefix(_ALIVE) for key in client.scan_iter(match=f"{_ALIVE}*", count=1000)
        ]
    except redis.RedisError:
        yield wrong(
            "Redis",
            "cannot be reached: check VIGIE_REDIS_URL or start `vigie up`; until then the clock does the work, slower.",
        )
        return
    yield ok("Redis", "answers.")
    silent = [words for prefix, words in _PROCESSES.items() if not any(_is(name, prefix) for name in names)]
    if len(silent) == len(_PROCESSES):
        yield wrong("processes", "None is running: start `vigie up`, or `vigie web`, `worker` and `clock`.")
    elif silent:
        yield wrong("processes", f"Not heard for ten seconds: {', '.join(silent)}; their logs tell why.")
    else:
        yield ok("processes", "Web, clock and workers are alive.")


def _is(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith((f"{prefix}:", f"{prefix}-"))


def duty(connection: sa.Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether somebody is on duty now, whether somebody stands behind, and the next gap."""
    rota = read_rota(connection, now)
    steps = on_duty(rota, now)
    if not steps:
        yield wrong(
            "duty", "Nobody is on duty now: `vigie officers add NUMBER NAME` puts somebody on the rota."
        )
    elif len({officer for officers in steps.values() for officer in officers}) == 1:
        yield warning(
            "duty", "One officer alone is on duty now: add a second one with `vigie officers add … --step 1`."
        )
    else:
        yield ok("duty", f"Officers are on duty now at {len(steps)} steps.")
    if untold := told_to_nobody(connection):
        yield wrong("duty", untold)
    found = gaps(rota, now, now + LOOKS_AHEAD, load_gazetteer(settings.agency_dir).regions)
    gap = next((gap for gap in found if steps or gap.starts_at > now), None)
    if gap:
        starts, ends = (
            f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M}" for moment in (gap.starts_at, gap.ends_at)
        )
        who = "nobody" if gap.nobody else "nobody at the first step"
        where = f" in {gap.region}" if gap.region else ""
        yield warning(
            "duty",
            f"From {starts} until {ends} {who} is on duty{where}: `vigie duty gaps` shows all, fill the rota.",
        )
