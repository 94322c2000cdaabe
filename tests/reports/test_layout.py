"""How a text is laid out changes nothing in what it says: old phones have capitals only, others break lines."""

from collections.abc import Callable
from datetime import datetime

import pytest

from gateway.reports.reader import Reader
from tests.reports.test_examples import EXAMPLES, differences

LAYOUTS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "a stop at the end": lambda text: f"{text}.",
    "every word on a line": lambda text: "\n".join(text.split()),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "marks of direction": lambda text: f"\u200f{text}\u200e",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_text_reads_the_same_however_it_is_laid_out(layout: str, reader: Reader) -> None:
    different = []
    for example in EXAMPLES:
        text = LAYOUTS[layout](example["text"])
        if "\n" in text and not {",", "."}.isdisjoint(text):
            continue  # a line is a sentence where there are others
        at = datetime.fromisoformat(example["at"])
        parse = reader.read(text, line=example["line"], at=at, post=example["post"]).to_dict()
        found = differences(parse, example["expect"])
        asked = layout == "capitals" and any(reading["problems"] for reading in parse["readings"])
        if found and not asked:  # in capitals a place that is also a word (`GAO`) does not stand out
            different.append((text, found))
    assert different == []
