"""One gateway for the faults of a module: each leaves it well for the next."""

from collections.abc import Iterator

import pytest

from tests.faults.gateway import Gateway
from tests.standins.twilio import TwilioStandIn


@pytest.fixture(scope="module")
def standin() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(callbacks=False) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, standin: TwilioStandIn) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("faults"), standin) as running:
        yield running
