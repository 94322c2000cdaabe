"""`vigie outbox`: what waits, until when and why."""

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from tests.commands.conftest import Run


def test_an_empty_outbox_says_so(run: Run, services: Services) -> None:
    assert services.settings.crisis_texts_a_day == 500
    ran = run("outbox")
    assert (ran.status, ran.out) == (0, "No text waits.\nTexts of crises today: 0 of 500.\n")


def test_a_text_that_is_held_is_shown_with_its_officer_and_the_reason(run: Run, services: Services) -> None:
    number, name = demo.OFFICERS[0]
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
        reminders = [
            Draft("reminder", drafts.REMINDER, "none", demo.AGENTS_LINE, number, "un texte", uuid7())
            for _ in range(2)
        ]
        ids = queue(connection, services.cipher, reminders, services.now())
        connection.execute(
            sa.text("UPDATE outbound_messages SET state = 'sent', sent_at = :now WHERE id = :id"),
            {"now": services.now(), "id": ids[0]},
        )
    bootstrap.build_outbox(services).deliver(alerts=True)
    ran = run("outbox")
    assert ran.status == 0
    (row,) = [line for line in ran.out.splitlines() if "reminder" in line]
    assert name in row
    assert "held" in row
    assert row.rstrip().endswith("one officer gets 1 updates in 3 min at most")
    assert number not in ran.out
    assert "1 wait." in ran.out
