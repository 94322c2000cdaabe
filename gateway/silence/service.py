"""Posts and agents who should have been heard by now: an alert once per silence, and word when it ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from gateway.alerts.amending import Amendment, amend
from gateway.alerts.climbing import raise_alerts
from gateway.alerts.desk import read_facts
from gateway.alerts.facts import Facts, NewAlert, hour_told
from gateway.alerts.records import Alert
from gateway.people.records import Reporter
from gateway.places.gazetteer import load_gazetteer
from gateway.reports.records import ReportRecord, next_references
from gateway.services import Services
from gateway.silence.records import AgentWatch, PostRhythm
from gateway.silence.rhythm import AGENT_IS_SILENT, LISTENS_FIRST, Look, News, Rhythm, look
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of
from gateway.watching.listening import Listening

ALERT, REPORT, REPORTER = table_of(Alert), table_of(ReportRecord), table_of(Reporter)
POST, AGENT = table_of(PostRhythm), table_of(AgentWatch)
_CRISIS: Final = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """Who was last heard of a post, and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a post does, for a table."""

    post: str
    rhythm: Rhythm
    severity: int
    heard: Heard | None


class Silence:
    """Looks again and again, and knows since when nothing has kept us from hearing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._listening = Listening(services.now())

    def look(self) -> None:
        services, now = self._services, self._services.now()
        self._listening.look(now)
        with services.engine.begin() as connection:
            it = _Look(connection, services, now, self._listening.since)
            _watch_agents(connection, now, services.settings.pace)
            decisions = it.at_posts() + it.at_agents()
            audit.append(connection, services.cipher.derive("audit"), now, decisions)


def expect(connection: sa.Connection, post: str, rhythm: Rhythm, severity: int, pace: float) -> None:
    """Watch a post from now on, within the caller's transaction; what was told of it before is over."""
    row = {
        "every": rhythm.every,
        "grace": rhythm.grace,
        "severity": severity,
        "since": rhythm.since,
        "due_at": rhythm.expected_by(None, pace),
        "told_at": None,
        "alert_id": None,
    }
    statement = insert(POST).values(post=post, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["post"], set_=row))


def forget(connection: sa.Connection, post: str) -> bool:
    """Watch a post no more, within the caller's transaction. Returns whether it was watched."""
    return connection.execute(sa.delete(POST).where(POST.c.post == post)).rowcount > 0


def standings(connection: sa.Connection) -> list[Standing]:
    """Every post that is watched, by its code."""
    rows = connection.execute(sa.select(POST).order_by(POST.c.post)).all()
    heard = last_heard(connection, [row.post for row in rows])
    return [Standing(row.post, _rhythm(row), row.severity, heard.get(row.post)) for row in rows]


def last_heard(connection: sa.Connection, posts: Iterable[str]) -> dict[str, Heard]:
    """Whoever of each post was last heard, by any report."""
    newest = (
        sa.select(REPORT.c.received_at)
        .where(REPORT.c.sender_hash == REPORTER.c.number_hash)
        .order_by(REPORT.c.received_at.desc())
        .limit(1)
        .lateral("newest")
    )
    rows = connection.execute(
        sa.select(REPORTER.c.post, REPORTER.c.name, newest.c.received_at)
        .join(newest, sa.true())
        .where(any_of(REPORTER.c.post, posts), REPORTER.c.active)
        .order_by(newest.c.received_at)
    )
    return {row.post: Heard(row.name, row.received_at) for row in rows}


def _rhythm(row: sa.Row[Any]) -> Rhythm:
    return Rhythm(row.every, row.grace, row.since, row.told_at)


def _watch_agents(connection: sa.Connection, now: datetime, pace: float) -> None:
    """Put down whose report of severity 1 has an open alert: each once, and none from before we watched."""
    lasts = AGENT_IS_SILENT / pace
    fresh = (
        sa.select(REPORT.c.id, REPORT.c.received_at + lasts)
        .join(ALERT, ALERT.c.id == REPORT.c.alert_id)
        .where(
            REPORT.c.received_at > now - lasts,
            REPORT.c.reporter_id.is_not(None),
            REPORT.c.line == "agents",
            REPORT.c.kind == "report",
            REPORT.c.severity == _CRISIS,
            ALERT.c.state != "closed",
        )
    )
    connection.execute(insert(AGENT).from_select(["report_id", "due_at"], fresh).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at whatever is due, within the caller's transaction."""

    connection: sa.Connection
    services: Services
    now: datetime
    listening_since: datetime

    def at_posts(self) -> list[Decision]:
        due = sa.select(POST).where(POST.c.due_at <= self.now).order_by(POST.c.post)
        rows = self.connection.execute(due.with_for_update(skip_locked=True)).all()
        heard = last_heard(self.connection, [row.post for row in rows]) if rows else {}
        looks = [(row, self._look_at(row, heard.get(row.post))) for row in rows]
        again = [row for row, it in looks if it.news is News.HEARD_AGAIN]
        silent = [row for row, it in looks if it.news is News.SILENT]
        decisions = self._tell_of_the_heard(again)
        raised, more = self._raise(
            [
                (self._facts_of_post(row.post, row.severity, heard.get(row.post)), f"post {row.post}")
                for row in silent
            ]
        )
        alerts = dict(zip((row.post for row in silent), raised, strict=True))
        for row, it in looks:
            news: dict[str, Any] = {"due_at": it.due_at}
            if it.news:
                told = it.news is News.SILENT
                news |= {"told_at": self.now if told else None, "alert_id": alerts.get(row.post)}
            self.connection.execute(sa.update(POST).where(POST.c.post == row.post).values(**news))
        return decisions + more

    def _look_at(self, row: sa.Row[Any], heard: Heard | None) -> Look:
        at = heard.at if heard else None
        return look(_rhythm(row), at, self.now, self.listening_since, self.services.settings.pace)

    def _tell_of_the_heard(self, rows: Sequence[sa.Row[Any]]) -> list[Decision]:
        """Whoever holds the alert hears of it; it stays open, for whoever texts may have been told to."""
        amendments = [
            Amendment(row.alert_id, replace(self._facts_of_post(row.post, row.severity), doubt="heard_again"))
            for row in rows
            if row.alert_id
        ]
        decisions = amend(self.connection, self.services, amendments, self.now)
        return [*decisions, *(Decision("vigie", "post heard again", f"post {row.post}") for row in rows)]

    def at_agents(self) -> list[Decision]:
        """Look at agents whose time is up; while we have only begun to listen they get more of it."""
        due = sa.select(AGENT.c.report_id).where(AGENT.c.due_at <= self.now)
        ids = list(self.connection.scalars(due.with_for_update(skip_locked=True)))
        if not ids:
            return []
        first = self.listening_since + LISTENS_FIRST / self.services.settings.pace
        until = first if first > self.now else None
        self.connection.execute(sa.update(AGENT).where(any_of(AGENT.c.report_id, ids)).values(due_at=until))
        if until:
            return []
        his = REPORT.alias("his")
        last = sa.select(sa.func.max(his.c.received_at)).where(his.c.sender_hash == REPORT.c.sender_hash)
        rows = self.connection.execute(
            sa.select(REPORT.c.reporter_id, REPORT.c.received_at, ALERT.c.facts, REPORTER.c.name)
            .join(ALERT, ALERT.c.id == REPORT.c.alert_id)
            .join(REPORTER, REPORTER.c.id == REPORT.c.reporter_id)
            .where(any_of(REPORT.c.id, ids), ALERT.c.state != "closed", REPORTER.c.active)
            .where(REPORT.c.received_at == last.scalar_subquery())
            .order_by(REPORT.c.id)
        )
        silent = {row.reporter_id: row for row in rows}  # one text may have told of two things
        told = [
            (self._facts_of_agent(row.facts, row.name, row.received_at), f"reporter {id_}")
            for id_, row in silent.items()
        ]
        return self._raise(told)[1]

    def _raise(self, told: Sequence[tuple[Facts, str]]) -> tuple[Sequence[Any], list[Decision]]:
        """Raise an alert for each. Returns their ids, and what is to be put on record."""
        if not told:
            return [], []
        references = next_references(self.connection, len(told))
        # Without its reporter: nobody there is told who took it.
        new = [
            NewAlert(uuid7(), reference, facts)
            for (facts, _), reference in zip(told, references, strict=True)
        ]
        silences = [
            Decision("vigie", "silence noticed", subject, {"alert": str(alert.id)})
            for (_, subject), alert in zip(told, new, strict=True)
        ]
        raised = raise_alerts(self.connection, self.services, new, self.now)
        return [alert.id for alert in new], silences + raised

    def _facts_of_post(self, post: str, severity: int, heard: Heard | None = None) -> Facts:
        gazetteer = load_gazetteer(self.services.settings.agency_dir)
        point = gazetteer.by_code.get(post)
        return Facts(
            hotline=False,
            severity=severity,
            place=point.name if point else post,
            region=gazetteer.region(post, None, None),
            late=hour_told(heard.at, self.now, self.services.settings.zone) if heard else None,
            who=heard.name if heard else None,
            doubt="post_silent" if heard else "post_never",
        )

    def _facts_of_agent(self, facts: bytes, name: str, heard_at: datetime) -> Facts:
        """What the agent called for, said anew."""
        before = read_facts(self.services.cipher, facts)
        return Facts(
            hotline=False,
            severity=_CRISIS,
            code=before.code,
            place=before.place,
            at_post=before.at_post,
            region=before.region,
            late=hour_told(heard_at, self.now, self.services.settings.zone),
            who=name,
            doubt="agent_silent",
        )
