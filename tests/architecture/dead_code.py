"""`make lint`: code that nothing reaches, as vulture finds it (`[tool.vulture]` in pyproject.toml).

Fields of structs and models are left out: serializers and tables read them by name.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FINDING = re.compile(r"\S+:\d+: unused (?P<kind>\w+) '(?P<name>\w+)'")


def fields(homes: list[Path]) -> Iterator[str]:
    """Return the names of annotated class attributes."""
    for home in homes:
        for path in home.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    for each in node.body:
                        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                            yield each.target.id


def main() -> int:
    """Print the findings. Exit code 1 when there are any."""
    vulture = Path(sys.executable).with_name("vulture")
    said = subprocess.run((vulture,), cwd=ROOT, capture_output=True, text=True, check=False)
    known = set(fields([ROOT / "shared", *ROOT.glob("services/*/src"), ROOT / "tests"]))
    found = []
    for line in said.stdout.splitlines():
        match = FINDING.match(line)
        if match is None or match["kind"] not in ("variable", "attribute") or match["name"] not in known:
            found.append(line)
    print("\n".join(found) + said.stderr, end="\n" if found or said.stderr else "")
    return 1 if found or said.returncode not in (0, 3) else 0


if __name__ == "__main__":
    sys.exit(main())
