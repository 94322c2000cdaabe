"""What an operator may get wrong: one plain sentence, exit status 2."""

from pathlib import Path

import pytest

from gateway.services import Services
from tests.commands.conftest import Ran, Run


def refused(ran: Ran) -> str:
    """The sentence."""
    assert (ran.status, ran.err.count("\n")) == (2, 1), ran
    assert "unexpected" not in ran.err
    return ran.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"text": "\xe9"}', "is not UTF-8"),
        (b"[" * 3000, "Line 1 is no JSON object"),
        (b"", "holds no texts"),
        (b"\n \n", "holds no texts"),
        (b'{"text": "a"}\n{"text": "a", "line": "x"}', "Line 2: its line is agents or hotline"),
        (b'{"text": "a", "line": ["x"]}', "Line 1: its line is agents or hotline"),
        (b'{"text": "a", "from": 5}', "Line 1: its from is no string"),
    ],
)
def test_replay(run: Run, agency: Services, tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "recorded.jsonl"
    file.write_bytes(content)
    assert sentence in refused(run("replay", str(file), "--url", "http://127.0.0.1:9"))


@pytest.mark.parametrize(
    "words", [("channels", "add"), ("lines", "add", "+22780000001"), ("hotline", "mark", "C-0000")]
)
def test_a_choice_that_is_missing(run: Run, words: tuple[str, ...]) -> None:
    assert "Choose from: " in refused(run(*words))


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b[2J", "\x85"])
@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_control_characters_in_a_table(
    run: Run, services: Services, tmp_path: Path, sign: str, options: tuple[str, ...]
) -> None:
    file = tmp_path / "agents.csv"
    head = "number,name,organisation\n"
    file.write_text(head + f"+22790000701,A{sign}b,\n+22790000702,A,Po{sign}lice\n+22790000703,Na\u00a0me,\n")
    ran = run("reporters", "import", str(file), *options)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "Line 2: the name holds a control character.",
        "Line 3: the organisation holds a control character.",
        "vigie: 2 lines are faulty; nothing was imported.",
    ]


@pytest.mark.parametrize("name", ["", "  ", "A\0b", "A\nb", "A\udcffb", "a" * 81])
def test_the_name_of_an_officer(run: Run, services: Services, name: str) -> None:
    assert refused(run("officers", "add", "+22790000701", name)).startswith("vigie: NAME ")


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_URL", "postgresql://h:x/d"), ("REDIS_URL", "foo"), ("LOG_LEVEL", "x")]
)
@pytest.mark.parametrize("command", ["people", "migrate", "up"])
def test_settings(run: Run, name: str, value: str, command: str) -> None:
    assert f"VIGIE_{name}: " in refused(run(command, **{f"VIGIE_{name}": value}))


@pytest.mark.parametrize("url", ["http://[", "http://host:x", "host:8080", "http://", "http://a b/"])
def test_the_address_to_text(run: Run, agency: Services, url: str) -> None:
    assert "--url" in refused(run("send", "--from", "+22790000101", "RAS", "--url", url))


@pytest.mark.parametrize(
    "words",
    [
        *(("up", "--port", port) for port in ("99999", "0")),
        *(("up", "--demo", option, "0") for option in ("--workers", "--pace")),
        ("web", "--port", "99999"),
        ("worker", "-n", "0"),
    ],
)
def test_figures_out_of_range(run: Run, words: tuple[str, ...]) -> None:
    assert "not in the range" in refused(run(*words))


@pytest.mark.parametrize("name", ["", "a\0b", "\udcff", "\x1b[2J"])
def test_the_name_of_a_channel_or_phone(run: Run, agency: Services, name: str) -> None:
    for words in (
        ("add", "http", name, "--secret", "secret=x", "--secret", "send_url="),
        ("remove", name),
        ("rate", name, "1"),
        ("gaps", name),
        ("forget", name, "x"),
        ("forget", "simulator", name),
    ):
        refused(run("channels", *words))


@pytest.mark.parametrize("sign", ["\0", "\x07", "\udcff"])
def test_control_characters_in_a_secret(run: Run, agency: Services, sign: str) -> None:
    given = f"secret=se{sign}cret"
    words = ("channels", "add", "http", "web")
    assert "secret holds a control character" in refused(
        run(*words, "--secret", given, "--secret", "send_url=")
    )
    if sign != "\udcff":
        assert "secret holds a control character" in refused(run(*words, "--stdin", typed=given))
