"""Many report one event: its officers hear of it once, then how many they are, and nothing is lost."""

from collections import Counter

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.alerts.records import Alert, Incident
from gateway.duty.records import ShiftRecord
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone, Text

INCIDENT, ALERT, REPORT = table_of(Incident), table_of(Alert), table_of(ReportRecord)
SHIFT = table_of(ShiftRecord)


def reports(agency: Agency, phone: Phone, words: str) -> Text:
    phone.texts(words)
    return phone.expects("Recu")


def own_officer(agency: Agency, number: str, region: str) -> Phone:
    """The first officer of a region."""
    phone = agency.officer(number, name=f"Officier {region}")
    with agency.services.engine.begin() as connection:
        officer = connection.execute(sa.text("SELECT id FROM officers ORDER BY id DESC LIMIT 1")).scalar_one()
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, step=0, region=region))
    return phone


def only_incident(agency: Agency) -> "sa.Row[tuple[object, ...]]":
    (incident,) = agency.rows(INCIDENT)
    return incident  # type: ignore[no-any-return]


def test_two_posts_see_one_convoy_and_its_officer_hears_of_it_once(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 97")
    alert = agency.first.expects("ALERTE", "97 pers")
    agency.fast_forward(minutes=1)
    reports(agency, agency.customs, "RPZ ASM 90")
    agency.fast_forward(minutes=8.5)
    agency.first.expects_nothing()
    agency.fast_forward(minutes=0.5)
    update = agency.first.expects("SUITE", alert.reference, "2 rapports", "97 pers")
    assert update.code == alert.code
    incident = only_incident(agency)
    assert (incident.reports, incident.people, incident.reference) == (2, 97, alert.reference)
    assert {report.incident_id for report in agency.rows(REPORT)} == {incident.id}


def test_everybody_who_reported_it_learns_that_it_was_taken(agency: Agency) -> None:
    mine = reports(agency, agency.agent, "RPZ ASM 80")
    alert = agency.first.expects("ALERTE")
    theirs = reports(agency, agency.customs, "RPZ ASM 75")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects(mine.reference, "pris en charge")
    agency.customs.expects(theirs.reference, "pris en charge")
    late = reports(agency, agency.gendarme, "RPZ ASM 78")
    agency.gendarme.expects(late.reference, "pris en charge 14:00")
    reports(agency, agency.gendarme, "RPZ ASM 79")
    agency.clock.forward(minutes=10)
    agency.tick()
    agency.first.expects("SUITE", "4 rapports", "80 pers")


def test_a_convoy_at_the_next_town_sooner_than_anybody_drives_is_another(agency: Agency) -> None:
    reports(agency, agency.agent, "CVM ARL 130 vers TAM")
    alert = agency.first.expects("ALERTE", "Arlit")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.clock.forward(minutes=55)
    reports(agency, agency.customs, "CVM ASM 125 vers TAM")
    # An hour is too short for the track: another convoy.
    second = agency.first.expects("ALERTE", "Assamaka")
    assert second.reference != alert.reference
    agency.first.replies(second.code)
    agency.first.expects("est a vous")
    agency.customs.expects("pris en charge")


def test_a_convoy_seen_hours_later_up_the_road_is_told_at_once_with_where_it_is(agency: Agency) -> None:
    reports(agency, agency.agent, "CVM ARL 130 vers TAM")
    alert = agency.first.expects("ALERTE", "Arlit")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    for _ in range(5):
        agency.clock.forward(minutes=55)
        agency.first.replies(alert.code)
        agency.first.expects("est a vous")
    report = reports(agency, agency.customs, "CVM ASM 125 vers TAM")
    agency.customs.expects(report.reference, "pris en charge")
    agency.tick()
    agency.first.expects("SUITE", "2 rapports", "Assamaka", "130 pers")


def test_a_convoy_that_comes_into_another_region_calls_the_officers_of_that_one(agency: Agency) -> None:
    theirs = own_officer(agency, "+22790000911", "Tahoua")
    ours = own_officer(agency, "+22790000912", "Agadez")
    agency.tick()
    reports(agency, agency.agent, "CVM ABK 130 vers ARL")
    alert = theirs.expects("ALERTE", "Abalak")
    agency.clock.forward(minutes=30)
    agency.tick()
    agency.second.expects("ALERTE")
    agency.clock.forward(minutes=25)
    reports(agency, agency.customs, "CVM ING 125 vers ARL")
    agency.tick()
    for phone in (theirs, agency.second):
        phone.expects("SUITE", alert.reference, "Ingall")
    agency.tick()
    ours.expects("ALERTE", alert.reference, "Ingall")
    agency.second.expects_nothing()


def test_two_groups_of_other_sizes_at_one_place_are_two_events(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 647")
    first = agency.first.expects("ALERTE", "647 pers")
    reports(agency, agency.customs, "RPZ ASM 200")
    second = agency.first.expects("ALERTE", "200 pers")
    assert first.reference != second.reference
    assert len(agency.rows(INCIDENT)) == 2


def test_that_it_is_graver_is_told_at_once_however_lately_they_heard(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 85")
    agency.first.expects("ALERTE 2")
    reports(agency, agency.customs, "RPZ ASM 90")
    reports(agency, agency.gendarme, "RPZ ASM 100")
    agency.fast_forward(minutes=1)
    agency.first.expects("SUITE", "3 rapports", "gravite 1", "100 pers")


def test_what_was_not_alerted_is_counted_when_a_graver_report_is(agency: Agency) -> None:
    reports(agency, agency.agent, "CVM ASM 90 vers TAM")
    agency.first.expects_nothing()
    reports(agency, agency.customs, "CVM ASM 105 vers TAM")
    agency.first.expects("ALERTE 2", "105 pers", "2 rapports", without="par ")
    (alert,) = agency.rows(ALERT)
    assert {report.alert_id for report in agency.rows(REPORT)} == {alert.id}


def test_what_is_reported_again_after_it_was_closed_is_a_new_incident_that_follows(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 80")
    alert = agency.first.expects("ALERTE")
    assert alerts.close(agency.services, alert.reference, "operator")
    reports(agency, agency.customs, "RPZ ASM 80")
    agency.fast_forward(minutes=1)
    agency.first.expects("ALERTE")
    before, after = agency.rows(INCIDENT)
    assert (before.state, after.state, after.follows) == ("closed", "open", before.id)


def test_a_callers_alert_stays_the_callers(agency: Agency) -> None:
    one, other = agency.caller(), agency.caller("+22790000502")
    for caller in (one, other):
        caller.texts("on est enfermes a Assamaka, 12 personnes")
        agency.first.expects("ALERTE ligne d'aide")
    reports(agency, agency.agent, "SEQ ASM 12")
    agency.first.expects("ALERTE 1")
    assert len(agency.rows(INCIDENT)) == 3
    one.texts("on nous emmene a Arlit maintenant")
    agency.first.expects("SUITE", "meme personne")
    assert sorted(incident.reports for incident in agency.rows(INCIDENT)) == [1, 1, 2]


def test_that_somebody_known_reports_it_too_is_new(agency: Agency) -> None:
    agency.stranger().texts("RPZ ASM 80")
    agency.first.expects("ALERTE", "expediteur inconnu")
    reports(agency, agency.agent, "RPZ ASM 78")
    agency.fast_forward(minutes=1)
    agency.first.expects("SUITE", "2 rapports", without="inconnu")


def test_one_report_of_several_is_taken_back_and_the_others_stand(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 80")
    agency.first.expects("ALERTE")
    reports(agency, agency.customs, "RPZ ASM 70")
    agency.agent.texts("ANNU")
    agency.agent.expects("Annule")
    agency.fast_forward(minutes=10)
    agency.first.expects("SUITE", "70 pers", without="rapports")
    agency.customs.texts("ANNU")
    agency.customs.expects("Annule")
    agency.fast_forward(minutes=5)
    agency.first.expects("ANNULE")
    assert only_incident(agency).state == "open"


def test_a_correction_of_one_of_several_is_counted_with_them(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 70")
    agency.first.expects("ALERTE")
    reports(agency, agency.customs, "RPZ ASM 75")
    agency.customs.texts("CORR T95")
    agency.customs.expects("orrige")
    agency.fast_forward(minutes=1)
    agency.first.expects("SUITE", "2 rapports", "95 pers")


def test_a_report_that_matters_by_its_answer_finds_its_incident(agency: Agency) -> None:
    reports(agency, agency.agent, "RPZ ASM 80")
    agency.first.expects("ALERTE")
    agency.customs.texts("ASM 80 refoulemnt")
    agency.customs.expects()
    agency.customs.texts("RPZ ASM 80")
    agency.customs.expects("Recu")
    assert only_incident(agency).reports == 2


def test_what_nobody_was_called_for_ends_by_itself_and_begins_again_when_it_grows_grave(
    agency: Agency,
) -> None:
    reference = reports(agency, agency.agent, "CVM ASM 30 vers TAM").reference
    assert only_incident(agency).state == "open"
    agency.clock.forward(hours=49)
    agency.tick()
    assert only_incident(agency).state == "closed"
    agency.agent.texts(f"CORR {reference} T130")
    agency.agent.expects("orrige")
    agency.first.expects("ALERTE 2", "130 pers")
    incident = only_incident(agency)
    assert (incident.state, incident.people, incident.severity) == ("open", 130, 2)


def test_a_drill_belongs_to_no_incident(agency: Agency) -> None:
    agency.agent.texts("TEST RPZ ASM 80")
    agency.agent.expects("EXERCICE")
    agency.agent.expects("EXERCICE")
    assert agency.rows(INCIDENT) == []


@pytest.mark.parametrize("minutes", [0, 3])
def test_one_event_in_one_text_or_two_is_counted_by_its_texts(agency: Agency, minutes: int) -> None:
    agency.accept(agency.agent.number, "RPZ ASM 80", agency.agent.line, read=minutes > 0)
    agency.clock.forward(minutes=minutes)
    agency.accept(agency.customs.number, "RPZ ASM 82", agency.customs.line)
    agency.agent.expects("Recu")
    agency.customs.expects("Recu")
    agency.first.expects("ALERTE")
    if minutes:
        agency.fast_forward(minutes=7)
        agency.first.expects("SUITE", "2 rapports")
    assert only_incident(agency).reports == 2


def test_a_burst_from_twenty_posts_is_a_handful_of_texts_and_nothing_is_lost(agency: Agency) -> None:
    posts = [agency.reporter(f"+2279000070{number:02}", post="ASM") for number in range(20)]
    sizes = (600, 610, 620, 630, 640, 647, 650, 660, 670, 680)
    began = agency.clock()
    for number in range(200):
        agency.accept(
            posts[number % 20].number, f"RPZ ASM {sizes[number % 10]}", agency.agent.line, read=False
        )
        agency.clock.forward(seconds=1.5)
        if number % 20 == 19:
            agency.tick()
    agency.fast_forward(minutes=20)
    incident = only_incident(agency)
    assert (incident.reports, incident.people) == (200, 680)
    assert Counter(report.incident_id for report in agency.rows(REPORT)) == {incident.id: 200}
    receipts = sum(len(agency.air.unread.pop(post.number)) for post in posts)
    assert receipts <= 200
    alert = agency.first.expects("ALERTE")
    assert (alert.at - began).total_seconds() < 60
    held = {
        phone.number: agency.air.unread.pop(phone.number, [])
        for phone in (agency.first, agency.second, agency.supervisor)
    }
    assert sum(map(len, held.values())) <= 12
    assert any("200 rapports" in text.words for text in held[agency.first.number])
    assert alerts.close(agency.services, alert.reference, "operator")
