"""Any other USSD provider: how it is set up tells what it calls things, and how it wants its answers."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.channels.base import EMPTY_ANSWER, WebhookAnswer, WebhookRequest
from gateway.channels.guard import Guard
from gateway.channels.json_fields import read_object, word
from gateway.channels.ussd import StepReader, UssdChannel, in_json, prefixed
from gateway.messages import Screen, SessionStep

_SOURCES: Final[Mapping[str, tuple[str, Callable[[WebhookRequest], Mapping[str, Any]]]]] = {
    "form": ("POST", lambda request: dict(request.form)),
    "json": ("POST", lambda request: read_object(request.body)),
    "query": ("GET", lambda request: request.query),
}
_TYPED: Final = {"all": True, "latest": False}
_VALUES: Final[Mapping[str, object]] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Wire:
    """How a provider speaks.

    ``code`` and ``kind`` are the fields of the service code and of the kind of step, where it has them, and
    ``kinds`` the values that mean *first* and *over*. ``answer`` names the JSON fields of an answer for *text*
    and *state*, and what the latter says to go *on* or to *end*; without it an answer begins with CON or END.
    """

    source: str
    step: StepReader
    code: str = ""
    kind: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, str] = field(default_factory=dict)


def read_wire(written: Mapping[str, str]) -> Wire:
    """From what an operator answered. Raise ValueError with the name of the answer that cannot be read."""
    if written["source"] not in _SOURCES:
        raise ValueError("source")
    if written["typed"] not in _TYPED:
        raise ValueError("typed")
    names = _pairs(written, "fields", {"session", "sender", "text"}, {"code", "kind"})
    step = StepReader(names["session"], names["sender"], names["text"], _TYPED[written["typed"]])
    kinds = _pairs(written, "kinds", set(), {"first", "over"})
    answer = _pairs(written, "answer", {"text", "state", "on", "end"} if written.get("answer") else set())
    if bool(kinds) != ("kind" in names):
        raise ValueError("kinds")
    return Wire(written["source"], step, names.get("code", ""), names.get("kind", ""), kinds, answer)


def _pairs(
    written: Mapping[str, str], name: str, needed: AbstractSet[str], possible: AbstractSet[str] = frozenset()
) -> Mapping[str, str]:
    """``a=b, c=d`` as a mapping."""
    parts = [part.partition("=") for part in written.get(name, "").split(",") if part.strip()]
    pairs = {key.strip(): value.strip() for key, _, value in parts}
    if not (needed <= pairs.keys() <= needed | possible and all(pairs.values()) and len(pairs) == len(parts)):
        raise ValueError(name)
    return pairs


class GenericChannel(UssdChannel):
    """A service code at a provider that speaks like this."""

    def __init__(self, name: str, guard: Guard, wire: Wire, *, country: str, service_code: str = "") -> None:
        super().__init__(name, guard, country=country, service_code=service_code)
        self._wire = wire
        method, self._fields = _SOURCES[wire.source]
        self.session_methods = (method,)

    def parse_step(self, request: WebhookRequest) -> SessionStep:
        wire, fields = self._wire, self._fields(request)
        code = word(fields, wire.code) if wire.code else self._service_code
        kind = word(fields, wire.kind) if wire.kind else ""
        over = bool(kind) and kind == wire.kinds.get("over")
        first = kind == wire.kinds["first"] if "first" in wire.kinds else None
        return wire.step.read(self.name, self._country, request, fields, code=code, first=first, over=over)

    def show(self, step: SessionStep, screen: Screen) -> WebhookAnswer:
        if step.over:
            return WebhookAnswer(*EMPTY_ANSWER)
        answer = self._wire.answer
        if not answer:
            return prefixed(screen)
        state = answer["on" if screen.goes_on else "end"]
        return in_json(**{answer["text"]: screen.text, answer["state"]: _VALUES.get(state, state)})
