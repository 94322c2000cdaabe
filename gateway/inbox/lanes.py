"""Lanes keep each sender's order while different senders run side by side. Rules."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def lane_of(sender_hash: bytes, lanes: int) -> int:
    """The lane of a sender: always the same one."""
    return int.from_bytes(sender_hash[:4], "big") % lanes


def urgent_senders_first(
    messages: Iterable[Item], sender: Callable[[Item], bytes], urgent: Callable[[Item], bool]
) -> list[Item]:
    """Senders with something urgent come first; each one's own messages stay in their order."""
    messages = list(messages)
    hurried = {sender(message) for message in messages if urgent(message)}
    return sorted(messages, key=lambda message: sender(message) not in hurried)
