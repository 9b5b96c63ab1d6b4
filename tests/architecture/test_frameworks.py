"""Of FastAPI and Starlette only what their documentation names is used: the rest may change with any release."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
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


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for home in (ROOT / "shared/src", *ROOT.glob("services/*/src")):
        for path in sorted(home.rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _modules(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Modules of the frameworks that a file imports, with the names that it takes from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [(alias.name, [""]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [(node.module, [alias.name for alias in node.names])]
        else:
            continue
        yield from ((module, names) for module, names in found if module.split(".")[0] in FRAMEWORKS)


def test_only_documented_modules_and_public_names_are_imported() -> None:
    wrong = [
        f"{path}: {module} {name}"
        for path, tree in _trees()
        for module, names in _modules(tree)
        for name in names
        if module not in DOCUMENTED or name.startswith("_")
    ]
    assert wrong == []


def test_no_private_attribute_of_a_framework_is_read() -> None:
    """A file that imports a framework reads private attributes of its own objects alone."""
    wrong = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, tree in _trees()
        if any(_modules(tree))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert wrong == []
