"""Migrations: up, down, with data in it both ways; and the head is what the models say."""

import sqlalchemy as sa

from gateway import bootstrap, demo
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage import rotation, schema
from gateway.storage.audit import AuditHead
from gateway.storage.cipher import SecretKey, stored_wraps
from tests.commands.test_keys import Office
from tests.conftest import SECRET

METADATA = bootstrap.METADATA
# Hashes, MACs and wrapped keys: what a LargeBinary column may hold besides an encrypted value.
NOT_ENCRYPTED = {
    "wrapped",
    "mac",
    "number_hash",
    "sender_hash",
    "recipient_hash",
    "text_hash",
    "address_hash",
    "pin_hash",
    "typed_hash",
    "code_word_hash",
    "duress_word_hash",
    "line_hash",
}


def _tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_head_is_what_the_models_say(migrated: sa.Engine) -> None:
    with migrated.connect() as connection:
        assert schema.differences(connection, METADATA) == []
        assert schema.is_current(connection)


def test_every_binary_column_is_rotated_or_known_to_be_no_encrypted_value() -> None:
    binary = {
        (table.name, column.name)
        for table in METADATA.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary) and column.name not in NOT_ENCRYPTED
    }
    assert binary == {(table, column) for table, columns in rotation.ENCRYPTED.items() for column in columns}


def test_a_new_database_has_an_audit_head_and_can_be_migrated_again(empty: sa.Engine) -> None:
    for _ in range(2):
        schema.upgrade(empty, METADATA)
        schema.make_data_keys(empty, [SecretKey(SECRET)])
    with empty.connect() as connection:
        head = connection.execute(sa.select(AuditHead.id, AuditHead.seq, AuditHead.mac)).one()
        assert tuple(head) == (1, 0, b"\0" * 32)
        assert len(stored_wraps(connection)) == 2


def test_each_revision_goes_up_down_and_up_again(empty: sa.Engine) -> None:
    revisions = schema.revisions()
    for revision, before in zip(revisions, ["base", *revisions], strict=False):
        schema.upgrade(empty, METADATA, revision)
        schema.downgrade(empty, METADATA, before)
        schema.upgrade(empty, METADATA, revision)
    with empty.connect() as connection:
        assert schema.differences(connection, METADATA) == []
    schema.downgrade(empty, METADATA, "base")
    assert _tables(empty) == set()
    schema.upgrade(empty, METADATA)


def test_a_database_at_work_goes_down_and_up_with_what_is_in_it(
    empty: sa.Engine, settings: Settings, clean_redis: object
) -> None:
    url = empty.url.render_as_string(hide_password=False)
    bootstrap.migrate(settings, url)
    settings.data_dir.mkdir(exist_ok=True)
    services = bootstrap.build_services(settings.model_copy(update={"database_url": url}))
    _fill(services)
    revisions = schema.revisions()
    for before in [*reversed(revisions[:-1]), "base"]:
        schema.downgrade(empty, METADATA, before)
        if before != "base":
            schema.upgrade(empty, METADATA)
            with empty.connect() as connection:
                assert connection.scalar(sa.text("SELECT count(*) FROM inbound_messages")) == 2
            schema.downgrade(empty, METADATA, before)
    assert _tables(empty) == set()
    schema.upgrade(empty, METADATA)
    services.redis.close()
    services.engine.dispose()


def _fill(services: Services) -> None:
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    office = Office(services)
    office.acceptor.accept(office.message(demo.REPORTERS[0].number, "SOS ASM 12"))
    office.acceptor.accept(office.message("+22790000555", "aidez nous", demo.HOTLINE))
    office.work()
