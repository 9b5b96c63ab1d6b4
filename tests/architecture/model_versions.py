"""Versions of the read models, each with a digest of the code that makes its rows.

`python -m tests.architecture.model_versions` keeps them in ``model_versions.json``; a model whose code changed needs a
higher ``version``, or its name on the command line if the same events still give the same rows (`… timeline`).

The digest covers the model, its rows and parts, and every definition of the service and of ``encours.reading`` that
these name, directly or through others; of imports, comments, docstrings and lists of types nothing. The movements of
``encours.contracts.books`` are outside: a change there is one of published amounts.
"""

from __future__ import annotations

import ast
import copy
import json
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from encours.embedded.secrets import SERVICES
from encours.projection.parts import ComposedModel
from encours.projection.read_model import ReadModel
from tests.architecture.sources import HOMES, parsed

KEPT = Path(__file__).with_name("model_versions.json")
LISTS = {"version", "applies", "ignores"}
"""Attributes of a model that may change while its rows stay the same."""
Kept = dict[str, tuple[int, str]]
"""Version and digest by model."""


class Definition(NamedTuple):
    """Function, class or constant of a module."""

    module: str
    name: str


def present() -> Kept:
    """Return versions and digests of the code as it is."""
    return {
        model.name: (model.version, _digest(model, service))
        for service in SERVICES
        for model in import_module(f"{service}_svc.models").MODELS
    }


def kept() -> Kept:
    """Return versions and digests as they were kept."""
    return {name: (version, digest) for name, (version, digest) in json.loads(KEPT.read_text()).items()}


def unraised(now: Kept, before: Kept) -> list[str]:
    """Return the models whose code changed under one version."""
    return [
        name
        for name, (version, digest) in now.items()
        if name in before and version == before[name][0] and digest != before[name][1]
    ]


def _digest(model: ReadModel, service: str) -> str:
    scope = (f"{service}_svc.", "encours.reading.")
    parts = model.parts if isinstance(model, ComposedModel) else ()
    classes = {type(model), *model.rows, *map(type, parts)}
    todo = [Definition(each.__module__, each.__name__) for each in classes]
    reached: dict[Definition, str] = {}
    while todo:
        definition = todo.pop()
        if definition in reached or not definition.module.startswith(scope):
            continue
        node = _Plain().visit(copy.deepcopy(_top_level(definition.module)[0][definition.name]))
        reached[definition] = ast.dump(node)
        todo += [found for each in _names(node) if (found := _resolved(definition.module, *each))]
    return sha256("\n".join(sorted(reached.values())).encode()).hexdigest()[:16]


def _names(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Names that a definition uses, with the attribute of those that may be modules."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id, None
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            yield each.value.id, each.attr


def _resolved(module: str, name: str, attribute: str | None) -> Definition | None:
    """Return the definition that a name of a module stands for, through re-exports; None for any other name."""
    if _path(module) is None:
        return None
    defined, imported = _top_level(module)
    if name in defined:
        return Definition(module, name)
    if name not in imported:
        return None
    source = imported[name]
    if _path(f"{source.module}.{source.name}") is not None:
        return None if attribute is None else _resolved(f"{source.module}.{source.name}", attribute, None)
    return _resolved(source.module, source.name, None)


@cache
def _top_level(module: str) -> tuple[dict[str, ast.stmt], dict[str, Definition]]:
    """Return what a module defines, and what it imports."""
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, Definition] = {}
    path = _path(module)
    assert path is not None
    for each in parsed(path).body:
        match each:
            case ast.ImportFrom(module=str(source), names=names):
                imported |= {alias.asname or alias.name: Definition(source, alias.name) for alias in names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined[each.name] = each
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                defined[name] = each
    return defined, imported


@cache
def _path(module: str) -> Path | None:
    for home in HOMES:
        place = home.joinpath(*module.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path
    return None


class _Plain(ast.NodeTransformer):
    """Leaves out docstrings, and the version and types of a model."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        names = {each.id for each in node.targets if isinstance(each, ast.Name)}
        return None if names & LISTS else node


def main(same_rows: list[str]) -> int:
    """Keep the versions. Exit code 1 if a model needs a higher one."""
    now = present()
    refused = [name for name in unraised(now, kept() if KEPT.exists() else {}) if name not in same_rows]
    if refused:
        print(f"raise the version of {', '.join(refused)}, or name it here if the rows stay the same")
        return 1
    # One line each: two branches that raise one model conflict.
    lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(now.items())]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
