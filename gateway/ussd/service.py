"""USSD: a request comes in, a screen goes out, within the request.

Each screen is committed before it is shown. A finished session hands over what its caller would have
texted, to the same inbox and by the same way as an SMS.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.channels.numbers import on_whatsapp
from gateway.hotline import service as hotline
from gateway.inbox.accept import NotStoredError
from gateway.inbox.standby import StandbyLine
from gateway.messages import InboundMessage, Screen, SessionStep
from gateway.observability import USSD_STEPS, get_logger, where
from gateway.people.pins import Verdict
from gateway.people.service import check_pin
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import DATABASE_TROUBLE
from gateway.ussd import sessions
from gateway.ussd.callers import Caller, alerts_of, duty_now, last_reports, registered
from gateway.ussd.menu import AGENTS, CHOICES, CUT, HOTLINE, Facts, Menu
from gateway.ussd.screens import Words, busy, laid_out, words
from gateway.ussd.sessions import Session, UnreadableError
from gateway.ussd.steps import Asked, Hashed, answers, is_dialled_anew, is_repeated, meant
from gateway.ussd.talk import BACK, START, CallBack, Show, Standing
from gateway.ussd.usage import Usage

log = get_logger(__name__)

ANSWERED_WITHIN: Final = 2.0
"""Seconds that a phone waits for the database; networks give up after ten or so."""
_AT_ONCE: Final = 4
_BY_USSD: Final = "chosen in the USSD menu"
_NO_SCREEN: Final = Screen("", goes_on=False)
# Before the session's id: the provider's id of what a session hands to the inbox.
FROM_A_MENU: Final = "ussd:"


class Accepts(Protocol):
    """The inbox, as it is seen from here."""

    def accept(self, message: InboundMessage) -> None:
        """Return once the message is safe. Raise NotStoredError."""

    def database_overdue(self) -> bool:
        """Whether somebody has waited too long for the database already."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What a request led to: a screen, and what its session has to say to the inbox."""

    screen: Screen
    message: InboundMessage | None = field(default=None, repr=False)


class Ussd:
    """One a process."""

    def __init__(
        self, services: Services, menu: Menu, inbox: Accepts, lines: Callable[[], Sequence[StandbyLine]]
    ) -> None:
        self._services = services
        self._menu = menu
        self._inbox = inbox
        self._lines = lines
        self._usage = Usage()
        self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ussd")

    def step(self, step: SessionStep) -> Screen:
        """The next screen; where there can be none in time, what to do instead.

        A request that is answered so may still be carried out: its session then is filed by the clock.
        """
        try:
            result = self._in_time(step)
            if result.message is not None:
                self._inbox.accept(result.message)
        except (*DATABASE_TROUBLE, TimeoutError, NotStoredError) as error:
            log.warning("ussd_busy", channel=step.channel, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever went wrong here, somebody is holding a phone
            log.error("ussd_failed", channel=step.channel, error=where(error))
        else:
            USSD_STEPS.labels(step.channel, "shown").inc()
            return result.screen
        return self.busy(step)

    def _in_time(self, step: SessionStep) -> _Result:
        """Raise TimeoutError where the database takes too long."""
        if self._inbox.database_overdue():
            raise TimeoutError
        result = self._workers.submit(self._step, step)
        try:
            return result.result(timeout=ANSWERED_WITHIN)
        finally:
            result.cancel()  # what has not begun yet, nobody waits for any more

    def busy(self, step: SessionStep) -> Screen:
        """What to do instead, where there is no time for the next screen."""
        USSD_STEPS.labels(step.channel, "busy").inc()
        return _NO_SCREEN if step.over else Screen(busy(self._number(HOTLINE)), goes_on=False)

    def is_open(self, channel: str, session: str) -> bool:
        """Whether a session still waits for an answer."""
        with self._services.engine.connect() as connection:
            return sessions.is_open(connection, channel, session)

    def tick(self) -> None:
        """What the clock does every second: file what was cut, and what may not have reached the inbox."""
        while self._file_one():
            pass

    def forget(self) -> None:
        """What the clock does now and then: delete what was typed when nobody needs it any more."""
        with self._services.engine.begin() as connection:
            sessions.forget(connection, self._services.now())

    def close(self) -> None:
        """Wait for what is still under way."""
        self._workers.shutdown()

    def _step(self, step: SessionStep) -> _Result:
        services, decisions = self._services, list[Decision]()
        with services.engine.begin() as connection:
            known = self._find(connection, step)
            step = meant(step, under_way=_is_under_way(known))
            session = self._session(connection, step, known)
            if session is None:
                return _Result(_NO_SCREEN)
            if step.over:
                return self._over(connection, session)
            hashed = self._hashed(session)
            if is_repeated(session.asked, step, hashed):
                return self._shown(connection, session, self._standing(session))
            if session.state != "open":
                return _Result(Screen(laid_out(_say(session)["ended"]), goes_on=False))
            standing = self._standing(session)
            for keys in answers(session.asked, step, hashed):
                if not standing.screen.goes_on:
                    break
                session, standing = self._taken(connection, session, standing, keys, decisions)
            session = replace(
                session,
                state=_state(standing),
                asked=Asked.by(step, hashed),
                last_at=step.received_at,
            )
            sessions.save(connection, services.cipher, session)
            if standing.ending is not None and standing.ending.call_back is not None:
                decisions += self._heard(connection, session, standing.ending.call_back)
            result = self._shown(connection, session, standing)
            audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)
            return result

    def _find(self, connection: sa.Connection, step: SessionStep) -> Session | None:
        """The session of this number: some providers give one id to two phones."""
        cipher = self._services.cipher
        sender_hash = cipher.digest(step.sender) if step.sender else None
        return sessions.find(connection, cipher, step.channel, step.session, sender_hash)

    def _hashed(self, session: Session) -> Hashed:
        """Bound to its session: the same PIN of somebody else looks different."""
        return lambda text: self._services.cipher.digest(f"{session.id} {text}")

    def _session(
        self, connection: sa.Connection, step: SessionStep, session: Session | None
    ) -> Session | None:
        """The request's session, locked; a new one where it is the first, None where it is the last."""
        if session is not None and is_dialled_anew(session.asked, step, self._hashed(session)):
            sessions.rename(connection, session)
            session = None
        return session if session is not None or step.over else self._begin(connection, step)

    def _begin(self, connection: sa.Connection, step: SessionStep) -> Session:
        """A new session, or the one that another request of it was quicker to begin."""
        cipher = self._services.cipher
        number_hash = cipher.digest(step.sender)
        caller = registered(connection, number_hash)
        facts, resumes = self._facts(connection, caller, number_hash), None
        if caller is not None and not step.text:
            for earlier in sessions.lately(connection, cipher, number_hash, step.received_at):
                draft = self._standing(earlier).draft
                if draft is not None:
                    facts = replace(facts, cut="" if caller.discreet else draft)
                    resumes = earlier.id
                    break
        session = Session(
            id=uuid7(),
            channel=step.channel,
            session=step.session,
            sender=step.sender,
            sender_hash=number_hash,
            facts=facts,
            typed=(),
            last_at=step.received_at,
            resumes=resumes,
        )
        sessions.add(connection, cipher, session)
        return self._find(connection, step) or session

    def _facts(self, connection: sa.Connection, caller: Caller | None, number_hash: bytes) -> Facts:
        if caller is None:
            return Facts(HOTLINE)
        now = self._services.now()
        used = self._usage.of(connection, caller.post, now) if caller.post else ()
        alerts = alerts_of(connection, self._services.cipher, number_hash, CHOICES) if caller.officer else []
        return Facts(
            AGENTS,
            caller.language,
            officer=caller.officer,
            alerts=tuple(told for _, told in alerts),
            codes=tuple(code for code, _ in alerts),
            kinds=self._menu.kinds(used),
            near=self._menu.near(caller.post),
            partners=self._menu.present(now.astimezone(self._services.settings.zone).date()),
        )

    def _taken(
        self,
        connection: sa.Connection,
        session: Session,
        standing: Standing,
        keys: str,
        decisions: list[Decision],
    ) -> tuple[Session, Standing]:
        """The session with one more answer. A PIN is judged here, and only the verdict is kept."""
        if standing.asks_pin and keys.strip() not in (BACK, START):
            keys = str(self._judged(connection, session, keys.strip(), decisions))
        session = replace(session, typed=(*session.typed, keys))
        standing = self._standing(session)
        ending = standing.ending
        if ending is None or ending.goes_on is None or session.resumes is None:
            return session, standing
        session = self._resumed(connection, session, goes_on=ending.goes_on)
        return session, self._standing(session)

    def _judged(
        self, connection: sa.Connection, session: Session, typed: str, decisions: list[Decision]
    ) -> Verdict:
        caller = registered(connection, session.sender_hash)
        if caller is None:
            return Verdict.MISSING
        verdict = check_pin(connection, self._services, session.sender_hash, typed)
        if verdict is Verdict.LOCKED:
            decisions.append(Decision("vigie", "PIN refused, locked", str(caller.id)))
        return verdict

    def _resumed(self, connection: sa.Connection, session: Session, *, goes_on: bool) -> Session:
        """Go on where the earlier session was cut, or leave it for good."""
        cipher = self._services.cipher
        new = replace(session, facts=replace(session.facts, cut=None), typed=(), resumes=None)
        earlier = sessions.take(connection, cipher, session.resumes) if session.resumes else None
        if earlier is None or earlier.state != "open":  # filed meanwhile
            return new
        sessions.save(connection, cipher, replace(earlier, state="over"))
        if not goes_on:
            return new
        return replace(new, facts=earlier.facts, typed=self._standing(earlier).answers)

    def _heard(self, connection: sa.Connection, session: Session, wish: CallBack) -> list[Decision]:
        """What a caller said of being called, for whoever would call."""
        services, now = self._services, self._services.now()
        callers = {session.sender_hash: hotline.Caller(session.sender, now)}
        contact = hotline.meet(connection, services.cipher, callers)[session.sender_hash]
        if wish.never:
            return hotline.asks_for_silence(connection, services.cipher, contact, now, why=_BY_USSD)
        return hotline.asks_to_be_called(
            connection, services, contact, now, hours=wish.hours, language=wish.language
        )

    def _standing(self, session: Session) -> Standing:
        return self._menu.standing(session.facts, session.typed)

    def _shown(self, connection: sa.Connection, session: Session, standing: Standing) -> _Result:
        """The screen of a session, and its message when there is one."""
        if standing.ending is None:
            return _Result(standing.screen)
        if standing.ending.show is not None:
            return _Result(self._list(connection, session, standing.ending.show))
        return _Result(standing.screen, self._message(session, standing.ending.message))

    def _list(self, connection: sa.Connection, session: Session, show: Show) -> Screen:
        say, services = _say(session), self._services
        if show is Show.MINE:
            lines = last_reports(connection, session.sender_hash, services.settings.zone)
            return Screen(laid_out(say["mine" if lines else "none"], lines), goes_on=False)
        lines = duty_now(connection, services.now())
        return Screen(laid_out(say["duty" if lines else "nobody"], lines), goes_on=False)

    def _over(self, connection: sa.Connection, session: Session) -> _Result:
        """The provider says that nobody looks any more. A caller's choice is not left to wait."""
        draft = self._standing(session).draft
        if session.state != "open" or session.facts.profile == AGENTS or draft is None:
            return _Result(_NO_SCREEN)
        sessions.save(connection, self._services.cipher, replace(session, state="confirmed"))
        return _Result(_NO_SCREEN, self._message(session, draft))

    def _message(
        self, session: Session, text: str | None, sent_at: datetime | None = None
    ) -> InboundMessage | None:
        """What the caller would have texted, as the inbox takes it; of one session it takes it once."""
        if text is None:
            return None
        return InboundMessage(
            id=uuid7(),
            channel=session.channel,
            provider_id=f"{FROM_A_MENU}{session.id}",
            sender=session.sender,
            recipient=self._number(session.facts.profile) or session.facts.profile,
            text=text,
            received_at=self._services.now(),
            sent_at=sent_at,
        )

    def _number(self, profile: str) -> str | None:
        ours = [line.number for line in self._lines() if line.profile == profile]
        return min(ours, key=on_whatsapp, default=None)

    def _file_one(self) -> bool:
        """File one session that is due. Returns whether there was one."""
        services = self._services
        with services.engine.begin() as connection:
            row = sessions.due(connection, services.now())
            if row is None:
                return False
            try:
                message = self._left_behind(Session.opened(row, services.cipher))
            except UnreadableError:
                log.error("ussd_session_unreadable", session=str(row.id))  # and must not stop the others
                message = None
            if message is not None:
                self._inbox.accept(message)
            sessions.ended(connection, row.id, "over" if message is None else "filed")
            return True

    def _left_behind(self, session: Session) -> InboundMessage | None:
        """What a session that ended without its last screen has to say all the same."""
        standing = self._standing(session)
        if standing.ending is not None:
            return self._message(session, standing.ending.message, session.last_at)
        if standing.draft is None or not standing.enough:
            return None
        text = standing.draft + CUT if session.facts.profile == AGENTS else standing.draft
        return self._message(session, text, session.last_at)


def _is_under_way(session: Session | None) -> bool:
    """Whether somebody is in the middle of a report: in a caller's session whoever dials again begins anew."""
    return (
        session is not None
        and session.facts.profile == AGENTS
        and bool(session.typed)
        and session.state == "open"
    )


def _say(session: Session) -> Words:
    return words(session.facts.profile, session.facts.language)


def _state(standing: Standing) -> str:
    if standing.screen.goes_on or standing.draft is not None:
        return "open"
    return "confirmed" if standing.ending and standing.ending.message is not None else "over"
