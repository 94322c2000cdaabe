"""Conversations that went wrong when somebody with fresh eyes tried them."""

import re

import pytest
import sqlalchemy as sa

from gateway.alerts.records import Alert, AlertCode
from tests.conversations.phones import Agency


def code_in(words: str) -> str:
    (code,) = re.findall(r"(?<!\d)\d{4}(?!\d)", words)
    return str(code)


@pytest.mark.parametrize(
    "words", ["{} merci", "oui {}", "ok je prends {}", "Repondez {}", "482135 {}", "{}!", " {} "]
)
def test_an_officer_half_asleep_is_understood(agency: Agency, words: str) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    code = code_in(agency.first.expects("ALERTE").words)
    agency.first.texts(words.format(code))
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_a_callers_later_text_that_tells_where_reaches_whoever_holds_the_alert(
    agency: Agency,
) -> None:
    caller = agency.caller()
    caller.texts("aidez moi")
    agency.first.expects("ALERTE")
    caller.texts("nous sommes 14 filles enfermees a Arlit derriere la gare")
    agency.first.expects("SUITE", "Arlit")
    caller.texts("nous sommes 14 filles enfermees a Arlit derriere la gare")


def test_an_alert_that_gave_up_its_code_gets_another_and_stops_nobodys_escalation(agency: Agency) -> None:
    for place in ("ASM", "ARL"):
        agency.agent.texts(f"RPZ {place} 12")
        agency.agent.expects("Recu")
        agency.fast_forward(minutes=1)
        agency.first.expects("ALERTE")
    with agency.services.engine.begin() as connection:
        robbed = connection.execute(sa.select(Alert.id).limit(1)).scalar_one()
        now = agency.services.now()
        connection.execute(sa.update(AlertCode).where(AlertCode.alert_id == robbed).values(retired_at=now))
        connection.execute(sa.update(Alert).values(step=0, due_at=now))
    agency.fast_forward(minutes=2)
    agency.first.expects("ALERTE")
    agency.first.expects("ALERTE")
