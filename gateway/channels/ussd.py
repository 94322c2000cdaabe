"""What the USSD providers have in common.

They differ in three things, and each one's file tells its own: where the fields of a step stand and what they
are called; whether what was typed comes whole or only the latest, after a first step that is empty or holds
the dialled code; and how an answer says whether the session goes on.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.channels.base import BadRequestError, WebhookAnswer, WebhookRequest
from gateway.channels.cleaning import clean_id, clean_msisdn, clean_text
from gateway.channels.guard import Guard
from gateway.channels.json_fields import word
from gateway.messages import Screen, SessionStep

PLAIN: Final = "text/plain; charset=utf-8"
# Nobody types more in one session: a screen takes at most 182 signs.
_LONGEST_TEXT: Final = 2000


@dataclass(frozen=True, slots=True)
class StepReader:
    """What a provider calls the fields of a step, and whether ``text`` is all that was typed or the latest."""

    session: str
    sender: str
    text: str
    cumulative: bool = False

    def read(
        self,
        channel: str,
        country: str,
        request: WebhookRequest,
        fields: Mapping[str, Any],
        *,
        code: str,
        first: bool | None = None,
        over: bool = False,
        sequence: int | None = None,
    ) -> SessionStep:
        """The step that the fields tell; ``code`` is the service code, as it is dialled or without * and #.

        ``first`` is the provider's word. Without it a step is the first that holds nothing or our code alone, or
        of the latest alone our code and more. Raise BadRequestError.
        """
        typed = "" if over else clean_text(word(fields, self.text)).strip()
        if len(typed) > _LONGEST_TEXT:
            raise BadRequestError(f"{self.text} is longer than {_LONGEST_TEXT} characters")
        if self.cumulative:
            text = beyond(typed, code) if typed.startswith("*") and is_dialled(typed, code) else typed
            opens = not text if first is None else first
        else:
            opens = not typed or is_dialled(typed, code) if first is None else first
            text = beyond(typed, code) if opens else typed
        return SessionStep(
            channel=channel,
            session=clean_id(word(fields, self.session), self.session),
            sender=self._sender(fields, country) if self.sender in fields or not over else "",
            service_code=as_dialled(code),
            text=text,
            received_at=request.received_at,
            cumulative=self.cumulative,
            first=opens and not over,
            over=over,
            sequence=sequence,
            or_answer=typed if opens and first is None and not self.cumulative else None,
        )

    def _sender(self, fields: Mapping[str, Any], country: str) -> str:
        return clean_msisdn(word(fields, self.sender), self.sender, country)


class UssdChannel:
    """A service code at a provider.

    ``service_code`` is ours, for providers that do not always say it; ``user_id`` our account, for those whose
    answers must repeat it.
    """

    session_methods: Collection[str] = ("POST",)

    def __init__(
        self, name: str, guard: Guard, *, country: str, service_code: str = "", user_id: str = ""
    ) -> None:
        self.name = name
        self._guard = guard
        self._country = country
        self._service_code = service_code
        self._user_id = user_id

    def verify(self, request: WebhookRequest) -> None:
        self._guard.verify(request)

    def _check_user(self, fields: Mapping[str, Any], name: str) -> None:
        if word(fields, name) != self._user_id:
            raise BadRequestError(f"{name} is another account's")


def as_dialled(code: str) -> str:
    """``*384*57#``, however it was written."""
    return f"*{bare(code)}#" if bare(code) else ""


def bare(dialled: str) -> str:
    """``384*57`` of ``*384*57#``."""
    return dialled.strip().removeprefix("*").removesuffix("#")


def is_dialled(text: str, code: str) -> bool:
    """Whether it is our code, with or without more behind it."""
    return bool(bare(code)) and f"{bare(text)}*".startswith(f"{bare(code)}*")


def beyond(dialled: str, code: str) -> str:
    """What was dialled beyond our code: of ``*384*57*1*2#`` with the code ``*384*57#`` it is ``1*2``."""
    return bare(dialled).removeprefix(bare(code)).removeprefix("*") if is_dialled(dialled, code) else ""


def prefixed(screen: Screen) -> WebhookAnswer:
    """The screen as ``CON …`` or ``END …``."""
    return plain(f"{'CON' if screen.goes_on else 'END'} {screen.text}")


def plain(text: str, headers: Mapping[str, str] | None = None) -> WebhookAnswer:
    return WebhookAnswer(text.encode(), PLAIN, headers or {})


def in_json(**fields: object) -> WebhookAnswer:
    return WebhookAnswer(json.dumps(fields).encode(), "application/json")


def msisdn(sender: str) -> str:
    """A number as networks write it: without the plus."""
    return sender.removeprefix("+")
