"""The worked examples: every line of every file of them reads exactly as it says."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.places.locate import distance
from gateway.reports.reader import Reader

EXAMPLES = [
    json.loads(line)
    for file in sorted(Path(__file__).parent.glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]
UNORDERED = ("also", "controls", "partners", "problems")


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_example(example: dict[str, Any], reader: Reader) -> None:
    at = datetime.fromisoformat(example["at"])
    parse = reader.read(example["text"], line=example["line"], at=at, post=example["post"]).to_dict()
    assert not differences(parse, example["expect"]), example["text"]
    assert parse["language"] == example.get("language", parse["language"])


def differences(parse: dict[str, Any], expect: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By reading, each field that is not as expected: what was wanted, what was read."""
    if len(parse["readings"]) != len(expect):
        return [{"readings": (len(expect), [reading["code"] for reading in parse["readings"]])}]
    found = []
    for reading, expected in zip(parse["readings"], expect, strict=True):
        reading["problems"] = [problem["code"] for problem in reading["problems"]]
        different = {
            field: (wanted, reading[field])
            for field, wanted in expected.items()
            if not _same(field, wanted, reading[field])
        }
        if different:
            found.append(different)
    return found


def _same(field: str, wanted: Any, read: Any) -> bool:
    if field in UNORDERED:
        return sorted(wanted) == sorted(read)
    if field in ("place", "origin", "destination") and wanted is not None and read is not None:
        return _same_place({"code": wanted} if isinstance(wanted, str) else wanted, read)
    return bool(wanted == read)


def _same_place(wanted: dict[str, Any], read: dict[str, Any]) -> bool:
    if "lat" in wanted:
        off = distance((wanted["lat"], wanted["lon"]), (read["lat"], read["lon"]))
        return bool(off <= wanted["tol_km"]) and bool(read["from"] == wanted["from"])
    return all(read.get(key) == value for key, value in wanted.items())
