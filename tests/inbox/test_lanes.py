"""Lanes: a sender always waits in the same one."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from gateway.inbox.lanes import lane_of


@given(st.binary(min_size=32, max_size=32), st.integers(1, 1024))
def test_a_sender_has_one_lane(sender: bytes, lanes: int) -> None:
    assert 0 <= lane_of(sender, lanes) < lanes
    assert lane_of(sender, lanes) == lane_of(bytes(sender), lanes)


def test_senders_spread_over_all_lanes() -> None:
    senders = [hashlib.sha256(f"+2279000{number}".encode()).digest() for number in range(2000, 4000)]
    counts = [0] * 16
    for sender in senders:
        counts[lane_of(sender, 16)] += 1
    assert min(counts) > 80
