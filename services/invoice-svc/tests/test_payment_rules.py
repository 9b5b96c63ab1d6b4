"""Rules of payments and credit notes, each alone: given events, when the rule decides, then events or a refusal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.common import VatShare
from encours.contracts.events.invoice import InvoiceCredited
from encours.contracts.events.money.payment import (
    PaymentAllocated,
    PaymentIdentified,
    PaymentReceived,
    PaymentReleased,
    PaymentReversed,
)
from encours.testing.events import (
    DAY,
    allocated,
    allocation,
    applied,
    drafted,
    event,
    issued,
    received,
    released,
    reversed_,
)
from encours.testing.scenario import given
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.credit import credit_note
from invoice_svc.domain.invoice.evolve import InvoiceEvent
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import decide
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.domain.payment.reversal import reverse, taken
from invoice_svc.domain.payment.state import ActiveAllocation, Payment
from invoice_svc.use_cases.folds import INVOICE, PAYMENT

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
PART = allocation(6_000)
RECEIPT = ReceivePayment("pay_1", "ent_1", "cus_1", DAY, 10_000, "EUR", "transfer")


def share(amount_minor: int = 6_000) -> Share:
    return Share("inv_1", amount_minor, "instructed", None)


def invoice(*more: Any, **fields: Any) -> Invoice:
    return given(INVOICE, issued(12_000, **fields), *more).state


def test_a_payment_counts_from_the_day_that_the_funds_were_available() -> None:
    ((day, event_),) = given(PAYMENT).when(decide.receive, RECEIPT, AFTER).then_types(PaymentReceived)
    assert (day, event_.amount_minor, event_.customer_id) == (DAY, 10_000, "cus_1")


@pytest.mark.parametrize(
    ("before", "amount_minor", "today", "code"),
    [
        ([received(10_000)], 10_000, DAY, "payment-exists"),
        ([], 0, DAY, "invalid-request"),
        ([], 10_000, BEFORE, "date-in-future"),
    ],
)
def test_a_receipt_is_refused_twice_without_an_amount_and_before_its_day(
    before: list[PaymentReceived], amount_minor: int, today: date, code: str
) -> None:
    command = ReceivePayment("pay_1", "ent_1", "cus_1", DAY, amount_minor, "EUR", "transfer")
    given(PAYMENT, *before).when(decide.receive, command, today).refused(code)


def test_a_payer_is_identified_once_from_the_receipt_on() -> None:
    unknown = received(10_000, customer_id=None)
    identified = event(PaymentIdentified, amount_minor=10_000)
    given(PAYMENT, unknown).when(decide.identify, "cus_1").then((unknown.received_on, identified))
    given(PAYMENT, unknown, identified).when(decide.identify, "cus_1").then()
    given(PAYMENT, received(10_000)).when(decide.identify, "cus_2").refused("payer-known")
    given(PAYMENT, unknown, reversed_(10_000)).when(decide.identify, "cus_1").refused("payment-reversed")


def test_a_share_is_placed_from_the_first_day_on_which_the_invoice_has_room_for_it() -> None:
    payment = given(PAYMENT, received(10_000))
    for not_before, day in ((BEFORE, DAY), (AFTER, AFTER)):
        placed = decide.place(payment.state, share(), invoice(), "alo_1", not_before)
        assert (placed.effective_on, placed.allocation.amount_minor) == (day, 6_000)


@pytest.mark.parametrize(
    ("state", "amount_minor", "code"),
    [
        (given(INVOICE, drafted(12_000)).state, 6_000, "invoice-not-issued"),
        (given(INVOICE, issued(12_000), entity="ent_2").state, 6_000, "allocation-across-entities"),
        (invoice(currency="USD"), 6_000, "currency-mismatch"),
        (invoice(customer_id="cus_2"), 6_000, "allocation-across-customers"),
        (invoice(), 0, "invalid-request"),
        (invoice(), 12_001, "amount-exceeds-outstanding"),
        (invoice(applied(6_001)), 6_000, "amount-exceeds-outstanding"),
    ],
)
def test_a_share_goes_to_an_issued_invoice_of_the_payer_with_room_for_it(
    state: Invoice, amount_minor: int, code: str
) -> None:
    payment = given(PAYMENT, received(20_000))
    payment.when(decide.place, share(amount_minor), state, "alo_1", DAY).refused(code)


def test_allocations_are_one_event_per_day_and_no_more_than_the_unapplied_cash() -> None:
    payment = given(PAYMENT, received(10_000))
    placed = [
        ActiveAllocation(allocation(minor, allocation_id=f"alo_{n}"), day)
        for n, (minor, day) in enumerate([(3_000, AFTER), (4_000, DAY), (3_000, AFTER)])
    ]
    found = payment.when(decide.allocate, placed).then_types(PaymentAllocated, PaymentAllocated)
    assert [(day, sum(a.amount_minor for a in each.allocations)) for day, each in found] == [
        (DAY, 4_000),
        (AFTER, 6_000),
    ]
    payment.when(decide.allocate, []).then()
    more = [*placed, ActiveAllocation(allocation(1, allocation_id="alo_4"), DAY)]
    payment.when(decide.allocate, more).refused("amount-exceeds-unapplied")
    given(PAYMENT, received(10_000), reversed_(10_000)).when(decide.allocate, placed).refused(
        "payment-reversed"
    )


def test_an_allocation_is_released_once_and_not_before_it_took_effect() -> None:
    payment = given(PAYMENT, received(10_000), allocated(PART))
    for on, day in ((BEFORE, DAY), (AFTER, AFTER)):
        payment.when(decide.release, ["alo_1", "alo_1"], on).then((day, released(PART)))
    payment.when(decide.release, ["alo_2"], DAY).refused("allocation-not-standing")
    given(PAYMENT, received(10_000), allocated(PART), released(PART)).when(decide.release, None, DAY).then()


def reversed_whole(state: Payment, command: ReversePayment, today: date) -> list[decide.Dated]:
    """Both rules of a reversal: what it takes of the invoices, and the events."""
    return reverse(state, command, taken(state, command, ()), today)


def test_a_reversal_releases_what_is_allocated_and_then_takes_the_cash() -> None:
    payment = given(PAYMENT, received(10_000), allocated(PART))
    command = ReversePayment("pay_1", DAY, "returned")
    found = payment.when(reversed_whole, command, AFTER).then_types(PaymentReleased, PaymentReversed)
    assert [day for day, _ in found] == [DAY, DAY]
    assert (found[0][1].allocations, found[1][1].amount_minor) == ((PART,), 10_000)
    for on in (BEFORE, AFTER):
        payment.when(reversed_whole, ReversePayment("pay_1", on, "returned"), DAY).refused("invalid-request")
    given(PAYMENT, received(10_000), reversed_(10_000)).when(reversed_whole, command, DAY).refused(
        "payment-already-reversed"
    )


def credit(amount_minor: int | None = None, *lines: LineInput, **more: Any) -> CreditInvoice:
    return CreditInvoice("inv_1", "cre_1", DAY, amount_minor, "returned", lines=lines or None, **more)


def credited(state: Invoice, command: CreditInvoice, issued_on: date, today: date) -> list[InvoiceEvent]:
    """Both rules of a credit note: first the money leaves for which there is no room."""
    command = credit_note.with_amount(state, command)
    credit_note.surpluses(state, command, issued_on, today)
    return credit_note.credit(state, command, issued_on, today)


def line(price: str, rate: str = "20") -> LineInput:
    return LineInput("Pneu", "1", price, rate)


VAT = (
    VatShare(category="S", rate_bps=1_000, net_minor=1_000, vat_minor=100),
    VatShare(category="S", rate_bps=2_000, net_minor=10_000, vat_minor=2_000),
)
TWO_RATES: dict[str, Any] = {"vat": VAT, "net_minor": 11_000, "vat_minor": 2_100}


def two_rates(*more: Any) -> Any:
    return given(INVOICE, issued(13_100, **TWO_RATES), *more)


@pytest.mark.parametrize(
    ("command", "vat", "whole"),
    [
        (credit(), VAT, True),
        (credit(None, line("100"), line("10", "10")), VAT, True),
        (
            credit(None, line("50")),
            (VatShare(category="S", rate_bps=2_000, net_minor=5_000, vat_minor=1_000),),
            False,
        ),
        (
            credit(6_550),
            (
                VatShare(category="S", rate_bps=1_000, net_minor=500, vat_minor=50),
                VatShare(category="S", rate_bps=2_000, net_minor=5_000, vat_minor=1_000),
            ),
            False,
        ),
    ],
)
def test_a_credit_note_takes_net_and_vat_at_the_rates_of_the_invoice(
    command: CreditInvoice, vat: tuple[VatShare, ...], whole: bool
) -> None:
    (note,) = two_rates().when(credited, command, DAY, DAY).then_types(InvoiceCredited)
    assert (note.vat, note.whole) == (vat, whole)
    assert note.total_minor == sum(each.net_minor + each.vat_minor for each in vat)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (credit(13_101), "amount-exceeds-outstanding"),
        (credit(1_000, currency="USD"), "currency-mismatch"),
        (credit(None, line("10", "5.5")), "invalid-request"),
        (credit(None, line("100.01")), "invalid-request"),
        (credit(None, line("-1")), "invalid-request"),
    ],
)
def test_a_credit_note_of_more_or_at_other_rates_than_the_invoice_has_is_refused(
    command: CreditInvoice, code: str
) -> None:
    two_rates().when(credited, command, DAY, DAY).refused(code)


def test_an_invoice_is_credited_while_it_is_issued_and_something_is_owed() -> None:
    given(INVOICE, drafted(12_000)).when(credited, credit(), DAY, DAY).refused("invoice-not-issued")
    two_rates(applied(13_100)).when(credited, credit(), DAY, DAY).refused("nothing-outstanding")
    two_rates().when(credited, credit(), AFTER, DAY).refused("date-in-future")
