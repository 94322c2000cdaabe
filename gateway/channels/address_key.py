"""A key in the callback address (``?key=…``), for providers that sign nothing.

It proves that the caller was told the address, and not that the body is as it was sent. It must
cross the net under TLS only, and our own logs must never hold an address with its query.
"""

import hmac
import re
from collections.abc import Sequence

from gateway.channels.base import BadSignatureError, WebhookRequest

_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")


def is_fit(key: str) -> bool:
    """Whether it is long enough not to be guessed, and stands in an address as it is."""
    return _KEY.fullmatch(key) is not None


def verify(request: WebhookRequest, keys: Sequence[str]) -> None:
    """Raise BadSignatureError unless the address carries one of the keys."""
    compare(request.query.get("key", ""), keys)


def compare(claimed: str, keys: Sequence[str]) -> None:
    """Raise BadSignatureError unless it is one of the keys."""
    word = claimed.encode("utf-8", "replace")
    if not any(hmac.compare_digest(word, key.encode()) for key in keys):
        raise BadSignatureError
