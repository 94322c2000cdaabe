"""Every play gets an agency, and ends with the curtain."""

from collections.abc import Iterator

import pytest

from gateway.services import Services
from tests.clock import Clock
from tests.conversations.phones import Agency


@pytest.fixture
def agency(services: Services, clock: Clock) -> Iterator[Agency]:
    """The demo agency at 14:00 in Niamey."""
    stage = Agency(services, clock)
    yield stage
    stage.ends()
