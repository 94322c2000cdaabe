"""A gateway of its own, with poison hooks, hurried so that the blind watch acts within seconds."""

from collections.abc import Iterator

import pytest

from tests.faults.gateway import Gateway
from tests.faults.hooks import FLAG, HOOKS
from tests.standins.twilio import TwilioStandIn

PACE = 30.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with (
        TwilioStandIn() as standin,
        Gateway(
            tmp_path_factory.mktemp("private"),
            standin,
            pace=PACE,
            hooks=HOOKS,
            environment={"VIGIE_LOG_LEVEL": "DEBUG"},
        ) as running,
    ):
        (running.data_dir / FLAG).touch()
        yield running
