"""The built wheel runs by itself: everything that runs is inside it, and nothing else is."""

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import gateway

_ROOT = Path(gateway.__file__).parents[1]
_PACKAGES = ("gateway", "workers", "templates_sms")
_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("VIGIE_", "PYTHON", "VIRTUAL_ENV"))
}


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=_ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def vigie(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel in a fresh environment, which borrows the dependencies of this one."""
    home = tmp_path_factory.mktemp("venv")
    _run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin" / "python"
    _run(
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=home,
    )
    (own,) = (home / "lib").glob("python*/site-packages")
    # A path file inside a borrowed folder is not followed, so this checkout itself does not come along.
    (own / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    return home / "bin" / "vigie"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder to stand in that has a misleading `gateway` of its own."""
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "__init__.py").write_text("raise SystemExit('the wrong gateway')\n")
    return tmp_path


def test_everything_that_runs_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = (path for package in _PACKAGES for path in (_ROOT / package).rglob("*") if path.is_file())
    wanted = {str(path.relative_to(_ROOT)) for path in files if "__pycache__" not in path.parts}
    assert wanted <= inside
    assert any(name.startswith("gateway/storage/migrations/versions/") for name in inside)
    assert "gateway/data/codebook.toml" in inside
    assert any(name.startswith("templates_sms/ha/") for name in inside)


def test_nothing_else_is_inside(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(_PACKAGES)


def test_the_command_works_from_any_folder(vigie: Path, elsewhere: Path) -> None:
    assert _run(vigie, "--version", cwd=elsewhere).split()[-1] == gateway.__version__
    read = json.loads(_run(vigie, "parse", "RPZ ASM 647 H590 F32", cwd=elsewhere))
    assert "RPZ" in json.dumps(read)


def test_it_brings_everything_up_and_shows_a_sample_report(vigie: Path, elsewhere: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [str(vigie), "up", "--demo", "--sample", "--port", str(port)],
        cwd=elsewhere,
        env=_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "vigie send" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "".join(said)
    text = "".join(said)
    assert f"ready at http://127.0.0.1:{port}" in text
    assert "RPZ ASM 647 H590 F32" in text
    assert "Assamaka 647 pers." in text
