"""Of FastAPI and Starlette only what their documentation names is used: the rest may change with any release."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import modules, nodes

FRAMEWORKS = ("fastapi", "starlette")
DOCUMENTED = frozenset(
    {
        "fastapi",
        "fastapi.exceptions",
        "fastapi.openapi.utils",
        "fastapi.routing",
        "starlette.datastructures",
        "starlette.exceptions",
        "starlette.requests",
        "starlette.responses",
        "starlette.routing",
        "starlette.types",
    }
)


def _imported(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Modules of the frameworks that a file imports, with the names that it takes from them."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found = [(alias.name, [""]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [(node.module, [alias.name for alias in node.names])]
        else:
            continue
        yield from ((module, names) for module, names in found if module.split(".")[0] in FRAMEWORKS)


def test_only_documented_modules_and_public_names_are_imported() -> None:
    wrong = [
        f"{place}: {module} {name}"
        for place, path in modules()
        for module, names in _imported(path)
        for name in names
        if module not in DOCUMENTED or name.startswith("_")
    ]
    assert wrong == []


def test_no_private_attribute_of_a_framework_is_read() -> None:
    """A file that imports a framework reads private attributes of its own objects alone."""
    wrong = [
        f"{place}:{node.lineno} {ast.unparse(node)}"
        for place, path in modules()
        if any(_imported(path))
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert wrong == []
