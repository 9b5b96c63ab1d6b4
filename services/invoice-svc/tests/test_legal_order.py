"""Order of the law for a payment without an indication, by the policy of the creditor (C. civ. 1342-10, 1343-1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.common import PenalisedInvoice, Terms
from encours.contracts.events.money.payment import Imputation, Ranking
from encours.contracts.settlement import Funds, InvoiceDebt, settlements
from encours.legal.interest import statement
from encours.legal.packs import law_of
from encours.testing.events import event
from invoice_svc.domain.allocation_policy.policy import AllocationPolicy, SetAllocationPolicy, policies_id
from invoice_svc.domain.invoice.parts import BalanceChange, Disputed
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.allocation import propose
from invoice_svc.domain.payment.legal_order import LegalOrder
from invoice_svc.http.allocation_policies.answers import AllocationPoliciesOut
from invoice_svc.use_cases.folds import ALLOCATION_POLICIES, PAYMENT
from invoice_svc.use_cases.money import payments, policies
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import invoices

ON = date(2026, 3, 1)
BY_AGE = AllocationPolicy(ranking=())
DEFAULT = AllocationPolicy()


def debt(
    name: str, minor: int, due_on: date = date(2026, 1, 31), rate: int | None = None, **more: Any
) -> Invoice:
    issued = date(2025, 12, 1)
    terms = Terms(due_kind="NET", days=30, penalty_rate_bps=rate, indemnity_minor=4_000)
    return Invoice(
        document="issued", invoice_id=name, number=name, total_minor=minor, due_on=due_on, issued_on=issued,
        terms=terms, movements=(BalanceChange(issued, minor),), **more,
    )  # fmt: skip


def penalty(name: str, minor: int, due_on: date) -> Invoice:
    return replace(debt(name, minor, due_on), purpose="penalty")


def parts(
    minor: int, *debts: Invoice, policy: AllocationPolicy = DEFAULT, on: date = ON
) -> list[tuple[str, int, str]]:
    order = LegalOrder(on, policy, law_of("FR"))
    return [(each.invoice_id, each.amount_minor, each.rule) for each in order.parts(minor, debts)]


def test_debts_that_are_due_come_before_those_that_are_not() -> None:
    later = debt("later", 100, date(2026, 3, 2), rate=9_000)
    assert parts(150, later, debt("due", 100, ON)) == [
        ("due", 100, "oldest_due"),
        ("later", 50, "oldest_due"),
    ]


def test_of_the_due_ones_that_with_the_highest_rate_comes_before_an_older_one() -> None:
    older, dearer = debt("older", 100), debt("dearer", 100, date(2026, 2, 15), rate=2_000)
    assert parts(150, older, dearer) == [("dearer", 100, "highest_rate"), ("older", 50, "oldest_due")]
    assert parts(150, older, dearer, policy=BY_AGE) == [
        ("older", 100, "oldest_due"),
        ("dearer", 50, "oldest_due"),
    ]


def test_the_legal_rate_ranks_above_a_lower_one_of_a_contract() -> None:
    """The default rate of the first half-year of 2026 is 12.15 %."""
    agreed, legal = debt("agreed", 100, rate=1_000), debt("legal", 100, date(2026, 2, 15))
    (first, *_) = LegalOrder(ON, DEFAULT, law_of("FR")).parts(200, [agreed, legal])
    assert (first.invoice_id, first.rule, first.evidence) == (
        "legal", "highest_rate", "12.15 % a year, due 2026-02-15",
    )  # fmt: skip


def test_equal_debts_share_in_proportion() -> None:
    three = [debt("a", 100), debt("b", 200), debt("c", 300)]
    assert parts(300, *three) == [("a", 50, "pro_rata"), ("b", 100, "pro_rata"), ("c", 150, "pro_rata")]
    assert parts(1, *three) == [("c", 1, "oldest_due")]
    assert [minor for _, minor, _ in parts(601, *three)] == [100, 200, 300]


def test_a_contested_amount_is_left_out() -> None:
    contested = debt("a", 100, disputed=(Disputed("dis", 70, date(2025, 12, 2)),))
    assert parts(100, contested) == [("a", 30, "oldest_due")]


@pytest.mark.parametrize(
    ("imputation", "found"),
    [
        ("principal_first", [("FAC", 500_000, "oldest_due")]),
        ("interest_first", [("PEN", 23_455, "interest_first"), ("FAC", 476_545, "oldest_due")]),
    ],
)
def test_interest_and_costs_come_before_principal_or_after_it(
    imputation: Imputation, found: list[tuple[str, int, str]]
) -> None:
    """12,000.00 due 2025-03-31, 5,000.00 paid on 2025-05-15: interest of 45 days and fee are 194.55 + 40.00."""
    due, paid_on, settled_on = date(2025, 3, 31), date(2025, 5, 15), date(2025, 7, 15)
    principal, claimed = debt("FAC", 1_200_000, due), penalty("PEN", 19_455 + 4_000, paid_on)
    policy = AllocationPolicy(imputation)
    assert parts(500_000, principal, claimed, policy=policy, on=paid_on) == found
    on_principal = {name: minor for name, minor, _ in found}["FAC"]
    rest = 1_200_000 - on_principal
    owed = InvoiceDebt("FAC", due, 1_200_000, applied=(Funds(paid_on, on_principal), Funds(settled_on, rest)))
    assert principal.terms is not None
    due_interest = statement(settlements([owed])["FAC"], principal.terms, settled_on, law_of("FR"))
    legs = {True: 0, False: 0}
    for segment in due_interest.segments:
        legs[segment.last_day <= paid_on] += segment.interest_minor
    expected = {"interest_first": (723_455, 19_455, 15_602), "principal_first": (700_000, 19_455, 15_096)}
    assert (rest, legs[True], legs[False]) == expected[imputation]


def put(books: Any, customer_id: str | None, ranking: tuple[Ranking, ...], valid_from: date) -> None:
    command = SetAllocationPolicy("ent_1", customer_id, "principal_first", ranking, valid_from)
    books.do(policies.set_allocation_policy, command)


def test_a_payment_follows_the_policy_of_its_payer_on_the_day_of_its_funds(firm: Any, make: Any) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    put(firm, None, (), date(2026, 6, 10))
    put(firm, "cus_1", ("highest_rate",), date(2026, 6, 20))
    put(firm, "cus_1", ("highest_rate",), date(2026, 6, 20))
    assert len(firm.stream(policies_id("ent_1"))) == 2
    for n in (1, 2, 3):
        firm.do(invoices.draft, make.at_once(make.draft(f"inv_{n}"), date(2026, 6, n)))
    sources = []
    for n, day in enumerate((5, 15, 25), 1):
        firm.do(
            payments.receive,
            make.receipt(f"pay_{n}", 12_000, date(2026, 6, day)),
            ["inv_1", "inv_2", "inv_3"],
        )
        (standing,) = firm.state(PAYMENT, f"pay_{n}").allocations
        sources.append(standing.allocation.policy)
    stream = policies_id("ent_1")
    assert sources == [
        "default", f"{stream} of all customers from 2026-06-10", f"{stream} of cus_1 from 2026-06-20",
    ]  # fmt: skip
    shown = AllocationPoliciesOut.of(firm.state(ALLOCATION_POLICIES, stream), 2, date(2026, 6, 15))
    assert [each["in_force"] for each in shown["policies"]] == [True, False]


def test_interest_on_an_invoice_comes_before_it_also_where_the_debtor_names_it() -> None:
    """A debtor cannot pay principal before its interest without the creditor's consent (C. civ. 1343-1)."""
    named, other = debt("FAC-1", 100), debt("FAC-2", 100)
    claimed = replace(penalty("PEN-7", 30, ON), penalises=(penalised("FAC-1"),))
    apart = replace(penalty("PEN-8", 30, ON), penalises=(penalised("FAC-2"),))
    order = LegalOrder(ON, AllocationPolicy("interest_first"), law_of("FR"))
    found = propose(110, [named, other, claimed, apart], "VIR FAC-1", order).shares
    assert [(each.invoice_id, each.amount_minor, each.rule) for each in found] == [
        ("PEN-7", 30, "interest_first"), ("FAC-1", 80, "debtor_indication"),
    ]  # fmt: skip
    usual = LegalOrder(ON, DEFAULT, law_of("FR"))
    (first, *rest) = propose(110, [named, other, claimed, apart], "VIR FAC-1", usual).shares
    assert (first.invoice_id, first.amount_minor, sum(each.amount_minor for each in rest)) == (
        "FAC-1",
        100,
        10,
    )


def penalised(invoice_id: str) -> PenalisedInvoice:
    return event(PenalisedInvoice, invoice_id=invoice_id)
