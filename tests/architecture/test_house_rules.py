"""Rules of the house that no linter knows, read from the files as they are."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, nodes

SERVICES = ("invoice_svc", "dunning_svc", "risk_svc", "reporting_svc")
LONGEST_SOURCE, LONGEST_TEST = 400, 450
MOST_FILES_IN_ROOM, MOST_LINES_IN_ROOM = 25, 3_500
# The rooms of a service that hold rules. Nothing in them may do I/O.
DOMAIN_ROOMS = frozenset({"domain", "measures"})
IO_MODULES = frozenset(
    {
        *(
            "aiosmtplib",
            "asyncio",
            "asyncpg",
            "fastapi",
            "httpx",
            "logging",
            "nats",
            "os",
            "random",
            "secrets",
        ),
        *("smtplib", "socket", "starlette", "structlog", "subprocess", "threading", "time", "uvicorn"),
    }
)
OUTER_ROOMS = (
    *("encours.postgres", "encours.ledger", "encours.replay", "encours.transport", "encours.projection"),
    *("encours.reading", "encours.http", "encours.service", "encours.embedded", "encours.cli"),
)
# Value types and the fold, without a connection.
PURE_MODULES = ("encours.ledger.states", "encours.ledger.model")
CLOCK_CALLS = re.compile(
    r"\b(datetime\.(now|utcnow)|date\.today|time\.time|uuid4|uuid7|new_id|random\.\w+)\("
)


def _tracked() -> list[Path]:
    """Files that are, or will be, in the repository."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _python() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".py"]


def _domain_files() -> Iterator[tuple[str, Path]]:
    for service in SERVICES:
        home = ROOT / "services" / f"{service.removesuffix('_svc')}-svc" / "src" / service
        for path in sorted(home.rglob("*.py")):
            room = path.relative_to(home).parts[0].removesuffix(".py")
            if room in DOMAIN_ROOMS:
                yield f"{service}/{path.relative_to(home)}", path


def _imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def test_domain_rooms_do_no_io() -> None:
    found = [
        f"{name}:{line} imports {module}"
        for name, path in _domain_files()
        for module, line in _imported(path)
        if module.partition(".")[0] in IO_MODULES
        or (module.startswith(OUTER_ROOMS) and module not in PURE_MODULES)
    ]
    assert found == []


def test_domain_rooms_read_no_clock_and_roll_no_dice() -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, path in _domain_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CLOCK_CALLS.search(line)
    ]
    assert found == []


def _length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    longest = {
        path: LONGEST_SOURCE if "src" in path.relative_to(ROOT).parts else LONGEST_TEST for path in _python()
    }
    assert {str(path.relative_to(ROOT)) for path, bound in longest.items() if _length(path) > bound} == set()


def test_no_room_is_a_drawer() -> None:
    rooms: dict[Path, list[int]] = {}
    for path in _python():
        if "src" in path.relative_to(ROOT).parts:
            rooms.setdefault(path.parent.relative_to(ROOT), []).append(_length(path))
    full = {
        str(room)
        for room, files in rooms.items()
        if len(files) > MOST_FILES_IN_ROOM or sum(files) > MOST_LINES_IN_ROOM
    }
    assert full == set()


def _docstrings(path: Path) -> Iterator[str]:
    """Of modules, classes and functions, and the strings that stand below fields."""
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield text.strip()


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    """Not with a question that the reader has to answer (style.md, English), nor in the middle of a sentence."""
    other = re.compile(
        r"(What|Whether|Where|When|Why|Which|Whose|How|Who|If|Is|It|That|As|From|Nothing|Return if)\s"
    )
    found = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path in _python()
        if "src" in path.relative_to(ROOT).parts
        for text in _docstrings(path)
        if other.match(text)
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    words = re.compile(
        r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b|NotImplemented" + r"Error|mark\.sk" + r"ip\b"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        "|".join((r"py" + r"pi\.org", r"python" + r"hosted", r"npm" + r"js\.", r"deb" + r"ian\.org"))
    )
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if hosts.search(text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_locks_are_hashed_and_carry_no_address() -> None:
    locks = [
        ROOT / "requirements.lock",
        ROOT / "requirements-bootstrap.lock",
        ROOT / "deploy/requirements-service.lock",
        ROOT / "deploy/requirements-models.lock",
    ]
    for lock in locks:
        text = lock.read_text()
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries), lock.name
        assert "://" not in text
    assert not (ROOT / "uv.lock").exists()


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE).group(1).split())  # type: ignore[union-attr]
    explained = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    assert phony == explained
    help_text = subprocess.run(("make", "help"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in help_text.splitlines()} == phony


@pytest.mark.parametrize(
    "folder", ["shared", *(f"services/{name.removesuffix('_svc')}-svc" for name in SERVICES)]
)
def test_every_distribution_has_its_rooms(folder: str) -> None:
    home = ROOT / folder
    assert all((home / name).is_file() for name in ("pyproject.toml", "README.md", "Dockerfile"))
    assert list(home.glob("src/*/py.typed"))
