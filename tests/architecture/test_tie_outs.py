"""No report answers amounts without a tie-out, and nothing is shown as tied out that was not checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel, SecretStr

from encours.http.models import MoneyModel
from encours.service.settings import ServiceSettings
from reporting_svc.app import create_app
from reporting_svc.http.answers import TieOut
from tests.architecture.sources import modules, nodes

BESIDE = {
    "/v1/anomalies": "transactions, not balances",
    "/v1/cash-forecast/accuracy": "past forecasts beside what came; what they rest on is tied out",
    "/v1/collection-effectiveness/reminders": "what messages asked for and what came after them",
    "/v1/exports": "totals of files, whose reports are tied out as they are written",
    "/v1/exports/{id}": "the same of one file",
    "/v1/figures": "tied out when they were published",
    "/v1/figures/{figure_id}": "tied out when it was published",
    "/v1/figures/{figure_id}/restate": "tied out at each of its positions",
    "/v1/turnover-plans": "targets",
    "/v1/turnover-plans/{plan_id}": "targets",
}
"""Answers with amounts that add up to no balance."""
BANDS_ALONE = {
    "read_models/tie_out/query.py": "sums of the past are added up of the accounts' movements themselves, and those "
    "of some customers would read all movements of theirs; the rows that are shown agree one by one, and what a report "
    "adds up is compared beside",
}
"""Modules that check aged sums with nothing beside them."""


def fields_of(model: Any, seen: set[Any]) -> Iterator[Any]:
    """Iterate over the models that an answer is made of."""
    for each in get_args(model):
        yield from fields_of(each, seen)
    if isinstance(model, type) and issubclass(model, BaseModel) and model not in seen:
        seen.add(model)
        yield model
        for field in model.model_fields.values():
            yield from fields_of(field.annotation, seen)


def test_every_answer_with_amounts_has_a_tie_out() -> None:
    url = SecretStr("postgresql://none@127.0.0.1:1/none")
    settings = ServiceSettings(ledger_url=url, store_url=url, nats_url=SecretStr("nats://127.0.0.1:1"))
    without, amounts = set(), 0
    for route in create_app(settings).routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            models = set(fields_of(route.response_model, set()))
            amounts += MoneyModel in models
            if MoneyModel in models and not any(issubclass(model, TieOut) for model in models):
                without.add(route.path)
    assert without == set(BESIDE)
    assert amounts > len(without)


def test_sums_are_tied_by_the_check_alone_and_every_report_has_a_sum_of_its_own() -> None:
    made, alone = set(), set()
    for module, path in modules():
        service, _, name = module.partition("/")
        if service != "reporting_svc":
            continue
        for node in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "TiedFigures":
                made.add(name)
            last = node.args[-1] if called == "require_tied" and node.args else None
            if isinstance(last, ast.Constant) and last.value is None:
                alone.add(name)
    assert made == {"read_models/tie_out/query.py"}
    assert alone == set(BANDS_ALONE)
