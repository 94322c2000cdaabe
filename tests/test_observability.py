"""Nothing personal leaves through the logs; counters of several processes add up."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.observability import MASK, configure_logging, get_logger, masked, where

NUMBERS = ["+22790000101", "22790000101", "90 00 01 01", "+227 90-00-01-01", "90.00.01.01", "tel:90000101"]


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    hooks = sys.excepthook, logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("INFO")
    yield capsys
    sys.excepthook = hooks[0]
    logging.basicConfig(handlers=hooks[1], level=hooks[2], force=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))


@pytest.mark.parametrize("number", NUMBERS)
def test_it_masks_a_number_wherever_it_stands(number: str) -> None:
    value = masked({"a": f"from {number} to", "b": [number], "c": {number: number}})
    digits = "".join(filter(str.isdigit, json.dumps(value)))
    assert digits == ""


@pytest.mark.parametrize("number", NUMBERS)
def test_it_masks_a_number_in_a_librarys_line(number: str, logs: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("sent %s\nValueError: %s", number, number)
    event = json.loads(logs.readouterr().err)["event"]
    assert event.startswith("sent ")
    assert event.endswith(MASK)


@given(st.integers(min_value=1_000_000, max_value=10**15), st.sampled_from(["", "+", "00", "tel "]))
def test_no_run_of_seven_digits_passes(number: int, prefix: str) -> None:
    assert str(number)[:7] not in str(masked(f"x {prefix}{number} y"))


def test_ids_and_times_stay_readable() -> None:
    kept = [str(UUID(int=12345678900001047890123)), "2026-11-21T13:30:00Z", "SM" + "1234567890" * 3 + "12"]
    kept.append("c0ffee" + "1234567890" * 5 + "beefcafe")  # the head of the record of decisions
    assert masked(kept) == kept


def test_private_keys_and_objects_are_dropped(logs: pytest.CaptureFixture[str]) -> None:
    get_logger("x").info("stored", text="RPZ ASM 647", Sender="x", lane=3, thing=object())
    line = json.loads(logs.readouterr().err)
    assert (line["lane"], line["thing"]) == (3, "<object>")
    assert not {"text", "Sender"} & line.keys()


def test_an_exception_is_told_by_class_and_place_only(logs: pytest.CaptureFixture[str]) -> None:
    try:
        int("RPZ ASM 647")
    except ValueError as error:
        get_logger("x").exception("failed")
        place = where(error)
    line = logs.readouterr().err
    assert place.startswith("ValueError at tests/test_observability.py:")
    assert json.loads(line)["error"] == place
    assert "RPZ" not in line


def test_an_uncaught_exception_keeps_its_words_to_itself() -> None:
    code = "from gateway.observability import *; configure_logging(); int('RPZ ASM 647')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RPZ" not in done.stderr
    assert json.loads(done.stderr)["event"] == "uncaught_exception"


def test_counters_of_processes_that_are_gone_stay_in_the_total(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gateway.metrics_folder import prepare_metrics\n"
        "prepare_metrics(Path(sys.argv[1]))\n"
        "from gateway.observability import RECEIVED, ACKNOWLEDGE_SECONDS\n"
        "RECEIVED.labels('http').inc(); ACKNOWLEDGE_SECONDS.observe(20)\n"
        "from prometheus_client import CollectorRegistry\n"
        "from prometheus_client.multiprocess import MultiProcessCollector\n"
        "registry = CollectorRegistry(); MultiProcessCollector(registry)\n"
        "print(registry.get_sample_value('vigie_messages_received_total', {'channel': 'http'}),\n"
        "      registry.get_sample_value('vigie_alert_acknowledge_seconds_count'))\n"
    )
    environment = {name: value for name, value in os.environ.items() if "PROMETHEUS" not in name}
    for run in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert done.stdout.split() == [f"{run}.0", f"{run}.0"]
    assert len(list((tmp_path / "metrics").glob("counter_*.db"))) == 2
