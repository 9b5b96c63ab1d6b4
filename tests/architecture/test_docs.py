"""Pages for people name files that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = ROOT / "CHANGELOG.md"
SLICE = ROOT / "docs" / "slice.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`([\w.-]+/[\w./-]+\.(?:py|json|md|sql|toml))(?:::(\w+))?`")
"""A file with its folder, in code font, and a test in it after two colons."""
SHORT = {
    "invoice_svc/": "services/invoice-svc/src/",
    "dunning_svc/": "services/dunning-svc/src/",
    "risk_svc/": "services/risk-svc/src/",
    "reporting_svc/": "services/reporting-svc/src/",
    "encours/": "shared/src/",
}
"""Packages, and where they stand: the page names a file as an import would."""


def _pages() -> list[Path]:
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def _place(name: str) -> Path:
    home = next((home for package, home in SHORT.items() if name.startswith(package)), "")
    return ROOT / home / name


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    files = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#|/", target)]
    assert [target for target in files if not (page.parent / target).exists()] == []


def test_every_file_and_test_that_the_page_on_slices_names_exists() -> None:
    named = NAMED_FILE.findall(SLICE.read_text(encoding="utf-8"))
    missing = {
        f"{name}::{test}" if test else name
        for name, test in named
        if not _place(name).is_file()
        or (test and f"def {test}(" not in _place(name).read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert missing == set()


def test_each_entry_of_the_changelog_is_a_whole_sentence_and_stands_once() -> None:
    """Two branches that add entries in one place may merge into a half of one, or one twice."""
    entries = [
        " ".join(entry.split())
        for entry in re.split(r"^- |^#.*$", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert len(entries) > 100
    assert [entry for entry in entries if entry and not re.search(r"[.)`]$", entry)] == []
    begins = [entry.partition(". ")[0] for entry in entries if entry]
    assert [begin for n, begin in enumerate(begins) if begin in begins[:n]] == []
