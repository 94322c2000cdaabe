"""Every play gets an agency, and ends with the curtain."""

from collections.abc import Iterator

import pytest

from gateway.services import Services
from tests.clock import Clock
from tests.conversations.phones import Agency


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that pauses for two seconds must not cost a play its screen."""
    monkeypatch.setattr("gateway.ussd.service.ANSWERED_WITHIN", 60.0)


@pytest.fixture
def agency(services: Services, clock: Clock) -> Iterator[Agency]:
    """The demo agency at 14:00 in Niamey."""
    stage = Agency(services, clock)
    yield stage
    stage.ends()
