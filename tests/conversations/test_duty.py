"""The watch changes: whoever comes and whoever goes is told, and alerts find whoever stands there now."""

import re
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.duty.records import Holiday, OverrideRecord, RotationRecord, ShiftRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone, four_digits

SHIFT, ROTATION, OVERRIDE = table_of(ShiftRecord), table_of(RotationRecord), table_of(OverrideRecord)
HOLIDAY = table_of(Holiday)
REPORT = "RPZ ASM 647 H590 F32"


def officer_of(agency: Agency, phone: Phone) -> UUID:
    number_hash = agency.services.cipher.digest(phone.number)
    with agency.services.engine.connect() as connection:
        return connection.execute(  # type: ignore[no-any-return]
            sa.text("SELECT id FROM officers WHERE number_hash = :it"), {"it": number_hash}
        ).scalar_one()


def do(agency: Agency, *statements: sa.Executable) -> None:
    with agency.services.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """By the clock of Niamey, which is an hour ahead of UTC."""
    return datetime(2026, month, day, hour - 1, minute, tzinfo=UTC)


def pass_to(agency: Agency, moment: datetime) -> None:
    """Time passes at once: nothing is due meanwhile."""
    agency.clock.forward(seconds=(moment - agency.clock()).total_seconds())
    agency.tick()


def turns(agency: Agency, *phones: Phone, **columns: Any) -> sa.Executable:
    row = {
        "id": uuid7(),
        "name": columns.pop("name", "turns"),
        "step": 0,
        "officers": [officer_of(agency, phone) for phone in phones],
        "starts_at": at(20, 18),
        "zone": "Africa/Niamey",
        "unit": "days",
        "length": 1,
        "weekdays": list(range(7)),
        "opens": time(),
        "closes": time(),
        "holidays": "also",
    }
    return sa.insert(ROTATION).values(**row | columns)


def says(agency: Agency, words: str) -> str:
    agency.agent.texts(words)
    return agency.agent.expects("Recu").reference


@pytest.fixture
def taking_turns(agency: Agency) -> Agency:
    """At 14:00 the first officer stands until 18:00, then the second; the supervisor stands behind both."""
    stays = SHIFT.c.officer_id == officer_of(agency, agency.supervisor)
    do(agency, sa.delete(SHIFT).where(~stays), turns(agency, agency.first, agency.second))
    agency.tick()
    return agency


def test_nobody_is_told_of_a_duty_that_began_before_the_gateway_did(taking_turns: Agency) -> None:
    taking_turns.fast_forward(minutes=30)


def test_at_the_change_both_are_told_with_what_is_open(taking_turns: Agency) -> None:
    agency = taking_turns
    pass_to(agency, at(21, 17, 59))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.fast_forward(minutes=1)
    code = four_digits(agency.air.unread[agency.second.number][0].words)[0]
    agency.second.expects_exactly(
        "Vous prenez la permanence (appel 1), jusqu au 22/11 18:00. "
        f"Ouvert: 1 ({alert.reference} code {code}). Avant vous: Officier Un"
    )
    agency.first.expects_exactly(
        f"Votre permanence est finie (appel 1), Officier Deux prend la suite. Ouvert: 1 ({alert.reference}). Merci"
    )
    agency.fast_forward(minutes=4)
    agency.supervisor.expects("ALERTE", alert.reference)


def test_whoever_took_an_alert_keeps_it_over_the_change_and_the_next_one_hears_of_it(
    taking_turns: Agency,
) -> None:
    agency = taking_turns
    pass_to(agency, at(21, 17, 59))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.fast_forward(minutes=1)
    code = agency.second.expects("Vous prenez la permanence", f"Ouvert: 1 ({alert.reference} code ").code
    agency.second.replies(code)
    agency.second.expects(f"{alert.reference}", "Officier Un")
    agency.first.expects("Votre permanence est finie", f"Ouvert: 1 ({alert.reference})")


def test_an_override_in_the_middle_of_an_open_alert_sends_it_to_whoever_stands_in(
    taking_turns: Agency,
) -> None:
    agency = taking_turns
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    supervisor, second = (officer_of(agency, one) for one in (agency.supervisor, agency.second))
    stands_in = {"absent_id": supervisor, "instead_id": second}
    do(agency, sa.insert(OVERRIDE).values(starts_at=at(21, 14, 3), ends_at=at(21, 15), **stands_in))
    agency.fast_forward(minutes=3)
    agency.second.expects("Vous prenez la permanence (appel 3), jusqu au 21/11 15:00", "Superviseur")
    agency.supervisor.expects("Votre permanence est finie (appel 3), Officier Deux prend la suite")
    agency.fast_forward(minutes=2)
    code = agency.second.expects("ALERTE").code
    agency.second.replies(code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_an_override_that_is_over_gives_the_watch_back(taking_turns: Agency) -> None:
    agency = taking_turns
    first, second = (officer_of(agency, one) for one in (agency.first, agency.second))
    stands_in = {"absent_id": first, "instead_id": second}
    do(agency, sa.insert(OVERRIDE).values(starts_at=at(21, 14, 5), ends_at=at(21, 14, 35), **stands_in))
    agency.fast_forward(minutes=5)
    agency.second.expects("Vous prenez la permanence (appel 1), jusqu au 21/11 14:35")
    agency.first.expects("Votre permanence est finie")
    agency.fast_forward(minutes=30)
    agency.first.expects("Vous prenez la permanence (appel 1), jusqu au 21/11 18:00")
    agency.second.expects("Votre permanence est finie")


def test_a_night_shift_over_the_end_of_a_month_changes_at_its_hours(agency: Agency) -> None:
    agency.clock.forward(days=8.5)
    night = {"opens": time(18), "closes": time(6)}
    day = {"opens": time(6), "closes": time(18)}
    do(
        agency,
        sa.delete(SHIFT),
        turns(agency, agency.first, agency.second, name="nights", **night),
        turns(agency, agency.supervisor, name="days", starts_at=at(20, 6), **day),
    )
    agency.tick()
    pass_to(agency, at(30, 6))
    agency.supervisor.expects("Vous prenez la permanence (appel 1), jusqu au 30/11 18:00")
    agency.second.expects("Votre permanence est finie")
    pass_to(agency, at(30, 18))
    agency.first.expects("Vous prenez la permanence (appel 1), jusqu au 01/12 06:00", "Superviseur")
    agency.supervisor.expects("Votre permanence est finie")
    pass_to(agency, at(1, 5, month=12))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.first.replies(code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 05:00")


def test_a_regions_alerts_go_to_its_own_officer_first(agency: Agency) -> None:
    own = agency.officer("+22790000911", name="Officier Agadez")
    do(agency, sa.insert(SHIFT).values(officer_id=officer_of(agency, own), step=0, region="Agadez"))
    agency.tick()
    agency.agent.texts(REPORT)  # Assamaka lies in Agadez
    agency.agent.expects("Recu")
    code = own.expects("ALERTE").code
    own.replies(code)
    own.expects("est a vous")
    agency.agent.expects("pris en charge")
    own_post = agency.reporter("+22790000188", post="DNS")
    own_post.texts("SOS DNS 21")
    own_post.expects("Recu")
    agency.first.expects("ALERTE")


def test_changes_while_the_clock_is_down_are_told_once_when_it_is_back(taking_turns: Agency) -> None:
    agency = taking_turns
    pass_to(agency, at(24, 20))  # meanwhile: second, first, second, and first again, who stands there now
    pass_to(agency, at(25, 20))
    agency.second.expects("Vous prenez la permanence (appel 1), jusqu au 26/11 18:00")
    agency.first.expects("Votre permanence est finie")


def test_whoever_comes_after_a_time_without_anybody_is_told(agency: Agency) -> None:
    night = {"opens": time(18), "closes": time(6)}
    do(agency, sa.delete(SHIFT), turns(agency, agency.first, **night, starts_at=at(20, 18)))
    pass_to(agency, at(21, 19))
    pass_to(agency, at(22, 12))
    agency.first.expects("Votre permanence est finie (appel 1). Ouvert: rien")
    pass_to(agency, at(22, 18))
    agency.first.expects_exactly("Vous prenez la permanence (appel 1), jusqu au 23/11 06:00. Ouvert: rien")


def test_an_officer_who_is_switched_off_is_told_nothing_and_the_others_take_over(
    taking_turns: Agency,
) -> None:
    agency = taking_turns
    agency.change(agency.first, active=False)
    agency.tick()
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.supervisor.expects("ALERTE")


def test_an_officer_with_a_new_number_is_told_on_the_new_one(taking_turns: Agency) -> None:
    agency = taking_turns
    number = "+22790000912"
    cipher = agency.services.cipher
    agency.change(agency.second, number=cipher.encrypt(number), number_hash=cipher.digest(number))
    anew = agency.phone(number)
    pass_to(agency, at(21, 18))
    anew.expects("Vous prenez la permanence")
    agency.first.expects("Votre permanence est finie")


def test_holidays_may_have_an_officer_of_their_own(agency: Agency) -> None:
    feast = turns(agency, agency.second, name="feasts", holidays="only", starts_at=at(1, 1))
    others = turns(agency, agency.first, name="others", holidays="never", starts_at=at(1, 1))
    do(agency, sa.delete(SHIFT), feast, others, sa.insert(HOLIDAY).values(day=at(22, 12).date(), name="Fete"))
    agency.tick()
    pass_to(agency, at(21, 23, 59))
    agency.fast_forward(minutes=1)
    agency.second.expects("Vous prenez la permanence (appel 1), jusqu au 23/11 00:00")
    agency.first.expects("Votre permanence est finie")


def test_whoever_comes_can_take_an_alert_that_is_past_his_step(taking_turns: Agency) -> None:
    agency = taking_turns
    pass_to(agency, at(21, 17, 50))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.fast_forward(minutes=5)
    agency.supervisor.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=5)
    handed_over = agency.second.expects("Vous prenez la permanence", f"Ouvert: 1 ({alert.reference} code ")
    agency.first.expects("Votre permanence est finie")
    agency.second.replies(handed_over.code)
    agency.second.expects(f"{alert.reference} est a vous")
    agency.agent.expects("pris en charge 18:00")


def test_a_hand_over_names_the_gravest_alerts_that_fit_and_says_how_many_more(taking_turns: Agency) -> None:
    agency = taking_turns
    pass_to(agency, at(21, 17, 59))
    convoy = says(agency, "CVM ARL 300 vers Libye")
    gravest = [says(agency, words) for words in ("SOS DNS 21", "RPZ ASM 647", "SOS AYR 12", "SOS GAY 5")]
    agency.air.unread.clear()
    agency.fast_forward(minutes=1)
    words = agency.second.expects("(appel 1)", "+ 2). Avant vous: Officier Un", without=convoy).words
    named = re.findall(r"(\d{6}) code (\d{4})", words)
    assert [reference for reference, _ in named] == gravest[:3]
    agency.first.expects("Ouvert: 5 (", "+ 2). Merci")
    for reference, code in named:
        agency.second.replies(code)
        agency.second.expects(f"{reference} est a vous")
        agency.agent.expects(f"{reference} pris en charge")


def test_an_officer_of_a_region_is_told_what_is_open_there_and_the_countrys_of_all(agency: Agency) -> None:
    own, next_ = (agency.officer(f"+2279000091{n}", name=f"Officier {n}") for n in (1, 2))
    region = turns(agency, own, next_, name="Agadez", region="Agadez")
    country = turns(agency, agency.first, agency.second)
    do(agency, sa.delete(SHIFT), region, country)
    agency.tick()
    pass_to(agency, at(21, 17, 59))
    there, elsewhere = says(agency, REPORT), says(agency, "SOS DNS 21")
    own.expects("ALERTE", there)
    agency.first.expects("ALERTE", elsewhere)
    agency.fast_forward(minutes=1)
    code = next_.expects("(appel 1, Agadez)", f"Ouvert: 1 ({there} code ", without=elsewhere).code
    own.expects("Votre permanence est finie", f"Ouvert: 1 ({there})")
    agency.second.expects("(appel 1)", "Ouvert: 2 (", there, elsewhere)
    agency.first.expects("Votre permanence est finie", "Ouvert: 2 (")
    next_.replies(code)
    next_.expects("est a vous")
    agency.agent.expects(f"{there} pris en charge")
