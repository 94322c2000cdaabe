"""What the documents say is there: settings, commands, tests, files, headings."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import gateway
from gateway.cli import vigie
from gateway.settings import Settings

ROOT = Path(gateway.__file__).parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# What an operator reads, and what whoever changes Vigie reads.
MANUALS = ("README.md", *(f"docs/{file.name}" for file in sorted((ROOT / "docs").glob("*.md"))))
DOCUMENTS = (*MANUALS, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")

_NAMED_TEST = re.compile(r"(tests/[\w/]+\.py)::([\w:]+)")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def settings() -> list[str]:
    return [f"VIGIE_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("name", settings())
def test_every_setting_has_a_row_with_its_default(name: str) -> None:
    (row,) = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{name}` |")]
    default = Settings.model_fields[name.removeprefix("VIGIE_").lower()].default
    written = (
        "./var" if isinstance(default, Path) else str(default).lower() if default is False else str(default)
    )
    assert row.endswith("| empty |" if default in ("", ()) else f"| `{written}` |")


def test_no_setting_is_described_that_does_not_exist() -> None:
    written = {
        name for manual in MANUALS for name in re.findall(r"VIGIE_[A-Z_]*[A-Z]", (ROOT / manual).read_text())
    }
    assert written - {*settings()} == set()


def commands(group: click.Group, words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something by itself, with its subcommands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{words} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")


@cache
def all_commands() -> dict[str, click.Command]:
    return dict(commands(vigie, "vigie"))


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    rows = re.findall(r"^\| `(vigie[a-z ]*)` \|", REFERENCE, re.MULTILINE)
    assert sorted(rows) == sorted(all_commands())


def test_every_command_that_is_written_can_be_called() -> None:
    written = {
        match
        for document in DOCUMENTS
        for match in re.findall(r"(?:^|`)vigie (\w+)", (ROOT / document).read_text(), re.MULTILINE)
    }
    assert written - {words.split()[1] for words in all_commands()} == {"COMMAND"}


def test_every_option_that_is_written_is_one() -> None:
    lines = [
        line
        for manual in MANUALS
        for line in re.findall(r"(?:^|`)(vigie [a-z].*?)(?:`|$)", (ROOT / manual).read_text(), re.MULTILINE)
    ]
    assert len(lines) > len(all_commands())
    for line in lines:
        words = line.partition("#")[0].split()
        name = " ".join(words[:3]) if " ".join(words[:3]) in all_commands() else " ".join(words[:2])
        known = {option for parameter in all_commands()[name].params for option in parameter.opts}
        used = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert used - known - {"--help"} == set(), line


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("file", sorted({file for file, _ in _NAMED_TEST.findall(ARCHITECTURE)}))
def test_every_test_that_is_named_exists(file: str) -> None:
    named = {
        part
        for other, name in _NAMED_TEST.findall(ARCHITECTURE)
        if other == file
        for part in name.split("::")
    }
    assert named - names_in(file) == set()


@pytest.mark.parametrize("number", range(1, 10))
def test_every_promise_names_a_test_that_proves_it(number: int) -> None:
    promises = ARCHITECTURE.partition("## The nine promises")[2].partition("\n## ")[0]
    text = promises.partition(f"\n### {number}. ")[2].partition("\n### ")[0]
    assert _NAMED_TEST.search(text)


def slugs(document: str) -> set[str]:
    """The anchors that a heading gets."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> list[tuple[str, str, str, str]]:
    return [
        (document, *link)
        for document in DOCUMENTS
        for link in _LINK.findall(_FENCE.sub("", (ROOT / document).read_text(encoding="utf-8")))
    ]


def test_every_internal_link_leads_somewhere() -> None:
    lost = []
    for document, _, _, target in links():
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / document).parent / file if file else ROOT / document
        if not path.exists() or (anchor and anchor not in slugs(path.read_text(encoding="utf-8"))):
            lost.append((document, target))
    assert lost == []


def test_the_readme_leads_to_every_manual() -> None:
    linked = {target.partition("#")[0] for document, _, _, target in links() if document == "README.md"}
    assert {*MANUALS} - linked == {"README.md"}


def test_every_picture_is_told_in_words_too() -> None:
    pictures = [words for _, picture, words, _ in links() if picture]
    assert pictures
    assert all(len(words) > 80 for words in pictures)
