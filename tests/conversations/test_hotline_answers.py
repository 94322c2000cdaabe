"""The hotline speaks: only to one who is marked safe, only neutral words, and never so that a captor learns anything."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.alerts import service as alerts
from gateway.alerts.records import Alert
from gateway.channels.base import PermanentSendError, TemporarySendError, UncertainSendError
from gateway.commands.entering import change
from gateway.hotline import service as hotline
from gateway.hotline.records import CallBackTask
from gateway.hotline.service import AnswerRefusedError, BadWordError, MarkRefusedError
from gateway.people.records import Contact, SafetyMark
from gateway.people.safety import Hours, State, Way, marked
from gateway.storage.audit import AuditEntry
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, KilledError, Phone, although_it_arrives

ALERT, CONTACT, MARK, TASK, AUDIT = (
    table_of(record) for record in (Alert, Contact, SafetyMark, CallBackTask, AuditEntry)
)
HELP = "aidez moi je suis enferme a Agadez"


@dataclass
class Caller:
    """Somebody at the hotline, and the officer who decides about her."""

    agency: Agency
    phone: Phone

    @property
    def id(self) -> UUID:
        digest = self.agency.services.cipher.digest(self.phone.number)
        (row,) = self.agency.rows(CONTACT, CONTACT.c.number_hash == digest)
        contact: UUID = row.id
        return contact

    def is_marked(self, state: State, **details: Any) -> None:
        services = self.agency.services
        with change(services) as (connection, decisions):
            safety = marked(state, services.now(), **details)
            done = hotline.mark(
                connection, services.cipher, self.id, safety, by="officer", why="said so", now=services.now()
            )
            decisions.extend(done)

    def is_safe_now(self, way: Way = Way.SMS) -> None:
        self.is_marked(State.SAFE_NOW, way=way)

    def is_answered(self, name: str = "hello", language: str | None = None) -> None:
        services = self.agency.services
        with change(services) as (connection, decisions):
            done = hotline.answer(
                connection, services, self.id, name, by="officer", now=services.now(), language=language
            )
            decisions.extend(done)

    def agrees_on(self, code: str, duress: str) -> None:
        services = self.agency.services
        with change(services) as (connection, decisions):
            done = hotline.agree_on_words(
                connection, services.cipher, self.id, code=code, duress=duress, by="officer"
            )
            decisions.extend(done)

    def wishes_a_call(self) -> None:
        services = self.agency.services
        with change(services) as (connection, decisions):
            done = hotline.asks_to_be_called(
                connection, services, self.id, services.now(), hours=None, language="fr"
            )
            decisions.extend(done)

    def states(self) -> list[str]:
        return [row.state for row in self.agency.outgoing(self.phone)]

    def tasks(self) -> list[str]:
        return [row.state for row in self.agency.rows(TASK, TASK.c.contact_id == self.id)]


def calls(agency: Agency, number: str = "+22790000501", words: str = HELP) -> Caller:
    """Somebody writes to the hotline, and the first officer is alerted and takes it."""
    caller = Caller(agency, agency.phone(number, line=demo.HOTLINE))
    caller.phone.texts(words)
    agency.first.replies(agency.first.expects("ALERTE").code)
    agency.first.expects("est a vous")
    return caller


@pytest.fixture
def caller(agency: Agency) -> Caller:
    return calls(agency)


def test_one_who_is_marked_safe_is_answered_from_the_hotline_in_her_language(
    agency: Agency, caller: Caller
) -> None:
    caller.is_safe_now()
    caller.is_answered("where", language="ha")
    agency.work()
    caller.phone.expects_exactly("Sannu. Kuna ina?")
    (text,) = agency.air.tried[-1:]
    assert text.sender == demo.HOTLINE
    agency.fast_forward(minutes=1)
    caller.is_answered("thanks")
    agency.work()
    caller.phone.expects_exactly("Na samu, na gode")


def test_nothing_goes_to_one_of_whom_nothing_is_known(agency: Agency, caller: Caller) -> None:
    with pytest.raises(AnswerRefusedError, match="mark the contact first"):
        caller.is_answered()
    assert caller.states() == []


@pytest.mark.parametrize("state", [State.INBOUND_ONLY, State.NEVER, State.UNKNOWN])
def test_a_text_on_its_way_is_withheld_when_the_mark_changes(
    agency: Agency, caller: Caller, state: State
) -> None:
    caller.is_safe_now()
    caller.is_answered()
    caller.is_marked(state)
    agency.work()
    assert caller.states() == ["withheld"]


def test_a_text_that_waits_is_withheld_when_the_mark_runs_out(agency: Agency, caller: Caller) -> None:
    caller.is_safe_now()
    agency.clock.forward(minutes=29)
    agency.air.fails(caller.phone.number, *[TemporarySendError("no route")] * 9)
    caller.is_answered()
    agency.fast_forward(minutes=5)
    assert caller.states() == ["withheld"]
    assert caller.phone.number not in agency.air.arrived


def test_hours_are_kept_to_the_minute(agency: Agency, caller: Caller) -> None:
    caller.is_marked(State.SAFE_AT, way=Way.SMS, hours=Hours(time(18), time(19)))
    with pytest.raises(AnswerRefusedError, match="outside the hours"):
        caller.is_answered()
    (alert,) = agency.rows(ALERT)
    alerts.close(agency.services, alert.reference, "operator")
    agency.clock.forward(hours=4, minutes=30)
    caller.is_answered()
    agency.work()
    caller.phone.expects("Bonjour")
    agency.clock.forward(minutes=30)
    with pytest.raises(AnswerRefusedError, match="outside the hours"):
        caller.is_answered()


def test_one_who_may_only_be_called_is_not_written_to(agency: Agency, caller: Caller) -> None:
    caller.is_safe_now(Way.CALL)
    with pytest.raises(AnswerRefusedError, match="by call alone"):
        caller.is_answered()


@pytest.mark.parametrize(
    "error",
    [
        although_it_arrives(UncertainSendError("no answer in time")),
        UncertainSendError("no answer in time"),
        PermanentSendError("no such number"),
        although_it_arrives(KilledError()),
        KilledError(),
    ],
)
def test_a_text_that_may_have_been_taken_is_not_repeated(
    agency: Agency, caller: Caller, error: BaseException
) -> None:
    caller.is_safe_now()
    caller.is_answered()
    agency.air.fails(caller.phone.number, error)
    with suppress(KilledError):
        agency.work()
    agency.fast_forward(minutes=15)
    assert agency.air.tries(caller.phone.number) == 1
    assert caller.states() == ["failed"]
    agency.air.unread.pop(caller.phone.number, None)


def test_one_text_at_a_time(agency: Agency, caller: Caller) -> None:
    caller.is_safe_now()
    caller.is_answered()
    with pytest.raises(AnswerRefusedError, match="still on its way"):
        caller.is_answered()
    agency.work()
    caller.phone.expects("Bonjour")
    caller.is_answered("later")
    agency.work()
    caller.phone.expects("plus tard")


@pytest.mark.parametrize("words", ["STOP", "stop svp", "0", "n'ecrivez plus", "ku daina", "توقف"])
def test_a_wish_for_silence_is_honoured_at_once_and_told_to_the_officer(
    agency: Agency, caller: Caller, words: str
) -> None:
    caller.is_safe_now()
    caller.is_answered()
    agency.accept(caller.phone.number, words, demo.HOTLINE, read=False)
    agency.drain()
    agency.work()
    agency.first.expects("SUITE", "dit STOP")
    assert caller.states() == ["withheld"]
    agency.clock.forward(minutes=1)
    with pytest.raises(MarkRefusedError, match="not come back"):
        caller.is_safe_now()
    caller.phone.texts("c'est bon maintenant il est parti")
    agency.clock.forward(seconds=1)
    caller.is_safe_now()


def test_a_wish_for_silence_stands_although_its_provider_took_a_while_to_bring_it(
    agency: Agency, caller: Caller
) -> None:
    sent_at = agency.clock() - timedelta(seconds=20)
    agency.accept(caller.phone.number, "STOP", demo.HOTLINE, sent_at)
    agency.first.expects("SUITE", "dit STOP")
    with pytest.raises(MarkRefusedError, match="not come back"):
        caller.is_safe_now()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("mangue", "(mot juste)"),
        ("le mot c'est Mangue", "(mot juste)"),
        ("citron", "(MOT DE CONTRAINTE"),
        ("banane", "(mot faux)"),
        ("", "(mot faux)"),
    ],
)
def test_whatever_word_comes_the_answer_is_the_same_byte_for_byte(
    agency: Agency, caller: Caller, said: str, told: str
) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    caller.is_answered("word")
    agency.work()
    caller.phone.expects_exactly("Bonjour. Quel est le mot?")
    caller.phone.texts(said)
    caller.phone.expects_exactly("Bien recu, merci")
    agency.first.expects("SUITE", told)
    assert caller.states() == ["sent", "sent"]


def test_what_was_said_before_the_question_is_no_answer_to_it(agency: Agency, caller: Caller) -> None:
    """A text may take minutes on its way, and cross with the question."""
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    before = agency.clock()
    agency.clock.forward(minutes=1)
    caller.is_answered("word")
    agency.work()
    caller.phone.expects_exactly("Bonjour. Quel est le mot?")
    agency.accept(caller.phone.number, "je suis a la gare", demo.HOTLINE, before)
    caller.phone.texts("mangue")
    caller.phone.expects_exactly("Bien recu, merci")
    agency.first.expects("SUITE", "(mot juste)")


@pytest.mark.parametrize("said", ["je suis a la gare", "mangue", "citron"])
def test_a_question_that_did_not_reach_her_is_answered_by_nothing(
    agency: Agency, caller: Caller, said: str
) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    caller.is_answered("word")
    caller.is_marked(State.INBOUND_ONLY)
    agency.work()
    caller.is_safe_now()
    caller.phone.texts(said)
    assert caller.states() == ["withheld"]
    if said != "je suis a la gare":
        agency.first.expects("SUITE", {"mangue": "mot juste", "citron": "CONTRAINTE"}[said])


def test_what_she_answers_is_told_to_the_officer_each_time(agency: Agency, caller: Caller) -> None:
    caller.phone.texts("vite")
    caller.is_safe_now()
    caller.is_answered("how_many")
    agency.work()
    caller.phone.expects("combien")
    for said in ("moi seule", "et mon fils"):
        agency.clock.forward(minutes=5)
        caller.phone.texts(said)
        agency.first.expects("SUITE", "(repond)", f'"{said}"')
    agency.clock.forward(minutes=20)
    caller.phone.texts("vite")


@pytest.mark.parametrize(
    ("said", "told"), [("banane", "mot faux"), ("mangue", "mot juste"), ("citron", "CONTRAINTE")]
)
def test_a_word_that_is_said_again_is_told_again(
    agency: Agency, caller: Caller, said: str, told: str
) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    for _ in range(2):
        caller.is_answered("word")
        agency.work()
        caller.phone.expects("mot")
        caller.phone.texts(said)
        caller.phone.expects_exactly("Bien recu, merci")
        agency.first.expects("SUITE", told)


def test_another_text_ends_the_wait_for_the_word(agency: Agency, caller: Caller) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    for name in ("word", "hello"):
        caller.is_answered(name)
        agency.work()
        caller.phone.expects("Bonjour")
    caller.phone.texts("1")
    agency.first.expects("SUITE", "(repond)", '"1"')


def test_a_word_that_took_long_on_its_way_is_no_answer_and_ends_no_wait(
    agency: Agency, caller: Caller
) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    before = agency.clock()
    agency.clock.forward(minutes=1)
    caller.is_answered("word")
    agency.work()
    caller.phone.expects("mot")
    agency.accept(caller.phone.number, "mangue", demo.HOTLINE, before)
    agency.first.expects("SUITE", "mot juste")
    caller.phone.texts("banane")
    caller.phone.expects_exactly("Bien recu, merci")
    agency.first.expects("SUITE", "mot faux")


def test_a_word_that_took_long_on_its_way_takes_back_no_later_one(agency: Agency, caller: Caller) -> None:
    caller.agrees_on("mangue", "citron")
    before = agency.clock()
    agency.clock.forward(minutes=1)
    caller.phone.texts("citron")
    agency.first.expects("SUITE", "CONTRAINTE")
    agency.accept(caller.phone.number, "mangue", demo.HOTLINE, before)
    agency.first.expects("SUITE", "CONTRAINTE", "mangue")
    caller.wishes_a_call()
    assert caller.tasks() == []


def test_the_word_is_not_asked_for_where_none_is_agreed_upon(caller: Caller) -> None:
    caller.is_safe_now()
    with pytest.raises(AnswerRefusedError, match="No word is agreed upon"):
        caller.is_answered("word")


@pytest.mark.parametrize(
    ("code", "duress"),
    [
        ("ma", "citron"),
        ("mangue", "Mangué!"),
        ("mangue verte", "verte"),
        ("mangue verte", "MANGUEVERTE"),
        ("mangue", "un citron vert"),
    ],
)
def test_words_that_would_be_mistaken_or_missed_are_not_agreed_upon(
    caller: Caller, code: str, duress: str
) -> None:
    with pytest.raises(BadWordError):
        caller.agrees_on(code, duress)


def test_a_word_of_duress_is_a_crisis_and_changes_nothing_that_can_be_seen(
    agency: Agency, caller: Caller
) -> None:
    caller.agrees_on("mangue", "citron")
    agency.clock.forward(minutes=1)
    other = calls(agency, "+22790000502", "bonjour")
    other.agrees_on("mangue", "citron")
    assert [row.severity for row in agency.rows(ALERT)] == [1, 2]
    other.phone.texts("tout va bien, le citron est mur")
    agency.first.expects("SUITE", "gravite 1", "MOT DE CONTRAINTE", "citron")
    assert [row.severity for row in agency.rows(ALERT)] == [1, 1]
    assert other.states() == []
    other.phone.texts("c'etait une erreur")
    (_, alert) = agency.rows(ALERT)
    assert "duress" in agency.services.cipher.decrypt(alert.facts)


def test_a_word_of_duress_after_the_alert_was_closed_raises_a_crisis(agency: Agency) -> None:
    caller = Caller(agency, agency.phone("+22790000501", line=demo.HOTLINE))
    caller.phone.texts("bonjour")
    alerts.close(agency.services, agency.first.expects("ALERTE").reference, "operator")
    caller.agrees_on("mangue", "citron")
    caller.phone.texts("citron")
    agency.first.expects("ALERTE ligne d'aide 1", "MOT DE CONTRAINTE")
    assert caller.states() == []


def test_words_agreed_with_one_mean_nothing_for_another(agency: Agency, caller: Caller) -> None:
    caller.agrees_on("mangue", "citron")
    other = calls(agency, "+22790000502")
    other.phone.texts("citron")
    agency.fast_forward(minutes=1)


def test_who_asks_to_be_called_is_called_back_and_still_not_written_to(
    agency: Agency, caller: Caller
) -> None:
    caller.wishes_a_call()
    assert caller.tasks() == ["open"]
    with pytest.raises(AnswerRefusedError, match="by call alone"):
        caller.is_answered()
    caller.phone.texts("stop")
    agency.first.expects("SUITE", "dit STOP")
    assert caller.tasks() == ["withdrawn"]


def test_one_who_spoke_under_duress_is_not_called_back_at_her_wish(agency: Agency, caller: Caller) -> None:
    caller.agrees_on("mangue", "citron")
    caller.phone.texts("citron")
    agency.first.expects("MOT DE CONTRAINTE")
    caller.wishes_a_call()
    assert caller.tasks() == []


def test_whoever_wrote_on_two_hotlines_is_answered_from_the_one_she_wrote_to_last(
    agency: Agency, caller: Caller
) -> None:
    second, cipher = "+22780000003", agency.services.cipher
    with agency.services.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO lines (number, number_hash, profile, channel) VALUES (:n, :h, 'hotline', :c)"
            ),
            {"n": cipher.encrypt(second), "h": cipher.digest(second), "c": demo.SIMULATOR},
        )
    caller.phone.texts("c'est encore moi", to=second)
    caller.is_safe_now()
    caller.is_answered()
    agency.work()
    caller.phone.expects("Bonjour")
    assert agency.air.tried[-1].sender == second


def test_an_officer_who_texts_stop_is_an_alert_to_the_others(agency: Agency) -> None:
    agency.first.texts("STOP")
    alert = agency.second.expects("ALERTE 2", "Officier Un", "dit STOP")
    agency.second.replies(alert.code)
    agency.second.expects("est a vous")
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")


def test_a_reporter_who_texts_stop_is_not_answered_and_wakes_nobody(agency: Agency) -> None:
    agency.agent.texts("STOP")
    agency.fast_forward(minutes=6)
    assert agency.outgoing(agency.agent) == []


def test_every_decision_is_on_record_without_a_number_or_a_word(agency: Agency, caller: Caller) -> None:
    caller.agrees_on("mangue", "citron")
    caller.is_safe_now()
    caller.is_answered("word")
    agency.work()
    caller.phone.expects("mot")
    caller.phone.texts("citron")
    caller.phone.expects("Bien recu")
    agency.first.expects("MOT DE CONTRAINTE")
    with agency.services.engine.connect() as connection:
        rows = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).all()
    actions = [row.action for row in rows if row.subject == f"contact {caller.id}"]
    assert actions == ["words agreed upon", "contact marked", "contact answered", "word given"]
    whole = " ".join(f"{row.action} {row.subject} {row.detail}" for row in rows)
    for secret in (caller.phone.number, "mangue", "citron"):
        assert secret not in whole
