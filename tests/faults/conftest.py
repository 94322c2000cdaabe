"""Two gateways for all faults: each fault leaves its gateway well for the next."""

from collections.abc import Iterator

import pytest

from tests.faults.gateway import Gateway
from tests.faults.hooks import HOOKS
from tests.standins.twilio import TwilioStandIn

# An outage counts as one that nobody sees through after 60 s divided by this.
PACE = 4.0


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Takes the heavy load, so its stand-in reports no deliveries."""
    with (
        TwilioStandIn(callbacks=False) as standin,
        Gateway(tmp_path_factory.mktemp("loaded"), standin) as running,
    ):
        yield running


@pytest.fixture(scope="package")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Its waiting periods are divided, and its readers have hooks for poison."""
    folder = tmp_path_factory.mktemp("hurried")
    with (
        TwilioStandIn() as standin,
        Gateway(folder, standin, pace=PACE, hooks=HOOKS) as running,
    ):
        yield running
