"""Alerts: raised, carried up the rota, taken, asked about again, closed.

The functions that take a connection work within the caller's transaction and return the decisions
that it must put on record; the others open their own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import spoken, texts
from gateway.alerts.codes import CODE, ask_again, codes_for, holders_asked_again, note_steps, unanswered
from gateway.alerts.desk import Desk, pace_of, read_facts, who_is_asked
from gateway.alerts.escalation import (
    LAST_STEP,
    asked_again_at,
    hastened,
    step_after_reminder,
    step_elsewhere,
    take_step,
)
from gateway.alerts.facts import Facts, NewAlert, stop_of
from gateway.alerts.grouping import update_at
from gateway.alerts.helping import call_help
from gateway.alerts.records import Alert, Incident
from gateway.alerts.verbs import LASTS, Help
from gateway.duty.policy import SEVERITIES, By, Pace, load_policy
from gateway.hotline.prompts import SYNTHESISED
from gateway.observability import SEEN_SECONDS, get_logger, where
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import AboutAlert, queue
from gateway.people.records import Officer
from gateway.reports.records import next_references
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import CannotDecryptError
from gateway.storage.database import DATABASE_TROUBLE, any_of, insert_many, table_of

log = get_logger(__name__)

ALERT, INCIDENT, OFFICER = table_of(Alert), table_of(Incident), table_of(Officer)
_AT_ONCE = 500
_TROUBLE_WAITS = timedelta(minutes=5)
_DECIDING = 0x5649_494E


def raise_alerts(
    connection: sa.Connection, services: Services, alerts: Sequence[NewAlert], now: datetime
) -> list[Decision]:
    """Store new alerts and put each before whoever is on duty now."""
    if not alerts:
        return []
    insert_many(
        connection,
        ALERT,
        [
            {
                "id": alert.id,
                "reference": alert.reference,
                "incident_id": alert.incident_id,
                "contact_id": alert.contact_id,
                "reporter_id": alert.reporter_id,
                "severity": alert.facts.severity,
                "facts": services.cipher.encrypt(alert.facts.to_json()),
                "state": "open",
                "step": 0,
                "raised_at": now,
                "due_at": now,
            }
            for alert in alerts
        ],
    )
    decisions = [
        Decision("vigie", "alert raised", str(alert.id), {"severity": alert.facts.severity})
        for alert in alerts
    ]
    raised = [
        _Standing(alert.id, alert.reference, 0, alert.facts, pace_of(services, alert.facts))
        for alert in alerts
    ]
    return decisions + _take_steps(connection, services, raised, now)


@dataclass(frozen=True, slots=True)
class _Standing:
    """An alert as it stands on the escalation."""

    id: UUID
    reference: str
    step: int
    facts: Facts
    pace: Pace


def _standing(services: Services, row: sa.Row[Any]) -> _Standing:
    facts = facts_now(services, row)
    return _Standing(row.id, row.reference, row.step, facts, pace_of(services, facts))


def _take_steps(
    connection: sa.Connection, services: Services, alerts: Sequence[_Standing], now: datetime
) -> list[Decision]:
    """Carry alerts one step up: texts to the officers of the step, and when to look again."""
    desk = Desk(connection, services)
    duties = who_is_asked(connection, desk, {alert.id: alert.facts for alert in alerts}, now)
    steps = {alert.id: take_step(alert.step, duties[alert.id], now, alert.pace) for alert in alerts}
    told = {
        alert.id: [officer for officer in desk.officers if str(officer) != alert.facts.officer]
        if steps[alert.id].nobody
        else steps[alert.id].officers
        for alert in alerts
    }
    codes = codes_for(connection, told, now)
    outgoing = [
        _text(desk, alert, officer, codes[alert.id, officer], nobody=steps[alert.id].nobody)
        for alert in alerts
        for officer in told[alert.id]
    ]
    for alert in alerts:
        if By.CALL in steps[alert.id].by:
            outgoing += _calls(desk, alert.facts, alert.id, told[alert.id])
    queue(connection, services.cipher, outgoing, now)
    note_steps(
        connection,
        steps,
        ((id_, officer, step.next_step - 1) for id_, step in steps.items() for officer in step.officers),
    )
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == sa.bindparam("id_"))
        .values(step=sa.bindparam("step_"), due_at=sa.bindparam("due_")),
        [{"id_": id_, "step_": step.next_step, "due_": step.next_at} for id_, step in steps.items()],
    )
    return [
        Decision(
            "vigie",
            "nobody on duty" if steps[alert.id].nobody else "alert put before officers",
            str(alert.id),
            {"step": alert.step, "officers": [str(officer) for officer in told[alert.id]]},
        )
        for alert in alerts
    ]


def _text(desk: Desk, alert: _Standing, officer_id: UUID, code: int, *, nobody: bool) -> Draft:
    officer = desk.officers[officer_id]
    wording = texts.nobody if nobody else texts.alert
    rank = drafts.SEVERITY_1 if alert.facts.severity == 1 else drafts.SEVERITY_2
    return Draft(
        purpose="nobody" if nobody else "alert",
        rank=drafts.NOBODY if nobody else rank,
        channel=desk.channel,
        sender=desk.line,
        recipient=officer.number,
        text=wording(desk.book, alert.facts, officer.language, alert.reference, code),
        subject=alert.id,
    )


def _calls(desk: Desk, facts: Facts, alert: UUID, officers: Iterable[UUID]) -> Iterator[Draft]:
    """Calls besides the texts; none where no channel can call."""
    if desk.voice is None:
        return
    line, channel = desk.voice
    rank = drafts.SEVERITY_1 if facts.severity == 1 else drafts.SEVERITY_2
    for officer in map(desk.officers.__getitem__, officers):
        said = spoken.words(spoken.alert(desk.book, facts, officer.language, SYNTHESISED))
        yield Draft(drafts.CALL, rank, channel, line, officer.number, said, subject=alert)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What the report behind an alert says now; no facts when it was taken back."""

    alert: UUID
    facts: Facts | None


def join(
    connection: sa.Connection, services: Services, alert_id: UUID, facts: Facts, now: datetime
) -> list[Decision]:
    """A later text of the same contact: kept with the alert; whoever holds it hears what is new in it."""
    row = connection.execute(sa.select(ALERT).where(ALERT.c.id == alert_id).with_for_update()).one()
    before = read_facts(services.cipher, row.facts)
    decision = Decision("vigie", "text joined to alert", str(alert_id), {"severity": facts.severity})
    if not facts.says_more_than(before):
        return [decision]
    both = before.with_more(facts)
    rings = restate(connection, services, row, before, both, now)
    tell_holders(connection, services, row, both, texts.more, now, rings=rings)
    return [decision]


def hold(
    connection: sa.Connection, services: Services, amendments: Sequence[Amendment]
) -> tuple[list[Amendment], list[NewAlert], dict[UUID, UUID]]:
    """Lock the alerts that these speak of, which must be done before any code is drawn.

    Returns the amendments of alerts as they stand; those to raise because a report has grown graver after its
    own was closed, their incidents opened again; and by closed alert the one that is in its place.
    """
    if not amendments:
        return [], [], {}
    ids = {amendment.alert for amendment in amendments}
    incidents = connection.execute(sa.select(ALERT.c.incident_id).where(any_of(ALERT.c.id, ids))).scalars()
    theirs = any_of(ALERT.c.incident_id, {id_ for id_ in incidents if id_})
    rows = connection.execute(
        sa.select(ALERT)
        .where(sa.or_(any_of(ALERT.c.id, ids), sa.and_(theirs, ALERT.c.state != "closed")))
        .order_by(ALERT.c.id)
        .with_for_update()
    ).all()
    closed = {row.id: row for row in rows if row.state == "closed"}
    live = {row.incident_id: row.id for row in rows if row.state != "closed" and row.incident_id}
    instead = {row.id: live[row.incident_id] for row in closed.values() if row.incident_id in live}
    amendments = [replace(one, alert=instead.get(one.alert, one.alert)) for one in amendments]
    anew: dict[UUID, NewAlert] = {}
    for amendment in amendments:
        row = closed.get(amendment.alert)
        if row is None or amendment.facts is None:
            continue
        before = read_facts(services.cipher, row.facts)
        # Of a caller every word counts.
        if amendment.facts.hotline or amendment.facts.is_graver_than(before):
            key = row.incident_id or row.id
            if first := anew.get(key):  # several of its reports grew graver at once
                both = first.facts.with_more if amendment.facts.hotline else first.facts.with_report
                alert = replace(first, facts=both(amendment.facts))
            else:
                facts = before.put_right(amendment.facts)
                alert = NewAlert(
                    uuid7(), row.reference, facts, row.contact_id, row.reporter_id, row.incident_id
                )
            anew[key] = alert
            instead[row.id] = alert.id
    if anew:
        again = sa.update(INCIDENT).where(any_of(INCIDENT.c.id, anew))
        connection.execute(again.values(state="open", closed_at=None))
    return amendments, list(anew.values()), instead


def amend(
    connection: sa.Connection, services: Services, amendments: Sequence[Amendment], now: datetime
) -> list[Decision]:
    """Reports that were put right or taken back by their reporters: whoever holds their alerts hears of it."""
    decisions = []
    for amendment in sorted(amendments, key=lambda one: one.alert):
        row = connection.execute(
            sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.updated_at)
            .outerjoin(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id)
            .where(ALERT.c.id == amendment.alert)
            .with_for_update(of=ALERT)
        ).one()
        before = read_facts(services.cipher, row.facts)
        after = before.put_right(amendment.facts) if amendment.facts else before.taken_back()
        if row.state == "closed" or after == before:
            continue
        if row.contact_id is None and (row.reports or 1) > 1:
            decisions.append(_count_again(connection, services, row, before, amendment, now))
            continue
        rings = restate(connection, services, row, before, after, now)
        wording = texts.changed if amendment.facts else texts.cancelled
        tell_holders(connection, services, row, after, wording, now, rings=rings)
        what = (
            "alert put right by its reporter"
            if amendment.facts
            else "alert's report cancelled by its reporter"
        )
        decisions.append(Decision("vigie", what, str(row.id), {"severity": after.severity}))
    return decisions


def restate(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    after: Facts,
    now: datetime,
) -> bool:
    """Keep what is known by now: an open alert goes on at the pace that this calls for, a taken one is asked about.

    Returns whether those who had texts alone so far are to be called, too.
    """
    slower, faster = pace_of(services, before), pace_of(services, after)
    values: dict[str, Any] = {"severity": after.severity, "facts": services.cipher.encrypt(after.to_json())}
    if row.state == "open":
        values["due_at"] = hastened(row.due_at, slower, faster, now)
        if after.region != before.region:
            values |= _elsewhere(connection, services, row, before, after, now)
    elif (graver := after.severity < before.severity) or row.due_at is None:
        runs_out_at = _runs_out_at(row) if row.due_at else None
        until = asked_again_at(runs_out_at, faster, now, graver=graver)
        values |= {"expires_at": until, "due_at": min(until, row.due_at or until)}
        if graver:
            ask_again(connection, [(row.id, row.acknowledged_by)])
    connection.execute(sa.update(ALERT).where(ALERT.c.id == row.id).values(**values))
    return By.CALL in faster.by and By.CALL not in slower.by


def _elsewhere(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    after: Facts,
    now: datetime,
) -> dict[str, Any]:
    """Where and when an open alert goes on that is in another region than was thought."""
    desk = Desk(connection, services)
    step = step_elsewhere(row.step, desk.on_duty(now, before.region), desk.on_duty(now, after.region))
    return {"step": step, "due_at": now} if step < row.step else {}


def _count_again(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    amendment: Amendment,
    now: datetime,
) -> Decision:
    """One of several reports was put right or taken back: what they all say is counted in the next update."""
    graver = amendment.facts is not None and amendment.facts.severity < before.severity
    due = update_at(
        graver=graver, new=amendment.facts is not None,
        raised_at=row.raised_at, updated_at=row.updated_at, now=now, pace=services.settings.pace,
    )  # fmt: skip
    connection.execute(
        sa.update(INCIDENT)
        .where(INCIDENT.c.id == row.incident_id)
        .values(update_due_at=sa.func.least(due, INCIDENT.c.update_due_at))
    )
    return Decision(
        "vigie", "one report of an alert changed", str(row.id), {"cancelled": not amendment.facts}
    )


def tell_holders(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    facts: Facts,
    wording: texts.Wording,
    now: datetime,
    *,
    rings: bool,
) -> None:
    """A further text to whoever took the alert, or to everybody who was asked to, who are called if it ``rings``."""
    holders = sa.select(CODE).where(CODE.c.alert_id == row.id, CODE.c.retired_at.is_(None))
    desk = Desk(connection, services)
    if row.state == "acknowledged" and row.acknowledged_by in desk.officers:
        holders = holders.where(CODE.c.officer_id == row.acknowledged_by)
    elif row.state == "acknowledged":  # nobody has it any more
        connection.execute(sa.update(ALERT).where(ALERT.c.id == row.id).values(due_at=now, expires_at=now))
    held = [one for one in connection.execute(holders) if one.officer_id in desk.officers]
    outgoing = [
        Draft(
            purpose="more",
            rank=drafts.SEVERITY_1 if facts.cannot_wait else drafts.SEVERITY_2,
            channel=desk.channel,
            sender=desk.line,
            recipient=desk.officers[one.officer_id].number,
            text=wording(desk.book, facts, desk.officers[one.officer_id].language, row.reference, one.code),
            subject=row.id,
        )
        for one in held
    ]
    if rings:
        outgoing += _calls(desk, facts, row.id, (one.officer_id for one in held))
    queue(connection, services.cipher, outgoing, now)


def live_alerts(
    connection: sa.Connection, about: sa.Column[Any], ids: Iterable[UUID]
) -> dict[UUID, sa.Row[Any]]:
    """The alert that is not closed of each contact or incident, by that column; nobody closes it meanwhile."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(
        sa.select(ALERT)
        .where(any_of(about, wanted), ALERT.c.state != "closed")
        .order_by(ALERT.c.id)
        .with_for_update()
    )
    return {getattr(row, about.name): row for row in rows}


def no_longer_wanted(
    connection: sa.Connection, services: Services, texts: Collection[AboutAlert]
) -> dict[AboutAlert, str]:
    """Of these texts those that nobody need read any more, and why.

    An alert that was taken calls nobody else, but those who must answer all the same, whoever has it if it grew
    graver since, and help as long as that is wanted; what is new of it is for them and for whoever has it.
    """
    if not texts:
        return {}
    rows = connection.execute(
        sa.select(ALERT).where(any_of(ALERT.c.id, {alert for _, alert, _ in texts}), ALERT.c.state != "open")
    ).all()
    states = {row.id: row.state for row in rows}
    taken = [row for row in rows if row.state == "acknowledged"]
    awaited = _numbers(
        connection, unanswered(connection, [row.id for row in taken if _all_must(services, row)])
    ) | _numbers(connection, holders_asked_again(connection, [row.id for row in taken]))
    holders = _numbers(connection, {row.id: [row.acknowledged_by] for row in taken})
    in_hand = {alert for alert, _ in holders}
    helped = {row.id for row in taken if row.help == Help.WANTED}

    def is_wanted(purpose: str, alert: UUID, number: bytes) -> bool:
        if states[alert] == "closed":
            return False
        match purpose:
            case "help":
                return alert in helped
            case "merged":
                return True
            case "more":
                return alert not in in_hand or (alert, number) in holders | awaited
            case _:
                return purpose in drafts.CALLING and (alert, number) in awaited

    return {
        about: f"the alert is already {states[about[1]]}"
        for about in texts
        if about[1] in states and not is_wanted(*about)
    }


def _numbers(connection: sa.Connection, officers: Mapping[UUID, Collection[UUID]]) -> set[tuple[UUID, bytes]]:
    """By alert the officers, as (alert, hash of the number); those alone who are active."""
    ids = {officer for several in officers.values() for officer in several}
    if not ids:
        return set()
    rows = connection.execute(
        sa.select(OFFICER.c.id, OFFICER.c.number_hash).where(any_of(OFFICER.c.id, ids), OFFICER.c.active)
    )
    numbers = {row.id: bytes(row.number_hash) for row in rows}
    return {
        (alert, numbers[officer])
        for alert, several in officers.items()
        for officer in several
        if officer in numbers
    }


def _all_must(services: Services, row: sa.Row[Any]) -> bool:
    """Whether everybody on its step must answer; of one that cannot be read nobody knows, and everybody does."""
    try:
        return row.due_at is not None and pace_of(services, read_facts(services.cipher, row.facts)).all
    except (CannotDecryptError, ValueError, TypeError) as error:  # it must not keep the others' texts back
        log.error("alert_unreadable", alert=str(row.id), error=where(error))
        return True


def hurry(connection: sa.Connection, alerts: Sequence[UUID], now: datetime) -> None:
    """A text of these alerts will reach nobody: the next step is due now, not in five minutes."""
    connection.execute(
        sa.update(ALERT)
        .where(
            any_of(ALERT.c.id, alerts),
            ALERT.c.state == "open",
            ALERT.c.step <= LAST_STEP,
            ALERT.c.due_at > now,
        )
        .values(due_at=now)
    )


def seen(connection: sa.Connection, alerts: Sequence[UUID], now: datetime) -> None:
    """A text of these alerts is on an officer's phone."""
    first = (
        sa.update(ALERT)
        .where(any_of(ALERT.c.id, alerts), ALERT.c.seen_at.is_(None))
        .values(seen_at=now)
        .returning(ALERT.c.raised_at)
    )
    for raised_at in connection.execute(first).scalars():
        SEEN_SECONDS.observe((now - raised_at).total_seconds())


def tick(services: Services) -> int:
    """Whatever is due: the next step of open alerts, the question whether taken ones go on."""
    try:
        return _act(services)
    except DATABASE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - one alert's trouble must not keep the others from their turn
        log.error("alerts_one_by_one", error=where(error))
    with services.engine.connect() as connection:
        due = list(
            connection.execute(sa.select(ALERT.c.id).where(_is_due(services, services.now()))).scalars()
        )
    for alert in due:
        try:
            _act(services, alert)
        except DATABASE_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - it is told, and tried again with the next step
            log.error("alert_stuck", alert=str(alert), error=where(error))
            with services.engine.begin() as connection:
                later = services.now() + _rests_for(services)
                connection.execute(sa.update(ALERT).where(ALERT.c.id == alert).values(retry_at=later))
    return len(due)


def _is_due(services: Services, now: datetime) -> sa.ColumnElement[bool]:
    """Those that the clock failed at lately rest, though they are late.

    Also what is due later than any step could put it: the clock was set back, and nobody waits for that.
    """
    ahead = [
        sa.and_(
            sa.func.least(ALERT.c.severity, max(SEVERITIES)) == severity,
            ALERT.c.state == state,
            ALERT.c.due_at > now + longest,
        )
        for severity in SEVERITIES
        for state, longest in _longest(services, severity).items()
    ]
    rests = sa.and_(ALERT.c.retry_at > now, ALERT.c.retry_at <= now + _rests_for(services))
    return sa.and_(
        ALERT.c.due_at.is_not(None),
        sa.or_(ALERT.c.due_at <= now, *ahead),
        sa.or_(ALERT.c.retry_at.is_(None), ~rests),
    )


def _longest(services: Services, severity: int) -> dict[str, timedelta]:
    """By state, how long the clock lets an alert wait at most."""
    settings = services.settings
    pace = load_policy(settings.agency_dir).longest(severity).hurried(settings.pace)
    outcomes = (lasts / settings.pace for lasts in LASTS.values())
    return {"open": max(pace.step, pace.repeat, pace.nobody), "acknowledged": max(pace.lasts, *outcomes)}


def _rests_for(services: Services) -> timedelta:
    return _TROUBLE_WAITS / services.settings.pace


def tell_of_stops(services: Services) -> None:
    """Alert the others to officers whom a provider carries nothing to any more, because they told it to stop."""
    now = services.now()
    untold = sa.or_(OFFICER.c.stop_told_at.is_(None), OFFICER.c.stop_told_at < OFFICER.c.stopped_at)
    stopped = (
        sa.select(OFFICER.c.id, OFFICER.c.name)
        .where(OFFICER.c.active, OFFICER.c.stopped_at.is_not(None), untold)
        .order_by(OFFICER.c.id)
        .with_for_update(skip_locked=True)
    )
    with services.engine.begin() as connection:
        officers = connection.execute(stopped).all()
        if not officers:
            return
        connection.execute(
            sa.update(OFFICER)
            .where(any_of(OFFICER.c.id, [row.id for row in officers]))
            .values(stop_told_at=now)
        )
        references = next_references(connection, len(officers))
        new = [
            NewAlert(uuid7(), reference, stop_of(str(row.id), row.name), None, None)
            for row, reference in zip(officers, references, strict=True)
        ]
        decisions = raise_alerts(connection, services, new, now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def _act(services: Services, alert: UUID | None = None) -> int:
    """Act on what is due, or on one alert of that; in one transaction."""
    now = services.now()
    due = (
        sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.people)
        .outerjoin(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id)
        .where(_is_due(services, now))
        .order_by(ALERT.c.severity, ALERT.c.due_at)
        .limit(_AT_ONCE)
        .with_for_update(of=ALERT, skip_locked=True)
    )
    if alert:
        due = due.where(ALERT.c.id == alert)
    with services.engine.begin() as connection:
        rows = connection.execute(due).all()
        standing = [_standing(services, row) for row in rows]
        opened = [one for one, row in zip(standing, rows, strict=True) if row.state == "open"]
        decisions = _take_steps(connection, services, opened, now) if opened else []
        taken = [(one, row) for one, row in zip(standing, rows, strict=True) if row.state == "acknowledged"]
        expired = [row for _, row in taken if _runs_out_at(row) <= now or row.due_at > now]
        decisions += _remind(connection, services, expired, now) if expired else []
        asked = [(one, row) for one, row in taken if row not in expired]
        decisions += _call_the_others(connection, services, asked, now) if asked else []
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return len(rows)


def _runs_out_at(row: sa.Row[Any]) -> datetime:
    """When whoever has a taken alert is asked whether it goes on."""
    at: datetime = row.expires_at or row.due_at  # the second of one that an earlier version saw taken
    return at


def _call_the_others(
    connection: sa.Connection,
    services: Services,
    alerts: Sequence[tuple[_Standing, sa.Row[Any]]],
    now: datetime,
) -> list[Decision]:
    """Somebody took it: called again are whoever of the step must answer too and has not, and help that is wanted."""
    desk = Desk(connection, services)
    alone = [row for _, row in alerts if row.help == Help.WANTED]
    called, decisions = call_help(connection, services, desk, alone, now)
    silent = unanswered(connection, [one.id for one, _ in alerts if one.pace.all])
    awaited = {
        one.id: [officer for officer in silent[one.id] if officer in desk.officers] for one, _ in alerts
    }
    told = {
        id_: [one for one in several if id_ not in called or one not in called[id_].officers]
        for id_, several in awaited.items()
    }
    codes = codes_for(connection, told, now)
    outgoing = [
        _text(desk, one, officer, codes[one.id, officer], nobody=False)
        for one, _ in alerts
        for officer in told[one.id]
    ]
    for one, _ in alerts:
        if By.CALL in one.pace.by:
            outgoing += _calls(desk, one.facts, one.id, told[one.id])
    queue(connection, services.cipher, outgoing, now)
    for one, row in alerts:
        looks = [_runs_out_at(row)]
        looks += [now + one.pace.repeat] if awaited[one.id] else []
        looks += [called[one.id].look_at] if one.id in called else []
        connection.execute(sa.update(ALERT).where(ALERT.c.id == one.id).values(due_at=min(looks)))
    return decisions + [
        Decision(
            "vigie", "others called again", str(one.id), {"officers": [str(each) for each in told[one.id]]}
        )
        for one, _ in alerts
        if told[one.id]
    ]


def facts_now(services: Services, row: sa.Row[Any]) -> Facts:
    """What an alert says, with how many reports of it there are by now, also those not yet told of."""
    facts = read_facts(services.cipher, row.facts)
    if row.contact_id is not None or (row.reports or 1) <= 1:
        return facts
    return replace(facts, reports=row.reports, people=row.people)


def _remind(
    connection: sa.Connection, services: Services, rows: Sequence[sa.Row[Any]], now: datetime
) -> list[Decision]:
    """An acknowledgement has run out: ask whoever took it; without an answer it goes up the rota again.

    Where whoever took it is no officer any more, it does so at once.
    """
    desk = Desk(connection, services)
    facts = {row.id: facts_now(services, row) for row in rows}
    duties = who_is_asked(connection, desk, facts, now)
    told = {row.id: [row.acknowledged_by] for row in rows if row.acknowledged_by in desk.officers}
    codes = codes_for(connection, told, now)
    outgoing = []
    for row in rows:
        if row.id in told:
            officer = desk.officers[row.acknowledged_by]
            code = codes[row.id, officer.id]
            text = texts.reminder(desk.book, facts[row.id], officer.language, row.reference, code)
            outgoing.append(
                Draft("reminder", drafts.REMINDER, desk.channel, desk.line, officer.number, text, row.id)
            )
    queue(connection, services.cipher, outgoing, now)
    ask_again(connection, codes)
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == sa.bindparam("id_"))
        .values(state="open", step=sa.bindparam("step_"), due_at=sa.bindparam("due_")),
        [
            {
                "id_": row.id,
                "step_": step_after_reminder(row.acknowledged_by, duties[row.id]),
                "due_": now + pace_of(services, facts[row.id]).step if row.id in told else now,
            }
            for row in rows
        ],
    )
    return [Decision("vigie", "acknowledgement expired", str(row.id)) for row in rows]


def escalate(services: Services, reference: str, actor: str) -> bool:
    """Call the next step now, also of an alert that somebody has. Returns whether there was one to carry up."""
    now = services.now()
    with services.engine.begin() as connection:
        carried = connection.execute(
            sa.update(ALERT)
            .where(ALERT.c.reference == reference, ALERT.c.state != "closed")
            .values(state="open", due_at=now)
            .returning(ALERT.c.id)
        ).scalars()
        decisions = [Decision(actor, "next step asked for", str(alert)) for alert in carried]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return bool(decisions)


def close(services: Services, reference: str, actor: str) -> bool:
    """Close an alert for good, and its incident; its codes rest. Returns whether there was one to close."""
    now = services.now()
    with services.engine.begin() as connection:
        decide(connection)
        open_ones = sa.select(ALERT.c.id, ALERT.c.incident_id).where(
            ALERT.c.reference == reference, ALERT.c.state != "closed"
        )
        rows = connection.execute(open_ones).all()
        decisions = close_incidents(
            connection, [row.incident_id for row in rows if row.incident_id], actor, now
        )
        decisions += close_alerts(connection, [row.id for row in rows], actor, now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return bool(rows)


def decide(connection: sa.Connection) -> None:
    """From here to the end of the transaction nobody else decides which reports belong to which incident.

    It comes first: reports, incidents and alerts are locked after it, in this order.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_DECIDING)))


def close_incidents(
    connection: sa.Connection, incidents: Sequence[UUID], actor: str, now: datetime
) -> list[Decision]:
    """Nobody hears of them any more; further reports of their events begin others. Their alerts come next."""
    lock = sa.select(INCIDENT.c.id).where(any_of(INCIDENT.c.id, incidents)).order_by(INCIDENT.c.id)
    ids = list(connection.execute(lock.with_for_update()).scalars())
    connection.execute(
        sa.update(INCIDENT)
        .where(any_of(INCIDENT.c.id, ids), INCIDENT.c.state == "open")
        .values(state="closed", closed_at=now, update_due_at=None)
    )
    return [Decision(actor, "incident closed", str(id_)) for id_ in ids]


def close_alerts(
    connection: sa.Connection, alerts: Sequence[UUID], actor: str, now: datetime
) -> list[Decision]:
    closed = connection.execute(
        sa.update(ALERT)
        .where(any_of(ALERT.c.id, alerts), ALERT.c.state != "closed")
        .values(state="closed", due_at=None)
        .returning(ALERT.c.id)
    ).scalars()
    ids = list(closed)
    connection.execute(
        sa.update(CODE)
        .where(any_of(CODE.c.alert_id, ids), CODE.c.retired_at.is_(None))
        .values(retired_at=now)
    )
    return [Decision(actor, "alert closed", str(alert)) for alert in ids]
