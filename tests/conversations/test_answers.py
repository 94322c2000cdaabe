"""Plays about what officers answer: cannot, next, help, how it went; and what is kept of their words."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.alerts import answering, delivery, regrouping
from gateway.alerts import service as alerts
from gateway.alerts.desk import Desk
from gateway.alerts.records import Acknowledgement, Alert
from gateway.alerts.verbs import Move, Verb
from gateway.commands.entering import change
from gateway.messages import Delivery, Receipt
from gateway.observability import METRICS
from gateway.outbox.service import record_receipt
from gateway.people.records import Officer
from gateway.reports.records import ReportRecord
from gateway.storage.audit import AuditEntry
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone, Text

REPORT = "RPZ ASM 647 H590 F32"
ALERT, ANSWER, OFFICER = table_of(Alert), table_of(Acknowledgement), table_of(Officer)


@pytest.fixture
def alert(agency: Agency) -> Text:
    """An alert on the first officer's phone, its receipt read."""
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE")


@pytest.fixture
def taken(agency: Agency, alert: Text) -> Text:
    """One that the first officer has taken, and the reporter has been told."""
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    return alert


def later(agency: Agency, *, minutes: float) -> None:
    """Time passes in which nothing is due but at its end."""
    agency.clock.forward(minutes=minutes)
    agency.tick()


def state(agency: Agency) -> Any:
    (row,) = agency.rows(ALERT)
    return row


def answers(agency: Agency) -> list[tuple[str, str | None]]:
    """What was answered, and the notes in clear."""
    decrypt = agency.services.cipher.decrypt
    return [(row.answer, decrypt(row.note) if row.note else None) for row in agency.rows(ANSWER)]


def officer_id(agency: Agency, phone: Phone) -> Any:
    digest = agency.services.cipher.digest(phone.number)
    return agency.rows(OFFICER, OFFICER.c.number_hash == digest)[0].id


def test_an_alert_goes_from_seen_to_safe_and_its_reporter_hears_each_step(
    agency: Agency, alert: Text
) -> None:
    begun = agency.clock()
    later(agency, minutes=2)
    receipt = Receipt("simulator", str(alert.id), Delivery.DELIVERED, message_id=alert.id)
    record_receipt(agency.services, receipt, delivery.hurry, delivery.seen)
    later(agency, minutes=1)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects_exactly(f"{alert.reference} pris en charge 14:03")
    agency.clock.forward(minutes=40)
    agency.first.replies(f"{alert.code} 4")
    agency.first.expects(f"{alert.reference}: sur place, note a 14:43")
    agency.agent.expects_exactly(f"{alert.reference} equipe sur place 14:43")
    agency.clock.forward(minutes=100)
    agency.first.replies(f"{alert.code} 5 tous, un enfant malade")
    agency.first.expects("en securite, note a 16:23")
    agency.agent.expects_exactly(f"{alert.reference} personnes en securite 16:23")
    agency.clock.forward(minutes=300)
    agency.first.replies(f"{alert.code} 6 a la police d'Agadez")
    agency.first.expects("remis, note a 21:23")
    agency.agent.expects_exactly(f"{alert.reference} remis au service competent 21:23")
    row = state(agency)
    minutes = [
        (at - begun).total_seconds() / 60 for at in (row.seen_at, row.taken_at, row.on_site_at, row.safe_at)
    ]
    assert minutes == [2, 3, 43, 143]
    assert (row.state, row.outcome, row.due_at) == ("acknowledged", "handed_over", None)
    assert answers(agency)[2:] == [
        ("safe", "tous, un enfant malade"),
        ("handed_over", "a la police d'Agadez"),
    ]


def test_nothing_found_ends_the_reminders_and_leaves_the_alert_to_the_desk(
    agency: Agency, taken: Text
) -> None:
    agency.first.replies(f"{taken.code} 7")
    agency.first.expects("rien trouve")
    agency.agent.expects_exactly(f"{taken.reference} rien trouve sur place 14:00")
    later(agency, minutes=180)
    assert state(agency).state == "acknowledged"
    assert alerts.close(agency.services, taken.reference, "operator")


def test_on_site_holds_off_the_reminder_for_two_hours(agency: Agency, taken: Text) -> None:
    agency.clock.forward(minutes=59)
    agency.first.replies(f"4-{taken.code}")
    agency.first.expects("sur place")
    agency.agent.expects("equipe sur place 14:59")
    later(agency, minutes=119)
    agency.first.expects_nothing()
    later(agency, minutes=1)
    agency.first.expects("RAPPEL", taken.reference)
    agency.first.replies(f"{taken.code} 5")
    agency.first.expects("en securite")
    agency.agent.expects("en securite 16:59")
    later(agency, minutes=30)


def test_what_comes_in_after_a_settled_alert_has_its_officer_asked_again(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 5")
    agency.first.expects("en securite")
    agency.agent.expects("en securite")
    agency.agent.texts(f"CORR {taken.reference} T700")
    agency.agent.expects("700")
    agency.first.expects("CORRIGE")
    later(agency, minutes=60)
    agency.first.expects("RAPPEL")
    agency.first.replies(f"{taken.code} 7")
    agency.first.expects("rien trouve")
    agency.agent.expects("rien trouve")


def test_whoever_cannot_has_the_next_officer_called_at_once(agency: Agency, alert: Text) -> None:
    agency.first.replies(f"{alert.code} 2, en panne")
    agency.first.expects("vous ne pouvez pas", "suivant est appele")
    agency.tick()
    second = agency.second.expects("ALERTE", alert.reference)
    agency.second.replies(f"2 {second.code}")
    agency.second.expects("vous ne pouvez pas")
    agency.tick()
    agency.supervisor.expects("ALERTE", alert.reference)
    later(agency, minutes=10)
    code = agency.supervisor.expects("ALERTE").code  # the last step repeats, without those who cannot
    agency.supervisor.replies(code)
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_when_everybody_cannot_every_officer_is_asked(agency: Agency, alert: Text) -> None:
    agency.first.replies(f"{alert.code} 2")
    agency.first.expects("vous ne pouvez pas")
    for phone in (agency.second, agency.supervisor):
        agency.tick()
        phone.replies(f"{phone.expects('ALERTE').code} non")
        phone.expects("vous ne pouvez pas")
    agency.tick()
    for phone in (agency.first, agency.second):
        phone.expects("PERSONNE DE GARDE")
    code = agency.supervisor.expects("PERSONNE DE GARDE").code
    agency.supervisor.replies(f"{code} 1")
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_whoever_took_it_and_cannot_any_more_makes_it_open_again(agency: Agency, taken: Text) -> None:
    later(agency, minutes=20)
    agency.first.replies(f"{taken.code} 2")
    agency.first.expects("suivant est appele")
    assert state(agency).state == "open"
    agency.tick()
    second = agency.second.expects("ALERTE", taken.reference)
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.first.replies(taken.code)
    agency.first.expects("deja pris en charge par Officier Deux a 14:20")


def test_three_calls_the_next_officer_at_once(agency: Agency, alert: Text) -> None:
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("suivant est appele", "code et 1")
    agency.tick()
    agency.second.expects("ALERTE", alert.reference)
    agency.first.replies(f"{alert.code} 1")
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_three_by_whoever_took_it_calls_help_and_he_keeps_it(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 3, ils sont trop nombreux")
    agency.first.expects("renfort est appele", "reste a vous")
    agency.tick()
    second = agency.second.expects("RENFORT pour Officier Un", taken.reference, "647 pers")
    agency.second.replies(second.code)
    agency.second.expects(f"{taken.reference}: vous aidez Officier Un")
    agency.first.expects("Officier Deux vient vous aider")
    assert state(agency).acknowledged_by == officer_id(agency, agency.first)
    later(agency, minutes=59)
    agency.first.replies(f"{taken.code} 4")
    agency.first.expects("sur place")
    agency.agent.expects("sur place")


def test_an_outcome_by_somebody_else_is_kept_and_told_whose_alert_it_is(agency: Agency, alert: Text) -> None:
    later(agency, minutes=5)
    second = agency.second.expects("ALERTE")
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    agency.first.replies(f"{alert.code} 5 je les ai vus")
    agency.first.expects_exactly(
        f"{alert.reference} est deja a Officier Deux depuis 14:05. Votre mot est garde"
    )
    assert state(agency).outcome is None
    assert answers(agency)[-1] == ("safe", "je les ai vus")
    agency.first.replies(f"{alert.code} 2")
    agency.first.expects("deja pris en charge par Officier Deux a 14:05")


def test_an_outcome_takes_an_alert_that_nobody_has(agency: Agency, alert: Text) -> None:
    agency.first.replies(f"{alert.code} 4")
    agency.first.expects("sur place")
    agency.agent.expects_exactly(f"{alert.reference} equipe sur place 14:00")
    later(agency, minutes=30)
    assert state(agency).acknowledged_by == officer_id(agency, agency.first)


@pytest.mark.parametrize("words", ["4 femmes", "moussa arrive", "ok mais je ne peux pas"])
def test_what_is_not_certain_takes_nothing_and_is_asked_about(
    agency: Agency, alert: Text, words: str
) -> None:
    agency.first.replies(f"{alert.code} {words}")
    agency.first.expects("mot garde, mais personne ne l'a pris", "1 je prends")
    assert answers(agency) == [("note", words)]
    assert agency.rows(table_of(ReportRecord))[1:] == []
    later(agency, minutes=5)
    agency.second.expects("ALERTE")


def test_words_of_whoever_has_it_are_a_note_and_no_outcome(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 4 femmes et 2 enfants")
    agency.first.expects("mot garde", "4 sur place")
    assert (state(agency).outcome, answers(agency)[-1]) == (None, ("note", "4 femmes et 2 enfants"))
    later(agency, minutes=60)
    agency.first.expects("RAPPEL")
    agency.first.replies(taken.code)
    agency.first.expects("est a vous")


def test_a_number_of_a_report_is_no_answer(agency: Agency, alert: Text) -> None:
    other = "2345" if alert.code != "2345" else "2346"
    agency.first.replies(f"{other} refoules a Assamaka")
    agency.first.expects("ALERTE 1", "2.345 pers")
    agency.first.expects("Recu", "RPZ Assamaka 2.345 pers")
    assert answers(agency) == []


def test_a_wrong_code_is_answered_five_times_until_something_else_is_said(
    agency: Agency, alert: Text
) -> None:
    wrong = "1000" if alert.code != "1000" else "1001"
    for _ in range(5):
        agency.first.replies(wrong)
        agency.first.expects("Code non reconnu")
    for _ in range(3):
        agency.first.replies(f"{wrong} 1")
    agency.first.expects_nothing()
    agency.first.replies(f"{alert.code} 1")
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.first.replies(wrong)
    agency.first.expects("Code non reconnu")


def test_an_alert_ends_the_silence_about_wrong_codes(agency: Agency, alert: Text) -> None:
    wrong = "1000" if alert.code != "1000" else "1001"
    for _ in range(6):
        agency.second.replies(wrong)
    for _ in range(5):
        agency.second.expects("Code non reconnu")
    later(agency, minutes=5)
    agency.second.expects("ALERTE")
    agency.second.replies(wrong)
    agency.second.expects("Code non reconnu")


def test_two_officers_in_the_same_second_and_one_has_it(agency: Agency, alert: Text) -> None:
    later(agency, minutes=5)
    agency.second.expects("ALERTE")
    services, both = agency.services, threading.Barrier(2)
    moves: list[Move] = []

    def answer(phone: Phone) -> None:
        who = officer_id(agency, phone)
        with services.engine.begin() as connection:
            desk = Desk(connection, services)
            both.wait()
            answered = answering.answer(
                connection, services, desk, state(agency).id, who, Verb.TAKEN, services.now()
            )
            assert answered
            moves.append(answered.move)

    threads = [threading.Thread(target=answer, args=[phone]) for phone in (agency.first, agency.second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(moves) == [Move.IS_LATE, Move.TAKES]
    agency.work()
    agency.agent.expects("pris en charge")


def test_a_discreet_reporter_is_told_the_reference_alone_each_time(agency: Agency) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.texts(REPORT)
    alert = agency.first.expects("ALERTE")
    agency.agent.expects_exactly(alert.reference)
    for digit in (1, 4, 5):
        agency.first.replies(f"{alert.code} {digit}")
        agency.first.expects(alert.reference)
        agency.agent.expects_exactly(alert.reference)


def test_a_hotline_contact_is_told_nothing_of_any_step(agency: Agency) -> None:
    agency.caller().texts("aidez moi")
    alert = agency.first.expects("ALERTE ligne d'aide")
    for digit in (1, 4, 5, 6, 7):
        agency.first.replies(f"{digit} {alert.code}")
        agency.first.expects(alert.reference)


def test_the_same_step_twice_is_told_to_the_reporter_once(agency: Agency, taken: Text) -> None:
    for _ in range(2):
        agency.first.replies(f"{taken.code} 4")
        agency.first.expects("sur place")
    agency.agent.expects("sur place")


def test_a_slip_is_put_right_by_the_right_figure(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 7")
    agency.first.expects("rien trouve", "Si c'est faux, renvoyez")
    agency.agent.expects("rien trouve")
    agency.first.replies(f"{taken.code} 1")
    agency.first.expects("est a vous")
    assert state(agency).outcome is None
    later(agency, minutes=60)
    agency.first.expects("RAPPEL")
    agency.first.replies(f"{taken.code} 5")
    agency.first.expects("en securite")
    agency.agent.expects("en securite")


def test_no_text_closes_an_alert(agency: Agency, taken: Text) -> None:
    for words in ("8", "9", "0", "clos", "close", "fin", "ferme", "99"):
        agency.first.replies(f"{taken.code} {words}")
        agency.first.expects("mot garde")
    assert state(agency).state == "acknowledged"


def test_a_disabled_officers_steps_count_for_nothing(agency: Agency, taken: Text) -> None:
    agency.change(agency.first, active=False)
    agency.first.replies(f"{taken.code} 5")
    assert state(agency).outcome is None
    later(agency, minutes=60)
    second = agency.second.expects("ALERTE")
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.fast_forward(minutes=3)
    agency.supervisor.expects("expediteur(s) inconnu(s)")


def test_an_officer_answers_from_a_new_number_with_the_same_code(agency: Agency, taken: Text) -> None:
    new = agency.phone("+22790000909")
    cipher = agency.services.cipher
    agency.change(agency.first, number=cipher.encrypt(new.number), number_hash=cipher.digest(new.number))
    agency.first.replies(f"{taken.code} 5")
    assert state(agency).outcome is None
    new.replies(f"{taken.code} 4")
    new.expects("sur place")
    agency.agent.expects("sur place")
    later(agency, minutes=59)
    agency.fast_forward(minutes=3)
    agency.supervisor.expects("expediteur(s) inconnu(s)")


def test_what_still_waits_for_the_others_is_withheld_by_an_outcome_too(agency: Agency, alert: Text) -> None:
    agency.clock.forward(minutes=5)
    alerts.tick(agency.services)  # the second officer's text is queued
    agency.first.replies(f"{alert.code} 4")
    agency.first.expects("sur place")
    agency.agent.expects("sur place")
    assert [text.state for text in agency.outgoing(agency.second)] == ["withheld"]


def test_a_note_is_encrypted_and_in_no_log_or_record(
    agency: Agency, taken: Text, capsys: pytest.CaptureFixture[str]
) -> None:
    agency.first.replies(f"{taken.code} 5, chez le forgeron")
    agency.first.expects("en securite", without="forgeron")
    agency.agent.expects("en securite", without="forgeron")
    agency.tick()
    assert "forgeron" not in "".join(capsys.readouterr())
    assert answers(agency)[-1] == ("safe", "chez le forgeron")
    assert b"forgeron" not in agency.rows(ANSWER)[-1].note
    with agency.services.engine.connect() as connection:
        said = connection.execute(sa.select(sa.cast(AuditEntry.detail, sa.Text))).scalars().all()
    assert not [one for one in said if "forgeron" in one]


def test_the_times_are_counted_once_an_alert(agency: Agency, alert: Text) -> None:
    def counted() -> dict[str, float]:
        names = ("seen", "acknowledge", "on_site", "safe")
        return {name: METRICS.get_sample_value(f"vigie_alert_{name}_seconds_count") or 0 for name in names}

    before = counted()
    for _ in range(2):
        receipt = Receipt("simulator", str(alert.id), Delivery.DELIVERED, message_id=alert.id)
        record_receipt(agency.services, receipt, delivery.hurry, delivery.seen)
        for digit in (1, 4, 5):
            agency.first.replies(f"{alert.code} {digit}")
            agency.first.expects(alert.reference)
    for words in ("pris en charge", "sur place", "en securite"):
        agency.agent.expects(words)
    assert {name: after - before[name] for name, after in counted().items()} == dict.fromkeys(before, 1.0)


def test_words_for_an_alert_that_is_closed_are_kept_with_it(agency: Agency, taken: Text) -> None:
    alerts.close(agency.services, taken.reference, "operator")
    agency.first.replies(f"{taken.code} 5 tous, un enfant malade")
    agency.first.expects_exactly(f"{taken.reference} est clos. Votre mot est garde")
    assert answers(agency)[-1] == ("safe", "tous, un enfant malade")
    assert state(agency).state == "closed"
    agency.first.replies(f"{taken.code} moussa arrive")
    agency.first.expects("est clos")
    assert answers(agency)[-1] == ("note", "moussa arrive")


def test_a_code_that_has_rested_twelve_hours_is_nobodys(agency: Agency, taken: Text) -> None:
    alerts.close(agency.services, taken.reference, "operator")
    later(agency, minutes=12 * 60)
    agency.first.replies(f"{taken.code} 5")
    agency.first.expects("Code non reconnu")


def test_words_for_an_alert_that_was_merged_are_kept_with_the_one_that_goes_on(
    agency: Agency, taken: Text
) -> None:
    agency.customs.texts("RPZ ASM 400")
    agency.customs.expects("Recu")
    later(agency, minutes=1)
    other = agency.first.expects("ALERTE")
    with change(agency.services) as (connection, decisions):
        decisions.extend(
            regrouping.merge(
                connection, agency.services, taken.reference, other.reference, "operator", agency.clock()
            )
        )
    agency.first.replies(f"{taken.code} 4, devant le poste")
    agency.first.expects("sont un seul cas")
    agency.first.expects_exactly(f"{taken.reference} est clos, suivez {other.reference}. Votre mot est garde")
    goes_on = next(row for row in agency.rows(ALERT) if row.reference == other.reference)
    kept = agency.rows(ANSWER)[-1]
    assert (kept.alert_id, kept.answer, goes_on.acknowledged_by) == (goes_on.id, "on_site", None)
    agency.first.replies(other.code)
    agency.first.expects("est a vous")
    for phone in (agency.agent, agency.customs):
        phone.expects("pris en charge")
    agency.fast_forward(minutes=4)
    agency.first.expects("SUITE", other.reference, "2 rapports")


def test_a_report_behind_a_code_that_is_no_alerts_is_filed_all_the_same(agency: Agency, taken: Text) -> None:
    alerts.close(agency.services, taken.reference, "operator")
    for code in (taken.code, "1000" if taken.code != "1000" else "1001"):
        agency.first.replies(f"{code} 1, refoules a Assamaka, 45 pers")
    later(agency, minutes=1)
    texts = [agency.first.expects().words for _ in range(5)]
    told = ("est clos", "Recu", "Code non reconnu", "Recu", "ALERTE 2")
    assert all(words in text for words, text in zip(told, texts, strict=True)), texts
    filed = agency.rows(table_of(ReportRecord))[1:]
    assert [report.reading["people"]["total"] for report in filed] == [45, 45]
