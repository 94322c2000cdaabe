"""`vigie doctor`: well when all is well, one mending sentence for each thing that is not, never a traceback."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from gateway import bootstrap, demo
from gateway.channels.records import ChannelRecord, Line
from gateway.doctor import machine
from gateway.duty.records import ShiftRecord
from gateway.hotline.prompts import missing
from gateway.inbox.spool import Spool
from gateway.services import Services
from gateway.storage import audit, rotation
from gateway.storage.cipher import SecretKey
from gateway.supervisor.errors import CannotStartError
from tests.commands.conftest import Ran, Run
from tests.commands.test_keys import NEW, Office
from tests.conftest import SECRET

SID, TOKEN = "AC" + "1" * 32, "a" * 32


def _not_well(ran: Ran) -> list[str]:
    """The lines of what is not well, without their level."""
    assert ran.err == ""
    lines = [line for line in ran.out.splitlines()[:-2] if not line.startswith(("ok ", "note "))]
    assert ran.status == int(any(line.startswith("wrong") for line in lines))
    return [line[9:] for line in lines]


@pytest.fixture
def alive(agency: Services) -> Services:
    """A gateway whose processes are heard, and whose record is anchored."""
    for name in ("web:1", "clock", "worker:inbox-1", "worker:alerts-2", "worker:outbox-3"):
        agency.redis.set(f"vigie:alive:{name}", 1)
    return agency


def test_all_is_well(run: Run, alive: Services) -> None:
    ran = run("doctor")
    assert _not_well(ran) == []
    assert ran.out.endswith("Nothing is wrong, no warnings.\n")


def test_before_the_first_start_it_says_what_is_ready(run: Run, alive: Services) -> None:
    nowhere = str(alive.settings.data_dir / "new")
    ran = run(
        "doctor", "--data-dir", nowhere, VIGIE_DATABASE_URL="", VIGIE_REDIS_URL="", VIGIE_SECRET_KEYS=None
    )
    assert _not_well(ran) == []
    for sentence in (
        f"data folder: {nowhere} is not there yet",
        "PostgreSQL: is ready to be started",
        "Redis: is ready to be started",
        "gateway: It was never started here",
    ):
        assert sentence in ran.out


def test_a_gateway_that_was_stopped_is_told(run: Run, alive: Services) -> None:
    (alive.settings.data_dir / "postgres").mkdir()
    ran = run("doctor", VIGIE_DATABASE_URL="", VIGIE_REDIS_URL="")
    assert _not_well(ran) == [
        f"gateway: It does not run on {alive.settings.data_dir}: start `vigie up`, or nobody is heard."
    ]


def test_without_a_redis_it_says_how_to_get_one(
    run: Run, alive: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> None:
        raise CannotStartError("There is no redis-server here: install your system's package `redis-server`")

    monkeypatch.setattr(machine, "find_server", nothing)
    (line,) = _not_well(run("doctor", VIGIE_DATABASE_URL="", VIGIE_REDIS_URL=""))
    assert line.startswith("Redis: There is no redis-server here: install")


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"VIGIE_TIMEZONE": "Niamey"}, "settings: VIGIE_TIMEZONE: 'Niamey' is no time zone"),
        (
            {"VIGIE_DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/y"},
            "PostgreSQL: cannot be reached as x at",
        ),
        ({"VIGIE_REDIS_URL": "redis://127.0.0.1:1"}, "Redis: cannot be reached"),
        ({"VIGIE_TWILIO_ACCOUNT_SID": SID}, "channel twilio: The channel twilio needs its auth_token"),
    ],
)
def test_a_wrong_setting_gets_one_sentence(
    run: Run, alive: Services, environment: dict[str, str], line: str
) -> None:
    ran = run("doctor", **environment)
    assert any(found.startswith(line) for found in _not_well(ran))
    assert "hidden" not in ran.out


def test_processes_that_are_not_heard_are_named(run: Run, alive: Services) -> None:
    alive.redis.delete("vigie:alive:worker:alerts-2")
    expected = "processes: Not heard for ten seconds: worker that sends alerts; their logs tell why."
    assert _not_well(run("doctor")) == [expected]
    alive.redis.flushall()
    assert "processes: None is running" in _not_well(run("doctor"))[0]


def test_an_empty_or_an_older_database_needs_migrating(run: Run, alive: Services) -> None:
    change = "UPDATE alembic_version SET version_num = '{}'"
    with alive.engine.begin() as connection:
        head = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        connection.execute(sa.text(change.format("9999")))
    try:
        assert _not_well(run("doctor")) == [
            "schema: It was made by a newer version of vigie: install that one again."
        ]
    finally:
        with alive.engine.begin() as connection:
            connection.execute(sa.text(change.format(head)))


def test_a_secret_key_that_is_needed_may_not_go(run: Run, alive: Services) -> None:
    (line,) = _not_well(run("doctor", VIGIE_SECRET_KEYS=NEW))
    assert line == (
        "keys: VIGIE_SECRET_KEYS lacks a key that rows, spool or backups still need "
        f"({SecretKey(SECRET).id}): put it back."
    )
    both = f"{NEW},{SECRET}"
    (line,) = _not_well(run("doctor", VIGIE_SECRET_KEYS=both))
    assert line.startswith(f"keys: The secret keys {SecretKey(SECRET).id} may not be removed")
    assert run("keys", "rotate", "--wait", "0", VIGIE_SECRET_KEYS=both).status == 0
    ran = run("doctor", VIGIE_SECRET_KEYS=both)
    assert f"keys: The secret keys {SecretKey(SECRET).id} open nothing here any more" in ran.out
    assert not [line for line in _not_well(run("doctor", VIGIE_SECRET_KEYS=NEW)) if line.startswith("keys")]


def test_an_interrupted_rotation_is_told(run: Run, alive: Services) -> None:
    with alive.engine.begin() as connection:
        rotation.begin(connection, alive.cipher, [SecretKey(SECRET)], alive.now(), "test")
    assert "keys: The change to data key 3 was interrupted: run `vigie keys rotate` again." in _not_well(
        run("doctor")
    )


def test_the_spool_is_looked_at(run: Run, alive: Services) -> None:
    office = Office(alive)
    office.spool.put(office.message(demo.REPORTERS[0].number, "RPZ"), alive.cipher)
    (alive.settings.spool_dir / "unreadable" / "x.msg").write_bytes(b"")
    lines = _not_well(run("doctor"))
    assert lines[0].startswith("spool: 1 files in")
    assert lines[1].startswith("spool: 1 messages wait on disk for PostgreSQL")
    assert Spool(alive.settings.spool_dir).unreadable() == 1


def test_dead_and_late_messages_and_texts_are_told(run: Run, alive: Services) -> None:
    office = Office(alive)
    for text in ("RPZ ASM 12", "RPZ ASM 13", "SOS ASM"):
        office.acceptor.accept(office.message(demo.REPORTERS[0].number, text))
    long_ago = "received_at = now() - interval '1 hour'"
    with alive.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE inbound_messages SET {long_ago}"))  # noqa: S608 - our own words
        connection.execute(sa.text("UPDATE inbound_messages SET state = 'dead' WHERE NOT urgent"))
    lines = _not_well(run("doctor"))
    assert lines[0].startswith("inbox: 2 messages are dead: `vigie inbox` tells why")
    assert lines[1] == "inbox: 1 messages have waited for a minute or more: look at the workers."


def test_a_record_that_was_cut_off_is_told(run: Run, alive: Services) -> None:
    assert run("officers", "add", "+22790000701", "Officier Sept").status == 0
    path = alive.settings.data_dir / bootstrap.ANCHORS
    assert "decisions are not anchored" in _not_well(run("doctor"))[0]
    with alive.engine.begin() as connection:
        audit.anchor(connection, path)
    assert _not_well(run("doctor")) == []
    with alive.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM audit WHERE seq > 1"))
    assert "audit: The record of decisions lacks entry 2 as it was anchored" in _not_well(run("doctor"))[0]


def test_a_rota_without_anybody_or_with_a_gap_is_told(run: Run, alive: Services) -> None:
    with alive.engine.begin() as connection:
        connection.execute(sa.update(ShiftRecord).values(ends_at=sa.func.now() + timedelta(days=1)))
    (line,) = _not_well(run("doctor"))
    assert line.startswith("duty: From 20")
    assert line.endswith("nobody is on duty: `vigie duty gaps` shows all, fill the rota.")
    with alive.engine.begin() as connection:
        connection.execute(sa.update(ShiftRecord).where(ShiftRecord.step == 0).values(ends_at=sa.func.now()))
    assert "nobody at the first step is on duty: `vigie duty gaps`" in _not_well(run("doctor"))[0]
    with alive.engine.begin() as connection:
        connection.execute(sa.delete(ShiftRecord))
    (line,) = _not_well(run("doctor"))
    assert line.startswith("duty: Nobody is on duty now")


def test_without_channels_and_lines_it_says_how_to_set_them_up(run: Run, alive: Services) -> None:
    with alive.engine.begin() as connection:
        connection.execute(sa.update(ChannelRecord).values(active=False))
    lines = _not_well(run("doctor"))
    assert lines[0] == "channels: There is none: `vigie channels add KIND NAME` sets one up."
    assert lines[1].startswith("lines: Line 1 goes through the channel simulator, which is not in order")


def test_alerts_need_a_line_that_is_not_on_whatsapp(run: Run, alive: Services) -> None:
    number = alive.cipher.encrypt("whatsapp:+22780000001")
    with alive.engine.begin() as connection:
        connection.execute(sa.update(Line).where(Line.profile == "agents").values(number=number))
    (line,) = _not_well(run("doctor"))
    assert line.startswith("lines: Every line for agents is on WhatsApp")


class _Twilio(BaseHTTPRequestHandler):
    """As much of Twilio's API as the doctor asks for."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        good = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {good}":
            self._answer(401, {"code": 20003})
        elif address.path == f"/2010-04-01/Accounts/{SID}.json":
            self._answer(200, {"status": "active"})
        else:
            number = parse_qs(address.query)["PhoneNumber"][0]
            mine = {"phone_number": number, "sms_url": "https://vigie.invalid/webhooks/twilio/sms#rc=3"}
            found = [mine | {"sms_fallback_url": ""}] if number == demo.AGENTS_LINE else []
            self._answer(200, {"incoming_phone_numbers": found})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def twilio() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Twilio) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_twilio_is_asked_what_it_knows(run: Run, alive: Services, twilio: str) -> None:
    with alive.engine.begin() as connection:
        connection.execute(sa.text("UPDATE lines SET channel = 'twilio'"))
    environment = {
        "VIGIE_TWILIO_API_URL": twilio,
        "VIGIE_TWILIO_ACCOUNT_SID": SID,
        "VIGIE_TWILIO_AUTH_TOKEN": TOKEN,
        "VIGIE_PUBLIC_URL": "https://vigie.invalid",
    }
    ran = run("doctor", **environment)
    assert "channel twilio: Twilio accepts the account and its token." in ran.out
    assert "line 2: Twilio's API does not tell of this number" in ran.out
    assert "line 2: Whether Twilio answers STOP and HELP by itself cannot be read from its API" in ran.out
    (line,) = _not_well(ran)
    assert line.startswith("line 1: It has no fallback address")
    lines = _not_well(run("doctor", **environment | {"VIGIE_PUBLIC_URL": "http://vigie.invalid"}))
    assert lines[0].startswith("channel twilio: VIGIE_PUBLIC_URL is not https")
    assert lines[1].startswith("line 1: Twilio sends its texts elsewhere")
    (line,) = _not_well(run("doctor", **environment | {"VIGIE_TWILIO_AUTH_TOKEN": "wrong"}))
    assert line.startswith("channel twilio: Twilio refuses the account or its token (401)")
    lines = _not_well(run("doctor", **environment | {"VIGIE_TWILIO_AUTH_TOKEN": f"{TOKEN},wrong"}))
    assert lines[0].startswith("channel twilio: Twilio refuses token 2 of 2 (401)")
    (line,) = _not_well(run("doctor", **environment | {"VIGIE_TWILIO_API_URL": "http://127.0.0.1:1"}))
    assert line.startswith("channel twilio: Twilio cannot be reached at http://127.0.0.1:1")


def test_a_hotline_that_takes_calls_lacks_its_hausa_until_all_of_it_is_recorded(
    run: Run, alive: Services, twilio: str
) -> None:
    assert "voice menu" not in run("doctor").out
    with alive.engine.begin() as connection:
        connection.execute(sa.update(Line).where(Line.profile == "hotline").values(channel="twilio"))
    environment = {
        "VIGIE_TWILIO_API_URL": twilio,
        "VIGIE_TWILIO_ACCOUNT_SID": SID,
        "VIGIE_TWILIO_AUTH_TOKEN": TOKEN,
        "VIGIE_PUBLIC_URL": "https://vigie.invalid",
    }
    folder = alive.settings.prompts_dir
    lacking = missing(folder, "ha")
    hint = (
        f"note     voice menu: Hausa is not offered until its {len(lacking)} missing sentences are recorded"
    )
    assert hint in run("doctor", **environment).out
    (folder / "ha").mkdir(parents=True)
    for prompt in lacking:
        (folder / "ha" / f"{prompt.name}.mp3").touch()
    assert "voice menu: is offered in French, Hausa and English." in run("doctor", **environment).out


def test_no_number_is_shown(run: Run, alive: Services) -> None:
    assert "0000" not in run("doctor").out.replace(str(alive.settings.data_dir), "")


def test_a_part_that_cannot_be_examined_does_not_hide_the_next(
    run: Run, alive: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("with a number in it: +22790000101")

    monkeypatch.setattr("gateway.doctor.stored.messages", broken)
    ran = run("doctor")
    (line,) = _not_well(ran)
    assert line.startswith("inbox: could not be examined (RuntimeError at ")
    assert "22790000101" not in ran.out
    assert "duty: Officers are on duty now" in ran.out


@pytest.mark.usefixtures("alive")
def test_without_a_line_that_can_call_it_says_that_alerts_go_by_text_alone(run: Run) -> None:
    hint = "note     calls: No agents' line of ours can call, so alerts go by SMS alone"
    assert hint in run("doctor").out
