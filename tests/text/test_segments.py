import pytest

from gateway.text.segments import segments, septets


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_a_text_costs_so_many_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_a_letter_of_two_units_is_never_split() -> None:
    assert segments("a" * 152 + "€" + "a" * 152) == 3  # 306 septets, but the euro sign does not fit the first
    assert segments("ê" * 66 + "😀" + "ê" * 66) == 3


def test_letters_of_the_extension_cost_two() -> None:
    assert septets("[a]") == 5
