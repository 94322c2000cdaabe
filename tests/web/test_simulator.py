"""The simulator takes only the demo's texts, and only a demo has it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import AGENTS_LINE, HOTLINE, REPORTERS
from gateway.services import Services
from tests.web.fakes import Web, web_over, web_over_fakes

AGENT = REPORTERS[0].number
GOOD = {"from": AGENT, "to": AGENTS_LINE, "text": "RAS ASM"}


@pytest.fixture
def demo(services: Services) -> Web:
    settings = services.settings.model_copy(update={"demo": True})
    return web_over(replace(services, settings=settings))


@pytest.mark.parametrize("path", ["/simulator/", "/simulator/now.json", "/simulator/static/simulator.js"])
def test_without_a_demo_there_is_no_simulator(path: str, tmp_path: Path) -> None:
    assert web_over_fakes(tmp_path).client.get(path).status_code == 404


def test_a_text_is_handed_to_the_inbox(demo: Web) -> None:
    assert demo.client.post("/simulator/texts", json=GOOD).status_code == 202
    (message,) = demo.inbox.accepted
    assert (message.channel, message.sender, message.recipient, message.text) == (
        "simulator",
        AGENT,
        AGENTS_LINE,
        "RAS ASM",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "+22790009999"},
        {"from": None},
        {"to": "+22790000901"},
        {"to": None},
        {"text": " "},
        {"text": "x" * 1601},
        {"text": "a\0b"},
        {"text": 7},
    ],
)
def test_anything_but_a_demo_text_is_refused(demo: Web, wrong: dict[str, Any]) -> None:
    assert demo.client.post("/simulator/texts", json=GOOD | wrong).status_code == 400
    assert not demo.inbox.accepted


def test_a_form_of_another_site_is_refused(demo: Web) -> None:
    assert demo.client.post("/simulator/texts", data=GOOD).status_code == 400
    assert not demo.inbox.accepted


def test_a_text_that_cannot_be_stored_is_said_so(demo: Web) -> None:
    demo.inbox.full = True
    assert demo.client.post("/simulator/texts", json={**GOOD, "to": HOTLINE}).status_code == 503


def test_the_page_loads_nothing_from_elsewhere(demo: Web) -> None:
    answer = demo.client.get("/simulator/")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "http://" not in answer.get_data(as_text=True)
    assert "https://" not in answer.get_data(as_text=True)


def test_without_texts_it_shows_none(demo: Web) -> None:
    state = demo.client.get("/simulator/now.json").get_json()
    assert (state["texts"], state["reports"]) == ([], [])


@pytest.mark.parametrize(
    ("asked", "wanted", "language"),
    [("", "de", "fr"), ("", "en-GB,en;q=0.8", "en"), ("?lang=fr", "en", "fr"), ("?lang=xx", "fr-FR", "fr")],
)
def test_the_language_is_french_unless_english_is_wanted(
    demo: Web, asked: str, wanted: str, language: str
) -> None:
    answer = demo.client.get(f"/simulator/{asked}", headers={"Accept-Language": wanted})
    assert f'<html lang="{language}">' in answer.get_data(as_text=True)
