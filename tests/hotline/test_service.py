"""Contacts are met once, marked with their history kept, and called back only where marked safe."""

from datetime import UTC, datetime, time
from uuid import UUID

import pytest
import sqlalchemy as sa

from gateway.hotline import service as hotline
from gateway.hotline.service import CONTACT_HERSELF, TASK, Caller, MarkRefusedError
from gateway.people.marks import CONTACT, MARK, safety_by_number
from gateway.people.safety import UNKNOWN, Hours, Safety, State, Way, marked
from gateway.services import Services
from gateway.storage.audit import Decision
from tests.clock import Clock

NUMBER = "+22790000501"
EVENING = Hours(time(18), time(20))


def meet(services: Services, number: str = NUMBER, at: datetime | None = None) -> UUID:
    number_hash = services.cipher.digest(number)
    with services.engine.begin() as connection:
        met = hotline.meet(connection, services.cipher, {number_hash: Caller(number, at or services.now())})
    return met[number_hash]


def mark(services: Services, contact: UUID, safety: Safety, by: str = "operator") -> list[Decision]:
    with services.engine.begin() as connection:
        return hotline.mark(
            connection, services.cipher, contact, safety, by=by, why="she said so", now=services.now()
        )


def rings(services: Services, contact: UUID, *, silent: bool = False) -> list[str]:
    with services.engine.begin() as connection:
        return [d.action for d in hotline.rang(connection, services, contact, services.now(), silent=silent)]


def wishes_a_call(services: Services, contact: UUID, hours: Hours | None = None) -> list[str]:
    with services.engine.begin() as connection:
        decisions = hotline.asks_to_be_called(
            connection, services, contact, services.now(), hours=hours, language="ha"
        )
    return [decision.action for decision in decisions]


def stands(services: Services) -> Safety:
    number_hash = services.cipher.digest(NUMBER)
    with services.engine.connect() as connection:
        return safety_by_number(connection, [number_hash])[number_hash]


def tasks(services: Services) -> list[tuple[str, str, datetime]]:
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(TASK).order_by(TASK.c.id))
        return [(row.state, row.reason, row.due_at) for row in rows]


def test_whoever_comes_again_is_the_same_contact_and_nothing_is_known_of_her_safety(
    services: Services, clock: Clock
) -> None:
    first = meet(services)
    began = clock()
    clock.forward(minutes=5)
    assert meet(services) == first != meet(services, "+22790000502")
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(CONTACT).where(CONTACT.c.id == first)).one()
    assert (row.first_at, row.last_at) == (began, clock())
    assert stands(services) == UNKNOWN


def test_the_newest_mark_counts_and_the_others_are_kept(services: Services, clock: Clock) -> None:
    contact = meet(services)
    safe = marked(State.SAFE_AT, clock(), way=Way.SMS, hours=EVENING)
    mark(services, contact, safe)
    assert stands(services) == safe
    (decision,) = mark(services, contact, marked(State.INBOUND_ONLY, clock()))
    assert (decision.detail["from"], decision.detail["to"]) == ("safe at hours", "inbound only")
    assert stands(services).state is State.INBOUND_ONLY
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(MARK).order_by(MARK.c.id)).all()
    assert [row.state for row in rows] == ["safe at hours", "inbound only"]
    assert services.cipher.decrypt(rows[0].why) == "she said so"


def test_who_said_never_is_not_marked_otherwise_until_she_comes_back(
    services: Services, clock: Clock
) -> None:
    contact = meet(services)
    with services.engine.begin() as connection:
        hotline.asks_for_silence(connection, services.cipher, contact, clock(), why="STOP")
    safe = marked(State.SAFE_NOW, clock(), way=Way.SMS)
    with pytest.raises(MarkRefusedError, match="has not come back"):
        mark(services, contact, safe)
    assert stands(services).state is State.NEVER
    clock.forward(minutes=1)
    meet(services)
    mark(services, contact, safe)
    assert stands(services) == safe


def test_an_officer_may_take_back_a_never_of_his_own(services: Services, clock: Clock) -> None:
    contact = meet(services)
    mark(services, contact, marked(State.NEVER, clock()))
    mark(services, contact, marked(State.SAFE_NOW, clock(), way=Way.SMS))
    assert stands(services).state is State.SAFE_NOW


@pytest.mark.parametrize("state", ["unknown", "safe by sms", "expired", "never"])
def test_a_missed_call_is_counted_and_calls_nobody_back_who_is_not_marked_safe(
    services: Services, clock: Clock, state: str
) -> None:
    contact = meet(services)
    if state == "safe by sms":
        mark(services, contact, marked(State.SAFE_NOW, clock(), way=Way.SMS))
    elif state == "expired":
        mark(services, contact, marked(State.SAFE_NOW, clock(), way=Way.CALL))
        clock.forward(minutes=30)
    elif state == "never":
        mark(services, contact, marked(State.NEVER, clock()))
    assert rings(services, contact) == rings(services, contact, silent=True) == []
    assert tasks(services) == []
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(CONTACT)).one()
    assert (row.calls, row.silent_calls) == (2, 1)


def test_a_missed_call_of_one_who_is_marked_safe_at_hours_is_due_when_they_begin(
    services: Services, clock: Clock
) -> None:
    contact = meet(services)
    mark(services, contact, marked(State.SAFE_AT, clock(), way=Way.CALL, hours=EVENING))
    assert rings(services, contact) == ["call-back asked for"]
    assert rings(services, contact) == ["call-back asked for"]
    assert tasks(services) == [("open", "missed call", datetime(2026, 11, 21, 17, 0, tzinfo=UTC))]


def test_who_asks_to_be_called_says_herself_when(services: Services, clock: Clock) -> None:
    contact = meet(services)
    assert wishes_a_call(services, contact) == ["contact marked", "call-back asked for"]
    assert stands(services) == marked(State.SAFE_NOW, clock(), way=Way.CALL)
    wishes_a_call(services, contact, EVENING)
    assert tasks(services) == [("open", "asked to be called", datetime(2026, 11, 21, 17, 0, tzinfo=UTC))]
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(CONTACT.c.language)).scalar_one() == "ha"
        assert connection.execute(sa.select(MARK.c.set_by)).scalars().all() == [CONTACT_HERSELF] * 2


@pytest.mark.parametrize("state", [State.INBOUND_ONLY, State.NEVER])
def test_a_wish_to_be_called_does_not_overrule_an_officer(
    services: Services, clock: Clock, state: State
) -> None:
    contact = meet(services)
    mark(services, contact, marked(state, clock()))
    clock.forward(minutes=1)
    meet(services)
    assert wishes_a_call(services, contact) == ["call-back wish left to an officer"]
    assert stands(services).state is state
    assert tasks(services) == []


def test_many_who_ask_to_be_called_are_served_by_one_process(services: Services, clock: Clock) -> None:
    """From its sixth time on the driver prepares a statement, whose plan must still find the partial index."""
    contact = meet(services)
    for _ in range(15):
        assert wishes_a_call(services, contact)[-1] == "call-back asked for"
    assert len(tasks(services)) == 1


def test_a_later_mark_that_forbids_calling_withdraws_the_call_back(services: Services, clock: Clock) -> None:
    contact = meet(services)
    wishes_a_call(services, contact)
    clock.forward(minutes=1)
    with services.engine.begin() as connection:
        decisions = hotline.asks_for_silence(connection, services.cipher, contact, clock(), why="STOP")
    assert [decision.action for decision in decisions] == ["contact marked", "call-back withdrawn"]
    assert [state for state, _, _ in tasks(services)] == ["withdrawn"]
    clock.forward(minutes=1)
    wishes_a_call(services, contact)
    assert [state for state, _, _ in tasks(services)] == ["withdrawn", "open"]
