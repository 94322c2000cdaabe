"""What a stranger sees first: the help, and tables in which there is nothing yet."""

import click
import pytest

from gateway.cli import vigie
from gateway.services import Services
from tests.commands.conftest import Run

FAMILIES = [
    (name,)
    for name in vigie.list_commands(click.Context(vigie))
    if isinstance(vigie.get_command(click.Context(vigie), name), click.Group)
]


@pytest.mark.parametrize("words", [(), *FAMILIES])
def test_no_sentence_is_cut(run: Run, words: tuple[str, ...]) -> None:
    listed = run(*words, "--help", COLUMNS="80").out.partition("Commands:\n")[2]
    assert listed
    assert "..." not in listed
    assert all(len(line) <= 80 for line in listed.splitlines())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("channels",), "There is no channel yet: `vigie channels add KIND NAME` sets one up."),
        (
            ("lines",),
            "There is no line yet: `vigie lines add NUMBER --profile agents --channel NAME` sets one up.",
        ),
        (("people",), "Nobody is entered yet: `vigie reporters import` and `vigie officers add` do it."),
        (("reports", "list"), "There is no such report."),
        (("audit",), "No decision is on record yet."),
    ],
)
def test_where_there_is_nothing_a_sentence_says_so(
    run: Run, services: Services, words: tuple[str, ...], sentence: str
) -> None:
    assert run(*words).out.splitlines()[0] == sentence
