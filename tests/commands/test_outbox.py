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


def test_of_many_the_first_are_shown(run: Run, services: Services) -> None:
    texts = [
        Draft("receipt", drafts.RECEIPT, "none", demo.AGENTS_LINE, "+22790000101", "un texte")
        for _ in range(51)
    ]
    with services.engine.begin() as connection:
        queue(connection, services.cipher, texts, services.now())
    ran = run("outbox")
    assert ran.out.count("receipt") == 50
    assert "51 texts wait; the first 50 are shown." in ran.out


def test_a_crisis_text_that_is_on_its_way_counts(run: Run, services: Services) -> None:
    texts = [
        Draft("alert", drafts.SEVERITY_1, "none", demo.AGENTS_LINE, demo.OFFICERS[0][0], "un texte", uuid7()),
        Draft("call", drafts.SEVERITY_1, "none", demo.AGENTS_LINE, demo.OFFICERS[0][0], "un texte", uuid7()),
    ]
    with services.engine.begin() as connection:
        queue(connection, services.cipher, texts, services.now())
        connection.execute(sa.text("UPDATE outbound_messages SET state = 'sending'"))
    assert "Texts of crises today: 1 of 500." in run("outbox").out


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
    assert row.rstrip().endswith("one officer gets 1 update in 3 min at most")
    assert number not in ran.out
    assert "1 text waits." in ran.out
