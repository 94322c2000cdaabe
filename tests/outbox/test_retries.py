"""What becomes of a text that was not handed over."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.outbox import drafts
from gateway.outbox.retries import Again, GiveUp, after_failure

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=4)
ALERTS = ("alert", "nobody", "more", "merged", "reminder", "call", "help")
OTHERS = (
    "answer", "taken", "receipt", "unknown_senders", "hotline", "outage", "canary", "duty", "digest", "cap", "all_well",
)  # fmt: skip


def verdict(
    purpose: str, *, retry: bool = True, uncertain: bool = False, attempts: int = 1, jitter: float = 0.5,
    expires_at: datetime = LATER,
) -> Again | GiveUp:  # fmt: skip
    return after_failure(
        purpose, retry=retry, uncertain=uncertain, reason="no route", attempts=attempts, tries=attempts, now=NOW,
        expires_at=expires_at, jitter=jitter,
    )  # fmt: skip


def test_every_purpose_is_one_or_the_other() -> None:
    assert set(ALERTS) == drafts.ABOUT_ALERTS
    assert {*ALERTS, *OTHERS} == set(drafts._VALID_FOR)


@pytest.mark.parametrize("purpose", [*ALERTS, *OTHERS])
def test_a_permanent_failure_is_given_up_with_its_reason(purpose: str) -> None:
    assert verdict(purpose, retry=False) == GiveUp("no route")


@pytest.mark.parametrize("purpose", [*ALERTS, *OTHERS])
def test_a_temporary_failure_is_tried_again(purpose: str) -> None:
    assert verdict(purpose) == Again(NOW + timedelta(seconds=2))


@pytest.mark.parametrize("purpose", ALERTS)
def test_an_alert_that_may_have_gone_is_repeated(purpose: str) -> None:
    assert isinstance(verdict(purpose, uncertain=True), Again)


@pytest.mark.parametrize("purpose", OTHERS)
def test_nothing_else_that_may_have_gone_is_repeated(purpose: str) -> None:
    assert isinstance(verdict(purpose, uncertain=True), GiveUp)


def test_waits_double_up_to_five_minutes_and_are_spread() -> None:
    def wait(attempts: int, jitter: float) -> float:
        again = verdict("receipt", attempts=attempts, jitter=jitter)
        assert isinstance(again, Again)
        return (again.at - NOW).total_seconds()

    assert [wait(attempts, 0.5) for attempts in (1, 2, 3, 4, 8, 9, 500)] == [2, 4, 8, 16, 256, 300, 300]
    assert wait(1, 0) == 1
    assert wait(1, 0.99) == pytest.approx(2.98)


def test_what_would_come_too_late_is_given_up() -> None:
    last = NOW + timedelta(seconds=2)
    assert verdict("alert", attempts=1, expires_at=last) == GiveUp("no route; given up after 1 attempts")
    assert isinstance(verdict("alert", expires_at=last + timedelta(seconds=1)), Again)
