"""`vigie keys rotate`: under load, with a full spool, interrupted; and everybody is recognised afterwards."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.alerts.records import Acknowledgement, Alert
from gateway.digest.service import Recipient, write
from gateway.hotline import service as hotline
from gateway.hotline.records import Recording
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.messages import InboundMessage, Part, SessionStep
from gateway.people.records import Contact, Officer, Reporter
from gateway.people.safety import State, marked
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage import rotation
from gateway.storage.cipher import Cipher, SecretKey, Wrap, key_of, read_keyring, stored_wraps
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.conftest import SECRET

NEW = "another secret key for tests only"
REPORTER, STRANGER, ANOTHER = demo.REPORTERS[0].number, "+22790000555", "+22790000556"


class Office:
    """A gateway at work, with a cipher of its own, as another process has."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.watch = bootstrap.Watch(services, "test")
        self.acceptor = bootstrap.build_acceptor(services, self.watch)
        self.ussd = bootstrap.build_ussd(services, self.acceptor, self.watch)
        self.inbox = bootstrap.build_inbox(services)
        self.outbox = bootstrap.build_outbox(services)
        self.spool = Spool(services.settings.spool_dir)

    def message(self, sender: str, text: str, to: str = demo.AGENTS_LINE) -> InboundMessage:
        id_ = uuid7()
        return InboundMessage(id_, "simulator", str(id_), sender, to, text, self.services.now())

    def dials(self, sender: str) -> None:
        ussd = bootstrap.build_ussd(self.services, self.acceptor, self.watch)
        ussd.step(
            SessionStep("simulator", str(uuid7()), sender, "*384#", "", self.services.now(), first=True)
        )

    def work(self) -> None:
        self.inbox.take_in_spool(self.spool, self.watch.hotlines)
        for lane in range(self.services.settings.lanes):
            while self.inbox.drain(lane):
                pass
        while self.outbox.deliver(alerts=False):
            pass

    def by_state(self) -> dict[str, int]:
        with self.services.engine.connect() as connection:
            query = sa.select(InboundRecord.state, sa.func.count()).group_by(InboundRecord.state)
            return {row.state: row[1] for row in connection.execute(query)}


@pytest.fixture
def office(agency: Services) -> Office:
    """A gateway with a report, an alert and a caller."""
    office = Office(agency)
    for sender, text, line in (
        (REPORTER, "RPZ ASM 647 H590 F32 une camionnette blanche", demo.AGENTS_LINE),
        (REPORTER, "SOS ASM 12", demo.AGENTS_LINE),
        (STRANGER, "aidez nous", demo.HOTLINE),
    ):
        office.acceptor.accept(office.message(sender, text, line))
    office.work()
    return office


def _keys_in_use(engine: sa.Engine) -> set[int]:
    with engine.connect() as connection:
        tables = [bootstrap.METADATA.tables[name] for name in rotation.ENCRYPTED]
        return {key for table in tables for key in rotation.values_by_key(connection, table)}


def _wraps(engine: sa.Engine) -> list[Wrap]:
    with engine.connect() as connection:
        return stored_wraps(connection)


def _words(services: Services) -> list[str]:
    """Everything that is encrypted, in clear, with the key that a fresh process has."""
    cipher = bootstrap.open_cipher(services.settings, services.engine)
    found = []
    with services.engine.connect() as connection:
        for name, columns in rotation.ENCRYPTED.items():
            table = bootstrap.METADATA.tables[name]
            for column in columns:
                query = sa.select(table.c[column]).order_by(*table.primary_key.columns)
                values = connection.execute(query).scalars().all()
                found += [f"{name}.{column}: {cipher.decrypt(value)}" for value in values if value]
    return found


def _fill_every_column(office: Office) -> None:
    """What the office has not: notes, a text in parts, a session, a contact's mark, a voice message, an address."""
    services = office.services
    office.acceptor.accept(office.message(REPORTER, "PLUS F2 dans une autre camionnette"))
    for number, words in enumerate(("RAS ASM ", "calme"), 1):
        office.acceptor.accept(replace(office.message(REPORTER, words), part=Part(7, number, 2)))
    office.work()
    office.dials(REPORTER)
    with services.engine.begin() as connection:
        note = {"answer": "note", "note": services.cipher.encrypt("en route"), "at": services.now()}
        alert = connection.execute(sa.select(Alert.id).limit(1)).scalar_one()
        officer = connection.execute(sa.select(Officer.id).limit(1)).scalar_one()
        connection.execute(
            sa.insert(Acknowledgement).values(id=uuid7(), alert_id=alert, officer_id=officer, **note)
        )
        contact = connection.execute(sa.select(Contact.id)).scalar_one()
        mark = marked(State.INBOUND_ONLY, services.now())
        hotline.mark(
            connection, services.cipher, contact, mark, by="operator", why="she said so", now=services.now()
        )
        message = connection.execute(sa.select(InboundRecord.id).limit(1)).scalar_one()
        row = {"channel": "twilio", "provider_id": "RE1", "state": "done", "made_at": services.now()}
        audio = services.cipher.encrypt("aidez moi")
        email = services.cipher.encrypt("chef@example.org")
        officer = connection.execute(sa.select(Officer.id).limit(1)).scalar_one()
        connection.execute(sa.update(Officer).where(Officer.id == officer).values(chief=True, email=email))
        to = Recipient("chef@example.org", None, "fr")
        write(connection, services, [to], services.now(), services.now())
        connection.execute(sa.insert(Recording).values(id=uuid7(), message_id=message, audio=audio, **row))


def test_everything_is_encrypted_anew_and_says_the_same(
    run: Run, office: Office, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    services = office.services
    _fill_every_column(office)
    before = _words(services)
    assert {line.split(":")[0] for line in before} == {
        f"{table}.{column}" for table, columns in rotation.ENCRYPTED.items() for column in columns
    }
    ran = run("keys", "rotate", "--wait", "0")
    assert (ran.status, ran.err) == (0, "")
    assert _keys_in_use(services.engine) == {3}
    assert _words(services) == before
    assert [action for action, _ in decisions()][-1] == "keys rotated"
    assert ("key rotation begun", "data key 3 {}") in decisions()
    assert run("audit", "verify").status == 0


def test_everybody_is_still_recognised_afterwards(run: Run, office: Office, clock: Clock) -> None:
    assert run("keys", "rotate", "--wait", "0").status == 0
    office.watch.refresh()
    clock.forward(minutes=1)
    office.acceptor.accept(office.message(REPORTER, "RPZ ASM 650 H600 F30"))
    clock.forward(minutes=1)
    office.acceptor.accept(office.message(STRANGER, "toujours la", demo.HOTLINE))
    office.work()
    with office.services.engine.connect() as connection:
        latest = connection.execute(
            sa.select(ReportRecord.reporter_id, ReportRecord.contact_id).order_by(ReportRecord.received_at)
        ).all()
        contact = connection.scalar(sa.select(Contact.id))
        me = connection.scalar(
            sa.select(Reporter.id).where(Reporter.number_hash == office.services.cipher.digest(REPORTER))
        )
    assert latest[-2].reporter_id == me
    assert latest[-1].contact_id == contact is not None


@pytest.fixture
def processes(settings: Settings, office: Office) -> Iterator[tuple[Office, Office]]:
    """Two more processes, web and worker; they learn of new keys by their watches alone."""
    several = [bootstrap.build_services(settings) for _ in range(2)]
    yield Office(several[0]), Office(several[1])
    for services in several:
        services.redis.close()
        services.engine.dispose()


class Load:
    """One process accepts, another drains; the second hears of new keys much later than the first."""

    def __init__(self, web: Office, worker: Office) -> None:
        self.accepted = 0
        self.faults: list[Exception] = []
        self._web = web
        self._stop = threading.Event()
        parts = (
            (0.02, self._accept),
            (0.02, web.watch.refresh),
            (0.02, worker.work),
            (0.4, worker.watch.refresh),
        )
        self._threads = [threading.Thread(target=self._run, args=part) for part in parts]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, pause: float, part: Callable[[], object]) -> None:
        try:
            while not self._stop.wait(pause):
                part()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.faults.append(error)

    def _accept(self) -> None:
        sender = demo.LOAD_TEST_NUMBERS[self.accepted % 100]
        self._web.acceptor.accept(self._web.message(sender, f"RPZ ASM {self.accepted} une remarque"))
        self.accepted += 1


def test_keys_change_under_load_and_nothing_is_lost_or_dead(
    run: Run, office: Office, processes: tuple[Office, Office]
) -> None:
    web, worker = processes
    with Load(web, worker) as load:
        ran = run("keys", "rotate", "--wait", "1")
    assert (ran.status, ran.err, load.faults) == (0, "", [])
    worker.work()
    assert load.accepted > 10
    assert worker.by_state() == {"read": 3 + load.accepted}
    assert _keys_in_use(office.services.engine) == {3}


def test_a_new_key_is_read_by_all_before_anybody_writes_with_it(
    run: Run, office: Office, processes: tuple[Office, Office]
) -> None:
    web, worker = processes
    secret_keys = [SecretKey(SECRET)]
    with office.services.engine.begin() as connection:
        rotation.begin(connection, office.services.cipher, secret_keys, office.services.now(), "test")
    web.watch.refresh()
    worker.watch.refresh()
    assert web.services.cipher.current == 2
    with office.services.engine.begin() as connection:
        rotation.make_current(connection, secret_keys, 3)
    assert "encrypts" in run("keys").out
    web.watch.refresh()
    assert key_of(web.services.cipher.encrypt("a")) == 3
    web.acceptor.accept(web.message(REPORTER, "SOS ASM"))
    worker.work()  # it has not heard of the second step yet
    assert worker.by_state() == {"read": 4}


def test_a_full_spool_is_encrypted_anew_and_taken_in_afterwards(run: Run, office: Office) -> None:
    cipher, spool = office.services.cipher, office.spool
    for number in range(60):
        sender = demo.LOAD_TEST_NUMBERS[number % 20]
        spool.put(office.message(sender, f"RPZ ASM {number}"), cipher)
    (office.services.settings.data_dir / "blind").mkdir()
    blind = office.services.settings.data_dir / "blind" / "a.sent"
    blind.write_bytes(cipher.encrypt("{}"))
    before = [item.path for item in spool.waiting()]
    ran = run("keys", "rotate", "--wait", "0")
    assert ran.status == 0
    assert "62 files" in ran.out
    assert [item.path for item in spool.waiting()] == before
    files = [*before, blind, office.services.settings.data_dir / bootstrap.STANDBY]
    assert {key_of(path.read_bytes()) for path in files} == {3}
    office.watch.refresh()
    office.work()
    assert office.by_state() == {"read": 63}
    assert (spool.waiting(), spool.unreadable()) == ([], 0)


def test_an_interrupted_rotation_goes_on_where_it_stopped(
    run: Run, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = rotation.sweep

    def interrupted(engine: sa.Engine, table: sa.Table, *rest: object) -> rotation.Pass:
        if table.name == "officers":
            raise KeyboardInterrupt
        return original(engine, table, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "sweep", interrupted)
        ran = run("keys", "rotate", "--wait", "0")
    assert ran.status == 1
    assert ran.err == (
        "vigie: Interrupted: nothing is lost, and `vigie keys rotate` goes on where it stopped.\n"
    )
    assert _keys_in_use(office.services.engine) == {2, 3}
    assert "The change to data key 3 was interrupted" in run("keys").out
    assert "Going on with data key 3" in run("keys", "rotate", "--wait", "0").out
    assert _keys_in_use(office.services.engine) == {3}
    assert "New data key 4" in run("keys", "rotate", "--wait", "0").out


def test_two_rotations_at_once_are_refused(run: Run, office: Office) -> None:
    with rotation.alone(office.services.engine):
        ran = run("keys", "rotate", "--wait", "0")
    assert (ran.status, ran.err) == (
        1,
        "vigie: Another `vigie keys rotate` is at work on this database; let it finish.\n",
    )
    assert run("keys", "rotate", "--wait", "0").status == 0


def test_an_old_secret_key_may_go_once_the_keys_are_rotated(run: Run, office: Office) -> None:
    assert "first" in run("keys").out
    ran = run("keys", "rotate", "--wait", "0", VIGIE_SECRET_KEYS=f"{NEW},{SECRET}")
    assert ran.status == 0
    assert f"The secret keys {SecretKey(SECRET).id} open nothing here any more" in ran.out
    wraps = _wraps(office.services.engine)
    assert {wrap.secret_key for wrap in wraps} == {SecretKey(NEW).id}
    assert read_keyring(office.services.settings.data_dir / bootstrap.KEYRING) == wraps
    with office.services.engine.connect() as connection:
        number = connection.scalar(sa.select(Officer.number).limit(1))
    assert number
    assert Cipher.from_wraps(wraps, [SecretKey(NEW)]).decrypt(number).startswith("+2279000090")
    assert run("audit", "verify", VIGIE_SECRET_KEYS=NEW).status == 0
    refused = run("audit", "verify")
    assert refused.status == 1
    assert "a secret key that VIGIE_SECRET_KEYS no longer holds" in refused.err


def test_processes_that_know_only_the_old_secret_key_read_on_meanwhile(run: Run, office: Office) -> None:
    secret_keys = [SecretKey(NEW), SecretKey(SECRET)]
    with office.services.engine.begin() as connection:
        rotation.begin(connection, office.services.cipher, secret_keys, office.services.now(), "test")
    with office.services.engine.begin() as connection:
        rotation.make_current(connection, secret_keys, 3)
    office.watch.refresh()
    assert office.services.cipher.current == 3


def _own_keys_file(settings: Settings) -> Path:
    path = settings.data_dir / "secret-keys"
    path.write_text(f"{SECRET}\n", encoding="ascii")
    path.chmod(0o600)
    return path


def test_a_fresh_secret_key_is_put_first_in_the_data_folders_own_file(run: Run, office: Office) -> None:
    path = _own_keys_file(office.services.settings)
    ran = run("keys", "rotate", "--new-secret-key", "--wait", "0", VIGIE_SECRET_KEYS=None)
    assert (ran.status, ran.err) == (0, "")
    new, old = path.read_text(encoding="ascii").strip().split(",")
    assert (len(new), old, path.stat().st_mode & 0o777) == (43, SECRET, 0o600)
    assert new not in ran.out
    assert {wrap.secret_key for wrap in _wraps(office.services.engine)} == {SecretKey(new).id}
    path.write_text(new, encoding="ascii")
    assert run("audit", "verify", VIGIE_SECRET_KEYS=None).status == 0


def test_a_fresh_secret_key_is_made_once_however_often_the_rotation_is_interrupted(
    run: Run, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _own_keys_file(office.services.settings)

    def interrupt(*_: object) -> rotation.Begun:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "begin", interrupt)
        assert run("keys", "rotate", "--new-secret-key", "--wait", "0", VIGIE_SECRET_KEYS=None).status == 1
    assert run("keys", "rotate", "--new-secret-key", "--wait", "0", VIGIE_SECRET_KEYS=None).status == 0
    assert path.read_text(encoding="ascii").count(",") == 1


def test_a_fresh_secret_key_is_refused_where_the_environment_sets_them(run: Run, office: Office) -> None:
    ran = run("keys", "rotate", "--new-secret-key")
    assert ran.status == 2
    assert ran.err.startswith("vigie: VIGIE_SECRET_KEYS is set: put the new key first there")


def test_a_value_that_opens_with_no_key_is_told_and_left_as_it_is(run: Run, office: Office) -> None:
    with office.services.engine.begin() as connection:
        connection.execute(sa.update(ReportRecord).values(note=b"\0\2" + b"x" * 40))
    ran = run("keys", "rotate", "--wait", "0")
    assert ran.status == 0
    assert "3 rows hold a value that opens with no key; they were left as they are." in ran.out


def test_the_keys_are_shown_with_what_each_made(run: Run, office: Office) -> None:
    lines = run("keys").out.splitlines()
    secret = SecretKey(SECRET).id
    assert lines[1].split() == ["1", "finds", secret, "(first)"]
    assert lines[2].split()[:4] == ["2", "encrypts", secret, "(first)"]
    assert int(lines[2].split()[-1].replace(",", "")) > 500


def test_no_number_and_no_text_is_shown(run: Run, office: Office) -> None:
    ran = run("keys", "rotate", "--wait", "0")
    shown = ran.out + ran.err + run("keys").out + run("audit", "--limit", "1000").out
    for number in (REPORTER, STRANGER, demo.OFFICERS[0][0], demo.LOAD_TEST_NUMBERS[0]):
        assert number.removeprefix("+227") not in shown
    assert "camionnette" not in shown
