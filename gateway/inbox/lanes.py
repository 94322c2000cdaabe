"""Lanes keep each sender's order while different senders run side by side. A rule."""


def lane_of(sender_hash: bytes, lanes: int) -> int:
    """The lane of a sender: always the same one."""
    return int.from_bytes(sender_hash[:4], "big") % lanes
