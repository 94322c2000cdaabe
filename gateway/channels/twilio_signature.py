"""Twilio's signature: the computation of its SDK's RequestValidator, several times as fast.

HMAC-SHA1 over the address and the sorted form fields. A property test holds it to the SDK's.
"""

import base64
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from gateway.channels.base import BadSignatureError, WebhookRequest, form_fields


class TwilioSignatures:
    """Checks requests against each token, and against each spelling of the public address."""

    def __init__(self, tokens: Sequence[str], public_url: str) -> None:
        self._keys = [token.encode() for token in tokens]
        self._public_url = public_url
        self._bases = _spellings(public_url)

    def check(self, request: WebhookRequest) -> None:
        """Raise BadSignatureError, or BadRequestError for a form of too many fields."""
        claimed = request.headers.get("X-Twilio-Signature", "").encode("latin-1", "replace")
        for signed in self._signed_bytes(request):
            for key in self._keys:
                if hmac.compare_digest(claimed, base64.b64encode(hmac.digest(key, signed, "sha1"))):
                    return
        raise BadSignatureError

    def _signed_bytes(self, request: WebhookRequest) -> Iterator[bytes]:
        """What Twilio may have signed: it is not consistent about the port, nor about invalid UTF-8."""
        tail = request.url.removeprefix(self._public_url)
        words = _joined(request.form)
        for base in self._bases:
            yield (base + tail + words).encode("utf-8", "replace")
        if "\ufffd" in words:
            raw = _joined(form_fields(request.body.decode("latin-1"), "latin-1")).encode("latin-1")
            for base in self._bases:
                yield (base + tail).encode("utf-8", "replace") + raw


def _spellings(public_url: str) -> list[str]:
    """The address as configured, without its port, and with it."""
    parts = urlsplit(public_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.netloc.partition(":")[0]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    without, with_port = (parts._replace(netloc=netloc).geturl() for netloc in (host, f"{host}:{port}"))
    return list(dict.fromkeys((public_url, without, with_port)))


def _joined(fields: list[tuple[str, str]]) -> str:
    return "".join([name + value for name, value in sorted(set(fields))])
