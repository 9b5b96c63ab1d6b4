"""The rules of payment plans: given a story, when payments come or do not, then kept, late or broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from encours.contracts.common import Instalment
from encours.contracts.settlement import Funds, settlements
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from encours.legal.interest import statement
from encours.legal.packs import law_of
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.loss.write_off import WriteOffInvoice
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.plan.commands import AgreePlan, BreakPlan, CancelPlan, ReschedulePlan, ResumePlan
from invoice_svc.domain.plan.standing import PlanStanding, share_of, standing
from invoice_svc.read_models.plans.query import may_change
from invoice_svc.use_cases.folds import INVOICE, PAYMENT, PLAN
from invoice_svc.use_cases.money import claims, payments, plans, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import disputes, invoices

AGREED = date(2026, 7, 10)


def day(number: int, month: int = 7) -> date:
    return date(2026, month, number)


def parts(*found: tuple[date, int]) -> tuple[Instalment, ...]:
    return tuple(Instalment(due_on=on, amount_minor=amount) for on, amount in found)


THIRDS = parts((day(31), 8_000), (day(31, 8), 8_000), (day(30, 9), 8_000))


def asked(**changes: Any) -> AgreePlan:
    values: dict[str, Any] = {
        "plan_id": "pln_1", "customer_id": "cus_1", "invoice_ids": ("inv_1", "inv_2"), "instalments": THIRDS,
        "currency": "EUR", "interest": "runs", "grace_days": 5,
    }  # fmt: skip
    return AgreePlan(**(values | changes))


async def no_cash(ledger: str, customer_id: str, currency: str) -> Sequence[Funds]:
    return ()


@pytest.fixture
def owing(make: Any, issued: Any) -> Any:
    """A firm with two invoices of 120.00 each, issued on 1 and 2 June, due on 1 and 2 July."""
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 2)))
    return issued


@pytest.fixture
def planned(owing: Any) -> Any:
    """... on a plan of three instalments of 80.00 since 10 July."""
    owing.do(plans.agree, asked(), today=AGREED)
    return owing


def pay(
    make: Any, books: Any, on: date, *shares: tuple[str, int], name: str = "pay_1", more: int = 0
) -> None:
    total = sum(amount for _, amount in shares) + more
    books.do(payments.receive, make.receipt(name, amount=total, on=on, allocations=tuple(shares)), today=on)


def judged(books: Any, on: date, cash: Any = no_cash) -> list[str]:
    before = len(books.ledger.events)
    books.do(plans.judge, "pln_1", on, cash, today=on)
    return [kind for kind in books.kinds(since=before) if kind.startswith("plan.")]


def found(books: Any, *cash: Funds) -> PlanStanding:
    plan = books.state(PLAN, "pln_1")
    shares = [share_of(books.state(INVOICE, each.invoice_id), "pln_1") for each in plan.invoices]
    return standing(plan, shares, cash)


def covered(books: Any, *cash: Funds) -> list[tuple[int, int]]:
    return [(each.amount_minor, each.covered_minor) for each in found(books, *cash).instalments]


def test_a_plan_is_over_all_that_is_open_and_each_invoice_shows_it(planned: Any) -> None:
    plan = planned.state(PLAN, "pln_1")
    assert (plan.total_minor, plan.status) == (24_000, "in_force")
    assert [(each.number, each.amount_minor) for each in plan.invoices] == [
        ("FAC-2026-000001", 12_000),
        ("FAC-2026-000002", 12_000),
    ]
    invoice = planned.state(INVOICE, "inv_1")
    assert (invoice.planned_minor, invoice.plan.plan_id) == (12_000, "pln_1")


def test_what_cannot_be_planned_is_refused(make: Any, owing: Any) -> None:
    with make.refused("instalments-differ"):
        owing.do(plans.agree, asked(instalments=parts((day(31), 23_999))), today=AGREED)
    with make.refused("currency-mismatch"):
        owing.do(plans.agree, asked(currency="USD"), today=AGREED)
    with make.refused("invalid-request"):
        owing.do(plans.agree, asked(instalments=parts((day(9), 24_000))), today=AGREED)
    with make.refused("invalid-request"):
        owing.do(plans.agree, asked(instalments=parts((day(31), 100), (day(31), 23_900))), today=AGREED)
    owing.do(customers.register, make.customer("cus_2"))
    with make.refused("invalid-request"):
        owing.do(plans.agree, asked(customer_id="cus_2"), today=AGREED)
    owing.do(entities.register, make.entity("ent_2"))
    owing.do(customers.register, make.customer("cus_3", "ent_2"))
    with make.refused("invalid-request"):
        owing.do(plans.agree, asked(customer_id="cus_3"), today=AGREED)
    owing.do(invoices.draft, make.draft("inv_3"))
    with make.refused("invoice-not-issued"):
        owing.do(plans.agree, asked(invoice_ids=("inv_3",)), today=AGREED)
    owing.do(claims.open_dispute, make.dispute(4_000))
    with make.refused("invoice-in-dispute"):
        owing.do(plans.agree, asked(), today=AGREED)
    pay(make, owing, day(8), ("inv_2", 12_000))
    with make.refused("nothing-outstanding"):
        owing.do(plans.agree, asked(invoice_ids=("inv_2",)), today=AGREED)


def test_an_invoice_is_on_one_plan_in_force_at_a_time_and_is_not_corrected_meanwhile(
    make: Any, planned: Any
) -> None:
    with make.refused("invoice-on-plan"):
        planned.do(plans.agree, asked(plan_id="pln_2"), today=AGREED)
    planned.do(plans.cancel, CancelPlan("pln_1", "Agreed by mistake"), today=AGREED)
    planned.do(plans.agree, asked(plan_id="pln_2"), today=AGREED)
    assert planned.state(INVOICE, "inv_1").plan.plan_id == "pln_2"
    with make.refused("plan-not-in-force"):
        planned.do(plans.cancel, CancelPlan("pln_1", "Again"), today=AGREED)


def test_payments_settle_the_instalments_in_order_whichever_invoice_they_are_on(
    make: Any, planned: Any
) -> None:
    pay(make, planned, day(20), ("inv_2", 10_000))
    assert covered(planned) == [(8_000, 8_000), (8_000, 2_000), (8_000, 0)]
    assert [each.covered_on for each in found(planned).instalments] == [day(20), None, None]
    assert judged(planned, day(6, 8)) == []
    assert judged(planned, day(6, 9)) == ["plan.broken"]
    broken = planned.state(PLAN, "pln_1").end
    assert (broken.missed.due_on, broken.missing_minor, broken.on) == (day(31, 8), 6_000, day(6, 9))
    assert planned.state(INVOICE, "inv_1").planned_minor == 0
    assert judged(planned, day(7, 9)) == []


def test_the_last_day_of_grace_is_in_time(make: Any, planned: Any) -> None:
    assert judged(planned, day(5, 8)) == []
    assert [each.due_on for each in found(planned).late(day(5, 8))] == [day(31)]
    assert judged(planned, day(6, 8)) == ["plan.broken"]


def test_a_plan_is_kept_when_nothing_is_open(make: Any, planned: Any) -> None:
    pay(make, planned, day(20), ("inv_1", 12_000), ("inv_2", 12_000))
    assert judged(planned, day(21)) == ["plan.kept"]
    assert planned.state(INVOICE, "inv_1").plan is None
    assert judged(planned, day(22)) == []


def test_a_payment_that_is_reversed_makes_a_kept_plan_late_and_then_broken(make: Any, planned: Any) -> None:
    pay(make, planned, day(20), ("inv_1", 12_000), ("inv_2", 12_000))
    judged(planned, day(21))
    planned.do(reversals.reverse, ReversePayment("pay_1", day(25), "Insufficient funds"), today=day(25))
    assert judged(planned, day(26)) == ["plan.resumed"]
    assert planned.state(INVOICE, "inv_1").planned_minor == 12_000
    assert judged(planned, day(6, 8)) == ["plan.broken"]


def test_a_reversal_after_the_grace_breaks_a_kept_plan_at_once(make: Any, planned: Any) -> None:
    pay(make, planned, day(20), ("inv_1", 12_000), ("inv_2", 12_000))
    judged(planned, day(21))
    planned.do(reversals.reverse, ReversePayment("pay_1", day(1, 9), "Insufficient funds"), today=day(1, 9))
    assert judged(planned, day(2, 9)) == ["plan.resumed", "plan.broken"]
    assert planned.state(INVOICE, "inv_1").plans[0].outcome == "broken"


def test_an_old_payment_that_is_applied_again_is_none_of_the_plan(make: Any, owing: Any) -> None:
    pay(make, owing, day(5), ("inv_1", 4_000))
    owing.do(plans.agree, asked(instalments=parts((day(31), 20_000))), today=AGREED)
    (old,) = owing.state(PAYMENT, "pay_1").allocations
    owing.do(payments.release, ReleasePayment("pay_1", (old.allocation.allocation_id,)), today=day(11))
    owing.do(payments.allocate, AllocatePayment("pay_1", (("inv_2", 4_000),)), today=day(12))
    assert covered(owing) == [(16_000, 0)] or covered(owing) == [(20_000, 4_000)]


def test_unapplied_cash_counts_towards_the_plan_and_keeps_it(make: Any, planned: Any) -> None:
    cash = Funds(day(30), 9_000)
    assert covered(planned, cash) == [(8_000, 8_000), (8_000, 1_000), (8_000, 0)]

    async def of_payer(ledger: str, customer_id: str, currency: str) -> Sequence[Funds]:
        return [cash] if (customer_id, currency) == ("cus_1", "EUR") else []

    assert judged(planned, day(6, 8), of_payer) == []
    assert judged(planned, day(7, 8)) == ["plan.broken"]


def test_credit_notes_and_write_offs_reduce_the_last_instalments_first(make: Any, planned: Any) -> None:
    planned.do(invoices.credit, make.credit(10_000, on=day(15)), today=day(15))
    assert covered(planned) == [(8_000, 0), (6_000, 0), (0, 0)]
    planned.do(
        invoices.write_off,
        WriteOffInvoice("inv_2", Money(3_000, "EUR"), "Goodwill", on=day(16)),
        today=day(16),
    )
    assert covered(planned) == [(8_000, 0), (3_000, 0), (0, 0)]
    pay(make, planned, day(20), ("inv_1", 2_000), ("inv_2", 9_000))
    assert judged(planned, day(21)) == ["plan.kept"]


def test_a_disputed_share_is_off_the_last_instalments_until_the_dispute_has_ended(
    make: Any, planned: Any
) -> None:
    planned.do(claims.open_dispute, make.dispute(9_000), today=day(12))
    assert covered(planned) == [(8_000, 0), (7_000, 0), (0, 0)]
    assert planned.state(INVOICE, "inv_1").planned_minor == 3_000
    planned.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)), today=day(20))
    assert covered(planned) == [(8_000, 0), (8_000, 0), (8_000, 0)]


def test_new_instalments_are_for_what_is_left_and_a_reversal_before_them_counts(
    make: Any, planned: Any
) -> None:
    pay(make, planned, day(20), ("inv_1", 9_000))
    new = parts((day(15, 9), 5_000), (day(15, 10), 10_000))
    wanted = ReschedulePlan("pln_1", new, "EUR", "Seasonal low", "Mme Dupont")
    with make.refused("instalments-differ"):
        short = ReschedulePlan("pln_1", THIRDS[1:2], "EUR", "Too little")
        planned.do(plans.reschedule, short, today=day(1, 8))
    planned.do(plans.reschedule, wanted, today=day(1, 8))
    planned.do(plans.reschedule, wanted, today=day(1, 8))
    plan = planned.state(PLAN, "pln_1")
    assert [s.instalments for s in plan.schedules] == [THIRDS, new]
    assert covered(planned) == [(9_000, 9_000), (5_000, 0), (10_000, 0)]
    pay(make, planned, day(10, 9), ("inv_2", 5_000), name="pay_2")
    assert covered(planned) == [(9_000, 9_000), (5_000, 5_000), (10_000, 0)]
    assert judged(planned, day(21, 9)) == []
    planned.do(reversals.reverse, ReversePayment("pay_1", day(21, 9), "Unpaid cheque"), today=day(21, 9))
    assert judged(planned, day(22, 9)) == ["plan.broken"]


def test_a_person_breaks_a_plan_and_takes_the_break_back(make: Any, planned: Any) -> None:
    with make.refused("plan-not-broken"):
        planned.do(plans.resume, ResumePlan("pln_1", "It was not"), today=day(12))
    with make.refused("invalid-request"):
        planned.do(plans.break_plan, BreakPlan("pln_1", "Too early", day(9)), today=day(20))
    with make.refused("date-in-future"):
        planned.do(plans.break_plan, BreakPlan("pln_1", "Too late", day(21)), today=day(20))
    planned.do(plans.break_plan, BreakPlan("pln_1", "Stopped paying", day(15)), today=day(20))
    invoice = planned.state(INVOICE, "inv_1")
    assert (invoice.plan, invoice.plans[0].ended_on, invoice.plans[0].outcome) == (None, day(15), "broken")
    planned.do(plans.resume, ResumePlan("pln_1", "The transfer had come"), today=day(22))
    assert planned.state(PLAN, "pln_1").status == "in_force"
    again = planned.state(INVOICE, "inv_1").plan
    assert (again.planned_on, again.ended_on) == (AGREED, None)


def interest(books: Any, on: date) -> list[tuple[int, int]]:
    state = books.state(INVOICE, "inv_1")
    due = statement(settlements([debt_of(state)])["inv_1"], state.terms, on, law_of("FR"))
    return [(segment.days, segment.principal_minor) for segment in due.segments]


ALL, BEFORE = [(30, 12_000)], [(8, 12_000)]
"""From the day after the due date to 31 July, and to the day before the plan."""


@pytest.mark.parametrize(
    ("terms", "end", "expected"),
    [
        ("runs", "none", ALL),
        ("runs", "kept", [(19, 12_000)]),
        ("runs", "broken", ALL),
        ("suspended", "none", BEFORE),
        ("suspended", "kept", BEFORE),
        ("suspended", "broken", [*BEFORE, (11, 12_000)]),
        ("suspended", "resumed", BEFORE),
        ("suspended", "cancelled", ALL),
        ("waived_if_kept", "none", ALL),
        ("waived_if_kept", "kept", BEFORE),
        ("waived_if_kept", "broken", ALL),
        ("waived_if_kept", "cancelled", ALL),
    ],
)
def test_interest_of_the_days_of_the_plan_follows_its_terms(
    make: Any, owing: Any, terms: Any, end: str, expected: list[tuple[int, int]]
) -> None:
    """Due on 1 July, agreed on 10 July; paid on the 20th, or broken or cancelled on the 21st."""
    owing.do(plans.agree, asked(interest=terms), today=AGREED)
    if end == "kept":
        pay(make, owing, day(20), ("inv_1", 12_000), ("inv_2", 12_000))
        assert judged(owing, day(21)) == ["plan.kept"]
    if end in ("broken", "resumed"):
        owing.do(plans.break_plan, BreakPlan("pln_1", "Stopped paying", day(21)), today=day(21))
    if end == "resumed":
        owing.do(plans.resume, ResumePlan("pln_1", "Paid in cash"), today=day(25))
    if end == "cancelled":
        owing.do(plans.cancel, CancelPlan("pln_1", "By mistake"), today=day(21))
    assert interest(owing, day(31)) == expected


@dataclass
class Count:
    """A plan counted from day to day, from what people did alone."""

    schedule: list[tuple[date, int]]
    open: dict[str, int]
    paid: list[int] = field(default_factory=list)
    status: str = "in_force"

    def begin(self, on: date) -> None:
        if self.status not in ("in_force", "kept"):
            return
        if not sum(self.open.values()):
            self.status = "kept"
            return
        asked_for = sum(amount for due, amount in self.schedule if due + timedelta(days=5) < on)
        received = sum(self.paid)
        due = min(asked_for, received + sum(self.open.values()))
        self.status = "broken" if received < due else "in_force"


def row_of(books: Any) -> dict[str, Any]:
    """The plan with the sums of its invoices, as the list of a day selects them."""
    plan = books.state(PLAN, "pln_1")
    found = [books.state(INVOICE, each.invoice_id) for each in plan.invoices]
    collectable = [max(0, each.outstanding_minor - each.disputed_minor) for each in found]
    return {
        "status": plan.status,
        "total_minor": plan.total_minor,
        "grace_days": plan.grace_days,
        "settled_minor": plan.schedule.settled_minor,
        "instalments": [f"{each.due_on} {each.amount_minor}" for each in plan.schedule.instalments],
        "open_minor": sum(each.outstanding_minor for each in found),
        "left_minor": sum(map(min, (each.amount_minor for each in plan.invoices), collectable)),
        "reduced_minor": sum(
            each.total_minor - each.paid_minor - left for each, left in zip(found, collectable, strict=True)
        ),
    }


@pytest.mark.parametrize("seed", range(150))
def test_random_plans_agree_with_a_count_by_days(make: Any, owing: Any, seed: int) -> None:
    random = Random(seed)
    owing.do(plans.agree, asked(), today=AGREED)
    count = Count([(each.due_on, each.amount_minor) for each in THIRDS], {"inv_1": 12_000, "inv_2": 12_000})
    received: dict[str, tuple[str, int]] = {}
    for n in range(1, 90):
        today = AGREED + timedelta(days=n)
        listed = may_change(row_of(owing), today)
        assert judged(owing, today) == [] or listed, "the list of the day has to name every plan that changes"
        count.begin(today)
        assert owing.state(PLAN, "pln_1").status == count.status, (seed, today)
        chosen = random.choice(sorted(count.open))
        act = random.random()
        amount = min(count.open[chosen], random.choice([1_000, 4_000, 8_000, 12_000]))
        try:
            if act < 0.12 and amount:
                pay(make, owing, today, (chosen, amount), name=f"pay_{n}")
                received[f"pay_{n}"] = chosen, amount
                count.open[chosen] -= amount
                count.paid.append(amount)
            elif act < 0.15 and received:
                name, (invoice, amount) = received.popitem()
                owing.do(reversals.reverse, ReversePayment(name, today, "Returned"), today=today)
                count.open[invoice] += amount
                count.paid.remove(amount)
            elif act < 0.18 and amount:
                owing.do(
                    invoices.write_off,
                    WriteOffInvoice(chosen, Money(amount, "EUR"), "Goodwill", on=today),
                    today=today,
                )
                count.open[chosen] -= amount
            elif act < 0.2 and count.status == "in_force":
                left = sum(count.open.values())
                new = [
                    (today + timedelta(days=10), left // 2),
                    (today + timedelta(days=20), left - left // 2),
                ]
                if left > 1:
                    owing.do(
                        plans.reschedule, ReschedulePlan("pln_1", parts(*new), "EUR", "Later"), today=today
                    )
                    count.schedule = [(today, sum(count.paid)), *new]
        except DomainError as refusal:  # a written-off amount is not credited twice
            raise AssertionError((seed, today, refusal.detail)) from refusal
