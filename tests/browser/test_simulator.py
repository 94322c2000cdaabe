"""The demo's phones, as a stranger uses them."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.faults.gateway import Gateway

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

AGENT, OFFICER, CALLER = range(3)


@pytest.fixture
def phones(page: "Page", demo: Gateway) -> "Locator":
    page.goto(f"{demo.url}/simulator/")
    return page.locator(".phone")


def text(phone: "Locator", words: str) -> None:
    phone.get_by_placeholder("Votre SMS").fill(words)
    phone.get_by_role("button", name="Envoyer").click()


def test_a_report_is_receipted_alerted_and_taken(phones: "Locator", page: "Page") -> None:
    agent, officer = phones.nth(AGENT), phones.nth(OFFICER)
    agent.get_by_role("button", name="SOS ASM 12 pers").click()
    agent.get_by_role("button", name="Envoyer").click()
    agent.locator(".in", has_text=re.compile(r"Recu \d{6} SOS Assamaka 12 pers")).wait_for()
    officer.locator(".in", has_text="ALERTE 1").wait_for()
    first = page.locator("#reports li").first
    first.get_by_text("en attente").wait_for()
    assert page.locator("#map .incident.open").count() == 1
    officer.locator(".examples .reply").click()
    officer.get_by_role("button", name="Envoyer").click()
    first.get_by_text("prise par Officier Un").wait_for()
    agent.locator(".in", has_text="pris en charge").wait_for()
    assert officer.locator(".examples .reply").count() == 0


def dial(phone: "Locator", *answers: str) -> str:
    """Dial the code and answer screen after screen; the last screen."""
    phone.get_by_role("button", name="Composer *384#").click()
    screen = phone.locator(".menu")
    screen.wait_for()
    for answer in answers:
        before = screen.inner_text()
        phone.get_by_label("Votre réponse").fill(answer)
        phone.get_by_role("button", name="Répondre", exact=True).click()
        screen.filter(has_not_text=before).wait_for()
    last: str = screen.inner_text()
    phone.get_by_role("button", name="Raccrocher").click()
    return last


def test_a_report_is_made_on_the_menu_and_receipted_by_sms(phones: "Locator", page: "Page") -> None:
    agent = phones.nth(AGENT)
    assert "Envoyer? MNA ASM" in dial(agent, "1", "MNA", "ASM", "3", "2")
    assert "Message pas fini: MNA ASM" in dial(agent)
    assert "Message enregistre" in dial(agent, "1", "1")
    agent.locator(".in", has_text=re.compile(r"Recu \d{6} MNA Assamaka 3 pers")).wait_for()
    page.locator("#reports li", has_text="MNA").first.wait_for()


def test_a_correction_is_named_as_one(phones: "Locator", page: "Page") -> None:
    agent = phones.nth(AGENT)
    text(agent, "MNA ASM 3")
    agent.locator(".in", has_text="MNA Assamaka 3 pers").last.wait_for()
    text(agent, "CORR 4 pas 3")
    page.locator("#reports li", has_text=re.compile("^correction")).first.wait_for()


def test_a_callers_menu_shows_no_next_caller_what_was_chosen(phones: "Locator") -> None:
    caller = phones.nth(CALLER)
    languages = dial(caller)
    assert "Danger maintenant" in dial(caller, "1")
    assert dial(caller) == languages


def test_a_caller_gets_no_answer_while_the_officer_hears_of_it(phones: "Locator") -> None:
    caller, officer = phones.nth(CALLER), phones.nth(OFFICER)
    text(caller, "Aidez moi")
    officer.locator(".in", has_text="Aidez moi").wait_for()
    assert caller.locator(".thread li").count() == 1
    assert caller.locator(".out").inner_text().startswith("Aidez moi")


def test_a_text_for_a_phone_that_is_not_shown_is_counted_on_its_name(phones: "Locator", page: "Page") -> None:
    phones.nth(AGENT).locator(".whose select").select_option(label="Agent Gaya")
    text(phones.nth(AGENT), "RAS GAY")
    phones.nth(AGENT).locator(".in").wait_for()
    phones.nth(AGENT).locator(".whose select").select_option(label="Agent Dan Issa")
    text(phones.nth(AGENT), "RAS DNS")
    phones.nth(AGENT).locator(".whose select").select_option(label="Agent Agadez")
    chip = page.locator("#people button", has_text="Agent Dan Issa")
    chip.locator(".new").wait_for()
    chip.click()
    page.locator(".phone .in", has_text="RAS").wait_for()
    assert chip.locator(".new").count() == 0


def test_words_of_a_text_are_never_markup(phones: "Locator") -> None:
    text(phones.nth(CALLER), "<img src=x onerror=alert(1)><b>gras</b>")
    shown = phones.nth(CALLER).locator(".out", has_text="<b>gras</b>")
    shown.wait_for()
    assert shown.locator("img, b").count() == 0


def test_the_page_speaks_the_language_that_is_asked_for(phones: "Locator", page: "Page") -> None:
    assert page.locator("html").get_attribute("lang") == "fr"
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="What Vigie understood").wait_for()
    page.get_by_role("link", name="Français").click()
    page.get_by_role("heading", name="Ce que Vigie a compris").wait_for()


def test_it_says_that_nobody_answers_and_goes_on_by_itself(phones: "Locator", page: "Page") -> None:
    page.route("**/now.json*", lambda route: route.abort())
    page.get_by_role("alert").get_by_text("Vigie ne répond pas").wait_for()
    page.unroute("**/now.json*")
    page.get_by_role("alert").wait_for(state="hidden")


@pytest.mark.parametrize("width", [360, 800, 1500])
def test_nothing_sticks_out_at_any_width(phones: "Locator", page: "Page", width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
