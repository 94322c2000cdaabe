"""What must be true once a fault is over, whatever it was.

Every text answered 200 is stored exactly once and read; every alert due was raised and reached an
officer; every report has its one receipt; nobody else was texted; nothing is dead; the record of
decisions is whole.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.alerts.records import Alert
from gateway.bootstrap import ANCHORS
from gateway.demo import LOAD_TEST_NUMBERS, OFFICERS, REPORTERS
from gateway.inbox.records import InboundRecord
from gateway.outbox.records import OutboundRecord
from gateway.reports.records import ReportRecord
from gateway.storage import audit
from gateway.storage.database import table_of
from tests.faults.gateway import Gateway, eventually
from tests.faults.load import Text

IN, OUT, REPORT = table_of(InboundRecord), table_of(OutboundRecord), table_of(ReportRecord)
ALERT = table_of(Alert)
ON_DUTY = OFFICERS[0][0]
_OFFICERS = {number for number, _ in OFFICERS}
_REPORTERS = {reporter.number for reporter in REPORTERS} | set(LOAD_TEST_NUMBERS)
_RECEIPT = re.compile(r"(Recu|Got) \d{6}|\d{6} (pris en charge|taken)")
# One that is held, because its officer got many lately, goes later by its due time.
_ALERT_TEXT = (OUT.c.purpose == "alert") & OUT.c.state.in_(("queued", "sending")) & OUT.c.held_since.is_(None)


def holds(gateway: Gateway, answered: Sequence[Text], within: float = 60) -> None:
    """Wait until everything has come to rest, then check the whole law."""
    settle(gateway, within)
    anchors = audit.read_anchors(gateway.data_dir / ANCHORS)
    # One snapshot, taken after the anchors: receipts go on leaving, and each is put on record.
    with gateway.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        stored = _Stored.read(connection, answered)
        faults = list(audit.faults(connection, gateway.cipher.derive("audit"), anchors))
    stored.each_once_and_read(answered)
    stored.each_reported_and_receipted(answered)
    stored.each_alerted(answered)
    stored.each_senders_in_order(answered)
    assert gateway.count(IN.c.state == "dead") == 0
    assert faults == []
    nobody_else_was_texted(gateway)


def settle(gateway: Gateway, within: float = 60) -> None:
    """Until everything is read and every alert's text has left."""

    def rests() -> bool:
        # The spool first: what leaves it meanwhile is counted in the database.
        waiting = gateway.spooled() or gateway.count(IN.c.state == "received")
        return not waiting and not gateway.count(_ALERT_TEXT) and gateway.is_well()

    eventually(rests, "everything read and every alert sent", within)


def read(gateway: Gateway, texts: Sequence[Text]) -> bool:
    """Whether all of these were read."""
    return gateway.count(IN.c.provider_id.in_([text.sid for text in texts]), IN.c.state == "read") == len(
        texts
    )


def messages_of(text: Text) -> sa.Select[Any]:
    return sa.select(IN).where(IN.c.provider_id == text.sid)


def texts_of(text: Text, purpose: str) -> sa.Select[Any]:
    """What was written to be sent about a text's report."""
    report = (
        sa.select(REPORT.c.id).join(IN, IN.c.id == REPORT.c.message_id).where(IN.c.provider_id == text.sid)
    )
    return sa.select(OUT).where(OUT.c.subject.in_(report), OUT.c.purpose == purpose)


def nobody_else_was_texted(gateway: Gateway) -> None:
    """Officers get alerts, reporters one receipt a report and one word that it is taken, nobody else anything."""
    to_reporters = [one for one in list(gateway.standin.messages) if one.to not in _OFFICERS]
    assert {one.to for one in to_reporters} <= _REPORTERS
    receipts = Counter(found[0] for one in to_reporters if (found := _RECEIPT.match(one.body)))
    assert [receipt for receipt, times in receipts.items() if times > 1] == []
    assert receipts.total() == len(to_reporters)


@dataclass(frozen=True)
class _Stored:
    """What the database holds of some texts."""

    messages: dict[str, list[sa.Row[Any]]]
    reports: dict[Any, list[sa.Row[Any]]]
    texts: dict[Any, list[sa.Row[Any]]]

    @classmethod
    def read(cls, connection: sa.Connection, answered: Iterable[Text]) -> "_Stored":
        sids = [text.sid for text in answered]
        messages = connection.execute(sa.select(IN).where(IN.c.provider_id.in_(sids))).all()
        reports = connection.execute(sa.select(REPORT)).all()
        texts = connection.execute(sa.select(OUT).where(OUT.c.subject.is_not(None))).all()
        return cls(_by(messages, "provider_id"), _by(reports, "message_id"), _by(texts, "subject"))

    def each_once_and_read(self, answered: Sequence[Text]) -> None:
        lost = [text for text in answered if text.sid not in self.messages]
        assert lost == [], f"{len(lost)} of {len(answered)} were answered 200 and are lost"
        assert all(len(self.messages[text.sid]) == 1 for text in answered)
        states = Counter(self.message(text).state for text in answered)
        assert set(states) <= {"read"}, states

    def each_reported_and_receipted(self, answered: Sequence[Text]) -> None:
        for text in answered:
            report = self.report(text)
            receipts = [one for one in self.texts[report.id] if one.purpose == "receipt"]
            assert len(receipts) == text.known, text

    def each_alerted(self, answered: Sequence[Text]) -> None:
        for text in answered:
            alert = self.report(text).alert_id
            assert (alert is not None) == text.alerts, text
            texts = [one for one in self.texts[alert] if one.purpose == "alert"]
            states = {"held" if one.held_since else one.state for one in texts}
            assert alert is None or states & {"sent", "delivered", "held"}, (text, states)

    def each_senders_in_order(self, answered: Sequence[Text]) -> None:
        """Texts of one sender were read in the order in which they were sent."""
        by_sender = defaultdict[str, list[Any]](list)
        for text in answered:
            if text.known:
                by_sender[text.sender].append(self.report(text).read_at)
        assert [sender for sender, read in by_sender.items() if read != sorted(read)] == []

    def message(self, text: Text) -> sa.Row[Any]:
        return self.messages[text.sid][0]

    def report(self, text: Text) -> sa.Row[Any]:
        (only,) = self.reports[self.message(text).id]
        return only


def _by(rows: Iterable[sa.Row[Any]], column: str) -> dict[Any, list[sa.Row[Any]]]:
    grouped = defaultdict[Any, list[sa.Row[Any]]](list)
    for row in rows:
        grouped[getattr(row, column)].append(row)
    return grouped
