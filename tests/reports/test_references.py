import pytest

from gateway.reports.references import make, valid


def test_the_fifth_digit_and_the_check_digit() -> None:
    assert make(48213) == make("48213") == "482135"
    assert make(7) == "000075"[:5] + make(7)[5]


@pytest.mark.parametrize("reference", ["482135", "318770", "642050", "104575", "177487"])
def test_references_that_agree(reference: str) -> None:
    assert valid(reference)


@pytest.mark.parametrize("text", ["318771", "48213", "4821355", "", "48213a", "４８２１３５"])
def test_texts_that_are_no_references(text: str) -> None:
    assert not valid(text)


@pytest.mark.parametrize("number", [0, 12345, 48213, 99999])
def test_no_single_slip_gives_another_reference(number: int) -> None:
    right = make(number)
    for place in range(6):
        for digit in "0123456789":
            slip = right[:place] + digit + right[place + 1 :]
            assert valid(slip) == (slip == right)
    for place in range(5):
        swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
        assert valid(swapped) == (swapped == right)


def test_more_than_five_digits_are_refused() -> None:
    with pytest.raises(ValueError, match="five digits"):
        make(123456)
