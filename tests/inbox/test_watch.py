"""What a running process takes in without a restart."""

import json

import sqlalchemy as sa

from gateway.bootstrap import Watch
from gateway.channels.records import ChannelRecord
from gateway.services import Services


def store(services: Services, name: str, secret: str) -> None:
    sealed = services.cipher.encrypt(json.dumps({"secret": secret}))
    with services.engine.begin() as connection:
        connection.execute(sa.delete(ChannelRecord).where(ChannelRecord.name == name))
        connection.execute(sa.insert(ChannelRecord).values(name=name, kind="http", secrets=sealed))


def test_a_channel_is_taken_in_replaced_and_dropped_while_running(services: Services) -> None:
    watch = Watch(services, "test")
    store(services, "ngo", "one secret")
    watch.refresh()
    first = services.channels["ngo"]
    watch.refresh()
    assert services.channels["ngo"] is first
    store(services, "ngo", "another secret")
    watch.refresh()
    assert services.channels["ngo"] is not first
    with services.engine.begin() as connection:
        connection.execute(sa.delete(ChannelRecord))
    watch.refresh()
    assert "ngo" not in services.channels
