"""`vigie codebook`: files out to be edited, and their faults before they do harm."""

from pathlib import Path

from tests.commands.conftest import Run


def test_what_is_exported_has_no_fault_and_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "agency"
    assert run("codebook", "export", str(folder)).status == 0
    checked = run("codebook", "check", str(folder))
    assert (checked.status, checked.out.count("\n")) == (0, 1)
    assert checked.out.startswith("No fault: 34 codes, ")
    (folder / "points.csv").write_text("mine")
    again = run("codebook", "export", str(folder))
    assert (again.status, again.err) == (
        2,
        f"vigie: {folder}/codebook.toml is there already: name another folder, or move it away.\n",
    )
    assert (folder / "points.csv").read_text() == "mine"


def test_a_fault_is_told_by_the_check_the_start_and_the_doctor(run: Run, tmp_path: Path) -> None:
    run("codebook", "export", str(tmp_path))
    book = tmp_path / "codebook.toml"
    book.write_text(
        book.read_text(encoding="utf-8").replace('code = "RUM"', 'code = "PLD"'), encoding="utf-8"
    )
    line = book.read_text(encoding="utf-8").partition('code = "PLD"')[0].count("\n") + 1
    fault = f"{book}:{line}: 'PLD' means transport PLD elsewhere and incident PLD here: keep one"
    checked = run("codebook", "check", VIGIE_AGENCY_DIR=str(tmp_path))
    assert (checked.status, checked.out) == (2, f"{fault}\n")
    read = run("parse", "RPZ ASM 12", VIGIE_AGENCY_DIR=str(tmp_path))
    assert (read.status, read.err) == (2, f"vigie: {fault}\n")
    assert f"wrong    codebook: {fault}; until it" in run("doctor", VIGIE_AGENCY_DIR=str(tmp_path)).out
