"""Whatever storm, whatever fails, whoever takes what: no officer gets more than the windows allow, and nothing is lost."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway.channels.base import TemporarySendError
from gateway.messages import Accepted, OutboundMessage
from gateway.outbox.drafts import REMINDER, SEVERITY_2, Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import AboutAlert, Outbox, queue
from gateway.outbox.throttle import A_MINUTE, WINDOWS, Kind, kind_of
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Air

OUT, OFFICER = table_of(OutboundRecord), table_of(Officer)
LINE, OFFICERS = "+22780000001", ("+22790000901", "+22790000902")
RANKS = {"alert": SEVERITY_2, "reminder": REMINDER, "more": SEVERITY_2, "duty": REMINDER}

# Of each moment: after how many seconds it comes, and what is called for then, and what of all before is taken.
MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 20, 60, 200, 900]),
        st.lists(st.tuples(st.sampled_from(OFFICERS), st.sampled_from(sorted(RANKS))), max_size=12),
        st.one_of(st.none(), st.integers(0, 40)),
        st.booleans(),
    ),
    max_size=8,
)


class Network(Air):
    """Is away for as long as it is told."""

    away = False

    def send(self, message: OutboundMessage) -> Accepted:
        if self.away:
            raise TemporarySendError("no route")
        return super().send(message)


class Storm:
    def __init__(self, services: Services, clock: Clock) -> None:
        self.services, self.clock = services, clock
        self.network = Network(clock, name="network")
        services.channels["network"] = self.network
        self.subjects: list[UUID] = []
        self.taken: set[UUID] = set()
        self.hurried: set[UUID] = set()
        self.outbox = Outbox(services, self.no_longer_wanted, self.on_alert_failed, lambda *_: None)
        with services.engine.begin() as connection:
            for table in (OUT, OFFICER):
                connection.execute(sa.delete(table))
            for number in OFFICERS:
                sealed = {
                    "number": services.cipher.encrypt(number),
                    "number_hash": services.cipher.digest(number),
                }
                connection.execute(
                    sa.insert(OFFICER).values(id=uuid7(), name="Officier", language="fr", **sealed)
                )

    def no_longer_wanted(self, _: sa.Connection, texts: Collection[AboutAlert]) -> Mapping[AboutAlert, str]:
        return {text: "taken" for text in texts if text[1] in self.taken}

    def on_alert_failed(self, _: sa.Connection, lost: Sequence[UUID], __: datetime) -> None:
        self.hurried.update(lost)

    def breaks(self, wanted: Sequence[tuple[str, str]]) -> None:
        drafts = []
        for number, purpose in wanted:
            subject = uuid7()
            self.subjects.append(subject)
            drafts.append(Draft(purpose, RANKS[purpose], "network", LINE, number, "un texte", subject))
        with self.services.engine.begin() as connection:
            queue(connection, self.services.cipher, drafts, self.clock())

    def deliver(self) -> None:
        while self.outbox.deliver(alerts=True) or self.outbox.deliver(alerts=False):
            pass

    def rows(self) -> Sequence[sa.Row[tuple[object, ...]]]:
        with self.services.engine.connect() as connection:
            return connection.execute(sa.select(OUT).order_by(OUT.c.sent_at)).all()

    def blows_over(self) -> None:
        """On from one due time to the next, until nothing waits."""
        self.network.away = False
        for _ in range(500):
            due = [row.due_at for row in self.rows() if row.state == "queued"]
            if not due:
                return
            self.clock.time = max(self.clock(), min(due))
            self.deliver()
        raise AssertionError("texts wait for ever")

    def keeps_its_promises(self) -> None:
        rows = self.rows()
        for row in rows:
            assert row.state in {"sent", "withheld", "failed"}, row.state
            assert row.state != "withheld" or row.subject in self.taken
            assert row.state != "failed" or row.expires_at <= self.clock()
            waited = (row.sent_at or row.expires_at) - row.created_at
            failed_to_leave = row.attempts > 1
            if row.purpose == "alert" and row.state != "withheld" and not failed_to_leave:
                assert waited < timedelta(hours=1) or row.subject in self.hurried
        for number in OFFICERS:
            digest = self.services.cipher.digest(number)
            mine = [row for row in rows if bytes(row.recipient_hash) == digest and row.sent_at]
            times = [row.sent_at for row in mine]
            assert fullest(times, A_MINUTE.within) <= A_MINUTE.texts
            for kind in (Kind.ALERT, Kind.UPDATE):
                own = [row.sent_at for row in mine if kind_of(row.purpose) is kind]
                for window in WINDOWS[kind]:
                    assert fullest(own, window.within) <= window.texts


def fullest(times: Sequence[datetime], within: timedelta) -> int:
    return max((sum(last - within < at <= last for at in times) for last in times), default=0)


def test_any_storm_stays_under_every_window_and_ends(services: Services, clock: Clock) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(moments=MOMENTS)
    def holds(moments: list[tuple[int, list[tuple[str, str]], int | None, bool]]) -> None:
        storm = Storm(services, clock)
        for after, wanted, taken, away in moments:
            clock.forward(seconds=after)
            storm.network.away = away
            storm.breaks(wanted)
            if taken is not None and taken < len(storm.subjects):
                storm.taken.add(storm.subjects[taken])
            storm.deliver()
        storm.blows_over()
        storm.keeps_its_promises()

    holds()
