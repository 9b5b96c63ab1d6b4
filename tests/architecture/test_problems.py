"""Every code of a refusal or of a verdict on a line has its page: `/problems/<code>`."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from encours.http.catalogue import Catalogue
from encours.kernel.errors import declared_in
from encours.service.settings import ServiceSettings
from tests.architecture.sources import ROOT, nodes

SHARED_ROOMS = ("kernel", "ledger", "postgres", "transport", "projection", "reading", "service", "http")
SHARED = [ROOT / "shared/src/encours" / room for room in SHARED_ROOMS]
CODE = re.compile(r"[a-z]+(-[a-z]+)+")
# What takes a code as one of its arguments; `__init__` is that of an error by its subclass.
REFUSALS = frozenset(
    {
        "DomainError",
        "Conflict",
        "Invalid",
        "Fault",
        "LineVerdict",
        "_refuse",
        "_own",
        "_misplaced",
        "__init__",
    }
)


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _declared(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                yield code


def _codes(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.ClassDef):
            yield from _declared(node)
        if not isinstance(node, ast.Call):
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
        texts = [
            each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if _name(node) == "NotFound" and texts:
            yield f"{texts[0].replace(' ', '-')}-not-found"
        elif _name(node) in REFUSALS:
            yield from (text for text in texts if CODE.fullmatch(text))


@pytest.mark.parametrize("service", ["invoice_svc", "dunning_svc", "risk_svc", "reporting_svc"])
def test_titles_and_remedies_are_written_alike(service: str) -> None:
    importlib.import_module(f"{service}.app")
    for refusal in declared_in("encours", service):
        assert not refusal.title.endswith("."), refusal.code
        assert refusal.title[0].isupper() or refusal.title.startswith("`"), refusal.code
        assert refusal.remedy.endswith("."), refusal.code


@pytest.mark.parametrize("service", ["invoice", "dunning", "risk", "reporting"])
def test_every_code_that_a_service_answers_can_be_looked_up(service: str) -> None:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    app = importlib.import_module(f"{service}_svc.app").create_app(
        ServiceSettings(ledger_url=nowhere, store_url=nowhere)
    )
    catalogue: Catalogue = app.state.problems
    found = {
        code
        for home in (*SHARED, ROOT / f"services/{service}-svc/src")
        for path in home.rglob("*.py")
        for code in _codes(path)
    }
    assert {"stream-moved", "malformed-cursor", "unknown-parameter"} < found
    assert found - catalogue.kinds.keys() == set()
