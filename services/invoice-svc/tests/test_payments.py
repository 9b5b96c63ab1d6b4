"""The rules of payments: given a story, when a command, then events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from encours.contracts import decode
from encours.ledger.command import Result
from encours.testing.history import folded
from invoice_svc.domain.customer.commands import AssignRoles
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment import commands as pay
from invoice_svc.http.payments.bodies import PaymentBody
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, reversals
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def test_a_payment_is_put_on_invoices_and_the_rest_stays_unapplied(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(amount=20_000), ("inv_1",))
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.allocated_minor, payment.unapplied_minor) == (12_000, 8_000)
    (standing,) = payment.allocations
    assert (standing.allocation.rule, standing.allocation.basis) == ("oldest_due", "C. civ. 1342-10 al. 2")
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0


def test_an_unknown_payer_who_names_an_invoice_is_its_customer(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(customer_id=None, remittance_text="FAC 2026 000001"), ("inv_1",))
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.customer_id, payment.allocations[0].allocation.evidence) == ("cus_1", "FAC 2026 000001")


@pytest.mark.parametrize("amount", [6_000, 6_001])
def test_the_order_of_the_text_decides_however_little_is_paid(make: Any, firm: Any, amount: int) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_a", "50.00"), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_b", "70.00"), day(2)))
    firm.do(
        payments.receive,
        make.receipt(amount=amount, remittance_text="FAC-2026-000002 et FAC-2026-000001"),
        ("inv_a", "inv_b"),
    )
    (standing,) = firm.state(PAYMENT, "pay_1").allocations
    assert (standing.allocation.invoice_id, standing.allocation.rule) == ("inv_b", "debtor_indication")


@pytest.mark.parametrize("named_by", ["text", "caller"])
def test_the_rest_goes_to_the_oldest_due_whoever_says_who_pays(make: Any, firm: Any, named_by: str) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_a"), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_b"), day(2)))

    async def open_invoices(
        ledger: str, entity: str, payer: str | None, currency: str, text: str
    ) -> list[str]:
        return ["inv_b"] if payer is None else ["inv_b", "inv_a"]

    payer = "cus_1" if named_by == "caller" else None
    receipt = make.receipt(amount=18_000, customer_id=payer, remittance_text="FAC-2026-000002")
    firm.do(payments.receive, receipt, open_invoices)
    placed = firm.state(PAYMENT, "pay_1").allocations
    assert [(each.allocation.invoice_id, each.allocation.amount_minor) for each in placed] == [
        ("inv_b", 12_000),
        ("inv_a", 6_000),
    ]


def test_a_payment_that_the_gateway_delivers_again_is_answered_as_the_first(make: Any, issued: Any) -> None:
    body = PaymentBody.model_validate(
        {
            "entity_id": f"ent_{1:032x}", "received_on": "2026-06-10", "external_ref": "ch_3PabcXYZ",
            "amount": {"amount": "30.00", "currency": "EUR"},
        }
    )  # fmt: skip
    first, again = (replace(body.to_command(), entity_id="ent_1", customer_id="cus_1") for _ in range(2))
    name = issued.do(payments.receive, first, ("inv_1",)).result(payments.Settled).id
    events = len(issued.ledger.events)
    repeated = issued.do(payments.receive, again, ("inv_1",)).result(payments.Settled)
    assert (repeated.id, repeated.note, len(issued.ledger.events)) == (name, payments.REPEATED, events)
    for other in ({"amount_minor": 3_001}, {"received_on": day(11)}, {"origin": "import"}):
        with make.refused("payment-exists"):
            issued.do(payments.receive, replace(again, **other), ("inv_1",))
    issued.do(reversals.reverse, pay.ReversePayment(name, TODAY, "returned"))
    with make.refused("payment-exists"):
        issued.do(payments.receive, again, ("inv_1",))


def test_a_bank_text_that_names_what_the_payer_pays_from_a_later_day_says_so(make: Any, issued: Any) -> None:
    issued.do(customers.register, make.customer("cus_2"))
    issued.do(customers.assign_roles, AssignRoles("cus_1", payer_id="cus_2", valid_from=day(20)))
    receipt = make.receipt(customer_id="cus_2", on=day(15), remittance_text="FAC-2026-000001")
    settled = issued.do(payments.receive, receipt, ("inv_1",)).result(payments.Settled)
    assert "does not identify one open invoice that cus_2 pays on 2026-06-15 (2026-000001)" in settled.note
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 12_000


def test_not_provided_is_no_reference() -> None:
    body = {"entity_id": f"ent_{1:032x}", "received_on": "2026-06-10", "external_ref": "NOTPROVIDED"}
    money = {"amount": {"amount": "30.00", "currency": "EUR"}}
    commands = [PaymentBody.model_validate(body | money).to_command() for _ in range(2)]
    assert commands[0].payment_id != commands[1].payment_id


@pytest.mark.parametrize("amount", [1_000, 50_000])
def test_an_unknown_payer_who_names_invoices_of_two_customers_stays_unknown(
    make: Any, issued: Any, amount: int
) -> None:
    issued.do(customers.register, make.customer("cus_2"))
    issued.do(invoices.draft, make.at_once(make.draft("inv_2", customer_id="cus_2"), day(1)))
    text = "FAC-2026-000001 FAC-2026-000002"
    issued.do(
        payments.receive,
        make.receipt(amount=amount, customer_id=None, remittance_text=text),
        ("inv_1", "inv_2"),
    )
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.customer_id, payment.allocations) == (None, ())


def test_an_unknown_payer_who_names_nothing_stays_unknown_until_told(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(customer_id=None, remittance_text="merci"), ("inv_1",))
    assert issued.state(PAYMENT, "pay_1").customer_id is None
    issued.do(payments.allocate, pay.AllocatePayment("pay_1", (("inv_1", 12_000),), "cus_1"))
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"allocations": (("inv_1", 12_001),)}, "amount-exceeds-outstanding"),
        ({"allocations": (("inv_1", 7_000),), "amount_minor": 6_999}, "amount-exceeds-unapplied"),
        ({"allocations": (("inv_1", 100),), "currency": "USD"}, "exchange-rate-missing"),
        ({"allocations": (("inv_2", 100),)}, "invoice-not-issued"),
        ({"allocations": (("inv_8", 100),)}, "invoice-not-found"),
        ({"allocations": (("inv_1", 1), ("inv_1", 2))}, "invalid-request"),
        ({"allocations": (("inv_1", 0),)}, "invalid-request"),
        ({"customer_id": "cus_2", "allocations": (("inv_1", 100),)}, "allocation-across-customers"),
        ({"customer_id": "cus_8"}, "customer-not-found"),
        ({"entity_id": "ent_8"}, "entity-not-found"),
        ({"received_on": TODAY + timedelta(days=1)}, "date-in-future"),
        ({"amount_minor": 0}, "invalid-request"),
    ],
)
def test_a_payment_that_cannot_be_as_instructed_is_refused_whole(
    make: Any, issued: Any, changes: dict[str, Any], code: str
) -> None:
    issued.do(invoices.draft, make.draft("inv_2"))
    issued.do(customers.register, make.customer("cus_2"))
    before = len(issued.ledger.events)
    amount = changes.pop("amount_minor", 20_000)
    with make.refused(code):
        issued.do(payments.receive, make.receipt(amount=amount, **changes))
    assert len(issued.ledger.events) == before


def test_a_reversed_payment_reopens_the_debt_from_its_original_due_date(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(on=day(10)), ("inv_1",))
    issued.do(reversals.reverse, pay.ReversePayment("pay_1", day(20), "returned debit"))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.due_on) == (12_000, date(2026, 7, 1))
    assert issued.kinds(since=-3) == ["payment.released", "payment.reversed", "invoice.payment_unapplied"]
    known = issued.stream("inv_1")
    assert [fold_as_of(known, day(n)).outstanding_minor for n in (9, 10, 19, 20)] == [12_000, 0, 0, 12_000]


def test_a_payment_is_reversed_once_and_between_its_receipt_and_today(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(on=day(10)))
    for on in (day(9), TODAY + timedelta(days=1)):
        with make.refused("invalid-request"):
            issued.do(reversals.reverse, pay.ReversePayment("pay_1", on, "x"))
    issued.do(reversals.reverse, pay.ReversePayment("pay_1", day(20), "x"))
    with make.refused("payment-already-reversed"):
        issued.do(reversals.reverse, pay.ReversePayment("pay_1", day(21), "x"))
    for allocations in ((("inv_1", 100),), (), None):
        with make.refused("payment-reversed"):
            issued.do(payments.allocate, pay.AllocatePayment("pay_1", allocations), ("inv_1",))


def test_the_banks_date_of_a_reversal_is_kept_though_it_counts_from_a_later_release(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(on=day(10)), ("inv_1",))
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    issued.do(reversals.reverse, pay.ReversePayment("pay_1", day(20), "returned debit"))
    undone = issued.stream("pay_1")[-1]
    assert (undone.effective_on, undone.data.reversed_on) == (TODAY, day(20))
    assert issued.state(PAYMENT, "pay_1").reversed_on == day(20)


def test_a_reversal_of_before_the_banks_date_was_kept_came_undone_when_it_counts() -> None:
    undone = decode(
        "payment.reversed",
        1,
        b'{"amount_minor":1,"cause":"x","currency":"EUR","customer_id":null,"payment_id":"p"}',
    )
    assert folded(PAYMENT, undone, on=day(20)).reversed_on == day(20)


def test_released_money_is_unapplied_again_and_releasing_again_records_nothing(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(), ("inv_1",))
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    events = len(issued.ledger.events)
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    assert len(issued.ledger.events) == events
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 12_000
    with make.refused("allocation-not-standing"):
        issued.do(payments.release, pay.ReleasePayment("pay_1", ("alo_8",)))


def test_money_received_before_the_invoice_counts_on_it_from_its_issue(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(on=date(2026, 5, 20)), ("inv_1",))
    (standing,) = issued.state(PAYMENT, "pay_1").allocations
    assert standing.effective_on == day(1)


def test_money_that_arrives_late_in_the_books_counts_from_when_the_debt_was_open_again(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt("pay_1", on=day(5)), ("inv_1",))
    issued.do(reversals.reverse, pay.ReversePayment("pay_1", day(20), "returned"))
    issued.do(payments.receive, make.receipt("pay_2", on=day(10)), ("inv_1",))
    assert issued.state(PAYMENT, "pay_2").allocations[0].effective_on == day(20)


def test_the_same_command_twice_has_one_effect_and_one_answer(make: Any, issued: Any) -> None:
    key = uuid4()
    first = issued.do(payments.receive, make.receipt(), ("inv_1",), key=key)
    events = len(issued.ledger.events)
    again = issued.do(payments.receive, make.receipt("pay_other"), ("inv_1",), key=key)
    assert len(issued.ledger.events) == events
    assert again.replayed
    assert (again.result(Result), again.position) == (first.result(Result), first.position)
