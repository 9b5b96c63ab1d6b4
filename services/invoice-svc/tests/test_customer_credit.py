"""The customer is in credit, by a credit note without an invoice or on a paid one: used, refunded or kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.books import movements
from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.events.money.payment import CreditNoteIssued
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from invoice_svc.domain.amounts.sums import LineInput, RateAmounts
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, TakeOverInvoice
from invoice_svc.domain.payment import state as payment_state
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned, RecordRefundSent
from invoice_svc.http.credits.answers import OwnCreditNoteOut
from invoice_svc.http.invoices.bodies import CreditBody
from invoice_svc.http.payments.answers import PaymentOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, refunds, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import credits, invoices
from invoice_svc.use_cases.sales.credits import ApplyCredit, CreditUse, RefundCredit

TODAY = date(2026, 6, 30)
YEAR = {"period_from": date(2026, 1, 1), "period_until": date(2026, 6, 15)}


def day(number: int) -> date:
    return date(2026, 6, number)


def rebate(amount: str = "50.00", rate: str = "20", **changes: Any) -> IssueCreditNote:
    values: dict[str, Any] = {
        "credit_note_id": "cre_9", "payment_id": "pay_9", "entity_id": "ent_1", "customer_id": "cus_1",
        "lines": (LineInput("Rebate", "1", amount, rate),), "cause": "Rebate of 2026", "issued_on": day(20),
    }  # fmt: skip
    return IssueCreditNote(**(values | YEAR | changes))


async def on_first(ledger: str, credit_note_id: str) -> str | None:
    """The read model's answer: the credit note is on the first invoice, if it is one on an invoice at all."""
    return "inv_1" if credit_note_id.startswith("cre_1") else None


def moved(books: Any, book: str, **of: str) -> int:
    return sum(
        getattr(each, book)
        for event in books.ledger.events
        for each in movements(event)
        if all(getattr(each, name) == value for name, value in of.items())
    )


def test_a_rebate_takes_the_next_number_of_the_credit_notes_and_is_money_of_the_customer(
    make: Any, issued: Any
) -> None:
    issued.do(invoices.credit, make.credit(1_200, on=day(10)))
    issued.do(credits.issue, rebate())
    note = issued.state(PAYMENT, "pay_9")
    shown = OwnCreditNoteOut.of(note, 1, TODAY)
    assert (shown["number"], shown["net"]["amount"], shown["vat"]["amount"]) == (
        "AVO-2026-000002",
        "50.00",
        "10.00",
    )
    assert (shown["unapplied"]["amount"], shown["period_until"]) == ("60.00", "2026-06-15")
    assert (moved(issued, "cash_minor"), moved(issued, "net_minor")) == (6_000, 10_000 - 1_000 - 5_000)
    assert moved(issued, "account_minor") == 12_000 - 1_200 - 6_000


def test_it_cites_invoices_of_the_customer_or_a_period_that_is_over(make: Any, issued: Any) -> None:
    none: dict[str, Any] = {"period_from": None, "period_until": None}
    issued.do(credits.issue, rebate(invoice_ids=("inv_1",), **none))
    (cited,) = issued.state(PAYMENT, "pay_9").credit_note.invoices
    assert (cited.invoice_number, cited.issued_on) == ("FAC-2026-000001", day(1))
    for faulty in (
        rebate(**none),
        rebate(invoice_ids=("inv_1",)),
        rebate(period_until=None),
        rebate(period_until=day(21)),
        rebate(period_from=day(16)),
        rebate(invoice_ids=("inv_1",), issued_on=date(2026, 5, 31), **none),
        rebate("0"),
        rebate("-1"),
    ):
        with make.refused("invalid-request"):
            issued.do(credits.issue, faulty)
    with make.refused("currency-mismatch"):
        issued.do(credits.issue, rebate(invoice_ids=("inv_1",), currency="USD", **none))
    with make.refused("series-not-defined"):
        issued.do(credits.issue, rebate(series="FAC"))


CITING: dict[str, Any] = {"period_from": None, "period_until": None}


def test_it_credits_at_most_what_is_left_of_the_cited_invoices_at_each_rate(make: Any, issued: Any) -> None:
    issued.do(invoices.credit, make.credit(6_000, on=day(10)))
    cites = CITING | {"invoice_ids": ("inv_1",)}
    for faulty, pointer in (
        (rebate("5000000.00", **cites), "/lines/0"),
        (rebate("50.01", **cites), "/lines/0"),
        (rebate("1.00", "5.5", **cites), "/lines/0/vat_rate"),
    ):
        with pytest.raises(DomainError) as refused:
            issued.do(credits.issue, faulty)
        assert (refused.value.status, refused.value.errors[0].pointer) == (422, pointer)
    issued.do(credits.issue, rebate("50.00", **cites))
    issued.do(credits.issue, rebate("5000000.00", credit_note_id="cre_8", payment_id="pay_8"))


def test_it_takes_no_more_vat_than_the_cited_invoices_have_together(make: Any, firm: Any) -> None:
    for name in ("inv_1", "inv_2", "inv_3"):
        firm.do(invoices.draft, make.at_once(make.draft(name, "0.12"), day(1)))
    firm.do(credits.issue, rebate("0.36", **CITING, invoice_ids=("inv_1", "inv_2", "inv_3")))
    note = firm.state(PAYMENT, "pay_9").credit_note
    assert (note.net_minor, note.vat_minor, note.vat[0].vat_minor, note.total_minor) == (36, 6, 6, 42)


def test_a_discount_that_was_taken_is_not_left_to_credit(make: Any, firm: Any) -> None:
    terms = Terms(
        due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000,
        discount=EarlyDiscount(rate_bps=200, days=10),
    )  # fmt: skip
    firm.do(invoices.draft, make.at_once(make.draft(terms=terms), day(1)))
    firm.do(payments.receive, make.receipt(amount=11_760, on=day(5)), ("inv_1",))
    with make.refused("invalid-request"):
        firm.do(credits.issue, rebate("98.01", **CITING, invoice_ids=("inv_1",)))
    firm.do(credits.issue, rebate("98.00", **CITING, invoice_ids=("inv_1",)))


def test_its_total_is_within_invoices_of_unknown_rates_and_of_rebates_at_another(
    make: Any, firm: Any
) -> None:
    firm.do(
        invoices.take_over,
        TakeOverInvoice("inv_1", "cus_1", "ent_1", "OLD", day(1), day(9), "EUR", 12_000, None, None),
    )
    content = Content(day(1), (LineInput("a", "1", "100", "0"), LineInput("b", "1", "-50", "20")))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", content=content), day(1)))
    for name, most, above, rate in (("inv_1", "100", "100.01", "20"), ("inv_2", "40", "40.01", "0")):
        with make.refused("invalid-request"):
            firm.do(credits.issue, rebate(above, rate, **CITING, invoice_ids=(name,)))
        other = {"credit_note_id": f"cre_{name}", "payment_id": f"pay_{name}"}
        firm.do(credits.issue, rebate(most, rate, **CITING, **other, invoice_ids=(name,)))


def test_it_is_refused_in_a_closed_period_and_for_a_customer_of_another_entity(make: Any, firm: Any) -> None:
    firm.do(entities.register, make.entity("ent_2"))
    with make.refused("customer-of-other-entity"):
        firm.do(credits.issue, rebate(entity_id="ent_2"))
    with make.refused("period-closed"):
        firm.do(
            credits.issue,
            rebate(
                issued_on=date(2025, 12, 31), period_from=date(2025, 1, 1), period_until=date(2025, 6, 30)
            ),
        )


def test_a_rebate_is_used_on_an_invoice_as_a_payment_is_and_the_rest_is_refunded(
    make: Any, issued: Any
) -> None:
    issued.do(credits.issue, rebate())
    used = issued.do(credits.apply, ApplyCredit("cre_9", (("inv_1", 4_000, "EUR"),)), on_first)
    assert used.result(CreditUse).unapplied == (("pay_9", Money(2_000, "EUR")),)
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.applied[0].received_on) == (8_000, day(20))
    with make.refused("amount-exceeds-unapplied"):
        issued.do(credits.refund, RefundCredit("cre_9", Money(2_001, "EUR"), "asked"), on_first)
    with make.refused("currency-mismatch"):
        issued.do(credits.refund, RefundCredit("cre_9", Money(1, "USD"), "asked"), on_first)
    issued.do(credits.refund, RefundCredit("cre_9", None, "asked", "FR7630006000011234567890189"), on_first)
    shown = PaymentOut.of(issued.state(PAYMENT, "pay_9"), 1, TODAY)
    assert (shown["unapplied"]["amount"], shown["refunded"]["amount"]) == ("0.00", "20.00")
    assert (shown["method"], shown["status"], shown["refunds"][0]["status"]) == (
        "credit_note",
        "allocated",
        "ordered",
    )
    with make.refused("amount-exceeds-unapplied"):
        issued.do(credits.refund, RefundCredit("cre_9", None, "again"), on_first)
    assert moved(issued, "account_minor") == 8_000


def test_without_allocations_a_credit_settles_the_oldest_due_invoices(issued: Any) -> None:
    issued.do(credits.issue, rebate())
    issued.do(credits.apply, ApplyCredit("cre_9", None), on_first, ("inv_1",))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 6_000


def test_the_credit_of_a_paid_invoice_is_used_on_another_one_out_of_the_payments_that_left_it(
    make: Any, issued: Any
) -> None:
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(2)))
    issued.do(payments.receive, make.receipt("pay_1", amount=9_000, on=day(5)), ("inv_1",))
    issued.do(payments.receive, make.receipt("pay_2", amount=3_000, on=day(9)), ("inv_1",))
    issued.do(invoices.credit, make.credit(4_000, name="cre_11"))
    assert [(part.payment_id, part.amount_minor) for part in issued.state(INVOICE, "inv_1").credits[0].released] == [
        ("pay_1", 1_000), ("pay_2", 3_000),
    ]  # fmt: skip
    used = issued.do(credits.apply, ApplyCredit("cre_11", (("inv_2", 2_500),)), on_first)
    assert used.result(CreditUse).unapplied == (("pay_1", Money(0, "EUR")), ("pay_2", Money(1_500, "EUR")))
    assert issued.state(INVOICE, "inv_2").paid_minor == 2_500
    paid_back = issued.do(credits.refund, RefundCredit("cre_11", Money(1_000, "EUR"), "asked"), on_first)
    assert paid_back.result(CreditUse).unapplied == (("pay_1", Money(0, "EUR")), ("pay_2", Money(500, "EUR")))
    with make.refused("amount-exceeds-unapplied"):
        issued.do(credits.apply, ApplyCredit("cre_11", (("inv_2", 501),)), on_first)


def test_a_credit_note_that_reduced_a_debt_leaves_nothing_to_use(make: Any, issued: Any) -> None:
    issued.do(invoices.credit, make.credit(4_000, name="cre_11"))
    with make.refused("no-credit-left"):
        issued.do(credits.apply, ApplyCredit("cre_11", None), on_first)
    with make.refused("credit-not-found"):
        issued.do(credits.apply, ApplyCredit("cre_5", None), on_first)


def test_a_refund_goes_out_and_may_come_back_each_once(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(amount=15_000, on=day(5)), ("inv_1",))
    issued.do(refunds.order_refund, OrderRefund("pay_1", "rfd_1", Money(2_000, "EUR"), "overpaid", on=day(8)))
    with make.refused("amount-exceeds-unapplied"):
        issued.do(refunds.order_refund, OrderRefund("pay_1", "rfd_2", Money(1_001, "EUR"), "overpaid"))
    with make.refused("refund-not-found"):
        issued.do(refunds.record_refund_sent, RecordRefundSent("pay_1", "rfd_9"))
    with make.refused("invalid-request"):
        issued.do(refunds.record_refund_sent, RecordRefundSent("pay_1", "rfd_1", on=day(7)))
    with make.refused("payment-refunded"):
        issued.do(reversals.reverse, ReversePayment("pay_1", None, "AC04"))
    for _ in range(2):
        issued.do(refunds.record_refund_sent, RecordRefundSent("pay_1", "rfd_1", "E2E-7", day(9)))
    for _ in range(2):
        issued.do(refunds.record_refund_returned, RecordRefundReturned("pay_1", "rfd_1", "AC04", day(12)))
    with make.refused("refund-returned"):
        issued.do(refunds.record_refund_sent, RecordRefundSent("pay_1", "rfd_1"))
    assert issued.kinds()[-3:] == ["payment.refund_ordered", "payment.refund_sent", "payment.refund_returned"]
    unapplied = [
        payment_state.fold_as_of(issued.stream("pay_1"), day(n)).unapplied_minor for n in (5, 8, 11, 12)
    ]
    assert unapplied == [3_000, 1_000, 1_000, 3_000]
    with make.refused("invalid-request"):  # on that day the money was on its way
        issued.do(refunds.order_refund, OrderRefund("pay_1", "rfd_3", None, "again", on=day(11)))


def test_the_money_of_a_credit_note_is_not_returned_by_a_bank(make: Any, issued: Any) -> None:
    issued.do(credits.issue, rebate())
    with make.refused("credit-note-stays"):
        issued.do(reversals.reverse, ReversePayment("pay_9", None, "AC04"))


# Net and VAT by rate


def by_rate(*parts: tuple[str, int, int], name: str = "cre_1") -> CreditInvoice:
    amounts = tuple(RateAmounts(int(rate) * 100, net, vat, "S") for rate, net, vat in parts)
    return CreditInvoice("inv_1", name, TODAY, None, "rate", parts=amounts)


def test_a_credit_note_may_be_over_vat_alone_or_over_net_without_its_vat(make: Any, issued: Any) -> None:
    issued.do(invoices.credit, by_rate(("20", 0, 500)))
    issued.do(invoices.credit, by_rate(("20", 1_000, 0), name="cre_2"))
    found = issued.state(INVOICE, "inv_1")
    assert [(note.net_minor, note.vat_minor) for note in found.credits] == [(0, 500), (1_000, 0)]
    assert found.outstanding_minor == 10_500
    for faulty in (
        by_rate(("20", 0, 1_501)),
        by_rate(("20", 9_001, 0)),
        by_rate(("10", 1, 0)),
        by_rate(("20", 1, 0), ("20", 1, 0)),
        by_rate(("20", 0, 0)),
    ):
        with make.refused("invalid-request"):
            issued.do(invoices.credit, faulty)
    issued.do(invoices.credit, by_rate(("20", 9_000, 1_500), name="cre_3"))
    assert issued.state(INVOICE, "inv_1").credits[-1].total_minor == 10_500


def test_an_invoice_of_unknown_vat_is_credited_by_rate(make: Any, firm: Any) -> None:
    firm.do(
        invoices.take_over,
        TakeOverInvoice("inv_1", "cus_1", "ent_1", "OLD", day(1), day(9), "EUR", 12_000, None, None),
    )
    firm.do(invoices.credit, by_rate(("20", 1_000, 200)))
    assert firm.state(INVOICE, "inv_1").credits[0].vat[0].vat_minor == 200


def test_the_body_takes_amounts_by_rate_and_nothing_beside_them() -> None:
    part = {"rate": "20", "vat": {"amount": "2.00", "currency": "EUR"}}
    command = CreditBody.model_validate({"vat": [part]}).to_command("inv_1", "cre_1")
    assert (command.parts, command.currency) == ((RateAmounts(2_000, 0, 200, "S"),), "EUR")
    other = {"rate": "10", "net": {"amount": "2.00", "currency": "USD"}}
    for faulty in ({"vat": [part, other]}, {"vat": [part], "amount": {"amount": "2.00", "currency": "EUR"}}):
        with pytest.raises(DomainError):
            CreditBody.model_validate(faulty).to_command("inv_1", "cre_1")


# Whatever is done with it


uses = st.one_of(
    st.tuples(st.just("apply"), st.integers(1, 9_000)),
    st.tuples(st.just("settle"), st.just(0)),
    st.tuples(st.just("release"), st.just(0)),
    st.tuples(st.just("refund"), st.integers(1, 9_000)),
    st.tuples(st.just("sent"), st.integers(0, 3)),
    st.tuples(st.just("returned"), st.integers(0, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(uses, st.integers(0, 9)), max_size=12))
def test_on_every_day_credit_is_allocated_refunded_or_unapplied(
    new_books: Any, make: Any, history: list[tuple[tuple[str, int], int]]
) -> None:
    books = new_books()
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer())
    books.do(invoices.draft, make.at_once(make.draft(), day(1)))
    books.do(credits.issue, rebate("80.00", issued_on=day(10), period_until=day(9)), today=day(10))
    ordered: list[str] = []
    for number, ((act, amount), ago) in enumerate(history):
        today = day(11 + number)
        on = max(day(10), day(11 + number - ago if ago < 11 + number else 1))
        name = ordered[amount % len(ordered)] if ordered and act in ("sent", "returned") else "rfd_none"
        work: tuple[Any, ...] = {
            "apply": (payments.allocate, AllocatePayment("pay_9", (("inv_1", amount),))),
            "settle": (payments.allocate, AllocatePayment("pay_9", None), ("inv_1",)),
            "release": (payments.release, ReleasePayment("pay_9", None)),
            "refund": (
                refunds.order_refund,
                OrderRefund("pay_9", f"rfd_{number}", Money(amount, "EUR"), "x", on=on),
            ),
            "sent": (refunds.record_refund_sent, RecordRefundSent("pay_9", name, on=on)),
            "returned": (refunds.record_refund_returned, RecordRefundReturned("pay_9", name, "x", on)),
        }[act]
        try:
            books.do(*work, today=today)
        except DomainError:
            continue
        if act == "refund":
            ordered.append(f"rfd_{number}")
    for number in range(10, 11 + len(history)):
        state = payment_state.fold_as_of(books.stream("pay_9"), day(number))
        assert state.unapplied_minor >= 0
        assert state.allocated_minor + state.refunded_minor + state.unapplied_minor == 9_600
        assert state.unapplied_minor == sum(
            each.cash_minor
            for event in books.ledger.events
            for each in movements(event)
            if each.payment_id == "pay_9" and each.effective_on <= day(number)
        )
    assert isinstance(books.stream("pay_9")[0].data, CreditNoteIssued)
