"""The rules of the house that import-linter cannot see."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rq.utils import import_attribute

import gateway
from gateway import queueing
from workers import pool

ROOT = Path(gateway.__file__).parents[1]
PACKAGES = ("gateway", "workers", "templates_sms")

# Besides the service.py files, these begin transactions, each for a reason.
BEGINNERS = {
    "gateway/inbox/accept.py": "the group commit at the edge: one statement that is its own transaction",
    "gateway/alerts/handover.py": "notes who stands now and tells of it in one transaction",
    "gateway/alerts/ringing.py": "a key pressed and what is said to it are one look at the alert",
    "gateway/alerts/updates.py": "counts and tells of it in one transaction, or closes what is over",
    "gateway/digest/mailing.py": "sends between its transactions",
    "gateway/hotline/recordings.py": "asks a provider between its transactions",
    "gateway/watching/credit.py": "claims the hour, then writes down the answer",
    "gateway/inbox/gaps.py": "asks a provider between its transactions",
    "gateway/storage/schema.py": "migrations and the first keys, before there are services",
    "gateway/storage/rotation.py": "rewrites values of every subject, batch by batch",
    "gateway/commands/doctor.py": "looks, and each look is by itself",
    "gateway/commands/entering.py": "the one transaction of every command that enters something",
    "gateway/commands/keys.py": "begins and finishes a rotation",
    "gateway/commands/up.py": "makes the sample agency before anything runs",
    "workers/clock.py": "puts on record what was texted while the database was away",
}

# Written in parts, so that this file does not name them either.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io", "docker" + ".io")
DOWNLOAD = re.compile(
    r"--(?:extra-)?index-url[ =]\S|--find-links|https?://\S+\.(?:whl|tar\.gz|tgz|zip|deb|git)\b"
)
# How the lock is made without any address may be told.
_HOW_TO_LOCK = "--no-emit-index-url"
_NOT_OURS = {".git", ".venv", "var", "dist", "build", "__pycache__", ".hypothesis"}
_CACHE = re.compile(r"\..*_cache")


def python_files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def project_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_OURS or _CACHE.fullmatch(path.name) or path.is_symlink():
            continue
        if path.is_dir():
            yield from project_files(path)
        else:
            yield path


def test_every_module_begins_by_saying_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in python_files(*PACKAGES)
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def begins_transactions(path: Path) -> bool:
    """Whether it calls `something.begin()`, as engines and connections have it, or asks for AUTOCOMMIT."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return any(_begins(call) or _commits_by_itself(call) for call in calls)


def _begins(call: ast.Call) -> bool:
    named = isinstance(call.func, ast.Attribute) and call.func.attr in {"begin", "commit"}
    return named and not call.args and not call.keywords


def _commits_by_itself(call: ast.Call) -> bool:
    values = [keyword.value for keyword in call.keywords if keyword.arg == "isolation_level"]
    return any(isinstance(value, ast.Constant) and value.value == "AUTOCOMMIT" for value in values)


def test_only_services_begin_transactions() -> None:
    found = {name_of(path) for path in python_files(*PACKAGES) if begins_transactions(path)}
    others = {name for name in found if not name.endswith("/service.py")}
    assert others - BEGINNERS.keys() == set(), "leave it to a service, or give the reason in BEGINNERS"
    assert BEGINNERS.keys() - others == set(), "these need no exception any more"


JOBS = {name: path for name, path in vars(queueing).items() if name.endswith("_JOB")}


@pytest.mark.parametrize("path", JOBS.values(), ids=JOBS.keys())
def test_every_job_is_there(path: str) -> None:
    """RQ takes any path at all, and finds out when the job is due."""
    assert callable(import_attribute(path))


def test_every_queue_has_a_worker() -> None:
    names = {value for name, value in vars(queueing).items() if name.isupper() and name[0] != "_"}
    assert {queue for queues in pool.QUEUES.values() for queue in queues} == names - set(JOBS.values())


def contract_on_rules() -> set[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (rules,) = [contract for contract in contracts if contract["name"].startswith("Rules are pure")]
    return set(rules["source_modules"])


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_whatever_calls_itself_a_rule_is_held_to_be_pure() -> None:
    """And so is all of reading, placing and wording but the tables."""
    pure = contract_on_rules()
    called = {
        module_of(path)
        for path in python_files("gateway")
        if re.search(r"\bA rule\b|\bRules\b", ast.get_docstring(ast.parse(path.read_text())) or "")
    }
    by_place = {
        module_of(path)
        for package in ("gateway/reports", "gateway/places")
        for path in python_files(package)
        if path.name not in {"__init__.py", "records.py", "service.py"}
    }
    assert (called | by_place) - pure == set()


def test_no_file_names_a_registry_or_a_download() -> None:
    """Where packages come from is the user's choice."""
    naming = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path == Path(__file__):
            continue
        text = text.replace(_HOW_TO_LOCK, "")
        if any(registry in text for registry in REGISTRIES) or DOWNLOAD.search(text):
            naming.append(name_of(path))
    assert naming == []


def test_sizes_are_shown_for_a_talk_and_not_judged() -> None:
    """`pytest -s` shows the longest modules: over 300 lines is worth a thought."""
    lines = {name_of(path): len(path.read_text().splitlines()) for path in python_files(*PACKAGES)}
    for name, count in sorted(lines.items(), key=lambda item: -item[1])[:10]:
        print(f"{count:5} {name}")  # noqa: T201
    assert lines
