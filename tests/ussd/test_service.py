"""The service behind the menus: what providers do to a session, and what happens without a database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway import bootstrap, demo
from gateway.inbox.accept import NotStoredError
from gateway.inbox.records import InboundRecord
from gateway.inbox.standby import StandbyLine
from gateway.messages import InboundMessage, Screen, SessionStep
from gateway.services import Services
from gateway.storage.database import create_engine, table_of
from gateway.ussd.service import Ussd
from gateway.ussd.sessions import SESSION, find
from gateway.ussd.talk import ANSWERS
from tests.clock import Clock
from tests.ussd.test_menu import MENU

IN = table_of(InboundRecord)
AGENT, CALLER = "+22790000101", "+22790000501"
LINES = (
    StandbyLine("whatsapp:+22780000001", "agents", "twilio"),
    StandbyLine(demo.AGENTS_LINE, "agents", "simulator"),
    StandbyLine(demo.HOTLINE, "hotline", "simulator"),
)
BUSY = f"Service occupe / busy. SMS: {demo.HOTLINE} ou / or: no. carte / card"
WALK = ("1", "MNA", "1", "3", "2", "1")
SAID = "MNA ASM T3"


@dataclass
class Inbox:
    """Takes each message once, as the real one does, and may be told to fail."""

    taken: dict[str, InboundMessage] = field(default_factory=dict)
    times: int = 0
    fails: bool = False
    overdue: bool = False

    def accept(self, message: InboundMessage) -> None:
        self.times += 1
        if self.fails:
            raise NotStoredError
        self.taken.setdefault(message.provider_id, message)

    def database_overdue(self) -> bool:
        return self.overdue

    def texts(self) -> list[str]:
        return [message.text for message in self.taken.values()]


@dataclass
class Provider:
    """Carries sessions to the service, one way or another."""

    ussd: Ussd
    clock: Clock
    cumulative: bool = False
    counts: bool = False
    sender: str = AGENT

    def asks(self, session: str, *answers: str, seconds: float = 5) -> Screen:
        """The request that follows from these answers since the dialling."""
        self.clock.forward(seconds=seconds)
        text = "*".join(answers) if self.cumulative else (answers or ("",))[-1]
        return self.ussd.step(
            SessionStep(
                channel="ussd",
                session=session,
                sender=self.sender,
                service_code=demo.SERVICE_CODE,
                text=text,
                received_at=self.clock(),
                cumulative=self.cumulative,
                first=not answers,
                sequence=len(answers) if self.counts else None,
            )
        )

    def walks(self, session: str, *answers: str) -> Screen:
        """Request after request, up to the last answer."""
        screen = self.asks(session)
        for number in range(1, len(answers) + 1):
            screen = self.asks(session, *answers[:number])
        return screen


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that pauses for two seconds must not cost a test its screen."""
    monkeypatch.setattr("gateway.ussd.service.ANSWERED_WITHIN", 60.0)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def ussd(services: Services, inbox: Inbox) -> Ussd:
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    return Ussd(services, MENU, inbox, lambda: LINES)


@pytest.fixture
def provider(ussd: Ussd, clock: Clock) -> Provider:
    return Provider(ussd, clock)


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("counts", [False, True])
def test_however_a_provider_sends_it_a_walk_is_the_same_message(
    provider: Provider, inbox: Inbox, cumulative: bool, counts: bool
) -> None:
    provider.cumulative, provider.counts = cumulative, counts
    assert provider.walks("S1", *WALK).text.startswith("Message enregistre")
    (message,) = inbox.taken.values()
    assert (message.text, message.sender, message.recipient) == (SAID, AGENT, demo.AGENTS_LINE)
    assert message.channel == "ussd"
    assert message.provider_id.startswith("ussd:")


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("counts", [False, True])
def test_every_request_may_come_twice(
    provider: Provider, inbox: Inbox, services: Services, cumulative: bool, counts: bool
) -> None:
    provider.cumulative, provider.counts = cumulative, counts
    for number in range(len(WALK) + 1):
        screen = provider.asks("S1", *WALK[:number])
        assert provider.asks("S1", *WALK[:number], seconds=1) == screen
    assert inbox.texts() == [SAID]
    with services.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(SESSION)) == 1


def test_a_request_that_comes_late_changes_nothing(provider: Provider) -> None:
    provider.cumulative = True
    provider.walks("S1", *WALK[:3])
    screen = provider.asks("S1", *WALK[:4])
    assert provider.asks("S1", *WALK[:2]) == screen
    assert provider.asks("S1", *WALK[:5]).text.startswith("Envoyer? MNA ASM T3")


def test_the_same_answer_later_is_another_answer(provider: Provider) -> None:
    assert provider.walks("S1", "1", "MNA", "1").text.startswith("Combien")
    assert provider.asks("S1", "1", "MNA", "1", "1").text.startswith("Urgent?")


def test_a_star_that_was_typed_is_part_of_the_answer(provider: Provider, inbox: Inbox) -> None:
    provider.cumulative, provider.sender = True, CALLER
    provider.walks("S1", "1", "1", "pres de *Agadez*")
    assert inbox.texts() == ["danger, pres de *Agadez*"]


def test_after_a_request_that_got_lost_the_latest_answer_counts(provider: Provider) -> None:
    provider.cumulative = True
    provider.walks("S1", "1", "MNA")
    assert provider.asks("S1", "1", "XYZ", "ASM").text.startswith("Combien")
    assert provider.asks("S1", "1", "XYZ", "ASM", "3").text.startswith("Urgent?")


def test_two_phones_that_dial_at_once_do_not_meet(provider: Provider, inbox: Inbox) -> None:
    other = replace(provider, sender="+22790000104")
    for number in range(len(WALK) + 1):
        provider.asks("S1", *WALK[:number])
        other.asks("S2", *WALK[:number])
    assert sorted(inbox.texts()) == ["MNA ASM T3", "MNA GAY T3"]


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("counts", [False, True])
def test_two_phones_that_are_given_one_id_do_not_meet(
    provider: Provider, inbox: Inbox, cumulative: bool, counts: bool
) -> None:
    provider.cumulative, provider.counts = cumulative, counts
    other = replace(provider, sender="+22790000104")
    stranger = replace(provider, sender=CALLER)
    for number in range(len(WALK) + 1):
        provider.asks("7", *WALK[:number])
        other.asks("7", *WALK[:number])
        stranger.asks("7", *("1", "1", "Arlit")[:number])
    assert sorted(inbox.texts()) == ["MNA ASM T3", "MNA GAY T3", "danger, Arlit"]


def test_an_end_that_comes_late_or_for_nobody_ends_no_session_of_another(
    provider: Provider, inbox: Inbox
) -> None:
    first, next_ = replace(provider, sender=CALLER), replace(provider, sender="+22790000502")
    first.walks("7", "2", "1")
    next_.walks("7", "1", "1")
    over = SessionStep("ussd", "7", CALLER, demo.SERVICE_CODE, "", provider.clock(), over=True)
    provider.ussd.step(replace(over, sender=""))
    assert inbox.texts() == []
    provider.ussd.step(over)
    assert inbox.texts() == ["danger"]
    next_.asks("7", "1", "1", "Agadez")
    assert inbox.texts() == ["danger", "danger, Agadez"]


def test_more_than_anybody_answers_is_not_gone_through(provider: Provider, services: Services) -> None:
    step = SessionStep(
        "ussd", "S1", AGENT, demo.SERVICE_CODE, "*".join("9" * 1000), provider.clock(), cumulative=True
    )
    assert provider.ussd.step(step).text.startswith("Termine")
    with services.engine.connect() as connection:
        session = find(connection, services.cipher, "ussd", "S1", None)
    assert session is not None
    assert len(session.typed) == ANSWERS


def test_the_same_request_many_times_at_once_is_one(
    provider: Provider, inbox: Inbox, services: Services
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(len(WALK) + 1):
            provider.clock.forward(seconds=5)
            screens = set(pool.map(lambda n: provider.asks("S1", *WALK[:n], seconds=0), [number] * 8))
            assert len(screens) == 1
    assert inbox.texts() == [SAID]
    with services.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(SESSION)) == 1


def test_a_provider_that_uses_an_id_again_shows_nobody_what_was_there(
    provider: Provider, inbox: Inbox, clock: Clock
) -> None:
    """Some take the caller's number for the session, or count from nothing every day."""
    caller = replace(provider, sender=CALLER)
    languages = caller.asks("S1")
    caller.walks("S1", "1", "1", "Agadez")
    assert caller.asks("S1") == languages
    caller.asks("S1", "2")
    assert caller.asks("S1") == languages
    assert inbox.texts() == ["danger, Agadez"]


def test_a_reporter_goes_on_although_a_provider_uses_the_id_again(provider: Provider, inbox: Inbox) -> None:
    provider.walks("S1", *WALK[:3])
    assert "MNA ASM" in provider.asks("S1").text
    assert provider.asks("S1", "1").text.startswith("Combien")
    for number in range(3, len(WALK)):
        provider.asks("S1", "1", *WALK[3 : number + 1])
    assert inbox.texts() == [SAID]
    assert provider.asks("S1").text.startswith("Que faire?")


def test_all_that_was_dialled_at_once_may_come_twice(provider: Provider, inbox: Inbox, clock: Clock) -> None:
    step = SessionStep("ussd", "S1", AGENT, demo.SERVICE_CODE, "*".join(WALK), clock(), first=True)
    screen = provider.ussd.step(step)
    assert screen.text.startswith("Message enregistre")
    assert provider.ussd.step(replace(step, received_at=clock() + timedelta(seconds=12))) == screen
    assert inbox.texts() == [SAID]


def test_an_answer_to_a_session_that_has_ended_ends_it_again(provider: Provider, inbox: Inbox) -> None:
    provider.walks("S1", *WALK)
    screen = provider.asks("S1", *WALK, "1")
    assert (screen.text, screen.goes_on) == ("Termine. Refaites le numero.", False)
    assert inbox.texts() == [SAID]


def test_a_message_that_did_not_reach_the_inbox_is_brought_there_by_the_clock(
    provider: Provider, ussd: Ussd, inbox: Inbox, clock: Clock
) -> None:
    """So it is, too, when the process is killed between its commit and the inbox."""
    inbox.fails = True
    assert provider.walks("S1", *WALK).text == BUSY
    inbox.fails = False
    ussd.tick()
    assert inbox.texts() == []
    clock.forward(seconds=11)
    ussd.tick()
    ussd.tick()
    assert inbox.texts() == [SAID]


def test_the_clock_files_a_session_once(provider: Provider, ussd: Ussd, inbox: Inbox, clock: Clock) -> None:
    provider.walks("S1", *WALK[:3])
    clock.forward(minutes=11)
    ussd.tick()
    times = inbox.times
    ussd.tick()
    assert (inbox.times, inbox.texts()) == (times, ["MNA ASM, session coupee"])
    (message,) = inbox.taken.values()
    assert message.sent_at is not None
    assert (message.received_at - message.sent_at).total_seconds() == 11 * 60


def test_a_session_that_cannot_be_read_does_not_keep_the_others_from_being_filed(
    provider: Provider, ussd: Ussd, inbox: Inbox, clock: Clock, services: Services
) -> None:
    provider.walks("S1", *WALK[:3])
    path = services.cipher.encrypt('{"facts": {"of": "another version"}, "typed": []}')
    with services.engine.begin() as connection:
        connection.execute(sa.update(SESSION).values(path=path))
    assert provider.asks("S3").text.startswith("Que faire?")
    replace(provider, sender="+22790000104").walks("S2", *WALK[:3])
    clock.forward(minutes=11)
    ussd.tick()
    assert inbox.texts() == ["MNA GAY, session coupee"]


def test_without_a_database_the_phone_shows_where_to_text(
    services: Services, inbox: Inbox, clock: Clock
) -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    ussd = Ussd(replace(services, engine=nowhere), MENU, inbox, lambda: LINES)
    assert Provider(ussd, clock).asks("S1") == Screen(BUSY, goes_on=False)
    assert Provider(Ussd(replace(services, engine=nowhere), MENU, inbox, tuple), clock).asks("S1").text == (
        "Service occupe / busy. Rappelez plus tard / Try later"
    )


@contextmanager
def database_hangs(services: Services) -> Iterator[None]:
    """The sessions are locked away from everybody."""
    with services.engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE ussd_sessions IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_phone_does_not_wait_for_a_database_that_hangs(
    provider: Provider,
    ussd: Ussd,
    inbox: Inbox,
    clock: Clock,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider.walks("S1", *WALK[:-1])
    monkeypatch.setattr("gateway.ussd.service.ANSWERED_WITHIN", 0.5)
    with database_hangs(services):
        assert provider.asks("S1", *WALK).text == BUSY
        inbox.overdue = True
        assert provider.asks("S2").text == BUSY
    ussd.close()
    assert inbox.texts() == []
    clock.forward(seconds=11)
    ussd.tick()
    assert inbox.texts() == [SAID]


def test_what_a_wrong_step_does_is_told_on_the_screen(
    services: Services, inbox: Inbox, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Ussd(services, None, inbox, lambda: LINES)  # type: ignore[arg-type]
    assert Provider(broken, clock).asks("S1").text == BUSY
    assert AGENT not in capsys.readouterr().out


def test_the_real_inbox_takes_a_session_once(services: Services, clock: Clock, ussd: Ussd) -> None:
    watch = bootstrap.Watch(services, "test")
    real = bootstrap.build_ussd(services, bootstrap.build_acceptor(services, watch), watch)
    provider = Provider(real, clock)
    provider.walks("S1", *WALK)
    assert provider.asks("S1", *WALK, seconds=1).text.startswith("Message enregistre")
    clock.forward(minutes=1)
    real.tick()
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(IN)).all()
    assert [services.cipher.decrypt(row.text) for row in rows] == [SAID]
