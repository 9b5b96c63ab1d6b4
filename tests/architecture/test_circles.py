"""No circle of imports: neither between modules, nor between rooms, nor between the folders of a room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import grimp
import pytest

PACKAGES = ("encours", "invoice_svc", "dunning_svc", "risk_svc", "reporting_svc")


@cache
def _graph() -> grimp.ImportGraph:
    """Imports of all packages, those for type checking included."""
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def circle_in(imported: Mapping[str, set[str]]) -> list[str]:
    """One circle, from a name to itself; nothing if there is none."""
    done: set[str] = set()
    for start in sorted(imported):
        path, todo = [start], [iter(sorted(imported[start]))]
        while todo:
            name = next(todo[-1], None)
            if name is None:
                todo.pop()
                done.add(path.pop())
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                todo.append(iter(sorted(imported.get(name, ()))))
    return []


def _imports(depth: int | None) -> dict[str, set[str]]:
    """Imports between modules, or between packages of this depth: 2 is a room, 3 a folder or module of a room.

    A package's own module stands for the package itself, so it is no part of what lies in it.
    """
    found: dict[str, set[str]] = {}
    for module in _graph().modules:
        own = _cut(module, depth)
        others = {_cut(name, depth) for name in _graph().find_modules_directly_imported_by(module)}
        found.setdefault(own, set()).update(others - {own})
    return found


def _cut(module: str, depth: int | None) -> str:
    parts = module.split(".")
    return module if depth is None else ".".join(parts[:depth])


@pytest.mark.parametrize("depth", [None, 2, 3], ids=["modules", "rooms", "folders"])
def test_there_is_no_circle(depth: int | None) -> None:
    assert circle_in(_imports(depth)) == []


def test_a_circle_is_found_wherever_it_begins() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}) == ["b", "c", "d", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
