"""Who may call, where the provider signs nothing: a key in the address, a list of addresses, or both.

A key (``?key=…``) proves that the caller was told the address, and not that the body is as it was sent. It must
cross the net under TLS only, and our own logs must never hold an address with its query.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gateway.channels.base import BadSignatureError, WebhookRequest

Network = IPv4Network | IPv6Network
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")


def is_fit(key: str) -> bool:
    """Whether it is long enough not to be guessed, and stands in an address as it is."""
    return _KEY.fullmatch(key) is not None


def compare(claimed: str, keys: Sequence[str]) -> None:
    """Raise BadSignatureError unless it is one of the keys."""
    word = claimed.encode("utf-8", "replace")
    if not any(hmac.compare_digest(word, key.encode()) for key in keys):
        raise BadSignatureError


def read_networks(written: Iterable[str]) -> tuple[Network, ...]:
    """``198.51.100.7`` and ``203.0.113.0/24`` alike. Raise ValueError."""
    return tuple(ip_network(part) for part in written)


def is_within(caller: str, networks: Sequence[Network]) -> bool:
    """Whether it is an address of one of them; one of IPv4 in IPv6's clothes is one of IPv4."""
    try:
        address = ip_address(caller)
    except ValueError:
        return False
    plain = (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
    return any(plain in network for network in networks)


@dataclass(frozen=True, slots=True)
class Guard:
    """Whatever it was told must hold. ``open``, in the demo alone: a call without a key passes."""

    keys: Sequence[str] = field(default=(), repr=False)
    networks: Sequence[Network] = ()
    open: bool = False

    def verify(self, request: WebhookRequest) -> None:
        """Raise BadSignatureError unless the provider can have made this call."""
        self.verify_key(request.query.get("key", ""), request)

    def verify_key(self, claimed: str, request: WebhookRequest) -> None:
        """The same for a key that stands elsewhere in the address."""
        if self.keys and (claimed or not self.open):
            compare(claimed, self.keys)
        if self.networks and not is_within(request.caller, self.networks):
            raise BadSignatureError
