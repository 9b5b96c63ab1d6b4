"""Promises of every read model to the projector, on random histories; a new model joins by being in ``MODELS``."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from encours import contracts
from encours.projection.read_model import ReadModel
from encours.testing.firm import Firm, eventful_firm, firms
from encours.testing.folding import Folding, at_once
from tests.architecture.model_versions import kept, present, unraised

MODELS: list[ReadModel] = [
    model
    for service in ("invoice", "dunning", "risk", "reporting")
    for model in import_module(f"{service}_svc.models").MODELS
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_read_model_applies_or_ignores_every_type(model: ReadModel) -> None:
    assert model.applies | model.ignores == contracts.types().keys()
    assert model.applies & model.ignores == frozenset()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@settings(max_examples=25, deadline=None)
@example(firm=eventful_firm(), ends=[], keep=0)
@given(firm=firms, ends=st.lists(st.integers(1, 150), max_size=12), keep=st.integers(0, 40))
def test_a_read_model_names_the_rows_that_it_asks_for_and_batches_change_nothing(
    model: ReadModel, firm: Firm, ends: list[int], keep: int
) -> None:
    """Followed live, event by event or in any batches, it has the rows that one sweep over all makes."""
    one_by_one, in_batches = Folding(model), Folding(model)
    swept = at_once(model, firm.events)
    assert one_by_one.fold_in(firm.events, range(len(firm.events))) == swept
    assert in_batches.fold_in(firm.events, ends, keep=keep) == swept
    assert one_by_one.parked == in_batches.parked == {}, "plausible events are applied"


def test_a_read_model_whose_rows_change_has_another_version() -> None:
    """Or workers would go on with rows that the code before made."""
    now, before = present(), kept()
    assert unraised(now, before) == [], "raise `version`"
    assert now == before, "python -m tests.architecture.model_versions"


def test_the_eventful_firm_leaves_no_contract_out() -> None:
    """Or a new event would not be seen by the test above."""
    assert {e.type for e in eventful_firm().events} == contracts.types().keys()
