"""An officer gets no more texts than a phone and a head can bear; what waits is neither lost nor forgotten."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import climbing
from gateway.alerts import service as alerts
from gateway.alerts.facts import Facts, NewAlert
from gateway.alerts.records import Alert, Incident
from gateway.channels.base import TemporarySendError
from gateway.duty.records import ShiftRecord
from gateway.inbox.records import InboundRecord
from gateway.outbox.holding import LIKE_ANOTHER, OVERTAKEN
from gateway.outbox.throttle import A_MINUTE, WINDOWS, Kind, Window
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import OUT, Agency, Phone

ALERT, INCIDENT, SHIFT = table_of(Alert), table_of(Incident), table_of(ShiftRecord)
IN, REPORT = table_of(InboundRecord), table_of(ReportRecord)
# Far from one another, so that what happens there is no one event.
POSTS = (
    "ASM", "ARL", "AGZ", "DNS", "GAY", "DRK", "DFA", "DSO", "MDM", "NIA",
    "ABK", "ABL", "ACH", "ADB", "AYR", "BNB", "BSO", "CHF", "DAO", "DAU",
)  # fmt: skip
PLACES = ("Assamaka", "Arlit", "Gaya", "Dirkou", "Agadez", "Zinder", "Diffa", "Tahoua", "Dosso", "Maradi")


def raises(agency: Agency, number: int, *, severity: int = 2) -> None:
    """So many alerts at this moment, each of an event of its own."""
    now = agency.clock()
    new = [
        NewAlert(
            uuid7(),
            f"{(now.minute * 60 + now.second) * 100 + place:06}",
            Facts(hotline=False, severity=severity, place=PLACES[place % len(PLACES)], people=place + 1),
        )
        for place in range(number)
    ]
    with agency.services.engine.begin() as connection:
        climbing.raise_alerts(connection, agency.services, new, now)
    agency.work()


def passes(agency: Agency, minutes: float) -> None:
    """Time passes at strides in which windows open."""
    for _ in range(round(minutes / 2.5)):
        agency.clock.forward(minutes=2.5)
        agency.tick()


def got(agency: Agency, phone: Phone) -> list[datetime]:
    """When each text came to this phone, all of which were expected."""
    agency.air.unread[phone.number].clear()
    return [text.at for text in agency.air.arrived[phone.number]]


def fits(times: Sequence[datetime], windows: Sequence[Window] = (A_MINUTE, *WINDOWS[Kind.ALERT])) -> bool:
    return all(
        sum(last - window.within < at <= last for at in times) <= window.texts
        for last in times
        for window in windows
    )


def closes_everything(agency: Agency) -> None:
    for row in agency.rows(ALERT):
        alerts.close(agency.services, row.reference, "desk")


def held(agency: Agency, phone: Phone) -> list[sa.Row[tuple[object, ...]]]:
    return [row for row in agency.outgoing(phone) if row.state == "queued" and row.held_since]


def test_a_second_alert_within_a_minute_comes_when_the_minute_is_over(agency: Agency) -> None:
    raises(agency, 2)
    agency.first.expects("ALERTE 2")
    agency.first.expects_nothing()
    (row,) = held(agency, agency.first)
    assert row.error == "one officer gets 1 text in 1 min at most"
    assert row.due_at == agency.clock() + timedelta(minutes=1)
    agency.fast_forward(seconds=59)
    agency.first.expects_nothing()
    agency.fast_forward(seconds=1)
    agency.first.expects("ALERTE 2")
    agency.second.expects_nothing()


def test_an_alert_that_its_officer_cannot_get_in_time_goes_to_the_next_at_once(agency: Agency) -> None:
    for _ in range(5):
        raises(agency, 1)
        agency.first.expects("ALERTE 2")
        agency.clock.forward(minutes=1)
    raises(agency, 1)
    agency.fast_forward(seconds=1)
    sixth = agency.second.expects("ALERTE 2")
    agency.second.replies(sixth.code)
    agency.second.expects("est a vous")
    agency.fast_forward(minutes=10)
    (row,) = [row for row in agency.outgoing(agency.first) if row.state != "sent"]
    assert (row.state, row.error) == ("withheld", "the alert is already acknowledged")


def test_an_alert_that_waited_does_not_come_after_what_puts_it_right(agency: Agency) -> None:
    for _ in range(5):
        raises(agency, 1)
        agency.first.expects("ALERTE 2")
        agency.clock.forward(minutes=1)
    agency.agent.texts("ROF ASM 120")
    agency.agent.expects("120 pers.")
    agency.fast_forward(seconds=1)
    agency.second.expects("ALERTE 2", "120 pers")
    agency.clock.forward(minutes=2)
    agency.agent.texts("CORR 12 pas 120")
    agency.agent.expects("Corrige")
    for phone in (agency.first, agency.second):
        phone.expects("CORRIGE", "12 pers")
    agency.fast_forward(minutes=10)
    agency.first.expects_nothing()
    assert [row.error for row in agency.outgoing(agency.first) if row.state != "sent"] == [OVERTAKEN]
    closes_everything(agency)


def test_two_hundred_alerts_in_five_minutes_are_a_bounded_number_of_texts(agency: Agency) -> None:
    began = agency.clock()
    for _ in range(5):
        raises(agency, 40)
        agency.fast_forward(minutes=1)
    passes(agency, minutes=55)
    officers = (agency.first, agency.second, agency.supervisor)
    for phone in officers:
        times = got(agency, phone)
        assert fits(times)
        assert sum(at < times[0] + timedelta(minutes=15) for at in times) == 5
        assert sum(at < times[0] + timedelta(hours=1) for at in times) >= 9
        assert times[0] - began <= timedelta(minutes=2)
        waiting = [row.subject for row in held(agency, phone)]
        assert len(waiting) == len(set(waiting)) <= 200
    assert {row.state for row in agency.rows(ALERT)} == {"open"}
    assert len(agency.rows(ALERT, ALERT.c.due_at.is_not(None))) == 200
    put_before = {row.subject for row in agency.rows(OUT) if row.state in {"sent", "queued"}}
    assert put_before == {row.id for row in agency.rows(ALERT)}
    closes_everything(agency)
    agency.clock.forward(hours=1)
    agency.tick()
    assert {row.state for row in agency.rows(OUT)} == {"sent", "withheld"}
    assert all(got(agency, phone) for phone in officers)


def test_two_hundred_reports_of_twenty_posts_in_five_minutes_are_bounded_texts_and_none_is_lost(
    agency: Agency,
) -> None:
    posts = [agency.reporter(f"+2279000070{number:02}", post=place) for number, place in enumerate(POSTS)]
    began = agency.clock()
    for number in range(200):
        post, place = posts[number % 20], POSTS[number % 20]
        agency.accept(post.number, f"ROF {place} {100 + number // 20}", agency.agent.line, read=False)
        agency.clock.forward(seconds=1.5)
        if number % 20 == 19:
            agency.tick()
    passes(agency, minutes=30)
    assert {row.state for row in agency.rows(IN)} == {"read"}
    incidents = agency.rows(INCIDENT)
    assert [incident.reports for incident in incidents] == [10] * 20
    assert Counter(report.incident_id for report in agency.rows(REPORT)) == dict.fromkeys(
        [incident.id for incident in incidents], 10
    )
    assert all(agency.air.unread.pop(post.number) for post in posts)
    for phone in (agency.first, agency.second, agency.supervisor):
        texts = list(agency.air.arrived[phone.number])
        assert fits(got(agency, phone), (A_MINUTE,))
        assert fits([text.at for text in texts if text.words.startswith("ALERTE")])
    assert min(text.at for text in agency.air.arrived[agency.first.number]) - began < timedelta(minutes=1)
    told = {row.subject for row in agency.rows(OUT) if row.purpose == "alert"}
    assert told == {row.id for row in agency.rows(ALERT)}
    closes_everything(agency)


def test_a_repeat_does_not_queue_behind_the_same_alert_that_waits(agency: Agency) -> None:
    for _ in range(12):
        raises(agency, 1)
        agency.fast_forward(seconds=30)
    passes(agency, minutes=75)
    assert any(row.error == LIKE_ANOTHER for row in agency.outgoing(agency.supervisor))
    for phone in (agency.first, agency.second, agency.supervisor):
        assert fits(got(agency, phone))
    closes_everything(agency)
    passes(agency, minutes=60)


def test_after_an_hour_without_a_provider_the_texts_do_not_come_as_a_burst(agency: Agency) -> None:
    officers = (agency.first, agency.second, agency.supervisor)
    for phone in officers:
        agency.air.fails(phone.number, *[TemporarySendError("no route")] * 10_000)
    for _ in range(12):
        raises(agency, 1)
        passes(agency, minutes=5)
    assert not any(got(agency, phone) for phone in officers)
    agency.air.faults.clear()
    back = agency.clock()
    agency.fast_forward(minutes=16)
    for phone in officers:
        times = got(agency, phone)
        assert fits(times)
        assert sum(at < back + timedelta(minutes=15) for at in times) == 5
    closes_everything(agency)
    passes(agency, minutes=60)
    assert "queued" not in {row.state for row in agency.rows(OUT)}


def test_a_crisis_goes_through_whatever_its_officer_got(agency: Agency) -> None:
    for _ in range(5):
        raises(agency, 1)
        agency.first.expects("ALERTE 2")
        agency.clock.forward(minutes=1)
    raises(agency, 8, severity=1)
    for _ in range(8):
        agency.first.expects("ALERTE 1")
    closes_everything(agency)


def test_updates_have_windows_of_their_own_unless_a_life_is_at_stake(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 120")
    agency.agent.expects("120 pers.")
    agency.first.replies(agency.first.expects("ALERTE 2").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.clock.forward(minutes=2)
    for people in (121, 122):
        agency.agent.texts(f"CORR {people} pas {people - 1}")
        agency.agent.expects("Corrige")
    agency.first.expects("CORRIGE", "121 pers")
    agency.first.expects_nothing()
    agency.fast_forward(minutes=3)
    agency.first.expects("CORRIGE", "122 pers")


def test_when_the_days_texts_of_crises_are_used_up_each_step_still_reaches_one_officer(
    services: Services, clock: Clock
) -> None:
    frugal = services.settings.model_copy(update={"crisis_texts_a_day": 2})
    agency = Agency(replace(services, settings=frugal), clock)
    agency.change(agency.supervisor, operator=True)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT))
    officers = (agency.first, agency.second, agency.supervisor)
    agency.tick()
    raises(agency, 1, severity=1)
    for phone in officers:  # two as a crisis, the third because he got none lately
        phone.expects("PERSONNE DE GARDE")
    raises(agency, 1, severity=1)
    assert sum(len(got(agency, phone)) for phone in officers) == 4
    closes_everything(agency)
    agency.fast_forward(minutes=5)
    agency.supervisor.expects("limite atteinte")
    agency.fast_forward(minutes=30)
    agency.clock.forward(hours=24)
    raises(agency, 4, severity=1)
    closes_everything(agency)
    agency.fast_forward(minutes=3)
    for phone in officers:
        assert got(agency, phone)
    agency.ends()
