"""Ready while a message can be made safe; figures that stay right when the database is away."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from uuid_utils.compat import uuid7

from gateway import bootstrap
from gateway.channels.records import ChannelState, Line
from gateway.channels.registry import build_channel
from gateway.inbox.spool import Spool
from gateway.messages import InboundMessage
from gateway.outbox.records import OutboundRecord
from gateway.services import Services
from gateway.storage.cipher import Cipher
from gateway.watching.records import CanaryRecord, Phone
from gateway.watchman.records import Lapse
from tests.clock import Clock
from tests.standins import android
from tests.web.fakes import Web, web_over, web_over_fakes

MESSAGE = "+22790000101", "+22780000001", "RPZ ASM 647"


def parts_of(web: Web) -> tuple[int, dict[str, str]]:
    answer = web.client.get("/health/ready")
    return answer.status_code, cast("dict[str, str]", answer.get_json()["parts"])


def figures(web: Web) -> dict[str, float]:
    text = web.client.get("/metrics").get_data(as_text=True)
    families = list(text_string_to_metric_families(text))
    assert all(family.name.startswith("vigie_") for family in families)
    return {
        sample.name: sample.value for family in families for sample in family.samples if not sample.labels
    }


def spooled(data_dir: Path, clock: Clock) -> None:
    spool = Spool(data_dir / "spool")
    spool.prepare()
    id_ = uuid7()
    spool.put(InboundMessage(id_, "http", str(id_), *MESSAGE, clock()), Cipher({1: b"k" * 32}, b"h" * 32))


@pytest.fixture
def real(services: Services) -> Web:
    return web_over(services)


@pytest.fixture
def hung_database() -> Iterator[str]:
    """Takes connections and says nothing, as a stopped server does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql+psycopg://127.0.0.1:{listener.getsockname()[1]}/none"


def test_it_is_alive(web: Web) -> None:
    answer = web.client.get("/health/live")
    assert (answer.status_code, answer.data) == (200, b"ok\n")


def test_all_is_well(real: Web, services: Services) -> None:
    for who in ("clock", "worker:1", "watchman"):
        services.redis.set(f"vigie:alive:{who}", 1, ex=10)
    status, parts = parts_of(real)
    assert status == 200
    assert set(parts) == {"database", "redis", "spool", "clock", "workers", "watchman", "steps"}
    assert set(parts.values()) == {"ok"}


def test_silent_processes_are_named(real: Web) -> None:
    status, parts = parts_of(real)
    assert status == 200
    assert "clock has not been heard" in parts["clock"]
    assert "The watchman, who" in parts["watchman"]
    assert "No worker" in parts["workers"]


def test_without_database_and_redis_the_spool_makes_it_ready(web: Web) -> None:
    status, parts = parts_of(web)
    assert status == 200
    assert parts["database"] == "PostgreSQL cannot be reached."
    assert parts["redis"] == "Redis cannot be reached."
    assert parts["spool"] == "ok"


def test_without_database_and_spool_it_is_not_ready(web: Web, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    status, parts = parts_of(web)
    assert status == 503
    assert parts["spool"].startswith("The spool cannot be written")


def test_without_spool_the_database_makes_it_ready(real: Web, services: Services) -> None:
    services.settings.spool_dir.parent.mkdir(exist_ok=True)
    services.settings.spool_dir.write_text("in the way")
    status, parts = parts_of(real)
    assert status == 200
    assert parts["spool"].startswith("The spool cannot be written")


def test_a_database_that_hangs_holds_up_nobody(tmp_path: Path, hung_database: str) -> None:
    web = web_over_fakes(tmp_path, hung_database)
    began = time.monotonic()
    for _ in range(2):
        status, parts = parts_of(web)
        assert status == 200
        assert parts["database"].startswith("PostgreSQL ")
    assert figures(web)["vigie_database_up"] == 0
    assert time.monotonic() - began < 6


def test_redis_is_not_blamed_for_a_database_that_hangs(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr("gateway.web.health._ping", lambda _: held.wait(10))
    _, parts = parts_of(web_over(services))
    held.set()
    assert parts["database"] == "PostgreSQL does not answer in time."
    assert parts["redis"] == "ok"


def test_the_spool_is_counted_while_the_database_is_away(web: Web, tmp_path: Path, clock: Clock) -> None:
    spooled(tmp_path, clock)
    counted = figures(web)
    assert counted["vigie_database_up"] == 0
    assert counted["vigie_inbox_waiting"] == 1
    assert counted["vigie_spool_messages"] == 1
    assert counted["vigie_inbox_oldest_waiting_seconds"] > 0
    assert "vigie_outbox_waiting" not in counted


def test_what_waits_is_counted(real: Web, services: Services, clock: Clock) -> None:
    watch = bootstrap.Watch(services, "test")
    acceptor = bootstrap.build_acceptor(services, watch)
    for _ in range(3):
        id_ = uuid7()
        acceptor.accept(InboundMessage(id_, "http", str(id_), *MESSAGE, clock()))
        clock.forward(seconds=30)
    spooled(services.settings.data_dir, clock)
    _queue_text(services)
    _queue_text(services, held_since=clock() - timedelta(minutes=5))
    counted = figures(real)
    assert counted["vigie_database_up"] == 1
    assert counted["vigie_inbox_waiting"] == 4
    assert counted["vigie_inbox_oldest_waiting_seconds"] == pytest.approx(90, abs=1)
    assert counted["vigie_outbox_waiting"] == 2
    assert counted["vigie_outbox_held"] == 1
    assert counted["vigie_outbox_oldest_held_seconds"] == 300
    assert counted["vigie_crisis_texts_today"] == 0
    assert counted["vigie_alerts_open"] == 0
    assert counted["vigie_inbox_dead"] == 0


def _queue_text(services: Services, held_since: datetime | None = None) -> None:
    now = services.now()
    row: dict[str, Any] = {
        "id": uuid7(),
        "purpose": "receipt",
        "held_since": held_since,
        "rank": 3,
        "channel": "http",
        "state": "queued",
    }
    row |= dict.fromkeys(("sender", "recipient", "recipient_hash", "text"), b"x")
    row |= {"segments": 1, "attempts": 0, "created_at": now, "due_at": now, "expires_at": now}
    with services.engine.begin() as connection:
        connection.execute(sa.insert(OutboundRecord).values(row))


def test_a_channel_that_fails_is_told_with_its_reason_and_changes_no_status(
    real: Web, services: Services, clock: Clock
) -> None:
    for name in ("kannel", "spare"):
        services.channels[name] = build_channel(name, "simulator", {"secret": "x"}, services.settings)
    since = clock() - timedelta(minutes=5)
    with services.engine.begin() as connection:
        row = {
            "failing_since": since,
            "failed_at": clock(),
            "failures": 3,
            "reason": "Kannel cannot be reached",
        }
        connection.execute(sa.insert(ChannelState).values(channel="kannel", last_in_at=since, **row))
    status, parts = parts_of(real)
    assert status == 200
    assert parts["channel kannel"] == "Since 2026-11-21 12:55 UTC nothing goes out: Kannel cannot be reached."
    assert parts["channel spare"] == "ok"
    text = real.client.get("/metrics").get_data(as_text=True)
    assert 'vigie_channel_in_trouble{channel="kannel"} 1.0' in text
    assert 'vigie_channel_in_trouble{channel="spare"} 0.0' in text
    assert 'vigie_channel_last_in_seconds{channel="kannel"} 300.0' in text


def test_a_canary_that_is_late_is_told_with_its_figures(real: Web, services: Services, clock: Clock) -> None:
    services.channels["kannel"] = build_channel("kannel", "simulator", {"secret": "x"}, services.settings)
    line = {"profile": "agents", "channel": "kannel"}
    pair = {"from_line": 1, "to_line": 2, "every": 15, "due_at": clock()}
    with services.engine.begin() as connection:
        for id_, number in ((1, b"x"), (2, b"y")):
            connection.execute(sa.insert(Line).values(id=id_, number=number, number_hash=number, **line))
        connection.execute(sa.insert(CanaryRecord).values(**pair))
    assert 'vigie_canary_late{from_line="1",to_line="2"} 0.0' in real.client.get("/metrics").text
    with services.engine.begin() as connection:
        row = {"missed_since": clock() - timedelta(minutes=25), "took": timedelta(minutes=11)}
        connection.execute(sa.update(CanaryRecord).values(row))
    told = parts_of(real)[1]["channel kannel"]
    assert told == "Since 2026-11-21 12:35 UTC no text from line 1 to line 2 comes in within 10 minutes."
    figures = real.client.get("/metrics").text
    assert 'vigie_canary_late{from_line="1",to_line="2"} 1.0' in figures
    assert 'vigie_canary_seconds{from_line="1",to_line="2"} 660.0' in figures


def test_what_a_phone_says_of_itself_is_noted_where_it_is_signed(real: Web, services: Services) -> None:
    secrets = {"secret": android.SIGNING_KEY, "lines": "+22780000001"}
    services.channels["android"] = build_channel("android", "android", secrets, services.settings)
    body = android.event("system:ping", {"health": {"checks": {"battery:level": {"observedValue": 15}}}})
    assert real.client.post("/webhooks/android/health", data=body).status_code == 403
    answer = real.client.post("/webhooks/android/health", data=body, headers=android.signed(body))
    assert answer.status_code == 200
    with services.engine.connect() as connection:
        phone = connection.execute(sa.select(Phone.channel, Phone.battery, Phone.charging)).one()
    assert tuple(phone) == ("android", 15, None)
    assert parts_of(real)[1]["channel android"] == "ok"


def test_a_copy_of_what_a_phone_once_said_is_no_sign_of_life_and_a_repeat_by_the_phone_is(
    real: Web, services: Services, clock: Clock
) -> None:
    secrets = {"secret": android.SIGNING_KEY, "lines": "+22780000001"}
    services.channels["android"] = build_channel("android", "android", secrets, services.settings)
    body = android.event("system:ping", {})

    def pings(headers: dict[str, str]) -> str:
        answer = real.client.post("/webhooks/android/health", data=body, headers=headers)
        assert answer.status_code == 200
        return parts_of(real)[1]["channel android"]

    first = android.signed(body, at=int(clock().timestamp()))
    assert pings(first) == "ok"
    clock.forward(minutes=31)
    assert pings(first) == "Since 2026-11-21 13:00 UTC its phone has said nothing."
    assert pings(android.signed(body, at=int(clock().timestamp()))) == "ok"
    clock.forward(minutes=31)
    assert "has said nothing" in pings(first)


def test_steps_that_are_not_done_in_time_are_told_and_counted(real: Web, services: Services) -> None:
    assert parts_of(real)[1]["steps"] == "ok"
    assert figures(real)["vigie_steps_late"] == 0
    now = services.now()
    row = {"step": "alerts", "since": now, "late_at": now, "claimed_until": now}
    with services.engine.begin() as connection:
        connection.execute(sa.insert(Lapse).values(**row))
    status, parts = parts_of(real)
    assert (status, parts["steps"]) == (200, "Since 2026-11-21 13:00 UTC not done in time: alerts.")
    assert figures(real)["vigie_steps_late"] == 1
