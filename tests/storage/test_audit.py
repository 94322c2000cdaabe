"""The chain of decisions, beside what `vigie audit verify` shows of it."""

import threading
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
VALUES = st.one_of(WORDS, st.integers(-(2**60), 2**60), st.booleans(), st.none(), st.lists(WORDS, max_size=3))
DECISIONS = st.builds(Decision, WORDS, WORDS, WORDS, st.dictionaries(WORDS, VALUES, max_size=4))


def _faults(services: Services) -> list[str]:
    with services.engine.connect() as connection:
        return list(audit.faults(connection, services.cipher.derive("audit"), []))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DECISIONS, max_size=5))
def test_whatever_is_put_on_record_verifies(services: Services, decisions: list[Decision]) -> None:
    with services.engine.begin() as connection:
        audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)
    assert _faults(services) == []


def test_many_append_at_once_and_the_chain_holds(services: Services) -> None:
    def append(name: str) -> None:
        for number in range(10):
            with services.engine.begin() as connection:
                decisions = [Decision(name, "did", str(number)), Decision(name, "did again", str(number))]
                audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)

    threads = [threading.Thread(target=append, args=(f"clerk {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _faults(services) == []
    with services.engine.connect() as connection:
        assert audit.length(connection) == 80


def test_what_is_rolled_back_leaves_no_gap(services: Services) -> None:
    key = services.cipher.derive("audit")
    for keep in (True, False, True):
        with services.engine.connect() as connection:
            audit.append(connection, key, services.now(), [Decision("a", "b", "c")])
            connection.commit() if keep else connection.rollback()
    assert _faults(services) == []


def test_an_anchor_is_written_once_for_a_head_and_a_torn_line_is_none(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "anchors"
    with services.engine.begin() as connection:
        audit.anchor(connection, path)
        assert audit.read_anchors(path) == []
        audit.append(connection, services.cipher.derive("audit"), services.now(), [Decision("a", "b", "c")])
        first = audit.anchor(connection, path)
        assert audit.anchor(connection, path) == first
    with path.open("a", encoding="ascii") as file:
        file.write("2 00ff")
    assert audit.read_anchors(path) == [first]
    with services.engine.begin() as connection:
        audit.append(connection, services.cipher.derive("audit"), services.now(), [Decision("a", "b", "d")])
        second = audit.anchor(connection, path)
    assert audit.read_anchors(path) == [first, second]


def test_nothing_else_can_change_a_decision_unseen(services: Services) -> None:
    with services.engine.begin() as connection:
        audit.append(connection, services.cipher.derive("audit"), services.now(), [Decision("a", "b", "c")])
        connection.execute(sa.text("UPDATE audit SET detail = detail || '{\"x\": 1}'"))
    assert len(_faults(services)) == 1
