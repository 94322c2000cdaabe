from pathlib import Path

import pytest

from tests.web.fakes import Web, web_over_fakes


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return web_over_fakes(tmp_path)
