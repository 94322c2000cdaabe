import pytest

from gateway.reports.reader import cheaply_urgent


@pytest.mark.parametrize(
    "text",
    ["SOS ASM", "sos", "SEQ DRK 4", "MED ASM F1", "SOSASM25", "urg svp", "au secours", "help us", "ku taimake ni",
     "RPZ ASM 4 !!", "3 corps", "ساعدوني", "je suis retenu", "il y a des morts"],
)  # fmt: skip
def test_a_life_may_be_at_stake(text: str) -> None:
    assert cheaply_urgent(text)


@pytest.mark.parametrize(
    "text", ["", "RPZ ASM 647", "RAS GAY", "KIT AGZ 200 OIM", "bjr chef", "consosmation", "VAB!DAO!VEH=2"]
)
def test_nothing_cries(text: str) -> None:
    assert not cheaply_urgent(text)
