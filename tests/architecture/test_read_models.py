"""No event is forgotten: a read model applies a type or knowingly ignores it."""

from __future__ import annotations

from importlib import import_module

import pytest

from encours import contracts
from encours.projection.read_model import ReadModel

MODELS: list[ReadModel] = [
    model
    for service in ("invoice", "dunning", "risk", "reporting")
    for model in import_module(f"{service}_svc.models").MODELS
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_read_model_applies_or_ignores_every_type(model: ReadModel) -> None:
    assert model.applies | model.ignores == contracts.types().keys()
    assert model.applies & model.ignores == frozenset()
