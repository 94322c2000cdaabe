"""By which line a text leaves, and how much a channel takes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.operators import BadReachError, operators, prefixes_of
from gateway.outbox.routing import Ration, Route, has_fresh, in_order, is_troubled, ration

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
AIRTEL, ZAMANI = "+22796000001", "+22790000901"
OWN = Route(1, "+22780000001", "kannel", "agents", cost=20)
CHEAP = Route(2, "+22780000003", "android", "agents", cost=5)
HOTLINE = Route(3, "+22780000002", "kannel", "hotline")
WHATSAPP = Route(4, "whatsapp:+22780000001", "twilio", "agents", cost=1, thread_only=True)
ALL = (OWN, CHEAP, HOTLINE, WHATSAPP)


def lines(
    recipient: str = ZAMANI, own: Route = OWN, routes: tuple[Route, ...] = ALL, tried: tuple[int, ...] = (),
    *, alert: bool = False,
) -> list[int]:  # fmt: skip
    return [route.line for route in in_order(recipient, own, routes, tried, alert=alert)]


def test_an_answer_stays_in_its_thread() -> None:
    assert lines() == [1, 2]


def test_an_alert_goes_the_cheapest_way() -> None:
    assert lines(alert=True) == [2, 1]


def test_a_line_that_does_not_reach_the_operator_is_left_out() -> None:
    airtel_only = Route(2, CHEAP.number, "android", "agents", prefixes_of(["airtel-ne"]), cost=5)
    assert lines(routes=(OWN, airtel_only), alert=True) == [1]
    assert lines(AIRTEL, routes=(OWN, airtel_only), alert=True) == [2, 1]


def test_where_no_line_reaches_the_number_its_own_one_tries() -> None:
    nigeria = Route(1, OWN.number, "kannel", "agents", prefixes_of(["NG"]))
    assert lines(own=nigeria, routes=(nigeria,)) == [1]


def test_a_line_in_trouble_comes_after_those_that_are_well() -> None:
    troubled = Route(1, OWN.number, "kannel", "agents", troubled=True)
    assert lines(own=troubled, routes=(troubled, CHEAP)) == [2, 1]


def test_what_was_tried_comes_last_and_again_when_all_were() -> None:
    assert lines(tried=(1,)) == [2, 1]
    assert lines(tried=(1, 2)) == [1, 2]


def test_whatsapp_answers_and_begins_nothing() -> None:
    assert lines(own=WHATSAPP) == [4, 2, 1]
    assert 4 not in lines(alert=True)


def test_the_hotline_keeps_to_hotline_lines() -> None:
    assert lines(own=HOTLINE, tried=(3, 3, 3)) == [3]


def test_fresh_lines_are_those_that_were_tried_less() -> None:
    assert has_fresh([OWN, CHEAP], ())
    assert not has_fresh([CHEAP, OWN], (1,))
    assert has_fresh([OWN, CHEAP], (1, 2))
    assert not has_fresh([OWN], ())


def test_trouble_is_forgotten_after_a_minute() -> None:
    assert is_troubled(NOW - timedelta(seconds=59), NOW)
    assert not is_troubled(NOW - timedelta(seconds=60), NOW)
    assert not is_troubled(None, NOW)


def test_every_mobile_number_of_niger_has_one_operator() -> None:
    for prefix in ("96", "86", "77", "90", "80", "70", "94", "84", "74", "93", "83"):
        number = f"+227{prefix}000000"
        owners = [
            name for name, starts in operators().items() if name.endswith("-ne") and number.startswith(starts)
        ]
        assert len(owners) == 1, prefix


def test_an_unknown_operator_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadReachError, match=r"no 'orange' to reach: there are airtel-ne"):
        prefixes_of(["orange"])


routes = st.builds(
    Route,
    line=st.integers(1, 6),
    number=st.just("+22780000001"),
    channel=st.sampled_from(["a", "b", "c"]),
    profile=st.sampled_from(["agents", "hotline"]),
    prefixes=st.sampled_from([("",), ("+22790",), ("+22796",), ("+234",)]),
    cost=st.integers(0, 50),
    troubled=st.booleans(),
    thread_only=st.booleans(),
)
some_routes = st.lists(routes, min_size=1, max_size=6, unique_by=lambda route: route.line)


@given(some_routes, st.sampled_from([AIRTEL, ZAMANI, "7070"]), st.booleans())
def test_every_reaching_line_is_tried_before_any_is_tried_twice(
    known: list[Route], recipient: str, alert: bool
) -> None:
    own, tried = known[0], list[int]()
    able = len(in_order(recipient, own, known, (), alert=alert))
    for _ in range(able):
        tried.append(in_order(recipient, own, known, tried, alert=alert)[0].line)
    assert len(set(tried)) == able


@given(some_routes, st.lists(st.integers(1, 6), max_size=8), st.booleans())
def test_no_text_ever_leaves_by_a_line_of_another_profile(
    known: list[Route], tried: list[int], alert: bool
) -> None:
    ordered = in_order(ZAMANI, known[0], known, tried, alert=alert)
    assert ordered
    assert {route.profile for route in ordered} == {known[0].profile}


def test_a_channel_at_its_rate_lets_texts_wait_for_their_turn() -> None:
    once_a_second = Ration(60, 1.0)
    assert once_a_second.take(alert=True) is None
    assert once_a_second.take(alert=True) == timedelta(seconds=1)
    assert once_a_second.take(alert=True) == timedelta(seconds=2)


def test_the_last_text_of_a_ration_is_kept_for_an_alert() -> None:
    almost_used = Ration(60, 1.5)
    assert almost_used.take(alert=False) == timedelta(seconds=0.5)
    assert almost_used.take(alert=True) is None


def test_a_slow_channel_sends_receipts_too() -> None:
    assert Ration(6, 1.0).take(alert=False) is None


@given(st.integers(1, 600), st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=80))
def test_no_minute_takes_more_than_the_rate_and_one_burst(rate: int, asked: list[tuple[float, bool]]) -> None:
    now, left, since = NOW, None, None
    taken: list[datetime] = []
    for seconds, alert in asked:
        now += timedelta(seconds=seconds)
        there = ration(rate, left, since, now)
        if there.take(alert=alert) is None:
            taken.append(now)
        left, since = there.left, now
    burst = Ration(rate, 0).most
    for first in taken:
        within = sum(first <= at < first + timedelta(minutes=1) for at in taken)
        assert within <= rate + burst + 1e-6
