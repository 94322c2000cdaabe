"""An officer's calendar is shown at its address and at no other."""

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.duty.service import feed_path
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from tests.web.fakes import web_over

OFFICER = table_of(Officer)


@pytest.fixture
def agency(services: Services) -> Services:
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    return services


def test_it_is_shown_to_whoever_was_given_its_address_until_the_officer_is_switched_off(
    agency: Services,
) -> None:
    client = web_over(agency).client
    with agency.engine.connect() as connection:
        officer = connection.execute(sa.select(OFFICER.c.id).limit(1)).scalar_one()
    path = f"/{feed_path(agency.cipher, officer, 0)}"
    shown = client.get(path)
    assert shown.status_code == 200
    assert shown.content_type == "text/calendar; charset=utf-8"
    assert shown.data.startswith(b"BEGIN:VCALENDAR")
    for other in (
        path.replace(".ics", "0.ics"),
        path.replace(officer.hex, "0" * 32),
        "/duty/x/y.ics",
        f"/duty/{officer.hex}/\u00e9.ics",
        "/duty/",
    ):
        assert client.get(other).status_code == 404
    with agency.engine.begin() as connection:
        connection.execute(sa.update(OFFICER).where(OFFICER.c.id == officer).values(active=False))
    assert client.get(path).status_code == 404
