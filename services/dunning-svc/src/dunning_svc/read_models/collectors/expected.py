"""Cash that may be expected in a period, by due dates, promises and payment plans: each amount of an invoice once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from dunning_svc.read_models.cases.fold.items import instalments_in
from dunning_svc.read_models.cases.rows.receivables import DebtPlanRow
from encours.contracts.instalments import InstalmentRange, divided

Sums = dict[tuple[str, str], int]
"""Amounts by customer and currency."""


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """A promise that nobody has judged. ``missing_minor``: what payments since then have not covered."""

    customer_id: str
    currency: str
    invoice_ids: Sequence[str]
    promised_on: date
    position: int
    missing_minor: int


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """A payment plan in force."""

    customer_id: str
    currency: str
    invoice_ids: Sequence[str]
    instalments: Sequence[InstalmentRange]

    @classmethod
    def of(cls, row: DebtPlanRow) -> StandingPlan:
        """Return the plan of a row."""
        return cls(row.customer_id, row.currency, row.invoice_ids, instalments_in(row.instalments))


class AmountLeft(NamedTuple):
    """Amounts of an open invoice."""

    invoice_id: str
    customer_id: str
    currency: str
    due_on: date
    open_minor: int
    disputed_minor: int
    in_hand_minor: int
    planned_minor: int


def expected_cash(
    promised: Iterable[OpenPromise],
    planned: Iterable[StandingPlan],
    items: Iterable[AmountLeft],
    first: date,
    last: date,
) -> Sums:
    """Return what is expected from ``first`` to ``last``.

    That is what is still missing of promises and of instalments of plans, and what comes due of invoices without a
    promise, undisputed, without an instrument in hand and not on a plan. Each amount of an invoice counts once: for the
    earliest promise, then for its plan. What is left of a plan is of its last instalments.
    """
    found: Counter[tuple[str, str]] = Counter()
    left = {each.invoice_id: each for each in items}
    remaining = {name: max(each.open_minor, 0) for name, each in left.items()}
    named: set[str] = set()
    for promise in sorted(promised, key=lambda each: (each.promised_on, each.position)):
        missing = max(promise.missing_minor, 0)
        named.update(promise.invoice_ids)
        for name in promise.invoice_ids:
            part = min(missing, remaining.get(name, 0))
            missing -= part
            remaining[name] = remaining.get(name, 0) - part
            if first <= promise.promised_on <= last:
                found[promise.customer_id, promise.currency] += part
    for plan in planned:
        open_minor = sum(
            min(left[name].planned_minor, remaining[name]) for name in plan.invoice_ids if name in left
        )
        total = plan.instalments[-1].upto_minor
        parts = divided(plan.instalments, total - open_minor, total)
        for instalment, part in zip(plan.instalments, parts, strict=True):
            if first <= instalment.due_on <= last:
                found[plan.customer_id, plan.currency] += part
    for item in left.values():
        if first <= item.due_on <= last and item.invoice_id not in named:
            rest = item.open_minor - item.disputed_minor - item.in_hand_minor - item.planned_minor
            found[item.customer_id, item.currency] += max(rest, 0)
    return {key: minor for key, minor in found.items() if minor}
