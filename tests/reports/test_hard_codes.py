"""Texts that were written from the rules alone: codes, words, nationalities, partners, callers."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.reports.reader import Reader
from tests.reports.test_examples import differences

HARD = [
    json.loads(line)
    for line in (Path(__file__).parent / "hard_codes.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("example", HARD, ids=[example["id"] for example in HARD])
def test_a_hard_text_reads_exactly(example: dict[str, Any], reader: Reader) -> None:
    at = datetime.fromisoformat(example["at"])
    parse = reader.read(example["text"], line=example["line"], at=at, post=example["post"]).to_dict()
    assert not differences(parse, example["expect"]), example["text"]
    assert parse["language"] == example.get("language", parse["language"])
