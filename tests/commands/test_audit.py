"""`vigie audit`: an untouched record is whole, and whatever is done to it shows."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway import bootstrap
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from tests.commands.conftest import Run


@pytest.fixture
def record(services: Services) -> Iterator[sa.Connection]:
    """Thirty decisions, anchored; an open connection to spoil them with."""
    with services.engine.connect() as connection:
        for ten in range(3):
            decisions = [
                Decision("vigie", "alert raised", f"alert {ten}{n}", {"severity": n % 3}) for n in range(10)
            ]
            audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)
            connection.commit()
        audit.anchor(connection, services.settings.data_dir / bootstrap.ANCHORS)
        yield connection


def _spoil(record: sa.Connection, *statements: str) -> None:
    for statement in statements:
        assert record.execute(sa.text(statement)).rowcount
    record.commit()


_CUT = "DELETE FROM audit WHERE seq > 20"


def test_an_untouched_record_is_whole(run: Run, record: sa.Connection) -> None:
    ran = run("audit", "verify")
    assert (ran.status, ran.err) == (0, "")
    assert "The record is whole: 30 entries, until 2026-11-21 14:00:00." in ran.out


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody'",
        "action = 'alert closed'",
        "subject = 'alert 99'",
        "detail = '{}'",
        "at = at + interval '1 second'",
        "mac = decode(repeat('00', 32), 'hex')",
    ],
)
def test_a_changed_row_is_found(run: Run, record: sa.Connection, change: str) -> None:
    _spoil(record, f"UPDATE audit SET {change} WHERE seq = 17")  # noqa: S608 - our own words
    ran = run("audit", "verify")
    assert ran.status == 1
    assert ran.err.startswith("Entry 17 of 2026-11-21 13:00 was changed.\n")


def test_a_missing_row_is_found(run: Run, record: sa.Connection) -> None:
    _spoil(record, "DELETE FROM audit WHERE seq = 17")
    assert run("audit", "verify").err == "Entry 17 is missing.\n"


def test_a_missing_row_is_found_when_those_after_it_are_renumbered(run: Run, record: sa.Connection) -> None:
    _spoil(record, "DELETE FROM audit WHERE seq = 17", "UPDATE audit SET seq = seq - 1 WHERE seq = 18")
    assert "Entry 17 of" in run("audit", "verify").err


def test_a_missing_first_row_is_found(run: Run, record: sa.Connection) -> None:
    _spoil(record, "DELETE FROM audit WHERE seq = 1")
    assert run("audit", "verify").err == "Entry 1 is missing.\n"


def test_the_last_ten_deleted_are_found(run: Run, record: sa.Connection) -> None:
    _spoil(record, _CUT)
    ran = run("audit", "verify")
    assert ran.status == 1
    assert ran.err == "Entries 21 to 30 are missing at the end.\n"


def test_the_last_ten_deleted_are_found_although_the_head_was_set_back(
    run: Run, record: sa.Connection
) -> None:
    back = "UPDATE audit_head SET seq = 20, mac = (SELECT mac FROM audit WHERE seq = 20)"
    _spoil(record, _CUT, back)
    ran = run("audit", "verify")
    assert ran.status == 1
    assert ran.err == ("Entries 21 to 30 are missing at the end: they are anchored outside the database.\n")


def test_a_record_emptied_as_if_it_were_new_is_found(run: Run, record: sa.Connection) -> None:
    back = "UPDATE audit_head SET seq = 0, mac = decode(repeat('00', 32), 'hex')"
    _spoil(record, "DELETE FROM audit", back)
    assert "Entries 1 to 30 are missing at the end" in run("audit", "verify").err


def test_a_lost_head_is_found(run: Run, record: sa.Connection) -> None:
    _spoil(record, "DELETE FROM audit_head")
    assert run("audit", "verify").err == "The head of the chain is missing.\n"


def test_a_tail_written_anew_without_the_key_is_found(
    run: Run, record: sa.Connection, services: Services
) -> None:
    _spoil(record, _CUT, "UPDATE audit_head SET seq = 20, mac = (SELECT mac FROM audit WHERE seq = 20)")
    audit.append(record, b"another key", services.now(), [Decision("x", "y", "z")] * 10)
    record.commit()
    err = run("audit", "verify").err
    assert "Entry 21 of" in err
    assert "Entry 30 is not the one that was anchored outside the database." in err


def test_entries_added_during_the_walk_are_no_fault(
    run: Run, record: sa.Connection, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = audit.length

    def add_meanwhile(connection: sa.Connection) -> int:
        counted = original(connection)
        key = services.cipher.derive("audit")
        audit.append(record, key, services.now(), [Decision("vigie", "alert closed", "x")])
        record.commit()
        audit.anchor(record, services.settings.data_dir / bootstrap.ANCHORS)
        return counted

    monkeypatch.setattr(audit, "length", add_meanwhile)
    ran = run("audit", "verify")
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.timeout(20)
def test_ten_thousand_entries_are_verified_in_seconds(run: Run, services: Services) -> None:
    with services.engine.begin() as connection:
        decisions = [Decision("vigie", "text sent", str(n), {"purpose": "receipt"}) for n in range(10_000)]
        audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)
    ran = run("audit", "verify")
    assert ran.status == 0
    assert "10,000 entries" in ran.out
    assert "There is no anchor in" in ran.out


def test_the_latest_decisions_are_listed(run: Run, record: sa.Connection) -> None:
    lines = run("audit", "--limit", "2").out.splitlines()
    assert len(lines) == 3
    assert lines[-1].split() == [
        "30",
        "2026-11-21",
        "14:00:00",
        "vigie",
        "alert",
        "raised",
        "alert",
        "29",
        "severity:",
        "0",
    ]


def test_a_record_of_nothing_is_whole(run: Run, services: Services) -> None:
    assert "The record is whole: 0 entries." in run("audit", "verify").out
