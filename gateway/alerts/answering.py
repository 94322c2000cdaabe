"""An officer answers: what the alert comes to, and everybody learns how it stands.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts.codes import CODE, CODE_RESTS
from gateway.alerts.desk import Desk, OfficerOnFile, clock_time, pace_of, read_facts
from gateway.alerts.records import Acknowledgement, Alert, Incident
from gateway.alerts.replies import Answer
from gateway.alerts.verbs import Help, Move, Verb, move, runs_out_at
from gateway.duty.policy import Pace
from gateway.observability import ACKNOWLEDGE_SECONDS, ON_SITE_SECONDS, SAFE_SECONDS
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import last_told, queue
from gateway.people.records import Reporter
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of
from gateway.text.render import phrase, render

ALERT, INCIDENT = table_of(Alert), table_of(Incident)
REPORT, REPORTER = table_of(ReportRecord), table_of(Reporter)
NOTE: Final = "note"
"""An answer that is nothing but words."""
_UNKNOWN_TOLD: Final = 5
_KEPT: Final = "answer kept"
_RECORDED: Final = {
    Move.TAKES: "alert acknowledged",
    Move.STEPS: "alert's outcome told",
    Move.RELEASES: "alert given back",
    Move.CALLS_NEXT: "next step asked for",
    Move.CALLS_HELP: "help asked for",
    Move.HELPS: "help promised",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer came to; ``holder`` has had the alert since ``since``."""

    move: Move
    verb: Verb | None
    reference: str
    holder: OfficerOnFile | None
    since: datetime | None
    decisions: list[Decision]

    def text(self, services: Services, language: str) -> str:
        """How it stands, for whoever answered."""
        return render(
            self.move,
            language,
            reference=self.reference,
            who=self.holder.name if self.holder else None,
            time=clock_time(services, self.since) if self.since else None,
            outcome=phrase(f"outcome_{self.verb}", language) if self.move is Move.STEPS else None,
        )


def reply(
    connection: sa.Connection,
    services: Services,
    officer_id: UUID,
    answer_: Answer,
    message_id: UUID | None,
    now: datetime,
) -> list[Decision]:
    """An officer answers by text, in a menu or by a key, and is texted how it stands."""
    desk = Desk(connection, services)
    officer = desk.officers[officer_id]
    code = code_of(connection, officer_id, answer_.code, now)
    if code is None:
        _say_unknown(connection, services, desk, officer, now)
        return []
    alert_id, verb, note = code.alert_id, answer_.verb, answer_.note
    answered = (
        None
        if code.retired_at
        else answer(
            connection, services, desk, alert_id, officer_id, verb, now, note=note, message_id=message_id
        )
    )
    if answered:
        text, decisions = answered.text(services, officer.language), answered.decisions
    else:
        over, instead = _over(connection, alert_id)
        alert_id = instead.id if instead else alert_id
        _keep(connection, services, alert_id, officer_id, verb, note, message_id, now)
        second = instead.reference if instead and instead.reference != over else None
        text = render("answer_closed", officer.language, reference=over, second=second)
        decisions = [_kept(officer_id, alert_id, verb, note)]
    _tell(connection, services, desk, officer, text, alert_id, now)
    return decisions


def _over(connection: sa.Connection, alert: UUID) -> tuple[str, Any]:
    """The reference of an alert that is closed, and the one that goes on in its place, if there is one."""
    row = connection.execute(
        sa.select(ALERT.c.reference, ALERT.c.incident_id).where(ALERT.c.id == alert)
    ).one()
    last, into = None, row.incident_id
    while into:
        last = into
        into = connection.execute(sa.select(INCIDENT.c.merged_into).where(INCIDENT.c.id == last)).scalar()
    goes_on = sa.and_(ALERT.c.incident_id == last, ALERT.c.state != "closed")
    instead = connection.execute(sa.select(ALERT.c.id, ALERT.c.reference).where(goes_on)).one_or_none()
    return row.reference, instead


def answer(
    connection: sa.Connection,
    services: Services,
    desk: Desk,
    alert_id: UUID,
    officer_id: UUID,
    verb: Verb | None,
    now: datetime,
    *,
    note: str = "",
    message_id: UUID | None = None,
) -> Answered | None:
    """An officer answers an alert, by whatever way: first come, first served.

    None where it is closed. Whoever answers is not texted here: a voice or a screen says it.
    """
    row = connection.execute(
        sa.select(ALERT).where(ALERT.c.id == alert_id, ALERT.c.state != "closed").with_for_update()
    ).one_or_none()
    if row is None:
        return None
    code = sa.and_(CODE.c.alert_id == alert_id, CODE.c.officer_id == officer_id)
    said = connection.execute(sa.select(CODE.c.said).where(code)).scalar_one_or_none()
    made = move(row.state, row.acknowledged_by, officer_id, verb, helped=row.help, said=said)
    values = _values(services, made, row, officer_id, verb, now)
    connection.execute(sa.update(ALERT).where(ALERT.c.id == alert_id).values(**values))
    if verb:
        connection.execute(sa.update(CODE).where(code).values(said=verb))
    _keep(connection, services, alert_id, officer_id, verb, note, message_id, now)
    _measure(row, values)
    if made in {Move.TAKES, Move.STEPS} and not _was_told(row, verb):
        tell_reporters(connection, services, row.id, _reporters_of(connection, row.id), verb, now, now)
    holder = desk.officers.get(values.get("acknowledged_by", row.acknowledged_by))
    if made is Move.HELPS and holder:
        who = desk.officers[officer_id].name
        text = render("answer_help_comes", holder.language, reference=row.reference, who=who)
        _tell(connection, services, desk, holder, text, alert_id, now)
    since = now if made is Move.STEPS else row.acknowledged_at
    decision = _kept(officer_id, alert_id, verb, note, _RECORDED.get(made, _KEPT))
    return Answered(made, verb, row.reference, holder, since, [decision])


def _keep(
    connection: sa.Connection,
    services: Services,
    alert: UUID,
    officer: UUID,
    verb: Verb | None,
    note: str,
    message: UUID | None,
    now: datetime,
) -> None:
    """The answer as it came, with its words."""
    connection.execute(
        sa.insert(Acknowledgement).values(
            id=uuid7(),
            alert_id=alert,
            officer_id=officer,
            message_id=message,
            answer=verb or NOTE,
            note=services.cipher.encrypt(note) if note else None,
            at=now,
        )
    )


def _kept(officer: UUID, alert: UUID, verb: Verb | None, note: str, what: str = _KEPT) -> Decision:
    return Decision(f"officer {officer}", what, str(alert), {"answer": verb or NOTE, "note": bool(note)})


def alerts_of(connection: sa.Connection, said: Collection[tuple[UUID, int]]) -> set[UUID]:
    """The alerts that these are the live codes for, each as (officer, code)."""
    if not said:
        return set()
    live = sa.select(CODE.c.alert_id).where(
        sa.tuple_(CODE.c.officer_id, CODE.c.code).in_(said), CODE.c.retired_at.is_(None)
    )
    return set(connection.execute(live).scalars())


def code_of(connection: sa.Connection, officer: UUID, code: int, now: datetime) -> Any:
    """The alert for which an officer was told this code, until it may be another's.

    As `alert_id` and `retired_at`, or None.
    """
    rests = sa.or_(CODE.c.retired_at.is_(None), CODE.c.retired_at > now - CODE_RESTS)
    return connection.execute(
        sa.select(CODE.c.alert_id, CODE.c.retired_at)
        .where(CODE.c.officer_id == officer, CODE.c.code == code, rests)
        .order_by(CODE.c.retired_at.desc().nulls_first())
        .limit(1)
    ).one_or_none()


def _values(
    services: Services,
    made: Move,
    row: sa.Row[Any],
    officer_id: UUID,
    verb: Verb | None,
    now: datetime,
) -> dict[str, Any]:
    """The columns of the alert as the answer leaves them."""
    mine = row.acknowledged_by == officer_id
    seen: dict[str, Any] = {"seen_at": row.seen_at or now}
    match made:
        case Move.TAKES | Move.STEPS if verb:
            pace = pace_of(services, read_facts(services.cipher, row.facts))
            expires_at = runs_out_at(verb, now, pace.lasts, services.settings.pace)
            helped = mine and expires_at is not None
            help_at = row.due_at if helped and row.help == Help.WANTED else None
            return {
                **seen,
                "state": "acknowledged",
                "acknowledged_at": row.acknowledged_at if mine and made is Move.STEPS else now,
                "acknowledged_by": officer_id,
                "taken_at": row.taken_at or now,
                "outcome": verb if made is Move.STEPS else None,
                "on_site_at": row.on_site_at or (now if verb is Verb.ON_SITE else None),
                "safe_at": row.safe_at or (now if verb is Verb.SAFE else None),
                "help": row.help if helped else None,
                "help_step": row.help_step if helped else None,
                "expires_at": expires_at,
                "due_at": _next_look(expires_at, pace, now, help_at),
            }
        case Move.RELEASES:
            nobodys = {"acknowledged_at": None, "acknowledged_by": None} if mine else {}
            alone = {"help": None, "help_step": None}
            return {**seen, **nobodys, **alone, "state": "open", "outcome": None, "due_at": now}
        case Move.CALLS_NEXT:
            return {**seen, "due_at": now}
        case Move.CALLS_HELP:
            lasts = pace_of(services, read_facts(services.cipher, row.facts)).lasts
            return {
                **seen,
                "help": Help.WANTED,
                "help_step": row.step if row.help is None else row.help_step,
                "expires_at": row.expires_at or now + lasts,
                "due_at": now,
            }
        case Move.HELPS:
            return {**seen, "help": Help.PROMISED}
        case _:
            return seen


def _next_look(
    expires_at: datetime | None, pace: Pace, now: datetime, help_at: datetime | None
) -> datetime | None:
    """Before it runs out, the others of the step are called again where all must answer, and so is help."""
    if expires_at is None:
        return None
    return min(filter(None, (expires_at, now + pace.repeat if pace.all else None, help_at)))


def _measure(row: sa.Row[Any], values: dict[str, Any]) -> None:
    """What happened for the first time."""
    for name, before, seconds in (
        ("taken_at", row.taken_at, ACKNOWLEDGE_SECONDS),
        ("on_site_at", row.on_site_at, ON_SITE_SECONDS),
        ("safe_at", row.safe_at, SAFE_SECONDS),
    ):
        if before is None and (at := values.get(name)):
            seconds.observe((at - row.raised_at).total_seconds())


def _was_told(row: sa.Row[Any], verb: Verb | None) -> bool:
    """Whether the reporter has heard it already."""
    first = {Verb.TAKEN: row.taken_at, Verb.ON_SITE: row.on_site_at, Verb.SAFE: row.safe_at}
    return row.outcome == verb or bool(verb and first.get(verb))


def _say_unknown(
    connection: sa.Connection, services: Services, desk: Desk, officer: OfficerOnFile, now: datetime
) -> None:
    """One neutral answer, and after five in a row none until we have had something else to say."""
    said = last_told(connection, services.cipher, officer.number, _UNKNOWN_TOLD)
    if said != [("answer", None)] * _UNKNOWN_TOLD:
        _tell(connection, services, desk, officer, render("answer_unknown", officer.language), None, now)


def _tell(
    connection: sa.Connection,
    services: Services,
    desk: Desk,
    officer: OfficerOnFile,
    text: str,
    about: UUID | None,
    now: datetime,
) -> None:
    draft = Draft("answer", drafts.ANSWER, desk.channel, desk.line, officer.number, text, about)
    queue(connection, services.cipher, [draft], now)


def _reporters_of(connection: sa.Connection, alert: UUID) -> dict[UUID, str]:
    """Whoever reported what the alert is about, with the reference of their first report of it."""
    rows = connection.execute(
        sa.select(REPORT.c.reporter_id, REPORT.c.reference)
        .where(REPORT.c.alert_id == alert, REPORT.c.reporter_id.is_not(None), REPORT.c.line == "agents")
        .order_by(REPORT.c.received_at.desc(), REPORT.c.id.desc())
    )
    return {row.reporter_id: row.reference for row in rows}


def tell_reporters(
    connection: sa.Connection,
    services: Services,
    alert: UUID,
    reporters: Mapping[UUID, str],
    verb: Verb | None,
    at: datetime,
    now: datetime,
    rank: int = drafts.TAKEN,
) -> None:
    """Reporters learn what was done at ``at`` about what they reported under these references.

    A hotline contact is told nothing.
    """
    if verb is None:
        return
    rows = connection.execute(
        sa.select(REPORTER).where(any_of(REPORTER.c.id, reporters), REPORTER.c.active).order_by(REPORTER.c.id)
    ).all()
    if not rows:
        return
    desk = Desk(connection, services)
    queue(
        connection,
        services.cipher,
        [_done(services, desk, alert, row, reporters[row.id], verb, at, rank) for row in rows],
        now,
    )


def _done(
    services: Services,
    desk: Desk,
    alert: UUID,
    reporter: sa.Row[Any],
    reference: str,
    verb: Verb,
    at: datetime,
    rank: int,
) -> Draft:
    text = (
        render("receipt_discreet", reporter.language, reference=reference)
        if reporter.discreet
        else render(verb, reporter.language, reference=reference, time=clock_time(services, at))
    )
    number = services.cipher.decrypt(reporter.number)
    return Draft("taken", rank, desk.channel, desk.line, number, text, subject=alert)
