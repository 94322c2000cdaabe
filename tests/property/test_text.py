from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reports.references import make, valid
from gateway.text.gsm7 import WRITTEN, fold
from gateway.text.render import render
from gateway.text.segments import segments

VALUES = st.one_of(st.none(), st.text(max_size=300))
NAMES = st.sampled_from(
    ["receipt", "alert", "alert_hotline", "alert_more", "alert_nobody", "blind_report"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(NAMES, st.sampled_from(["fr", "en", "ha"]), VALUES, VALUES, VALUES, VALUES)
def test_one_segment_whatever_the_values(
    name: str, language: str, place: str | None, who: str | None, words: str | None, label: str | None
) -> None:
    text = render(
        name, language, reference="482135", code="RPZ", people="1.234.567 pers.", severity=1, time="14:05", late="08:10",
        reply="9034", doubt="ambiguous_place", place=place, who=who, words=words, label=label or "SOS",
    )  # fmt: skip
    assert set(text) <= WRITTEN
    assert segments(text) == 1
    if name.startswith("alert"):
        assert "9034" in text
    if name != "blind_report":
        assert "482135" in text


@given(st.text())
def test_folding_leaves_nothing_strange_and_is_done_once(text: str) -> None:
    assert set(fold(text)) <= WRITTEN
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=400))
def test_a_text_has_at_least_one_segment(text: str) -> None:
    assert segments(text) >= 1
    assert segments(text + "a") >= segments(text)


@given(st.integers(0, 99_999))
def test_a_reference_agrees_with_itself(number: int) -> None:
    assert valid(make(number))
