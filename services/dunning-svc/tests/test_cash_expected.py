"""Cash that a collector may expect: each amount of an invoice once, against a count in single cents."""

from __future__ import annotations

import os
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from dunning_svc.read_models.cases.rows.receivables import DebtPlanRow
from dunning_svc.read_models.collectors.expected import AmountLeft, OpenPromise, StandingPlan, expected_cash
from dunning_svc.read_models.collectors.past_cash import cash_in
from encours.contracts.common import Instalment
from encours.contracts.events.invoice import InvoicePlanned, InvoiceUnplanned
from encours.contracts.events.money.plan import PlanAgreed, PlanBroken, PlannedInvoice, PlanRescheduled
from encours.contracts.instalments import ranges_of
from encours.kernel.ids import derived_id
from encours.testing.events import event
from tests.histories.dunning import CUS, History

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 30)
KEY = ("cus_1", "EUR")


def promise(day: int, missing: int, *invoices: str) -> OpenPromise:
    return OpenPromise(*KEY, invoices, FIRST + timedelta(days=day), day, missing)


def left_of(name: str, minor: int, planned: int = 0, due: int = 40, disputed: int = 0) -> AmountLeft:
    return AmountLeft(name, *KEY, FIRST + timedelta(days=due), minor, disputed, 0, planned)


def plan(amounts: list[tuple[int, int]], *invoices: str) -> StandingPlan:
    parts = [
        Instalment(due_on=FIRST + timedelta(days=day), amount_minor=minor) for day, minor in sorted(amounts)
    ]
    return StandingPlan(*KEY, invoices, ranges_of(parts))


@pytest.mark.parametrize(
    ("promised", "planned", "expected"),
    [
        ([promise(3, 80, "a")], [], 80),
        ([promise(3, 80, "a"), promise(9, 100, "a")], [], 100),
        ([promise(3, 150, "a", "b"), promise(9, 150, "b", "c")], [], 300),
        ([promise(3, 500, "a")], [], 100),
        ([promise(40, 80, "a"), promise(45, 100, "a")], [], 0),
        ([], [plan([(1, 30), (20, 30), (50, 40)], "a")], 60),
        ([promise(3, 100, "a")], [plan([(1, 30), (20, 30), (50, 40)], "a")], 100),
        ([], [plan([(-40, 60), (2, 60), (40, 80)], "a", "b")], 60),
    ],
)
def test_an_amount_counts_once_and_a_plan_by_its_dates(
    promised: list[OpenPromise], planned: list[StandingPlan], expected: int
) -> None:
    on_plan = {each for found in planned for each in found.invoice_ids}
    left = [left_of(name, 100, 100 if name in on_plan else 0) for name in ("a", "b", "c")]
    assert expected_cash(promised, planned, left, FIRST, LAST).get(KEY, 0) == expected


def counted(promised: list[OpenPromise], planned: list[StandingPlan], left: dict[str, AmountLeft]) -> int:
    """Count cent by cent: each belongs to the first promise that has room, then to the last instalments of its plan."""
    taken = dict.fromkeys(left, 0)
    found = 0
    for each in promised:
        room = each.missing_minor
        for name in each.invoice_ids:
            while room > 0 and taken[name] < left[name].open_minor:
                taken[name] += 1
                room -= 1
                found += FIRST <= each.promised_on <= LAST
    for each_plan in planned:
        days: list[date] = []
        for (day, upto), before in zip(
            each_plan.instalments, (0, *(end for _, end in each_plan.instalments)), strict=False
        ):
            days += [day] * (upto - before)
        cents = sum(
            min(left[name].planned_minor, left[name].open_minor - taken[name])
            for name in each_plan.invoice_ids
        )
        found += sum(FIRST <= day <= LAST for day in days[len(days) - cents :])
    named = {name for each in promised for name in each.invoice_ids}
    for name, item in left.items():
        if FIRST <= item.due_on <= LAST and name not in named:
            found += len(range(item.disputed_minor + item.planned_minor, item.open_minor))
    return found


def test_random_promises_and_plans_come_to_the_count() -> None:
    for seed in range(int(os.environ.get("DEEP") or 0) * 5_000 or 200):
        random = Random(seed)
        names = ["a", "b", "c", "d"]
        opened = {name: random.randrange(60) for name in names}
        on_plan = random.sample(names, random.randrange(3))
        left = {
            name: left_of(
                name, minor, minor if name in on_plan else 0, random.randrange(-5, 45), random.randrange(20)
            )
            for name, minor in opened.items()
        }
        promised = sorted(
            (
                promise(
                    random.randrange(-5, 45),
                    random.randrange(90),
                    *random.sample(names, random.randrange(1, 4)),
                )
                for _ in range(random.randrange(4))
            ),
            key=lambda each: each.promised_on,
        )
        total = sum(opened[name] for name in on_plan) + random.randrange(30)
        cut = random.randrange(total + 1)
        planned = (
            [plan([(random.randrange(-20, 50), cut), (50 + cut, total - cut)], *on_plan)] if on_plan else []
        )
        found = expected_cash(promised, planned, left.values(), FIRST, LAST).get(KEY, 0)
        assert found == counted(promised, planned, left), seed


def test_the_instalments_of_a_plan_are_those_that_were_agreed_last() -> None:
    history, key = History(), derived_id("pln", 1)
    history.issue(5, 10_000)
    (inv,) = history.open

    def parts(*amounts: int) -> tuple[Instalment, ...]:
        return tuple(
            Instalment(due_on=FIRST + timedelta(days=30 * n), amount_minor=minor)
            for n, minor in enumerate(amounts)
        )

    listed = (event(PlannedInvoice, invoice_id=inv, amount_minor=10_000),)
    agreed_ = event(
        PlanAgreed, plan_id=key, customer_id=CUS, invoices=listed, instalments=parts(4_000, 6_000)
    )
    history.add(agreed_, key)
    history.add(
        event(PlanRescheduled, plan_id=key, customer_id=CUS, instalments=parts(2_000, 3_000, 5_000)), key
    )
    (row,) = history.rows.all(DebtPlanRow)
    assert row.invoice_ids == [inv]
    assert row.instalments == ["2026-06-01 2000", "2026-07-01 5000", "2026-07-31 10000"]


def test_an_invoice_on_a_second_plan_is_expected_by_that_one_alone() -> None:
    history, broken, second = History(), derived_id("pln", 1), derived_id("pln", 2)
    history.issue(5, 10_000)
    (inv,) = history.open
    on_plan: dict[str, Any] = {"invoice_id": inv, "customer_id": CUS, "amount_minor": 10_000}

    def agreed(key: str, day: date) -> None:
        parts = (Instalment(due_on=day, amount_minor=10_000),)
        listed = (event(PlannedInvoice, invoice_id=inv, amount_minor=10_000),)
        history.add(event(PlanAgreed, plan_id=key, customer_id=CUS, invoices=listed, instalments=parts), key)
        history.add(event(InvoicePlanned, plan_id=key, **on_plan), inv)

    def expected() -> dict[tuple[str, str], int]:
        return cash_in(history.rows, FIRST, history.today).expected

    agreed(broken, FIRST)
    assert expected() == {(CUS, "EUR"): 10_000}
    history.add(event(PlanBroken, plan_id=broken, customer_id=CUS), broken)
    history.add(event(InvoiceUnplanned, plan_id=broken, **on_plan), inv)
    assert expected() == {}
    agreed(second, LAST)
    assert expected() == {(CUS, "EUR"): 10_000}
    history.promise(0, (FIRST - history.today).days)
    assert expected() == {(CUS, "EUR"): 10_000}
