"""Every play gets an agency, and ends with the curtain."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway.duty.records import ShiftRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency, Phone

SHIFT = table_of(ShiftRecord)


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


@pytest.fixture
def beside(agency: Agency) -> Phone:
    """A further officer at the first step."""
    phone = agency.officer("+22790000905")
    with agency.services.engine.begin() as connection:
        officer = connection.execute(sa.text("SELECT id FROM officers ORDER BY id DESC LIMIT 1")).scalar_one()
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, step=0))
    return phone
