"""Situation reports leave by mail: whole, guarded, once at most, and every failure is named."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.digest import mailing, service, smtp
from gateway.digest.mailing import MAIL
from gateway.digest.service import OFFICER, Recipient, recipients, write
from gateway.digest.smtp import MailError, RefusedMailError, TemporaryMailError, UncertainMailError
from gateway.outbox.records import OutboundRecord
from gateway.services import Services
from gateway.storage import audit
from tests.clock import Clock
from tests.standins.mail import PASSWORD, SILENCE, USER, Mailbox, certificate, free_port, server, told

CHIEF, OTHER = "chef@example.org", "autre@example.org"


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("mail"))


def mailed_by(services: Services, port: int, **settings: Any) -> Services:
    """The same gateway with a mail server."""
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_from": "vigie@example.org",
    }
    return replace(services, settings=services.settings.model_copy(update={**given, **settings}))


def queued(services: Services, *addresses: str, region: str | None = None) -> None:
    now = services.now()
    with services.engine.begin() as connection:
        to = [Recipient(address, region, "fr") for address in addresses]
        write(connection, services, to, now - timedelta(hours=12), now)


def states(services: Services) -> list[str]:
    with services.engine.connect() as connection:
        return list(connection.execute(sa.select(MAIL.c.state).order_by(MAIL.c.id)).scalars())


def all_sent(services: Services) -> list[mailing.Outcome]:
    outcomes = []
    while (outcome := mailing.send_next(services)) is not None:
        outcomes.append(outcome)
    return outcomes


@pytest.fixture
def open_server(services: Services, trust: tuple[Path, ssl.SSLContext]) -> Iterator[tuple[Services, Mailbox]]:
    with server("none", trust[1]) as (port, box):
        yield mailed_by(services, port), box


def test_a_mail_carries_text_page_pictures_and_pdf(open_server: tuple[Services, Mailbox]) -> None:
    services, box = open_server
    queued(services, CHIEF)
    assert [outcome.reason for outcome in all_sent(services)] == [None]
    ((addresses, mail),) = box.taken
    assert addresses == [CHIEF]
    assert mail["Subject"] == "Rapport de situation Niger, 21/11/2026 14:00"
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == (
        "vigie@example.org",
        CHIEF,
        "auto-generated",
    )
    kinds = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "image/png", "image/png", "application/pdf"]
    html = mail.get_body(("html",))
    assert html is not None
    shown = html.get_content()
    for part in mail.walk():
        if part.get_content_type() == "image/png":
            assert f"cid:{part['Content-ID'].strip('<>')}" in shown
    (pdf,) = [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
    assert pdf.get_content().startswith(b"%PDF")
    assert pdf.get_filename() == "sitrep-2026-11-21-1400.pdf"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd knows of STARTTLS alone
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_goes_over_tls_and_after_log_in(
    services: Services, trust: tuple[Path, ssl.SSLContext], security: str
) -> None:
    with server(security, trust[1]) as (port, box):
        guarded = {
            "smtp_security": security, "smtp_user": USER, "smtp_password": PASSWORD, "smtp_ca_file": str(trust[0]),
        }  # fmt: skip
        ours = mailed_by(services, port, **guarded)
        queued(ours, CHIEF)
        all_sent(ours)
        assert box.recipients == [CHIEF]
        smtp.examine(ours.settings)
        for wrong, sentence in (
            ({"smtp_password": "wrong"}, "refuses the log-in"),
            ({"smtp_ca_file": ""}, "certificate"),
            ({"smtp_ca_file": "/nowhere"}, "VIGIE_SMTP_CA_FILE holds no certificate"),
        ):
            with pytest.raises(TemporaryMailError, match=sentence):
                smtp.examine(mailed_by(services, port, **{**guarded, **wrong}).settings)


def test_the_wrong_kind_of_tls_is_named(
    services: Services, trust: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.5)
    with told({}) as port:
        for security in ("starttls", "tls"):
            with pytest.raises(TemporaryMailError, match=f"does not speak {security}"):
                smtp.examine(mailed_by(services, port, smtp_security=security).settings)


@pytest.mark.parametrize(
    ("answers", "error", "sentence"),
    [
        ({"HELLO": "554 go away"}, TemporaryMailError, "answers 554 before any mail"),
        ({"HELLO": SILENCE}, TemporaryMailError, "does not answer"),
        ({"EHLO": SILENCE}, TemporaryMailError, "does not answer"),
        (
            {"MAIL": "451 later"},
            TemporaryMailError,
            r"does not take the sender \(VIGIE_SMTP_FROM\) now \(451\)",
        ),
        ({"MAIL": "553 no"}, RefusedMailError, r"refuses the sender \(VIGIE_SMTP_FROM\) \(553\)"),
        ({"RCPT": "450 busy"}, TemporaryMailError, r"does not take the recipient now \(450\)"),
        ({"RCPT": "550 chef@example.org unknown"}, RefusedMailError, r"refuses the recipient \(550\)"),
        ({"RCPT": SILENCE}, TemporaryMailError, "went silent before it took the mail"),
        ({"DATA": "452 full"}, TemporaryMailError, r"does not take the mail now \(452\)"),
        ({"DATA": "554 no"}, RefusedMailError, r"refuses the mail \(554\)"),
        ({".": "451 later"}, TemporaryMailError, r"does not take the mail now \(451\)"),
        ({".": "554 spam"}, RefusedMailError, r"refuses the mail \(554\)"),
        ({".": SILENCE}, UncertainMailError, "may have arrived, and is not sent again"),
    ],
)
def test_what_a_server_says_decides_whether_it_is_tried_again(
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, str],
    error: type[MailError],
    sentence: str,
) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.1)
    with told(answers) as port:
        ours = mailed_by(services, port)
        with pytest.raises(error, match=sentence) as caught:
            smtp.send(ours.settings, EmailMessage(), CHIEF)
        queued(ours, CHIEF)
        (outcome,) = all_sent(ours)
    assert outcome.reason == str(caught.value)
    assert CHIEF not in outcome.reason
    assert outcome.again is (error is TemporaryMailError)
    assert states(ours) == ["queued" if outcome.again else "failed"]


def test_it_is_tried_until_its_time_is_over(
    services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "TRIES_FOR", timedelta(hours=3))
    ours = mailed_by(services, free_port())
    queued(ours, CHIEF)
    tries = 0
    for _ in range(6):
        tries += len(all_sent(ours))
        clock.forward(hours=1)
    assert states(ours) == ["failed"]
    assert tries == 4
    assert not mailing.due(ours)


def test_one_address_that_is_refused_does_not_keep_the_others(services: Services) -> None:
    with told({"RCPT": "550 no"}) as port:
        ours = mailed_by(services, port)
        queued(ours, CHIEF, OTHER)
        assert len(all_sent(ours)) == 2
    assert states(ours) == ["failed", "failed"]


def test_a_sender_that_dies_may_have_sent_it_so_nobody_sends_it_again(
    open_server: tuple[Services, Mailbox], clock: Clock
) -> None:
    services, box = open_server
    queued(services, CHIEF)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtp, "send", _killed)
        with pytest.raises(KeyboardInterrupt):
            mailing.send_next(services)
    assert states(services) == ["sending"]
    assert all_sent(services) == []
    clock.forward(minutes=6)
    assert mailing.due(services)
    assert all_sent(services) == []
    assert states(services) == ["failed"]
    assert box.taken == []


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_two_senders_share_the_mails(open_server: tuple[Services, Mailbox]) -> None:
    services, box = open_server
    queued(services, CHIEF, OTHER)
    first = mailing._claim(services)
    assert first is not None
    all_sent(services)
    assert len(box.taken) == 1
    assert sorted(states(services)) == ["sending", "sent"]


def test_an_address_gets_one_mail_of_a_period(open_server: tuple[Services, Mailbox]) -> None:
    services, box = open_server
    queued(services, CHIEF, "CHEF@example.org")
    queued(services, CHIEF)
    queued(services, CHIEF, region="Agadez")
    all_sent(services)
    assert [mail["Subject"].split(",")[0] for _, mail in box.taken] == [
        "Rapport de situation Niger",
        "Rapport de situation Agadez",
    ]


def test_what_is_mailed_goes_on_record_without_the_address(open_server: tuple[Services, Mailbox]) -> None:
    services, _ = open_server
    queued(services, CHIEF)
    all_sent(services)
    with services.engine.connect() as connection:
        entries = connection.execute(sa.select(audit.AuditEntry)).mappings().all()
    assert [entry["action"] for entry in entries] == ["report mailed"]
    assert CHIEF not in str(entries)


def test_without_a_mail_server_nobody_is_mailed(services: Services) -> None:
    assert recipients(services, []) == []
    ours = mailed_by(services, 25, sitrep_to=(CHIEF,))
    assert [one.address for one in recipients(ours, [])] == [CHIEF]
    assert CHIEF not in repr(recipients(ours, []))


def test_the_digest_of_the_evening_is_texted_and_mailed_once(
    services: Services, clock: Clock, trust: tuple[Path, ssl.SSLContext]
) -> None:
    with server("none", trust[1]) as (port, box):
        ours = mailed_by(services, port, sitrep_to=("cabinet@example.org",))
        with ours.engine.begin() as connection:
            demo.seed(connection, ours.cipher, ours.settings)
            one = sa.select(OFFICER.c.id).limit(1).scalar_subquery()
            email = ours.cipher.encrypt(CHIEF)
            connection.execute(sa.update(OFFICER).where(OFFICER.c.id == one).values(chief=True, email=email))
        service.tell(ours)
        clock.forward(hours=6)
        for _ in range(2):
            service.tell(ours)
            all_sent(ours)
    assert box.recipients == [CHIEF, "cabinet@example.org"]
    with ours.engine.connect() as connection:
        texted = connection.scalar(sa.select(sa.func.count()).where(OutboundRecord.purpose == "digest"))
    assert texted == 1
