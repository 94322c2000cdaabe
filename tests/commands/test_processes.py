"""The processes' commands, as far as they can be tried without starting one."""

import subprocess
import sys


def test_the_metrics_folder_is_named_before_anything_loads_prometheus_client() -> None:
    """Else every process counts for itself, and a scrape sees one of them at best."""
    loaded = subprocess.run(
        (
            sys.executable,
            "-c",
            "import sys, gateway.cli, gateway.commands.processes; print('prometheus_client' in sys.modules)",
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "False"
