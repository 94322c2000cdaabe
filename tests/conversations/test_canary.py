"""A text goes from one of our lines to another by two channels: back in time, late, lost, and never to anybody else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import demo
from gateway.channels.base import PermanentSendError, TemporarySendError
from gateway.channels.records import ChannelState, Line
from gateway.inbox.records import InboundRecord
from gateway.messages import Accepted, InboundMessage, OutboundMessage
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.people.records import Contact
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from gateway.watching import service as watching
from gateway.watching.records import CanaryRecord, ChannelHour, Outage
from gateway.watching.service import Standing
from tests.conversations.phones import Agency, Air, KilledError, although_it_arrives
from workers import clock as clocks
from workers.process import Process

CANARY, LINE, HOUR, STATE = (
    table_of(CanaryRecord),
    table_of(Line),
    table_of(ChannelHour),
    table_of(ChannelState),
)
IN, OUT = table_of(InboundRecord), table_of(OutboundRecord)
FROM, TO = "+22780000003", "+22780000004"
STRANGER = "+22790000601"
OF_PEOPLE = (table_of(Contact), table_of(ReportRecord))


@dataclass
class Pair:
    """A line of each of two channels; what one sends the other may bring, or not."""

    agency: Agency

    def __post_init__(self) -> None:
        self.going, self.coming = Air(self.agency.clock, "going"), Air(self.agency.clock, "coming")
        self.from_line = self._line(FROM, self.going, "agents")
        self.to_line = self._line(TO, self.coming, "hotline")

    def _line(self, number: str, air: Air, profile: str) -> int:
        cipher, services = self.agency.services.cipher, self.agency.services
        services.channels[air.name] = air
        sealed = {"number": cipher.encrypt(number), "number_hash": cipher.digest(number)}
        statement = sa.insert(LINE).values(**sealed, profile=profile, channel=air.name)
        with services.engine.begin() as connection:
            id_: int = connection.execute(statement.returning(LINE.c.id)).scalar_one()
        return id_

    def is_set(self, every: int = 15) -> None:
        row = {"from_line": self.from_line, "to_line": self.to_line, "every": every}
        with self.agency.services.engine.begin() as connection:
            connection.execute(sa.insert(CANARY).values(**row, due_at=self.agency.clock()))

    def passes(self, minutes: float = 0, *, seconds: float = 0) -> None:
        """Time goes by for the clock process."""
        left = timedelta(minutes=minutes, seconds=seconds)
        while True:
            watching.send_canaries(self.agency.services)
            watching.look(self.agency.services)
            self.agency.tick()
            if left <= timedelta(0):
                return
            stride = min(left, timedelta(minutes=5))
            self.agency.clock.forward(seconds=stride.total_seconds())
            left -= stride

    def brings(self, words: str | None = None, *, sender: str = FROM) -> str:
        """The other channel brings what was sent, or these words. Returns them."""
        if words is None:
            (text,) = self.going.unread.pop(TO)
            words = text.words
        id_, now = uuid7(), self.agency.clock()
        self.agency.acceptor.accept(InboundMessage(id_, "coming", str(id_), sender, TO, words, now))
        self.agency.work()
        return words

    def loses(self) -> None:
        """What was sent never arrives."""
        self.going.unread.pop(TO)

    @property
    def row(self) -> Any:
        with self.agency.services.engine.connect() as connection:
            return connection.execute(sa.select(CANARY)).one()

    def standing(self, channel: str = "going") -> Standing:
        with self.agency.services.engine.connect() as connection:
            return watching.standings(connection, self.agency.services, self.agency.clock())[channel]

    def outgoing(self) -> list[tuple[str, str | None]]:
        rows = self.agency.rows(OUT, OUT.c.purpose == "canary")
        return [(row.state, row.error) for row in rows]

    def is_nobodys(self) -> None:
        """No person was met, no report filed."""
        assert [self.agency.rows(table) for table in OF_PEOPLE] == [[], []]


@pytest.fixture
def pair(agency: Agency) -> Pair:
    return Pair(agency)


def test_what_comes_back_is_timed_and_is_no_arrival_no_report_and_no_caller(pair: Pair) -> None:
    pair.is_set()
    pair.passes(seconds=7)
    pair.brings()
    assert pair.row.took == timedelta(seconds=7)
    assert pair.row.text_hash is None
    assert [row.state for row in pair.agency.rows(IN)] == ["ignored"]
    pair.is_nobodys()
    with pair.agency.services.engine.connect() as connection:
        assert connection.execute(sa.select(HOUR)).all() == []
    assert pair.standing("coming").last_in is None, "it would hide that nobody else's texts come in"
    assert pair.standing().trouble is None
    pair.passes(minutes=14)
    assert pair.going.tries(TO) == 1


def test_every_round_has_one_text_with_words_of_its_own(pair: Pair) -> None:
    pair.is_set()
    said = set()
    for _ in range(3):
        pair.passes()
        pair.passes()
        said.add(pair.brings())
        pair.passes(minutes=15)
    assert len(said) == 3
    assert pair.going.tries(TO) == 4


def test_the_clock_begins_what_is_due(pair: Pair) -> None:
    pair.is_set()
    stage = pair.agency
    clocks.Clock(Process(stage.services, stage.inbox, stage.outbox)).tick()
    assert pair.outgoing() == [("queued", None)]


def test_two_clocks_begin_a_round_once(pair: Pair) -> None:
    pair.is_set()
    with pair.agency.services.engine.begin() as connection:
        connection.execute(sa.select(CANARY).with_for_update())
        watching.send_canaries(pair.agency.services)
    assert pair.outgoing() == []
    pair.passes()
    pair.passes()
    assert len(pair.outgoing()) == 1


def test_the_operator_is_told_of_lost_texts_once_and_of_the_first_that_is_in_time_again(pair: Pair) -> None:
    pair.is_set()
    pair.passes(minutes=9)
    assert pair.standing().trouble is None
    pair.passes(minutes=1)
    text = pair.agency.supervisor.expects("Canal going: les textes d'essai n'arrivent pas depuis 14:00")
    assert text.at == pair.agency.clock()
    pair.passes(minutes=35)  # three rounds more
    it = pair.standing().trouble
    assert it is not None
    assert it.sentence == "no text from line 3 to line 4 comes in within 10 minutes"
    assert pair.going.tries(TO) == 4
    del pair.going.unread[TO][:-1]
    pair.brings()
    assert pair.standing().trouble is None
    pair.passes(minutes=11)
    pair.agency.supervisor.expects("Canal going: de nouveau en marche a 14:45")


def test_a_text_that_was_lost_while_we_were_down_wakes_nobody_where_the_next_one_is_in_time(
    pair: Pair,
) -> None:
    pair.is_set()
    pair.passes()
    pair.agency.clock.forward(hours=1)
    watcher = watching.Watcher(pair.agency.services)
    watching.send_canaries(pair.agency.services)
    watcher.look()
    pair.agency.tick()
    assert pair.standing().trouble is not None
    del pair.going.unread[TO][:-1]
    pair.brings()
    watcher.look()
    pair.agency.work()
    assert pair.standing().trouble is None


def test_nobody_is_told_that_a_channel_works_whose_canary_was_ended(pair: Pair) -> None:
    pair.is_set()
    pair.passes(minutes=10)
    pair.agency.supervisor.expects("Canal going")
    with pair.agency.services.engine.begin() as connection:
        connection.execute(sa.delete(CANARY))
    pair.passes(minutes=15)
    with pair.agency.services.engine.connect() as connection:
        assert connection.scalar(sa.select(Outage.ended_at)) is not None


def test_what_comes_back_too_late_proves_nothing(pair: Pair) -> None:
    pair.is_set(every=60)
    pair.passes(minutes=20)
    pair.agency.supervisor.expects("Canal going")
    pair.brings()
    pair.passes(minutes=35)
    assert pair.row.took == timedelta(minutes=20)
    assert pair.standing().trouble is not None


def test_a_text_of_an_earlier_round_changes_nothing_and_is_nobodys_whoever_it_seems_to_come_from(
    pair: Pair,
) -> None:
    pair.is_set()
    pair.passes(minutes=15)
    pair.agency.supervisor.expects("Canal going")
    first, second = (text.words for text in pair.going.unread.pop(TO))
    pair.brings(first, sender=STRANGER)
    assert pair.row.took is None
    pair.brings(second, sender=STRANGER)
    assert pair.row.took == timedelta(0)
    pair.is_nobodys()
    pair.brings(f"{second} SOS", sender=STRANGER)
    pair.agency.first.expects("SOS")
    assert pair.agency.rows(table_of(Contact))


@pytest.mark.parametrize("arrives", [False, True])
def test_a_round_whose_sender_died_is_not_sent_again_and_the_next_one_begins(
    pair: Pair, *, arrives: bool
) -> None:
    pair.is_set()
    killed = KilledError()
    pair.going.fails(TO, although_it_arrives(killed) if arrives else killed)
    with pytest.raises(KilledError):
        pair.passes()
    pair.passes(minutes=9)
    assert pair.outgoing() == [("failed", "its sender died; it may have been taken, so it is not repeated")]
    assert pair.going.tries(TO) == 1
    if arrives:
        pair.brings()
        assert pair.row.took == timedelta(minutes=9)
    pair.passes(minutes=6)
    if not arrives:
        pair.agency.supervisor.expects("Canal going")
    assert pair.going.tries(TO) == 2
    pair.brings()
    assert pair.standing().trouble is None


def test_it_goes_by_the_line_that_it_proves_or_not_at_all(pair: Pair) -> None:
    pair.is_set()
    pair.going.fails(TO, TemporarySendError("no network"), PermanentSendError("no such number"))
    pair.passes(minutes=1)
    assert pair.going.tries(TO) == 2
    assert pair.outgoing() == [("failed", "no such number")]
    assert (pair.coming.tries(TO), pair.agency.air.tries(TO)) == (0, 0)


def test_what_could_not_go_for_ten_minutes_is_given_up(pair: Pair) -> None:
    pair.is_set()
    pair.going.fails(TO, *[TemporarySendError("no network")] * 99)
    pair.passes(minutes=14)
    ((state, error),) = pair.outgoing()
    assert state == "failed"
    assert error is not None
    assert error.startswith("no network; ")
    pair.agency.supervisor.expects("Canal going: rien ne part")


@pytest.mark.parametrize("number", [demo.OFFICERS[0][0], demo.REPORTERS[0].number, STRANGER])
def test_it_cannot_be_sent_to_any_number_but_our_own(pair: Pair, number: str) -> None:
    send(pair, to=number)
    assert pair.outgoing() == [("withheld", "no line of ours any more")]
    assert pair.going.tried == []


def test_it_does_not_go_to_a_line_whose_number_once_came_to_the_hotline(pair: Pair) -> None:
    row = {"id": uuid7(), "first_at": pair.agency.clock(), "last_at": pair.agency.clock()}
    cipher = pair.agency.services.cipher
    with pair.agency.services.engine.begin() as connection:
        sealed = {"number": cipher.encrypt(TO), "number_hash": cipher.digest(TO)}
        connection.execute(sa.insert(table_of(Contact)).values(**row, **sealed))
    send(pair)
    assert pair.outgoing() == [("withheld", "hotline contact: gets hotline texts alone")]


def test_it_does_not_leave_for_a_line_that_was_given_up_since_it_was_claimed(pair: Pair) -> None:
    class GivenUp(Air):
        def send(self, message: OutboundMessage) -> Accepted:
            give_up(pair, pair.to_line)
            return super().send(message)

    pair.going = GivenUp(pair.agency.clock, "going")
    pair.agency.services.channels["going"] = pair.going
    send(pair, times=2)
    assert pair.outgoing() == [("sent", None), ("withheld", "no line of ours any more")]
    assert pair.going.tries(TO) == 1


def test_it_leaves_by_no_line_when_its_own_was_given_up(pair: Pair) -> None:
    give_up(pair, pair.from_line)
    send(pair)
    assert pair.outgoing() == [("withheld", "the line that it would prove is ours no more")]


def send(pair: Pair, to: str = TO, times: int = 1) -> None:
    draft = Draft(drafts.CANARY, drafts.ANSWER, "going", FROM, to, "bcdfghjk")
    with pair.agency.services.engine.begin() as connection:
        queue(connection, pair.agency.services.cipher, [draft] * times, pair.agency.clock())
    pair.agency.work()


def give_up(pair: Pair, line: int) -> None:
    with pair.agency.services.engine.begin() as connection:
        connection.execute(sa.delete(LINE).where(LINE.c.id == line))
