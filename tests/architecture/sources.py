"""Source files of the code base. Each is parsed once in a process: parsing them all takes seconds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOMES = (ROOT / "shared/src", *sorted(ROOT.glob("services/*/src")))


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the five distributions, with its path in its package: `dunning_svc/models.py`."""
    for home in HOMES:
        for path in sorted(home.rglob("*.py")):
            yield path.relative_to(home).as_posix(), path


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file. It is shared: read it, change nothing in it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of that tree: to walk it takes as long as to parse it."""
    return tuple(ast.walk(parsed(path)))
