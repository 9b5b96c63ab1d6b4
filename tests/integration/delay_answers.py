"""Delays from the states of debts are those of debts settled one by one, which ``test_measures_replay`` counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from encours.reading.moment import View
from reporting_svc.domain.forecast.debts import PaidDebts
from reporting_svc.domain.measures.delays import DelayFigures, DueOutcome
from reporting_svc.domain.measures.states import DebtStates
from reporting_svc.read_models.anomalies.query import delayed_debts
from reporting_svc.read_models.delays.figures import DelayGroup, delay_figures, fallen_outcomes, outcomes_of
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.forecast.history import paid_debts
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration.receivable_histories import CUSTOMERS
from tests.integration.store import Store

DELAY_GROUPS: tuple[DelayGroup, ...] = ("month", "customer", "entity", "segment", "salesperson", "collector")
_EQUAL = (
    "customers", "earlier", "parts_minor", "not_due_minor", "penalties_minor", "conceded_minor",
    "given_up_minor", "spare_cash_minor",
)  # fmt: skip


def number_of(states: DebtStates) -> int:
    """Number of debts that have a state."""
    return int(states.times[states.is_debt].sum())


def check_delays_by_group(
    store: Store, view: View, asked: Scope, period: timedelta, group: Callable[[str, str], str | None]
) -> None:
    """Compare each figure of a period, for each kind of group, and each debt; ``group`` names that of a customer."""
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
    _check_debts(store, view, asked, period)


def _check_debts(store: Store, view: View, scope: Scope, back: timedelta) -> None:
    """Debts and their funds, which anomalies, reminders, reports and forecasts have from states, are those settled one
    by one.
    """
    on, first = view.time.as_of, view.time.as_of - back
    covered = store.run(covered_debts(view, scope))
    expected = sorted(covered.outcomes, key=repr)
    asked = sorted(store.run(outcomes_of(view, scope, lambda _: "true")), key=repr)
    assert asked == sorted([*covered.outcomes, *covered.penalties], key=repr)
    fallen, outstanding_minor = store.run(fallen_outcomes(view, scope, first))
    assert sorted(fallen, key=repr) == [each for each in expected if first <= each.due_on <= on]
    assert outstanding_minor == covered.outstanding_minor
    _check_history(store.run(paid_debts(view, scope, {CUSTOMERS[0]: "A"})), expected)
    _check_delayed(store, view, scope, first, expected)


def _check_history(history: PaidDebts, expected: Sequence[DueOutcome]) -> None:
    ends = [0, *history.fund_ends.tolist()]
    funds = list(zip(history.fund_day.tolist(), history.fund_minor.tolist(), strict=True))
    days = (history.issued.tolist(), history.due.tolist(), history.owed.tolist())
    names = [
        (history.debtors[debtor], history.segments[segment])
        for debtor, segment in zip(history.debtor, history.segment, strict=True)
    ]
    found = [
        (*name, *each, tuple(funds[begin:end]))
        for name, *each, begin, end in zip(names, *days, ends[:-1], ends[1:], strict=True)
    ]
    assert sorted(found) == sorted(
        (
            each.customer_id, "A" if each.customer_id == CUSTOMERS[0] else "", each.issued_on.toordinal(),
            each.due_on.toordinal(), each.owed_minor,
            tuple((part.available_on.toordinal(), part.amount_minor) for part in each.funds),
        )
        for each in expected
    )  # fmt: skip
    assert (np.diff(history.debtor) >= 0).all()


def _check_delayed(
    store: Store, view: View, scope: Scope, first: date, expected: Sequence[DueOutcome]
) -> None:
    """Debts of a time are there, each with its invoice."""
    on = view.time.as_of
    debts = store.run(delayed_debts(view, scope, first))
    columns = (debts.debtor.tolist(), debts.settled.tolist(), debts.days.tolist(), debts.uncovered.tolist())
    assert sorted(
        (debts.debtors[debtor], debts.id_of(place), settled, days, uncovered)
        for place, (debtor, settled, days, uncovered) in enumerate(zip(*columns, strict=True))
        if settled == 0 or settled >= first.toordinal()
    ) == sorted(
        (
            each.customer_id, each.invoice_id, each.settled_on.toordinal() if each.settled_on else 0,
            each.days_so_far(on), each.uncovered_minor,
        )
        for each in expected
        if each.settled_on is None or each.settled_on >= first
    )  # fmt: skip
    assert len(set(debts.debtors)) == len(debts.debtors)
