"""The history of a report: who changed which field from what to what, when and why."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway.reports.revision import Change
from gateway.storage.cipher import Cipher


def entry(
    report: UUID,
    change: Change,
    cipher: Cipher,
    *,
    at: datetime,
    actor: str,
    why: str,
    message: UUID | None = None,
) -> dict[str, Any]:
    """A change as it is stored. A note is words, and words are kept encrypted."""
    secret = change.field == "note"
    words = json.dumps([change.old, change.new])
    return {
        "id": uuid7(),
        "report_id": report,
        "at": at,
        "actor": actor,
        "why": why,
        "field": change.field,
        "old": json.dumps(None if secret else change.old),
        "new": json.dumps(None if secret else change.new),
        "words": cipher.encrypt(words) if secret else None,
        "message_id": message,
    }
