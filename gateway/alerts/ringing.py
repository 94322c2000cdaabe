"""An officer who was called picks up: what is said, and what the keys do.

Whether it is still wanted is asked again at each step, for a phone may have rung while another took the alert.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.alerts import spoken
from gateway.alerts.answering import reply
from gateway.alerts.codes import CODE, unanswered
from gateway.alerts.desk import clock_time, pace_of, read_facts
from gateway.alerts.facts import Facts
from gateway.alerts.records import Alert
from gateway.alerts.replies import Answer
from gateway.alerts.spoken import Part, prompt
from gateway.alerts.verbs import OUTCOMES, VERBS
from gateway.hotline import prompts
from gateway.messages import PickedUp, Sentence, Spoken, Then
from gateway.outbox.drafts import CALL
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.reports.codebook import load_codebook
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.database import table_of
from gateway.text.render import DEFAULT_LANGUAGE

ALERT, OUT, OFFICER = table_of(Alert), table_of(OutboundRecord), table_of(Officer)
_PUT: Final = 5
"""How often the question is put to whoever presses nothing or another key."""
_KEYS: Final = {str(digit): verb for digit, verb in VERBS.items() if verb not in OUTCOMES}
"""Whoever is on site has other things to do than to wait for a call."""
_SILENT: Final = Spoken((), Then.NOTHING)


@dataclass(frozen=True, slots=True)
class _Rung:
    """The officer, the alert, the officer's code of it, and what they said since they were last asked."""

    officer: Any
    alert: Any
    code: int
    said: str | None


def answer(services: Services, step: PickedUp) -> Spoken:
    """What the officer hears next; nothing, where a machine answers or the call is none of ours."""
    if step.by_machine:
        return _SILENT
    now = services.now()
    with services.engine.begin() as connection:
        rung = _rung(connection, step)
        if rung is None:
            return _SILENT
        pressed = _KEYS.get(step.keys[-1:])
        if pressed and rung.alert.state != "closed" and not _holds(rung):
            decisions = reply(connection, services, rung.officer.id, Answer(rung.code, pressed), None, now)
            audit.append(connection, services.cipher.derive("audit"), now, decisions)
            rung = _rung(connection, step) or rung
        parts, then = _said(connection, services, rung, len(step.keys), pressed=pressed is not None)
    return _voiced(services, parts, then)


def away(services: Services) -> Spoken:
    """The database cannot be asked: the SMS says it all."""
    return _voiced(services, [prompt(DEFAULT_LANGUAGE, "away")], Then.NOTHING)


def _rung(connection: sa.Connection, step: PickedUp) -> _Rung | None:
    row = connection.execute(
        sa.select(OUT).where(OUT.c.id == step.message, OUT.c.purpose == CALL)
    ).one_or_none()
    if row is None:
        return None
    officer = connection.execute(
        sa.select(OFFICER).where(OFFICER.c.number_hash == row.recipient_hash, OFFICER.c.active)
    ).one_or_none()
    alert = connection.execute(sa.select(ALERT).where(ALERT.c.id == row.subject)).one_or_none()
    if officer is None or alert is None:
        return None
    code = connection.execute(
        sa.select(CODE.c.code, CODE.c.said).where(
            CODE.c.alert_id == alert.id, CODE.c.officer_id == officer.id
        )
    ).one_or_none()
    return None if code is None else _Rung(officer, alert, code.code, code.said)


def _holds(rung: _Rung) -> bool:
    """Whether it is theirs as it is now: of what has grown graver since they must say so again."""
    return _is_theirs(rung) and rung.said is not None


def _is_theirs(rung: _Rung) -> bool:
    return (rung.alert.state, rung.alert.acknowledged_by) == ("acknowledged", rung.officer.id)


def _said(
    connection: sa.Connection, services: Services, rung: _Rung, asked: int, *, pressed: bool
) -> tuple[list[Part], Then]:
    language = _language(services, rung.officer.language)
    if rung.alert.state == "closed":
        return [prompt(language, "closed")], Then.NOTHING
    if _holds(rung):
        return [prompt(language, "taken")], Then.NOTHING
    parts = _taken_by(connection, services, rung, language)
    facts = read_facts(services.cipher, rung.alert.facts)
    if pressed:
        return [*parts, prompt(language, "noted")], Then.NOTHING
    if parts and not _is_awaited(connection, services, rung, facts):
        return parts, Then.NOTHING
    if asked >= _PUT:
        return [prompt(language, "goodbye")], Then.NOTHING
    book = load_codebook(services.settings.agency_dir)
    parts += spoken.alert(book, facts, language, prompts.SYNTHESISED)
    return [*parts, prompt(language, "keys")], Then.KEY


def _taken_by(connection: sa.Connection, services: Services, rung: _Rung, language: str) -> list[Part]:
    """That another has it, who and since when; nothing while nobody has."""
    if rung.alert.state != "acknowledged" or _is_theirs(rung):
        return []
    name = connection.execute(
        sa.select(OFFICER.c.name).where(OFFICER.c.id == rung.alert.acknowledged_by)
    ).scalar_one_or_none()
    return [
        prompt(language, "already"),
        f"{name or ''}, {clock_time(services, rung.alert.acknowledged_at)}.".lstrip(", "),
    ]


def _is_awaited(connection: sa.Connection, services: Services, rung: _Rung, facts: Facts) -> bool:
    """Whether this officer must answer although another has taken it."""
    if not pace_of(services, facts).all:
        return False
    return rung.officer.id in unanswered(connection, [rung.alert.id])[rung.alert.id]


def _language(services: Services, language: str) -> str:
    """The officer's, if a voice speaks it or all of it was recorded; else French."""
    folder = services.settings.prompts_dir
    spoken_here = language in prompts.SYNTHESISED or not prompts.missing(folder, language, spoken.sentences())
    return language if spoken_here else DEFAULT_LANGUAGE


def _voiced(services: Services, parts: list[Part], then: Then) -> Spoken:
    folder = services.settings.prompts_dir
    first = parts[0]
    language = first.language if not isinstance(first, str) else DEFAULT_LANGUAGE
    said_in = language if language in prompts.SYNTHESISED else DEFAULT_LANGUAGE
    return Spoken(
        tuple(
            Sentence(said_in, part)
            if isinstance(part, str)
            else prompts.sentence(folder, part, spoken.sentences())
            for part in parts
        ),
        then,
    )
