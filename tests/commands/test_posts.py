"""`vigie posts`."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway.services import Services
from gateway.silence.records import PostRhythm
from gateway.storage.database import table_of
from tests.commands.conftest import Run

Decisions = Callable[[], list[tuple[str, str]]]
POST = table_of(PostRhythm)


@pytest.mark.usefixtures("agency")
def test_without_any_it_says_how_to_begin(run: Run) -> None:
    assert "vigie posts expect ASM" in run("posts").out


def test_a_post_is_expected_shown_and_expected_no_more(
    run: Run, agency: Services, decisions: Decisions
) -> None:
    ran = run("posts", "expect", "asm", "--every", "12h", "--grace", "2h")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("ASM is expected every 12h")
    with agency.engine.connect() as connection:
        row = connection.execute(sa.select(POST)).one()
    assert row.due_at - row.since == timedelta(hours=14)
    assert "ASM 12h 2h 2 – –" in " ".join(run("posts").out.split())
    assert run("posts", "expect", "ASM", "--off").out == "Nothing is expected of ASM any more.\n"
    assert "No post is expected" in run("posts").out
    actions = [action for action, _ in decisions()]
    assert actions[-2:] == ["post expected", "post no longer expected"]


def test_a_silent_post_is_shown_as_silent(run: Run, agency: Services) -> None:
    run("posts", "expect", "ASM", "--every", "12h")
    with agency.engine.begin() as connection:
        ago = sa.func.now() - timedelta(days=2)
        connection.execute(sa.update(POST).values(since=ago, told_at=sa.func.now()))
    assert run("posts").out.rstrip().endswith("silent")


@pytest.mark.usefixtures("agency")
def test_a_post_without_reporters_is_told(run: Run) -> None:
    assert "No active reporter serves at TAM" in run("posts", "expect", "TAM", "--every", "1d").out


@pytest.mark.usefixtures("agency")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("XYZ", "--every", "12h"), "none of the points"),
        (("ASM",), "Say --every 12h"),
        (("ASM", "--every", "soon"), "no length of time"),
        (("ASM", "--every", "1m"), "15 minutes at least"),
        (("ASM", "--every", "99d"), "60 days at most"),
        (("ASM", "--off"), "Nothing is expected of"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    ran = run("posts", "expect", *arguments)
    assert ran.status == 2
    assert sentence in ran.err
