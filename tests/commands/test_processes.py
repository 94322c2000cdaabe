"""The processes' commands, as far as they can be tried without starting one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gateway
from gateway import demo


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


@pytest.mark.parametrize("command", ["up", "web", "worker", "clock"])
def test_no_process_starts_on_files_that_read_wrongly(command: str, tmp_path: Path) -> None:
    (tmp_path / "codebook.toml").write_text('[[code]]\ncode = "RPZ"\n', encoding="utf-8")
    ran = run(
        command,
        tmp_path,
        VIGIE_AGENCY_DIR=str(tmp_path),
        VIGIE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none",
        VIGIE_REDIS_URL="redis://127.0.0.1:1",
    )
    assert ran.returncode == 2
    assert "codebook.toml:" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "ready" not in ran.stdout


def test_a_worker_without_a_database_says_so_and_ends(tmp_path: Path) -> None:
    ran = run("worker", tmp_path)
    assert ran.returncode == 2
    assert "VIGIE_DATABASE_URL is empty" in ran.stderr
    assert "Traceback" not in ran.stderr


def run(command: str, data_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    root = str(Path(gateway.__file__).parents[1])
    return subprocess.run(
        (sys.executable, "-m", "gateway.cli", command),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        env=given | {"PYTHONPATH": root, "VIGIE_DATA_DIR": str(data_dir)} | environment,
        cwd=data_dir,
    )


def test_no_gateway_takes_over_the_folder_of_a_demo(tmp_path: Path) -> None:
    demo.api_token(tmp_path)
    ran = run("up", tmp_path)
    assert ran.returncode == 2
    assert "holds a demo, whose officers and PINs everybody knows" in ran.stderr
    assert "Traceback" not in ran.stderr
