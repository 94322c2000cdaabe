"""Debian's Chromium before a real `vigie up --demo`."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.gateway import Gateway
from tests.standins.twilio import TwilioStandIn

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
MISSING = not CHROMIUM.exists() or find_spec("playwright") is None
QUIET = (
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
# Without an account the demo's lines are the simulator's.
NO_TWILIO = {"VIGIE_TWILIO_ACCOUNT_SID": "", "VIGIE_TWILIO_AUTH_TOKEN": ""}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if MISSING and os.environ.get("CI") != "true":
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="Chromium or playwright is not installed"))


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with (
        TwilioStandIn() as standin,
        Gateway(tmp_path_factory.mktemp("demo"), standin, environment=NO_TWILIO) as running,
    ):
        yield running
        assert not standin.messages, "a demo texted by Twilio"


@pytest.fixture(scope="package")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield running
        running.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page that fails its test on any error that the browser reports."""
    context = browser.new_context(locale="fr-FR", viewport={"width": 1500, "height": 1000})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors
