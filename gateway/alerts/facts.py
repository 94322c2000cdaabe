"""What an alert says. Values, kept encrypted with the alert so that every later text can say it again."""

import json
from dataclasses import asdict, dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the event. ``late`` is the hour of a report that took long; ``words`` an excerpt."""

    hotline: bool
    severity: int
    code: str | None = None
    place: str | None = None
    people: int | None = None
    approximate: bool = False
    late: str | None = None
    who: str | None = None
    words: str | None = None
    doubt: str | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert that a report calls for."""

    id: UUID
    reference: str
    facts: Facts
    contact_id: UUID | None = None
    reporter_id: UUID | None = None
