"""The agency decides how its officers are called, and hears what is wrong in its file."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.data.files import DataFile, Fault
from gateway.duty.policy import By, Pace, load_policy, parse_policy
from gateway.reports.agency import examine

PACKAGED = (Path(__file__).parents[2] / "gateway" / "data" / "escalation.toml").read_text(encoding="utf-8")


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_life_at_stake_is_told_and_rung_every_five_minutes_and_what_is_grave_told_every_thirty() -> None:
    policy = load_policy()
    assert policy.pace(1, "TRA") == Pace((By.SMS, By.CALL), minutes(5), minutes(10), minutes(60), all=False)
    assert policy.pace(2, None) == Pace((By.SMS,), minutes(30), minutes(30), minutes(60), all=False)
    assert policy.pace(4, None) == policy.pace(2, None)


def test_a_code_has_its_own_pace_where_it_says_so_and_its_severitys_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "escalation.toml").write_text(PACKAGED + "\n[code.RPZ]\nstep = 2\n", encoding="utf-8")
    policy = load_policy(str(tmp_path))
    assert policy.pace(1, "RPZ").step == minutes(2)
    assert policy.pace(2, "RPZ").repeat == minutes(30)
    assert policy.pace(1, "SOS").all
    assert not policy.pace(1, "RPZ").all


def test_no_alert_of_a_severity_waits_for_longer_than_its_slowest_code(tmp_path: Path) -> None:
    slow = "\n[code.RPZ]\nstep = 45\n[code.CVM]\nlasts = 90\n"
    (tmp_path / "escalation.toml").write_text(PACKAGED + slow, encoding="utf-8")
    longest = load_policy(str(tmp_path)).longest(1)
    assert (longest.step, longest.repeat, longest.lasts) == (minutes(45), minutes(10), minutes(90))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("step = 30", "step = 0", "[severity.2]: step must be whole minutes, from 1 to 1440"),
        ("step = 30", "step = true", "[severity.2]: step must be whole minutes, from 1 to 1440"),
        ("step = 30", 'step = "30"', "[severity.2]: step must be whole minutes, from 1 to 1440"),
        ("step = 30", "stepp = 30", "[severity.2]: stepp means nothing here: did you mean step?"),
        ('by = ["sms"]', 'by = ["call"]', '[severity.2]: by must be ["sms"] or ["sms", "call"]: '),
        ("all = true", "all = 1", "[code.SOS]: all must be true or false"),
        ("[code.SOS]", "[code.SOZ]", "SOZ is no code of the codebook"),
        ("[code.SOS]", "[codes.SOS]", "codes means nothing here: did you mean code?"),
        ("[severity.2]", "[severity.3]", "[severity.3]: severity 3 calls nobody: remove it"),
        ("[severity.2]", "severity = 2", "write [severity.…] above the lines of each severity"),
    ],
)
def test_a_fault_is_named_with_what_to_do(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = PACKAGED.replace(old, new, 1)
    if new == "severity = 2":
        text = f"{new}\n"
    (tmp_path / "escalation.toml").write_text(text, encoding="utf-8")
    faults = examine(str(tmp_path)).faults
    assert [fault for fault in faults if words in fault.words], [str(fault) for fault in faults]


def test_a_severity_that_lacks_a_line_is_told_which() -> None:
    faults: list[Fault] = []
    parse_policy(DataFile("escalation.toml", PACKAGED.replace("repeat = 30\n", "")), faults)
    assert [str(fault) for fault in faults] == ["escalation.toml:18: [severity.2] lacks repeat: add it"]


def test_a_fault_tells_its_line() -> None:
    faults: list[Fault] = []
    parse_policy(DataFile("escalation.toml", PACKAGED.replace("step = 30", "step = 0")), faults)
    (fault,) = faults
    assert PACKAGED.splitlines()[fault.line - 1] == "step = 30"
