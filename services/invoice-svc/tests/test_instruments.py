"""The rules of cheques, bills and notes: given a story, when one is taken, due, paid or returned, then what is owed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.settlement import settlements
from encours.kernel.business_days import NoBusinessCalendar
from encours.kernel.money import Money
from encours.ledger.command import Result
from encours.legal.interest import statement
from encours.legal.packs import law_of
from invoice_svc.domain.instrument import commands as do
from invoice_svc.domain.instrument.decide import business_days_after
from invoice_svc.domain.instrument.state import Instrument
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.invoice.status import InvoiceBalance, status
from invoice_svc.domain.payment.commands import RestoreReversal, ReversePayment
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import INSTRUMENT, INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, instruments, payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

GIVEN, DUE, CLEARS = date(2026, 7, 1), date(2026, 7, 31), date(2026, 8, 7)
"""A cheque of 31 July, a Friday, has five business days from then to be paid."""
BOTH = (("inv_1", 12_000), ("inv_2", 12_000))


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def cheque(*shares: tuple[str, int], amount: int | None = None, **changes: Any) -> do.ReceiveInstrument:
    values: dict[str, Any] = {
        "customer_id": "cus_1", "kind": "cheque", "number": "0000123", "matures_on": DUE, "clearing_days": 5,
        "amount": eur(sum(minor for _, minor in shares) if amount is None else amount),
        "invoices": tuple((invoice_id, eur(minor)) for invoice_id, minor in shares),
    }  # fmt: skip
    return do.ReceiveInstrument(**(values | changes))


def bill(*shares: tuple[str, int], **changes: Any) -> do.ReceiveInstrument:
    return cheque(*shares, **({"kind": "bill_of_exchange"} | changes))


@pytest.fixture
def owing(make: Any, issued: Any) -> Any:
    """A firm with two invoices of 120.00 each, issued on 1 and 2 June, due on 1 and 2 July."""
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 2)))
    return issued


def take(books: Any, command: do.ReceiveInstrument, on: date = GIVEN) -> str:
    found: str = books.do(instruments.receive, command, today=on).result(Result).id
    return found


def held(books: Any, instrument_id: str) -> Instrument:
    found: Instrument = books.state(INSTRUMENT, instrument_id)
    return found


def invoice(books: Any, name: str = "inv_1", on: date | None = None) -> Invoice:
    stream = books.stream(name)
    found: Invoice = INVOICE.fold(stream) if on is None else INVOICE.fold_as_of(stream, on)
    return found


def payment(books: Any, payment_id: str | None) -> Payment:
    found: Payment = books.state(PAYMENT, payment_id)
    return found


def left(books: Any, name: str = "inv_1") -> tuple[int, int]:
    """Outstanding, and the part of it for which instruments are in hand."""
    found = invoice(books, name)
    return found.outstanding_minor, found.in_hand_minor


def settle(books: Any, instrument_id: str, on: date) -> str:
    books.do(instruments.settle_day, instrument_id, on, today=on)
    return held(books, instrument_id).status


def interest(books: Any, on: date) -> int:
    state = invoice(books)
    debt = debt_of(state)
    assert state.terms is not None
    return statement(settlements([debt])["inv_1"], state.terms, on, law_of("FR")).interest_minor


def test_a_cheque_is_no_payment_and_covers_its_invoices_until_it_is_cleared(owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000), ("inv_2", 5_000)))
    assert (left(owing, "inv_1"), left(owing, "inv_2")) == ((12_000, 12_000), (12_000, 5_000))
    assert (held(owing, name).status, held(owing, name).clears_by) == ("in_hand", CLEARS)
    assert "payment.received" not in owing.kinds()
    assert left(owing) == (12_000, 12_000)
    assert invoice(owing).covers[0].matures_on == DUE


def test_the_collection_is_in_hand_while_all_the_rest_is_covered(owing: Any) -> None:
    take(owing, cheque(("inv_1", 12_000), ("inv_2", 5_000)))
    shown = []
    for name in ("inv_1", "inv_2"):
        found = invoice(owing, name)
        balance = InvoiceBalance(
            "issued",
            found.payable_on,
            12_000,
            0,
            0,
            found.outstanding_minor,
            0,
            in_hand_minor=found.in_hand_minor,
        )
        shown.append(status(balance, date(2026, 7, 10)).collection)
    assert shown == ["in_hand", "overdue"]


def test_what_an_instrument_cannot_be_meant_for_is_refused(make: Any, owing: Any) -> None:
    refused = [
        ("amount-exceeds-outstanding", cheque(("inv_1", 12_001))),
        ("invalid-request", cheque(("inv_1", 12_000), amount=11_999)),
        ("invalid-request", cheque(amount=0)),
        ("invalid-request", cheque(("inv_1", 5_000), amount=6_000, presumed_paid=True)),
        ("invalid-request", cheque(("inv_1", 5_000), matures_on=date(2026, 6, 30))),
        ("invoice-not-found", cheque(("inv_9", 5_000))),
        (
            "currency-mismatch",
            replace(cheque(amount=5_000), amount=Money(5_000, "USD"), invoices=(("inv_1", eur(5_000)),)),
        ),
        ("not-a-bill", cheque(("inv_1", 5_000), accepted_on=GIVEN)),
        ("date-in-future", cheque(("inv_1", 5_000), received_on=date(2026, 7, 2))),
        ("no-business-calendar", cheque(("inv_1", 5_000), matures_on=date(2099, 12, 31))),
    ]
    for code, command in refused:
        with make.refused(code):
            take(owing, command)
    owing.do(customers.register, make.customer("cus_2"))
    with make.refused("invalid-request"):
        take(owing, cheque(("inv_1", 5_000), customer_id="cus_2"))
    owing.do(entities.register, make.entity("ent_2"))
    owing.do(customers.register, make.customer("cus_3", "ent_2"))
    with make.refused("invalid-request"):
        take(owing, cheque(("inv_1", 5_000), customer_id="cus_3"))
    assert "instrument.received" not in owing.kinds()


def test_two_instruments_cannot_be_meant_for_one_amount(make: Any, owing: Any) -> None:
    take(owing, cheque(("inv_1", 7_000)))
    with make.refused("amount-exceeds-outstanding"):
        take(owing, cheque(("inv_1", 5_001), number="0000124"))
    take(owing, cheque(("inv_1", 5_000), number="0000124"))
    assert left(owing) == (12_000, 12_000)


def test_the_same_cheque_is_recorded_once_unless_it_was_cancelled(make: Any, owing: Any) -> None:
    name = take(owing, cheque(*BOTH))
    with make.refused("instrument-exists"):
        take(owing, cheque(*BOTH))
    owing.do(instruments.cancel, do.CancelInstrument(name, "Wrong amount"), today=GIVEN)
    assert left(owing) == (12_000, 0)
    again = take(owing, cheque(("inv_1", 12_000)))
    assert again != name
    assert left(owing) == (12_000, 12_000)


def test_a_paid_cheque_settles_the_invoices_that_it_is_meant_for_by_one_payment(owing: Any) -> None:
    name = take(owing, cheque(*BOTH, amount=25_000))
    owing.do(instruments.remit, do.RemitInstrument(name, reference="BR-7"), today=date(2026, 7, 30))
    owing.do(instruments.clear, do.ClearInstrument(name, date(2026, 8, 3)), today=date(2026, 8, 4))
    found = held(owing, name)
    paid = payment(owing, found.payment_id)
    assert (found.status, paid.method, paid.external_ref) == ("cleared", "cheque", "0000123")
    assert (paid.received_on, paid.allocated_minor, paid.unapplied_minor) == (date(2026, 8, 3), 24_000, 1_000)
    assert (left(owing, "inv_1"), left(owing, "inv_2")) == ((0, 0), (0, 0))
    assert owing.kinds().count("payment.received") == 1
    assert [cover.outcome for cover in invoice(owing).covers] == ["cleared"]


def test_a_cheque_without_invoices_leaves_its_payment_to_the_rules_of_a_receipt(owing: Any) -> None:
    name = take(owing, cheque(amount=13_000))
    owing.do(instruments.clear, do.ClearInstrument(name, DUE), ("inv_1", "inv_2"), today=DUE)
    assert payment(owing, held(owing, name).payment_id).unapplied_minor == 0
    assert (left(owing, "inv_1"), left(owing, "inv_2")) == ((0, 0), (11_000, 0))


def test_money_that_came_meanwhile_leaves_the_rest_of_the_cheque_unapplied(make: Any, owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(
        payments.receive,
        make.receipt(amount=5_000, on=date(2026, 7, 9), allocations=(("inv_1", 5_000),)),
        today=date(2026, 7, 9),
    )
    assert left(owing) == (7_000, 7_000)
    owing.do(instruments.clear, do.ClearInstrument(name), today=DUE)
    paid = payment(owing, held(owing, name).payment_id)
    assert (paid.allocated_minor, paid.unapplied_minor, left(owing)) == (7_000, 5_000, (0, 0))


def test_a_cheque_may_be_presented_before_the_day_that_was_promised(owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(instruments.remit, do.RemitInstrument(name), today=date(2026, 7, 2))
    assert held(owing, name).clears_by == date(2026, 7, 9)
    note = take(owing, cheque(("inv_2", 12_000), kind="promissory_note"))
    owing.do(instruments.remit, do.RemitInstrument(note), today=date(2026, 7, 2))
    assert held(owing, note).clears_by == CLEARS, "a note is not paid before its maturity"


def test_it_counts_as_paid_after_its_days_of_clearing_only_if_that_is_agreed_and_it_was_remitted(
    owing: Any,
) -> None:
    agreed = take(owing, cheque(("inv_1", 12_000), presumed_paid=True))
    waiting = take(owing, cheque(("inv_2", 12_000), number="0000124"))
    for name in (agreed, waiting):
        owing.do(instruments.remit, do.RemitInstrument(name), today=DUE)
    day_before = date(2026, 8, 6)
    assert [settle(owing, name, day_before) for name in (agreed, waiting)] == ["remitted", "remitted"]
    assert [settle(owing, name, CLEARS) for name in (agreed, waiting)] == ["cleared", "remitted"]
    assert payment(owing, held(owing, agreed).payment_id).received_on == CLEARS
    assert settle(owing, waiting, date(2026, 8, 8)) == "unconfirmed"
    assert (left(owing, "inv_1"), left(owing, "inv_2")) == ((0, 0), (12_000, 0))


def test_a_cheque_that_was_not_remitted_is_not_presumed_to_be_paid(owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000), presumed_paid=True))
    assert settle(owing, name, CLEARS) == "in_hand"
    assert settle(owing, name, date(2026, 8, 8)) == "unconfirmed"
    assert left(owing) == (12_000, 0)
    owing.do(instruments.clear, do.ClearInstrument(name, date(2026, 8, 10)), today=date(2026, 8, 11))
    assert (held(owing, name).status, left(owing)) == ("cleared", (0, 0))


def test_other_money_for_its_invoices_may_be_its_payment_so_that_none_is_presumed(
    make: Any, owing: Any
) -> None:
    name = take(owing, cheque(("inv_1", 12_000), presumed_paid=True))
    owing.do(instruments.remit, do.RemitInstrument(name), today=DUE)
    owing.do(
        payments.receive,
        make.receipt(on=date(2026, 8, 3), allocations=(("inv_1", 12_000),)),
        today=date(2026, 8, 3),
    )
    assert settle(owing, name, date(2026, 8, 8)) == "unconfirmed"
    assert owing.kinds().count("payment.received") == 1


def test_a_payment_under_the_number_of_the_cheque_is_its_payment(make: Any, owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000), presumed_paid=True))
    owing.do(instruments.remit, do.RemitInstrument(name), today=DUE)
    under = payment_id_of("ent_1", "0000123")
    owing.do(
        payments.receive, make.receipt(under, on=date(2026, 8, 3), allocations=()), today=date(2026, 8, 3)
    )
    with make.refused("payment-exists"):
        owing.do(instruments.clear, do.ClearInstrument(name), today=CLEARS)
    assert settle(owing, name, date(2026, 8, 8)) == "unconfirmed"


def test_a_payment_under_the_number_is_not_recorded_beside_that_of_the_cheque(make: Any, owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(instruments.clear, do.ClearInstrument(name, DUE), today=DUE)
    again = make.receipt(payment_id_of("ent_1", "0000123"), on=DUE, external_ref="0000123")
    owing.do(payments.receive, again, today=DUE)
    with make.refused("payment-exists"):
        owing.do(
            payments.receive, make.receipt(again.payment_id, on=GIVEN, external_ref="0000123"), today=DUE
        )
    assert owing.kinds().count("payment.received") == 1


def test_cheques_of_two_customers_may_have_one_number(make: Any, owing: Any) -> None:
    owing.do(customers.register, make.customer("cus_2"))
    owing.do(invoices.draft, make.at_once(make.draft("inv_3", customer_id="cus_2"), date(2026, 6, 3)))
    names = [
        take(owing, cheque(("inv_1", 12_000))),
        take(owing, cheque(("inv_3", 12_000), customer_id="cus_2")),
    ]
    for name in names:
        owing.do(instruments.clear, do.ClearInstrument(name, DUE), today=DUE)
    paid = [payment(owing, held(owing, name).payment_id) for name in names]
    assert [(each.customer_id, each.external_ref) for each in paid] == [
        ("cus_1", "0000123"),
        ("cus_2", "0000123"),
    ]
    assert (left(owing, "inv_1"), left(owing, "inv_3")) == ((0, 0), (0, 0))


def test_a_bounced_cheque_reopens_the_debt_from_its_original_due_date(owing: Any) -> None:
    before = interest(owing, date(2026, 8, 31))
    name = take(owing, cheque(("inv_1", 12_000), presumed_paid=True))
    owing.do(instruments.remit, do.RemitInstrument(name), today=DUE)
    settle(owing, name, CLEARS)
    back = do.ReturnInstrument(name, "No funds", date(2026, 8, 12), "AM04", "RJ-1", eur(1_500), "rvl_1")
    owing.do(instruments.bounce, back, today=date(2026, 8, 13))
    found = held(owing, name)
    (returned,) = found.returns
    assert (found.status, returned.on, returned.charges_minor) == ("returned", date(2026, 8, 12), 1_500)
    reversal = payment(owing, found.payment_id).reversals[0].event
    assert (reversal.kind, reversal.consequence) == ("bounced_cheque", "insufficient_funds")
    assert (left(owing), invoice(owing).due_on) == ((12_000, 0), date(2026, 7, 1))
    assert interest(owing, date(2026, 8, 31)) == before
    assert invoice(owing, on=date(2026, 8, 11)).outstanding_minor == 0


def test_a_bill_that_is_returned_before_it_counted_as_paid_covers_nothing_any_more(owing: Any) -> None:
    name = take(owing, bill(("inv_1", 12_000)))
    owing.do(instruments.remit, do.RemitInstrument(name), today=DUE)
    owing.do(instruments.bounce, do.ReturnInstrument(name, "Refused", None, "MS02"), today=date(2026, 8, 4))
    assert (held(owing, name).status, left(owing)) == ("returned", (12_000, 0))
    assert "payment.received" not in owing.kinds()


def test_a_returned_cheque_that_is_presented_again_is_paid_by_another_payment(owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(instruments.clear, do.ClearInstrument(name), today=DUE)
    first = held(owing, name).payment_id
    owing.do(
        instruments.bounce, do.ReturnInstrument(name, "No funds", reversal_id="rvl_1"), today=date(2026, 8, 4)
    )
    owing.do(instruments.remit, do.RemitInstrument(name), today=date(2026, 8, 10))
    assert left(owing) == (12_000, 12_000)
    owing.do(instruments.clear, do.ClearInstrument(name), today=date(2026, 8, 14))
    second = held(owing, name).payment_id
    assert second != first
    assert payment(owing, first).left_minor + payment(owing, second).left_minor == 12_000
    assert left(owing) == (0, 0)


@pytest.mark.parametrize(("kind", "then"), [("bounced_cheque", "returned"), ("wrong_booking", "in_hand")])
def test_a_reversal_of_its_payment_by_any_way_is_a_return_or_an_error_of_the_creditor(
    owing: Any, kind: Any, then: str
) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(instruments.clear, do.ClearInstrument(name), today=DUE)
    paid = held(owing, name).payment_id or ""
    owing.do(reversals.reverse, ReversePayment(paid, DUE, "back", kind=kind, reversal_id="rvl_1"), today=DUE)
    assert (held(owing, name).status, left(owing)[1]) == (then, 12_000 if then == "in_hand" else 0)
    owing.do(reversals.restore, RestoreReversal(paid, "rvl_1", "It was not"), today=DUE)
    assert (held(owing, name).status, left(owing)) == ("cleared", (0, 0))
    assert [each.basis for each in held(owing, name).clearings] == ["by_person", "reversal_withdrawn"]


def test_the_return_of_a_part_leaves_the_instrument_paid(owing: Any) -> None:
    name = take(owing, cheque(("inv_1", 12_000)))
    owing.do(instruments.clear, do.ClearInstrument(name), today=DUE)
    paid = held(owing, name).payment_id or ""
    part = ReversePayment(paid, DUE, "part", eur(2_000), kind="chargeback", reversal_id="rvl_1")
    owing.do(reversals.reverse, part, today=DUE)
    assert (held(owing, name).status, left(owing)) == ("cleared", (2_000, 0))


def test_a_bill_is_accepted_once_and_an_accepted_one_is_not_refused(make: Any, owing: Any) -> None:
    name, other = take(owing, bill(("inv_1", 12_000))), take(owing, bill(("inv_2", 12_000), number="LCR-2"))
    owing.do(instruments.accept, do.AcceptInstrument(name), today=date(2026, 7, 3))
    owing.do(instruments.accept, do.AcceptInstrument(name), today=date(2026, 7, 4))
    assert held(owing, name).accepted_on == date(2026, 7, 3)
    with make.refused("instrument-not-open"):
        owing.do(instruments.refuse, do.RefuseInstrument(name, "No goods"), today=date(2026, 7, 4))
    owing.do(instruments.refuse, do.RefuseInstrument(other, "No goods"), today=date(2026, 7, 4))
    assert (held(owing, other).status, left(owing, "inv_2")) == ("refused", (12_000, 0))
    paper = take(owing, cheque(("inv_2", 12_000)))
    with make.refused("not-a-bill"):
        owing.do(instruments.accept, do.AcceptInstrument(paper), today=GIVEN)


def test_a_new_maturity_is_agreed_only_while_the_creditor_has_the_paper(make: Any, owing: Any) -> None:
    name = take(owing, bill(("inv_1", 12_000)))
    later = do.ExtendInstrument(name, date(2026, 8, 31), "One month more")
    owing.do(instruments.extend, later, today=date(2026, 7, 20))
    assert (held(owing, name).matures_on, held(owing, name).clears_by) == (
        date(2026, 8, 31),
        date(2026, 9, 7),
    )
    assert (left(owing), invoice(owing).covers[0].matures_on) == ((12_000, 12_000), date(2026, 8, 31))
    assert settle(owing, name, date(2026, 8, 8)) == "in_hand"
    assert invoice(owing, on=date(2026, 7, 19)).covers[0].matures_on == DUE
    with make.refused("invalid-request"):
        owing.do(instruments.extend, do.ExtendInstrument(name, DUE, "Back"), today=date(2026, 8, 8))
    owing.do(instruments.remit, do.RemitInstrument(name), today=date(2026, 8, 30))
    with make.refused("instrument-not-open"):
        owing.do(
            instruments.extend, do.ExtendInstrument(name, date(2026, 9, 30), "More"), today=date(2026, 8, 31)
        )


def test_an_instrument_that_replaces_another_takes_its_place(make: Any, owing: Any) -> None:
    name = take(owing, bill(("inv_1", 12_000)))
    owing.do(instruments.bounce, do.ReturnInstrument(name, "Refused"), today=date(2026, 8, 4))
    renewed = bill(("inv_1", 12_000), number="LCR-2", matures_on=date(2026, 9, 30), replaces=name)
    new = take(owing, renewed, date(2026, 8, 5))
    assert (held(owing, name).status, held(owing, name).replaced_by) == ("cancelled", new)
    assert (held(owing, new).replaces, left(owing)) == (name, (12_000, 12_000))
    owing.do(instruments.clear, do.ClearInstrument(new), today=date(2026, 9, 30))
    with make.refused("instrument-not-open"):
        take(owing, cheque(("inv_2", 12_000), replaces=new), date(2026, 9, 30))


def test_a_dispute_comes_before_the_instrument(make: Any, owing: Any) -> None:
    take(owing, cheque(("inv_1", 12_000)))
    owing.do(claims.open_dispute, make.dispute(5_000), today=date(2026, 7, 3))
    assert left(owing) == (12_000, 7_000)


def test_interest_runs_unless_its_waiver_is_agreed_and_the_instrument_is_paid(owing: Any, make: Any) -> None:
    at = date(2026, 9, 30)
    whole = interest(owing, at)
    agreed = take(owing, cheque(("inv_1", 12_000), interest="waived_if_paid"))
    owing.do(instruments.clear, do.ClearInstrument(agreed, date(2026, 8, 3)), today=date(2026, 8, 3))
    assert interest(owing, at) == 0
    back = do.ReturnInstrument(agreed, "No funds", reversal_id="rvl_1")
    owing.do(instruments.bounce, back, today=date(2026, 8, 12))
    assert interest(owing, at) == whole
    runs = take(
        owing, cheque(("inv_1", 12_000), number="0000125", matures_on=date(2026, 9, 15)), date(2026, 8, 13)
    )
    assert interest(owing, at) == whole
    owing.do(instruments.cancel, do.CancelInstrument(runs, "Given back"), today=date(2026, 8, 13))
    half = cheque(("inv_1", 6_000), interest="waived_if_paid", matures_on=date(2026, 9, 15))
    halves = [take(owing, replace(half, number=number), date(2026, 8, 13)) for number in ("A1", "A2")]
    assert [held(owing, each).status for each in halves] == ["in_hand", "in_hand"]
    assert 0 < interest(owing, at) < whole, "the waivers of both halves count for the same days"
    assert interest(owing, at) == interest(owing, date(2026, 8, 12))


def test_days_of_clearing_are_business_days_of_the_banks() -> None:
    assert business_days_after(date(2026, 7, 31), 0) == date(2026, 7, 31)
    assert business_days_after(date(2026, 8, 1), 1) == date(2026, 8, 3)
    assert business_days_after(date(2026, 12, 24), 1) == date(2026, 12, 28)
    with pytest.raises(NoBusinessCalendar):
        business_days_after(date(2099, 12, 30), 1)
