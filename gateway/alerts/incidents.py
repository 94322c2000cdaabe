"""Reports of one event become one incident with one alert, while a batch is filed in the caller's transaction.

Whoever decides which reports belong where holds the lock of `decide`, then incidents and then alerts, each in
the order of their ids: so two readers that file two reports of one event make one incident.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import amending, climbing, locks
from gateway.alerts.amending import Amendment
from gateway.alerts.answering import tell_reporters
from gateway.alerts.desk import read_facts
from gateway.alerts.facts import Facts, NewAlert
from gateway.alerts.grouping import Sighting, Told, reach, same_again, same_event, update_at
from gateway.alerts.records import Alert, Incident
from gateway.alerts.verbs import Verb
from gateway.outbox.drafts import TAKEN_BEFORE
from gateway.places.roads import load_roads
from gateway.reports.codebook import load_codebook
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, insert_many, table_of

INCIDENT, ALERT, REPORT = table_of(Incident), table_of(Alert), table_of(ReportRecord)
HAPPENED_AT: Final = sa.func.coalesce(REPORT.c.occurred_at, REPORT.c.sent_at, REPORT.c.received_at)
# Of a burst the newest reports say where the event is now; each incident is known by so many of them.
_KNOWN_BY: Final = 10
# Open ones first, then those nearest in time: more than ever happen at once.
_LOOKED_AT: Final = 500


@dataclass(slots=True)
class _Standing:
    """An incident as it stands: the columns that reports change, and what it is known by."""

    id: UUID
    reference: str
    kind: str | None
    state: str
    severity: int
    reports: int
    people: int | None
    first_at: datetime
    last_at: datetime
    follows: UUID | None = None
    updated_at: datetime | None = None
    update_due_at: datetime | None = None
    is_new: bool = False
    changed: bool = False
    members: list[Sighting] = field(default_factory=list)

    def take(self, told: Told) -> None:
        told.incident = self.id
        self.reports += 1
        self.severity = min(self.severity, told.severity)
        self.people = max((n for n in (self.people, told.people) if n is not None), default=None)
        self.first_at, self.last_at = min(self.first_at, told.at), max(self.last_at, told.at)
        self.changed = True


_COUNTED: Final = ("severity", "reports", "people", "first_at", "last_at", "update_due_at")
_READ_AGAIN: Final = (*_COUNTED, "updated_at")
_UPDATE: Final = (
    sa.update(INCIDENT)
    .where(INCIDENT.c.id == sa.bindparam("id_"))
    .values({name: sa.bindparam(f"{name}_") for name in _COUNTED})
)


class Gathering:
    """Gathers the reports of one batch: `find` before any alert is locked, then `alert`."""

    def __init__(self, connection: sa.Connection, services: Services, now: datetime) -> None:
        self._connection, self._services, self._now = connection, services, now
        self._roads = load_roads(services.settings.agency_dir)
        self._book = load_codebook(services.settings.agency_dir)
        self._standing: dict[UUID, _Standing] = {}
        self._decisions: list[Decision] = []

    def find(
        self,
        told: Sequence[Told],
        contacts: Collection[UUID],
        changed: Collection[UUID],
        spoken_of: Collection[UUID],
    ) -> None:
        """Find each report's incident, and lock what this batch may change.

        That is these incidents, those ``changed`` and those of callers and of the alerts ``spoken_of``; and
        then the alerts.
        """
        gathered = {one.incident for one in told if one.incident}
        sighted = [(one, one.sighting) for one in told if one.sighting and not one.incident]
        if sighted:
            locks.decide(self._connection)
            self._look_up([sighting for _, sighting in sighted])
        joined = {self._place(one, sighting) for one, sighting in sighted}
        self._hold({*gathered, *joined, *changed}, contacts, spoken_of)
        for one, _ in sighted:
            self._standing[_given(one.incident)].take(one)

    def _look_up(self, sightings: Sequence[Sighting]) -> None:
        """The incidents whose event any of these may tell of."""
        spans = []
        for kind in {sighting.kind for sighting in sightings}:
            times = [sighting.at for sighting in sightings if sighting.kind == kind]
            far = reach(kind, self._roads)
            earliest, latest = min(times) - far, max(times) + far
            spans.append(
                sa.and_(
                    INCIDENT.c.kind == kind, INCIDENT.c.last_at >= earliest, INCIDENT.c.first_at <= latest
                )
            )
        first = min(sighting.at for sighting in sightings)
        known = (
            sa.select(INCIDENT)
            .where(sa.or_(*spans), INCIDENT.c.merged_into.is_(None))
            .order_by(INCIDENT.c.state.desc(), sa.func.abs(sa.extract("epoch", INCIDENT.c.last_at - first)))
            .limit(_LOOKED_AT)
        )
        for row in self._connection.execute(known):
            self._standing[row.id] = _standing(row)
        if self._standing:
            self._recall()

    def _recall(self) -> None:
        """What each incident is known by."""
        parts = [REPORT.c.reading[name].label(name) for name in ("place", "people", "transport")]
        newest = (
            sa.select(REPORT.c.id, REPORT.c.message_id, REPORT.c.code, HAPPENED_AT.label("at"), *parts)
            .where(REPORT.c.incident_id == INCIDENT.c.id, REPORT.c.state != "cancelled")
            .order_by(REPORT.c.received_at.desc())
            .limit(_KNOWN_BY)
            .lateral()
        )
        rows = self._connection.execute(
            sa.select(INCIDENT.c.id.label("incident"), newest)
            .join(newest, sa.true())
            .where(any_of(INCIDENT.c.id, self._standing))
        )
        for row in rows:
            if row.code in self._book:
                kind = self._book[row.code].family
                reading = {"place": row.place, "people": row.people, "transport": row.transport}
                sighting = Sighting.of(row.id, row.message_id, kind, row.at, reading)
                self._standing[row.incident].members.append(sighting)

    def _place(self, told: Told, sighting: Sighting) -> UUID | None:
        """Put a report to the incident that it tells of. Returns the one on file that it joins."""
        found = [
            (standing.state == "closed", abs(member.at - sighting.at), standing.id)
            for standing in self._standing.values()
            for member in standing.members
            if same_event(member, sighting, self._roads)
            or (member.report == told.repeat_of and same_again(member, sighting))
        ]
        closed, _, id_ = min(found, default=(True, None, None))
        if closed or id_ is None:
            standing = self._open(told, sighting.kind, follows=id_)
        else:
            standing = self._standing[id_]
            told.incident = id_
            self._decisions.append(
                Decision("vigie", "report joined to incident", str(id_), {"report": str(told.report)})
            )
        standing.members.append(sighting)
        return None if standing.is_new else standing.id

    def _open(self, told: Told, kind: str | None, follows: UUID | None = None) -> _Standing:
        standing = _Standing(
            uuid7(), told.reference, kind, "open", told.severity, 0, None, told.at, told.at, follows,
            is_new=True,
        )  # fmt: skip
        self._standing[standing.id] = standing
        told.incident = standing.id
        if follows:
            detail = {"follows": str(follows)}
            self._decisions.append(
                Decision("vigie", "incident follows a closed one", str(standing.id), detail)
            )
        return standing

    def _hold(
        self, joined: Iterable[UUID | None], contacts: Collection[UUID], spoken_of: Collection[UUID]
    ) -> None:
        """Each kind with one statement, by id: two batches that lock one by one may stop each other."""
        ids = {id_ for id_ in joined if id_}
        theirs = sa.and_(any_of(ALERT.c.contact_id, contacts), ALERT.c.state != "closed")
        known = sa.or_(theirs, any_of(ALERT.c.id, spoken_of))
        if contacts or spoken_of:
            concerned = self._connection.execute(sa.select(ALERT.c.incident_id).where(known))
            ids |= {id_ for id_ in concerned.scalars() if id_}
        if ids:
            query = sa.select(INCIDENT).where(any_of(INCIDENT.c.id, ids)).order_by(INCIDENT.c.id)
            for row in self._connection.execute(query.with_for_update()):
                standing = self._standing.setdefault(row.id, _standing(row))
                for name in _READ_AGAIN:
                    setattr(standing, name, getattr(row, name))
        if ids or contacts or spoken_of:
            live = sa.and_(any_of(ALERT.c.incident_id, ids), ALERT.c.state != "closed")
            query = sa.select(ALERT.c.id).where(sa.or_(known, live)).order_by(ALERT.c.id)
            self._connection.execute(query.with_for_update())

    def alert(
        self, told: Sequence[Told], contacts: Collection[UUID], amendments: Sequence[Amendment],
        others: Sequence[NewAlert] = (),
    ) -> tuple[list[Decision], dict[UUID, UUID]]:  # fmt: skip
        """One alert an incident: raised, or joined by what its reports say; amendments reach those who hold it.

        Returns the decisions, and for alerts that their report must leave the ones in their place.
        """
        live = locks.live_alerts(
            self._connection, ALERT.c.incident_id, {one.incident for one in told if one.incident}
        )
        callers = locks.live_alerts(self._connection, ALERT.c.contact_id, contacts)
        raised, joining = self._sort(told, live, callers)
        became = {one.alert.id: one.alert_id for one in told if one.alert and one.alert_id}
        amendments = [replace(one, alert=became.get(one.alert, one.alert)) for one in amendments]
        amendments, anew, instead = amending.hold(self._connection, self._services, amendments)
        self._save()
        self._open_again([alert.incident_id for alert in raised.values() if alert.incident_id])
        new = [*raised.values(), *others, *anew]
        self._decisions += climbing.raise_alerts(self._connection, self._services, new, self._now)
        self._take_along([alert.incident_id for alert in raised.values() if alert.incident_id])
        for alert_id, facts in sorted(joining, key=lambda pair: pair[0]):
            self._decisions += amending.join(self._connection, self._services, alert_id, facts, self._now)
        self._decisions += amending.amend(self._connection, self._services, amendments, self._now)
        return self._decisions, instead

    def _sort(
        self, told: Sequence[Told], live: dict[UUID, sa.Row[Any]], callers: dict[UUID, sa.Row[Any]]
    ) -> tuple[dict[UUID, NewAlert], list[tuple[UUID, Facts]]]:
        """The alerts to raise, by their caller or incident; and what callers' texts add to theirs."""
        raised: dict[UUID, NewAlert] = {}
        joining: list[tuple[UUID, Facts]] = []
        for one in told:
            if one.alert and one.alert.contact_id:
                self._said(one, one.alert, one.alert.contact_id, callers, raised, joining)
            elif one.sighting:
                self._seen(one, live, raised)
            elif one.alert:  # words that nothing could be known again by
                raised[one.alert.id] = self._raise_alone(one, one.alert)
        for incident, alert in raised.items():
            if incident in self._standing:
                raised[incident] = self._with_all(self._standing[incident], alert)
        for one in told:
            if one.alert_id is None and one.incident in raised:
                one.alert_id = raised[one.incident].id
        self._tell_reporters(told, live)
        return raised, joining

    def _said(
        self, one: Told, alert: NewAlert, contact: UUID, callers: dict[UUID, sa.Row[Any]],
        raised: dict[UUID, NewAlert], joining: list[tuple[UUID, Facts]],
    ) -> None:  # fmt: skip
        """A caller's text: into the caller's own alert, and into nobody else's."""
        if caller := callers.get(contact):
            one.alert_id = caller.id
            joining.append((caller.id, alert.facts))
            if caller.incident_id:
                self._standing[caller.incident_id].take(one)
        elif first := raised.get(contact):
            raised[contact] = replace(first, facts=first.facts.with_more(alert.facts))
            one.alert_id = first.id
            self._standing[_given(first.incident_id)].take(one)
        else:
            raised[contact] = self._raise_alone(one, alert)

    def _raise_alone(self, one: Told, alert: NewAlert) -> NewAlert:
        standing = self._open(one, None)
        standing.take(one)
        one.alert_id = alert.id
        return replace(alert, incident_id=standing.id)

    def _with_all(self, standing: _Standing, alert: NewAlert) -> NewAlert:
        """An alert says how many reports there are, also of those that called for none."""
        if standing.reports <= 1:
            return alert
        people = max((n for n in (standing.people, alert.facts.people) if n is not None), default=None)
        return replace(alert, facts=replace(alert.facts, reports=standing.reports, people=people))

    def _seen(self, one: Told, live: dict[UUID, sa.Row[Any]], raised: dict[UUID, NewAlert]) -> None:
        standing = self._standing[_given(one.incident)]
        if row := live.get(standing.id):
            one.alert_id = row.id
            self._count(one, standing, row)
        elif first := raised.get(standing.id):
            if one.alert:
                raised[standing.id] = replace(first, facts=first.facts.with_report(one.alert.facts))
            one.alert_id = first.id
        elif one.alert:
            raised[standing.id] = replace(one.alert, incident_id=standing.id)
            one.alert_id = one.alert.id

    def _count(self, one: Told, standing: _Standing, row: sa.Row[Any]) -> None:
        """Those who hold the alert hear of it: at once when it is graver, else in their next update."""
        facts = read_facts(self._services.cipher, row.facts)
        new = (
            one.place not in (None, facts.place)
            or (one.people is not None and facts.people is None)
            or (one.verified and facts.doubt == "unverified")
        )
        due = update_at(
            graver=one.severity < facts.severity, new=new,
            raised_at=row.raised_at, updated_at=standing.updated_at,
            now=self._now, pace=self._services.settings.pace,
        )  # fmt: skip
        standing.update_due_at = min(due, standing.update_due_at or due)
        standing.changed = True

    def _tell_reporters(self, told: Sequence[Told], live: dict[UUID, sa.Row[Any]]) -> None:
        """Whoever reports what somebody took already learns so, once."""
        taken = [
            one for one in told
            if one.reporter and one.incident in live and live[one.incident].state == "acknowledged"
        ]  # fmt: skip
        if not taken:
            return
        before = self._connection.execute(
            sa.select(REPORT.c.incident_id, REPORT.c.reporter_id)
            .where(any_of(REPORT.c.incident_id, {one.incident for one in taken}))
            .where(any_of(REPORT.c.reporter_id, {one.reporter for one in taken}))
        )
        knows = {(row.incident_id, row.reporter_id) for row in before}
        for one in taken:
            if (one.incident, one.reporter) not in knows:
                knows.add((one.incident, one.reporter))
                row = live[_given(one.incident)]
                reporters = {_given(one.reporter): one.reference}
                tell_reporters(
                    self._connection, self._services, row.id, reporters, Verb.TAKEN, row.acknowledged_at, self._now,
                    rank=TAKEN_BEFORE,
                )  # fmt: skip

    def _save(self) -> None:
        new = sorted((one for one in self._standing.values() if one.is_new), key=lambda one: one.id)
        columns = ("id", "reference", "kind", "state", "follows", *_COUNTED)
        rows = [{name: getattr(one, name) for name in columns} | {"opened_at": self._now} for one in new]
        insert_many(self._connection, INCIDENT, rows)
        known = sorted((one for one in self._standing.values() if not one.is_new), key=lambda one: one.id)
        changed = [
            {"id_": one.id} | {f"{name}_": getattr(one, name) for name in _COUNTED}
            for one in known
            if one.changed
        ]
        if changed:
            self._connection.execute(_UPDATE, changed)

    def _open_again(self, incidents: Sequence[UUID]) -> None:
        """What was over before anybody was alerted, and whose report grew grave since."""
        over = [id_ for id_ in incidents if self._standing[id_].state == "closed"]
        if over:
            again = sa.update(INCIDENT).where(any_of(INCIDENT.c.id, over))
            self._connection.execute(again.values(state="open", closed_at=None))

    def _take_along(self, incidents: Sequence[UUID]) -> None:
        """What is alerted only now has earlier reports: they are the alert's, too."""
        known = [id_ for id_ in incidents if not self._standing[id_].is_new]
        if known:
            self._connection.execute(
                sa.update(REPORT)
                .where(any_of(REPORT.c.incident_id, known), REPORT.c.alert_id.is_(None))
                .where(REPORT.c.incident_id == ALERT.c.incident_id, ALERT.c.state != "closed")
                .values(alert_id=ALERT.c.id)
            )


def recount(connection: sa.Connection, incidents: Iterable[UUID]) -> None:
    """What the reports of these incidents say by now, those that were taken back left out."""
    people = sa.cast(REPORT.c.reading["people"]["total"].astext, sa.Integer)
    counted = (
        sa.select(
            INCIDENT.c.id,
            sa.func.count(REPORT.c.id).label("reports"),
            sa.func.max(people).label("people"),
            sa.func.coalesce(sa.func.min(REPORT.c.severity), INCIDENT.c.severity).label("severity"),
            sa.func.coalesce(sa.func.min(HAPPENED_AT), INCIDENT.c.first_at).label("first_at"),
            sa.func.coalesce(sa.func.max(HAPPENED_AT), INCIDENT.c.last_at).label("last_at"),
        )
        .outerjoin(REPORT, sa.and_(REPORT.c.incident_id == INCIDENT.c.id, REPORT.c.state != "cancelled"))
        .where(any_of(INCIDENT.c.id, incidents))
        .group_by(INCIDENT.c.id)
        .subquery()
    )
    names = ("reports", "people", "severity", "first_at", "last_at")
    connection.execute(
        sa.update(INCIDENT)
        .where(INCIDENT.c.id == counted.c.id)
        .values({name: counted.c[name] for name in names})
    )


def _standing(row: sa.Row[Any]) -> _Standing:
    names = ("id", "reference", "kind", "state", "follows", *_READ_AGAIN)
    return _Standing(**{name: getattr(row, name) for name in names})


def _given(id_: UUID | None) -> UUID:
    """An id that the steps before have found."""
    if id_ is None:
        raise LookupError("a report was not gathered")
    return id_
