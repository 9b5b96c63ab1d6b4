"""Delays from the states of debts are those of debts settled one by one, which ``test_measures_replay`` counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from encours.reading.moment import View
from reporting_svc.domain.measures.delays import DelayFigures
from reporting_svc.read_models.delays.figures import DelayGroup, delay_figures
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration.store import Store

DELAY_GROUPS: tuple[DelayGroup, ...] = ("month", "customer", "entity", "segment", "salesperson", "collector")
_EQUAL = (
    "customers", "earlier", "parts_minor", "not_due_minor", "penalties_minor", "conceded_minor",
    "given_up_minor", "spare_cash_minor",
)  # fmt: skip


def check_delays_by_group(
    store: Store, view: View, asked: Scope, period: timedelta, group: Callable[[str, str], str | None]
) -> None:
    """Compare each figure of a period, for each kind of group; ``group`` names that of a customer."""
    first = view.time.as_of - period
    covered = store.run(covered_debts(view, asked))
    for by in DELAY_GROUPS:
        scope = store.run(with_collectors(view, asked, by))
        found = store.run(delay_figures(view, scope, first, by))
        expected = DelayFigures(first, view.time.as_of)
        for each in covered.outcomes:
            expected.add(each, each.due_on.isoformat()[:7] if by == "month" else group(by, each.customer_id))
        expected.add_covered(replace(covered, outcomes=[]), lambda _: None)
        for name in _EQUAL:
            assert getattr(found, name) == getattr(expected, name), (by, name)
        assert (found.groups(), found.months()) == (expected.groups(), expected.months()), by
        if by != "month":
            shown = found.groups().keys() if by == "customer" else expected.group_months().keys()
            months = found.group_months()
            assert {group: months[group] for group in shown} == {
                group: of for group, of in expected.group_months().items() if group in shown
            }, by
