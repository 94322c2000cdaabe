"""Who may read the API: bearer tokens of the settings, and the demo's own."""

import hashlib
import hmac
from pathlib import Path
from typing import Final

from gateway import demo
from gateway.settings import Settings

SEES_NOTES: Final = "+notes"
"""At the end of a token's name: it may see officers' notes."""


class Tokens:
    """Only digests are compared, in constant time, so timing tells nothing about a token."""

    def __init__(self, settings: Settings) -> None:
        self._digests = {_digest(token): name for token, name in settings.tokens().items() if token}
        self._demo_file = settings.data_dir / demo.ACCESS_FILE if settings.demo else None

    @staticmethod
    def sees_notes(holder: str) -> bool:
        """Whether the token of this name may see what officers wrote."""
        return holder.endswith(SEES_NOTES)

    def holder(self, authorization: str) -> str | None:
        """The name of the token in the header ``Authorization``, or None."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        given, found = _digest(token.strip()), None
        for digest, name in {**self._digests, **_demo_digest(self._demo_file)}.items():
            if hmac.compare_digest(given, digest):
                found = name
        return found


def _demo_digest(path: Path | None) -> dict[bytes, str]:
    # Read each time: `vigie up --demo` may write a new one while this process runs.
    try:
        token = path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, ValueError):
        return {}
    return {_digest(token): "demo"} if token else {}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
