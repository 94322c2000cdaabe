"""What a text means to its sender's earlier ones: an answer, a correction, an addition, a cancellation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.alerts.amending import Amendment
from gateway.alerts.facts import NewAlert
from gateway.hotline.triage import Triage
from gateway.inbox import intake, wording
from gateway.inbox.intake import Arrival, Filed
from gateway.inbox.threads import Asked, Standing, Threads
from gateway.outbox.drafts import Draft
from gateway.reports import dialogue, revision
from gateway.reports.dialogue import GRAVEST_FIRST, WAITS_FOR, Question
from gateway.reports.reader import Reader
from gateway.reports.reading import Line, Place, Reading
from gateway.text.render import render

# A reference with a digit too few, too many or wrong, or with a space in it.
_LIKE_A_REFERENCE: Final = re.compile(r"\d{5}|(?<!\d)\d{3} \d{3}(?!\d)")
_ASSUMED: Final = frozenset({"post", "previous"})
_OF_EARLIER: Final = frozenset({"correction", "cancel", "addition"})


@dataclass(slots=True)
class Conversation:
    """Files the texts of a batch one by one, each in the light of those before it."""

    threads: Threads
    reader: Reader
    zone: ZoneInfo
    references: Iterator[str]
    filed: list[tuple[Arrival, Filed]] = field(default_factory=list)
    answers: list[Draft] = field(default_factory=list)
    """Texts back to senders that belong to no report filed now."""
    amended: list[Amendment] = field(default_factory=list)
    raised: list[tuple[Standing, NewAlert]] = field(default_factory=list)
    """Alerts for reports on file that a later text made grave."""
    completed: list[tuple[UUID, Arrival]] = field(default_factory=list)
    """Texts whose parts came late, with the alert that tells of them."""

    def take(self, arrival: Arrival) -> None:
        reading = arrival.parse.readings[0]
        if arrival.message.completes:
            self._completed(arrival, arrival.message.completes)
        elif arrival.message.on_hotline or arrival.message.call:
            self._file(arrival, list(arrival.parse.readings))
        elif reading.kind in _OF_EARLIER:
            self._about_earlier(arrival, reading)
        elif self._answered(arrival, reading):
            pass
        elif placeless := self._placeless(arrival, reading):
            self._change(arrival, replace(reading, kind="correction", problems=()), placeless)
        else:
            self._file(arrival, list(arrival.parse.readings))

    def _region(self, reading: Reading) -> str | None:
        place = reading.place
        return self.reader.gazetteer.region(place.code, place.lat, place.lon) if place else None

    # A text of its own

    def _file(self, arrival: Arrival, readings: list[Reading], about: Standing | None = None) -> None:
        """One report for each reading; one question for them all, about the gravest doubt."""
        entries = []
        for reading in readings:
            row = intake.row_of(arrival, reading, next(self.references), about=about.id if about else None)
            facts = intake.alert_facts(arrival.message, reading, self.zone, region=self._region(reading))
            entry = Filed(row, alert=intake.new_alert(arrival, facts, row["reference"]))
            self.filed.append((arrival, entry))
            if not arrival.message.on_hotline and not arrival.message.call:
                entries.append((reading, entry, self.threads.remember(arrival.message, entry, reading)))
        asked = min(
            (entry for entry in entries if self._may_ask(arrival, entry[0])),
            key=lambda entry: _gravity(entry[0]),
            default=None,
        )
        for reading, entry, standing in entries:
            text = self._receipt(arrival, reading, standing, ask=asked is not None and asked[1] is entry)
            entry.answer = intake.answer(arrival, text, standing.id) if text else None
            if reading.kind == "drill":
                self._rehearse(arrival, reading, standing)

    def _receipt(self, arrival: Arrival, reading: Reading, standing: Standing, *, ask: bool) -> str | None:
        if reading.kind == "stop":
            return None
        if ask and (question := self._ask(arrival, standing)):
            return question
        if reading.kind == "help" and not arrival.message.writer.discreet:
            return self._help(arrival)
        if reading.kind == "unknown":
            open_or_late = self._again(arrival)
            if open_or_late:
                return open_or_late
        return intake.receipt(arrival, reading, standing.reference)

    def _rehearse(self, arrival: Arrival, reading: Reading, standing: Standing) -> None:
        text = intake.drill_alert(arrival, reading, self.zone, self.reader.book)
        draft = text and intake.answer(arrival, text, standing.id)
        if draft:
            self.answers.append(draft)

    def _help(self, arrival: Arrival) -> str:
        """The codes that are most used at the writer's post; elsewhere the gravest ones."""
        book = self.reader.book
        used = [code for code in self.threads.most_used(arrival.message.writer.post) if code in book]
        others = sorted(book.codes, key=lambda code: book[code].severity)
        return wording.codes_for_help([*dict.fromkeys([*used, *others])], book, arrival.language)

    # A part that came when the rest was read already

    def _completed(self, arrival: Arrival, message_id: UUID) -> None:
        """The reports that the rest made say now what the whole text says."""
        readings = arrival.parse.readings
        standing = self.threads.of_message(message_id)
        before = self._read_before(arrival, standing[0]) if standing else ()
        if readings[0].kind in _OF_EARLIER or not before or len(before) != len(standing):
            self._rest(arrival, readings[0])
            return
        for one, old, new in zip(standing, before, readings, strict=False):
            self._complete(arrival, one, revision.carried_over(old, one.reading, new, self.reader.book))
        if more := readings[len(standing) :]:
            self._file(arrival, list(more))
        first = standing[0]
        if first.state != "cancelled" and not arrival.message.on_hotline:
            text = self._ask(arrival, first) or intake.receipt(arrival, first.reading, first.reference)
            self._reply(arrival, text, first)

    def _read_before(self, arrival: Arrival, standing: Standing) -> tuple[Reading, ...]:
        """What its message reads as without the part."""
        message = arrival.message
        line: Line = "hotline" if message.on_hotline else "agents"
        text, post = self.threads.text_of(standing), message.writer.post
        return self.reader.read(text, line=line, at=message.read_as_of, post=post).readings

    def _complete(self, arrival: Arrival, standing: Standing, after: Reading) -> None:
        if after == standing.reading:
            return
        self._overtake(standing, arrival)
        if standing.alert_id:
            self.completed.append((standing.alert_id, arrival))
        if standing.state == "cancelled":
            self.threads.revise(standing, after, "part", arrival.message)
        else:
            self._revise(arrival, standing, after, "part")

    def hear(self, alert_id: UUID, found: Triage) -> None:
        """What a completed hotline text says besides its words goes into what is told of it."""
        self.amended = [
            replace(one, facts=intake.heard(one.facts, found)) if one.alert == alert_id and one.facts else one
            for one in self.amended
        ]

    def _rest(self, arrival: Arrival, reading: Reading) -> None:
        """The rest changed an earlier report, or answered: nothing is changed twice, a person sees the words."""
        if arrival.message.writer.officer_id:
            return
        message = replace(arrival.message, whole=None)
        arrival = replace(arrival, message=message)
        row = intake.row_of(arrival, replace(reading, kind="unknown"), next(self.references))
        self.filed.append((arrival, Filed(row)))

    # Questions and their answers

    def _may_ask(self, arrival: Arrival, reading: Reading) -> bool:
        writer = arrival.message.writer
        if reading.lacks_parts:  # the answer may be on its way
            return False
        return writer.registered and not writer.discreet and _gravity(reading) < len(GRAVEST_FIRST)

    def _ask(self, arrival: Arrival, standing: Standing, but: str | None = None) -> str | None:
        """Ask about a report, unless the same was just asked. Returns the text."""
        if not self._may_ask(arrival, standing.reading):
            return None
        own = standing.message_id == arrival.message.filed_under
        text = arrival.message.text if own else self.threads.text_of(standing)
        language = _language(arrival, standing)
        question = dialogue.question(standing.reading, text, self.reader, language)
        if question is None or question.problem == but:
            return None
        self.threads.ask(arrival.message, standing, question)
        return self._question(arrival, standing, question)

    def _question(self, arrival: Arrival, standing: Standing, question: Question) -> str:
        language = _language(arrival, standing)
        return wording.ask(question, standing.reading, standing.reference, language, drill=standing.drill)

    def _answered(self, arrival: Arrival, reading: Reading) -> bool:
        """Whether the text answers the sender's open question; a text with a code is a report of its own."""
        asked = self.threads.asked(arrival.message.sender_hash)
        if asked is None or not asked.waits(arrival.message.received_at):
            return False
        standing = self.threads.report(asked.report_id)
        after = self._answer_to(asked, standing, arrival, reading)
        if after is None:
            if reading.kind in ("report", "drill"):
                self.threads.close(asked, "overtaken")
            return False
        if rival := self._rival(arrival, reading):
            self._ask_which(arrival, reading, rival, asked)
            return True
        self.threads.close(asked, "answered", arrival.message)
        self._revise(arrival, standing, after, "answer")
        text = self._ask(arrival, standing, but=asked.question.problem) or self._show(
            "receipt", arrival, standing
        )
        self._reply(arrival, text, standing)
        return True

    def _answer_to(
        self, asked: Asked, standing: Standing, arrival: Arrival, reading: Reading
    ) -> Reading | None:
        bare = reading.kind == "unknown" or (reading.kind == "report" and reading.code_from == "alias")
        if len(arrival.parse.readings) > 1 or not (
            bare or arrival.message.text.strip().upper() == reading.code
        ):
            return None
        at = arrival.message.sent_at or arrival.message.received_at

        def with_code(code: str) -> Reading:
            text, post = self.threads.text_of(standing), arrival.message.writer.post
            before, after = (
                self.reader.read(text, line="agents", at=standing.read_as_of, post=post, code=one).readings[0]
                for one in (None, code)
            )
            return revision.carried_over(before, standing.reading, after, self.reader.book)

        return dialogue.answered(
            asked.question, standing.reading, arrival.message.text, self.reader, at, with_code
        )

    def _again(self, arrival: Arrival) -> str | None:
        """Not understood while a question is open: the question again. An answer too late: how to correct."""
        asked = self.threads.asked(arrival.message.sender_hash)
        if asked is None or arrival.message.writer.discreet:
            return None
        standing = self.threads.report(asked.report_id)
        if asked.waits(arrival.message.received_at):
            rival = self._rival(arrival, arrival.parse.readings[0])
            return self._late(arrival, rival) if rival else self._question(arrival, standing, asked.question)
        return self._late(arrival, asked) if self._fits(asked, arrival, arrival.parse.readings[0]) else None

    def _late(self, arrival: Arrival, asked: Asked) -> str:
        standing = self.threads.report(asked.report_id)
        value = self._as_correction(asked, standing, arrival)
        return render("late_answer", _language(arrival, standing), reference=standing.reference, value=value)

    def _as_correction(self, asked: Asked, standing: Standing, arrival: Arrival) -> str:
        message = arrival.message
        at = message.sent_at or message.received_at
        return dialogue.as_correction(asked.question, standing.reading, message.text, self.reader, at)

    def _fits(self, asked: Asked, arrival: Arrival, reading: Reading) -> bool:
        """Whether the text would answer a question that was not answered, and whose doubt still stands."""
        standing = self.threads.report(asked.report_id)
        stands = any(problem.code == asked.question.problem for problem in standing.reading.problems)
        return (
            stands
            and asked.state != "answered"
            and standing.state != "cancelled"
            and self._answer_to(asked, standing, arrival, reading) is not None
        )

    def _rival(self, arrival: Arrival, reading: Reading) -> Asked | None:
        """The question before the open one, about another report, when the text answers that one too."""
        sender = arrival.message.sender_hash
        asked, before = self.threads.asked(sender), self.threads.asked_before(sender)
        if asked is None or before is None or before.report_id == asked.report_id:
            return None
        in_time = arrival.message.received_at <= before.until
        return before if in_time and self._fits(before, arrival, reading) else None

    def _ask_which(self, arrival: Arrival, reading: Reading, first: Asked, second: Asked) -> None:
        """Two questions crossed, and the text answers both: neither report is changed."""
        one, other = (self.threads.report(asked.report_id) for asked in (first, second))
        text = render(
            "which_report",
            _language(arrival, other),
            first=one.reference,
            value=self._as_correction(first, one, arrival),
            second=other.reference,
            other=self._as_correction(second, other, arrival),
        )
        self._refuse(arrival, replace(reading, kind="unknown"), text, None)

    # Corrections, additions, cancellations

    def _about_earlier(self, arrival: Arrival, reading: Reading) -> None:
        sender = arrival.message.sender_hash
        wrong = _names_another(reading, self.threads.latest(sender))
        named = reading.reference is not None or wrong
        if wrong:
            standing = None
        elif reading.reference:
            standing = self.threads.referred(sender, reading.reference)
        else:
            standing = self.threads.latest(sender)
        if standing is None:
            name = "unknown_reference" if named else "nothing_to_change"
            self._refuse(arrival, reading, render(name, arrival.language, reference=reading.reference), None)
        elif standing.state == "cancelled":
            text = render("is_cancelled", arrival.language, reference=standing.reference)
            self._refuse(arrival, reading, text, standing)
        elif reading.kind == "cancel":
            self._cancel(arrival, reading, standing)
        elif reading.kind == "addition" and self._came_before(arrival, standing):
            self._refuse(arrival, reading, self._show("unchanged", arrival, standing), standing)
        elif reading.kind == "addition" and reading.code not in (None, standing.reading.code):
            self._file(arrival, [self._of_its_own(reading, standing)], about=standing)
        else:
            self._change(arrival, reading, standing)

    def _placeless(self, arrival: Arrival, reading: Reading) -> Standing | None:
        """The report that a position alone completes: the sender's last, just sent and naming no place itself."""
        if not intake.position_alone(reading):
            return None
        standing = self.threads.latest(arrival.message.sender_hash)
        if standing is None or standing.state == "cancelled":
            return None
        at = arrival.message.sent_at or arrival.message.received_at
        stated = standing.reading.place is not None and standing.reading.place.source not in _ASSUMED
        return None if stated or abs(at - standing.read_as_of) > WAITS_FOR else standing

    def _came_before(self, arrival: Arrival, standing: Standing) -> bool:
        """Whether the same words about the same report came within the hour.

        A network sends twice, and so does an agent who got no receipt; nothing is added up twice.
        """
        if arrival.repeat_of is None or not arrival.same_lately:
            return False
        here = [one.row for _, one in self.filed if one.row["id"] == arrival.repeat_of]
        about = here[0]["about"] if here else self.threads.spoke_of(arrival.repeat_of)
        return bool(about == standing.id)

    def _of_its_own(self, reading: Reading, standing: Standing) -> Reading:
        """`PLUS DCD 2` on a report of another kind: two dead are no two people more, but a report beside it."""
        place = reading.place or standing.reading.place
        if isinstance(place, Place) and reading.place is None:
            place = replace(place, source="previous")
        kind = "drill" if standing.drill else "report"
        return revision.settled(replace(reading, kind=kind, place=place, reference=None), self.reader.book)  # type: ignore[arg-type]

    def _change(self, arrival: Arrival, reading: Reading, standing: Standing) -> None:
        rule, name = (
            (revision.corrected, "corrected") if reading.kind == "correction" else (revision.added, "added")
        )
        after = rule(standing.reading, reading, self.reader.book)
        if after is None:
            self._refuse(arrival, reading, self._show("unchanged", arrival, standing), standing)
            return
        self._overtake(standing, arrival)
        self._revise(arrival, standing, after, reading.kind)
        text = self._ask(arrival, standing) or self._show(name, arrival, standing)
        self._apply(arrival, reading, text, standing)

    def _cancel(self, arrival: Arrival, reading: Reading, standing: Standing) -> None:
        """It is kept, marked; an alert goes on until an officer closes it: the reporter may have been forced."""
        self._overtake(standing, arrival)
        self.threads.cancel(standing, arrival.message)
        alert = standing.filed.alert.id if standing.filed and standing.filed.alert else standing.alert_id
        if alert:
            self.amended.append(Amendment(alert, None))
        self._apply(arrival, reading, self._show("cancelled", arrival, standing), standing)

    def _overtake(self, standing: Standing, arrival: Arrival) -> None:
        asked = self.threads.asked(arrival.message.sender_hash)
        if asked and asked.state == "open" and asked.report_id == standing.id:
            self.threads.close(asked, "overtaken")

    def _apply(self, arrival: Arrival, reading: Reading, text: str, standing: Standing) -> None:
        row = intake.row_of(arrival, reading, next(self.references), state="applied", about=standing.id)
        self.filed.append((arrival, Filed(row)))
        self._reply(arrival, text, standing)

    def _refuse(self, arrival: Arrival, reading: Reading, text: str, standing: Standing | None) -> None:
        about = standing.id if standing else None
        row = intake.row_of(arrival, reading, next(self.references), state="refused", about=about)
        if arrival.message.writer.discreet:
            text = render("receipt_discreet", arrival.language, reference=row["reference"])
        self.filed.append((arrival, Filed(row, intake.answer(arrival, text, row["id"]))))

    def _reply(self, arrival: Arrival, text: str, standing: Standing) -> None:
        if arrival.message.writer.discreet:
            text = render("receipt_discreet", arrival.language, reference=standing.reference)
        if standing.filed:
            standing.filed.answer = None  # what it said has been overtaken before it was sent
        if draft := intake.answer(arrival, text, standing.id):
            self.answers.append(draft)

    def _show(self, name: str, arrival: Arrival, standing: Standing) -> str:
        """A text that shows the report as it stands now."""
        language = _language(arrival, standing)
        return wording.about(name, standing.reading, standing.reference, language, drill=standing.drill)

    # What a changed report means to its alert

    def _revise(self, arrival: Arrival, standing: Standing, after: Reading, why: str) -> None:
        self.threads.revise(standing, after, why, arrival.message)
        alerted = standing.alert_id is not None or bool(standing.filed and standing.filed.alert)
        facts = intake.alert_facts(
            arrival.message,
            after,
            self.zone,
            region=self._region(after),
            told_at=standing.read_as_of,
            alerted=alerted,
        )
        if facts is None:
            return
        if standing.filed and standing.filed.alert:
            standing.filed.alert = replace(
                standing.filed.alert, facts=standing.filed.alert.facts.put_right(facts)
            )
        elif standing.alert_id:
            self.amended.append(Amendment(standing.alert_id, facts))
        else:
            alert = intake.new_alert(arrival, facts, standing.reference)
            if alert and standing.filed:
                standing.filed.alert = alert
            elif alert:
                self.raised.append((standing, alert))
                self.threads.alerted(standing, alert.id)


def _language(arrival: Arrival, standing: Standing) -> str:
    """`B` and `CORR F4` are of no language: what is said about a report is said in the report's own."""
    return wording.language_of(standing.kept.get("language", ""), arrival.message.writer.language)


def _names_another(reading: Reading, latest: Standing | None) -> bool:
    """Whether it names a report without our knowing which: a slip in the reference, or `ANNU RPZ` after a FLX."""
    if any(problem.code == "bad_reference" for problem in reading.problems):
        return True
    if reading.reference is not None:
        return False
    if _LIKE_A_REFERENCE.search(reading.note or ""):
        return True
    if reading.kind != "cancel" or latest is None:
        return False
    stands = latest.reading
    other_place = reading.place and stands.place and reading.place.name != stands.place.name
    return bool(other_place) or reading.code not in (None, stands.code)


def _gravity(reading: Reading) -> int:
    """How grave the gravest doubt of a reading is: the place of its problem in the order of asking."""
    found = [
        GRAVEST_FIRST.index(problem.code) for problem in reading.problems if problem.code in GRAVEST_FIRST
    ]
    if reading.kind not in ("report", "drill") and not any(
        p.code == "code_suggested" for p in reading.problems
    ):
        return len(GRAVEST_FIRST)
    return min(found, default=len(GRAVEST_FIRST))
