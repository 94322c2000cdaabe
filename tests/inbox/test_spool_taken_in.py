"""Spooled messages on their way into the inbox."""

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.messages import InboundMessage, Part
from gateway.services import Services
from gateway.storage.database import table_of


def message(services: Services, provider_id: str) -> InboundMessage:
    return InboundMessage(
        uuid7(), "simulator", provider_id, "+22790000101", demo.AGENTS_LINE, "RAS ASM", services.now()
    )


def test_one_that_postgresql_refuses_is_put_aside_and_the_rest_gets_in(
    services: Services, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    spool.put(message(services, "one"), services.cipher)
    spool.put(message(services, "nul \0 that no text column takes"), services.cipher)
    spool.put(message(services, "three"), services.cipher)
    bootstrap.build_inbox(services).take_in_spool(spool, frozenset())
    with services.engine.connect() as connection:
        assert set(connection.execute(sa.select(InboundRecord.provider_id)).scalars()) == {"one", "three"}
    assert spool.waiting() == []
    assert spool.unreadable() == 1


def test_a_part_goes_through_the_spool_as_it_came(services: Services, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    part = replace(message(services, "one"), part=Part(300, 2, 3), device="phone-2")
    spool.put(part, services.cipher)
    assert [found for _, found in spool.read(spool.waiting(), services.cipher)] == [part]
    bootstrap.build_inbox(services).take_in_spool(spool, frozenset())
    with services.engine.connect() as connection:
        (row,) = connection.execute(sa.select(table_of(InboundRecord)))
    assert (row.part_reference, row.part_number, row.part_total, row.device) == (300, 2, 3, "phone-2")
