"""Who comes on duty and who goes: a rule of who stood where and who stands there now."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.duty.handover import Change, Place, changes, concerns, places
from gateway.duty.roster import Post
from tests.duty import rotas

A, B, C = (UUID(int=number) for number in range(1, 4))
FIRST, SECOND = (None, 0), (None, 1)
POSTS = st.lists(st.builds(Post, rotas.OFFICERS, rotas.STEPS, rotas.REGIONS), max_size=5)


def test_whoever_takes_over_hears_who_was_there_and_the_other_way_round() -> None:
    came, went = changes({FIRST: (A,), SECOND: (C,)}, {FIRST: (B,), SECOND: (C,)})
    assert came == Change(B, True, (FIRST,), (A,))
    assert went == Change(A, False, (FIRST,), (B,))


def test_whoever_moves_up_neither_comes_nor_goes() -> None:
    before: dict[Place, tuple[UUID, ...]] = {FIRST: (A,), SECOND: (B,)}
    assert changes(before, {FIRST: (B,), SECOND: (A,)}) == []


def test_an_officer_at_two_places_is_told_once() -> None:
    (came,) = changes({}, {FIRST: (A,), ("Agadez", 0): (A,)})
    assert came.places == (FIRST, ("Agadez", 0))


def test_what_is_open_concerns_its_region_and_the_whole_country() -> None:
    own, other = ("Agadez", 0), ("Diffa", 0)
    standing: dict[Place, tuple[UUID, ...]] = {FIRST: (A,), own: (B,), other: (C,)}
    assert [concerns([at], "Agadez", standing) for at in (FIRST, own, other)] == [True, True, False]
    assert [concerns([at], None, standing) for at in (FIRST, own, other)] == [True, False, False]
    assert concerns([own], None, {own: (B,), FIRST: ()})


@given(POSTS, POSTS)
def test_each_officer_is_told_once_at_most_and_only_of_what_changed(
    before: list[Post], now: list[Post]
) -> None:
    found = changes(places(before), places(now))
    were, are = {post.officer for post in before}, {post.officer for post in now}
    assert {one.officer for one in found if one.comes} == are - were
    assert {one.officer for one in found if not one.comes} == were - are
    assert len({one.officer for one in found}) == len(found)
    assert all(one.officer not in one.others for one in found)
