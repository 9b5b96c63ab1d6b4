"""The rules of merged records: which commands they take, and whose documents and payments follow."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.parties import Survivors
from encours.kernel.errors import DomainError
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AssignRoles, NoteCustomer
from invoice_svc.domain.customer.merge import MergeCustomer, ReverseMerge
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, IssueInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.order.commands import DeliverOrder, GroupDeliveries, PlaceOrder
from invoice_svc.domain.payment.commands import AllocatePayment
from invoice_svc.domain.recurring.commands import AgreeRecurring
from invoice_svc.http.customers.answers import CustomerOut
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE, ORDER, PAYMENT
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, invoices, orders, recurring

TODAY = date(2026, 6, 30)
NAMES = ("cus_1", "cus_2", "cus_3", "cus_4")


def day(number: int) -> date:
    return date(2026, 6, number)


def merge(customer: str = "cus_1", into: str = "cus_2", on: date | None = None) -> MergeCustomer:
    return MergeCustomer(customer, into, "entered twice", on)


@pytest.fixture
def firm(firm: Any, make: Any) -> Any:
    """A firm with four customers, and one of another entity."""
    for name in NAMES[1:]:
        firm.do(customers.register, make.customer(name))
    firm.do(entities.register, make.entity("ent_2"))
    firm.do(customers.register, make.customer("cus_9", "ent_2"))
    return firm


def test_a_merged_customer_shows_the_record_that_stands_for_it_from_the_day_on(firm: Any) -> None:
    firm.do(customers.merge, merge(on=day(10)))
    assert firm.kinds()[-1] == "customer.merged"
    assert firm.ledger.events[-1].effective_on == day(10)
    state = firm.state(CUSTOMER, "cus_1")
    shown = [CustomerOut.of(state, 2, day(n))["merged_into"] for n in (9, 10, 11)]
    assert shown == [None, "cus_2", "cus_2"]


def test_the_same_merge_again_records_nothing(firm: Any) -> None:
    firm.do(customers.merge, merge(on=day(10)))
    count = len(firm.ledger.events)
    firm.do(customers.merge, merge(on=day(20)))
    assert len(firm.ledger.events) == count


def test_no_merge_closes_a_circle_however_many_there_are_between(firm: Any, make: Any) -> None:
    firm.do(customers.merge, merge("cus_1", "cus_2", day(20)))
    firm.do(customers.merge, merge("cus_2", "cus_3", day(10)))
    for number in (5, 10, 25):
        with make.refused("customer-merged"):
            firm.do(customers.merge, merge("cus_3", "cus_1", day(number)))
    with make.refused("customer-merged"):
        firm.do(customers.merge, merge("cus_4", "cus_2"))
    with make.refused("customer-merged"):
        firm.do(customers.merge, merge("cus_1", "cus_4"))


def test_a_merge_is_refused_with_itself_with_another_entitys_customer_and_in_the_future(
    firm: Any, make: Any
) -> None:
    with make.refused("invalid-request"):
        firm.do(customers.merge, merge(into="cus_1"))
    with make.refused("customer-of-other-entity"):
        firm.do(customers.merge, merge(into="cus_9"))
    with make.refused("date-in-future"):
        firm.do(customers.merge, merge(on=TODAY + timedelta(days=1)))
    with make.refused("customer-not-found"):
        firm.do(customers.merge, merge(into="cus_8"))


def test_a_wrong_merge_is_reversed_from_a_day_on(firm: Any, make: Any) -> None:
    with make.refused("customer-not-merged"):
        firm.do(customers.reverse_merge, ReverseMerge("cus_1"))
    firm.do(customers.merge, merge(on=day(10)))
    with make.refused("invalid-request"):
        firm.do(customers.reverse_merge, ReverseMerge("cus_1", on=day(9)))
    firm.do(customers.reverse_merge, ReverseMerge("cus_1", on=day(20)))
    merges = firm.state(CUSTOMER, "cus_1").merges
    assert [Survivors(merges, day(n)).of("cus_1") for n in (9, 10, 19, 20)] == [
        "cus_1", "cus_2", "cus_2", "cus_1",
    ]  # fmt: skip
    assert Survivors(merges, day(25), merges[0].position).of("cus_1") == "cus_2"
    firm.do(invoices.draft, make.at_once(make.draft(), day(25)))
    firm.do(customers.merge, merge("cus_2", "cus_1", day(21)))


def test_commands_that_name_a_merged_customer_are_refused_with_the_one_to_name(firm: Any, make: Any) -> None:
    firm.do(customers.merge, merge("cus_1", "cus_2", day(20)))
    firm.do(customers.merge, merge("cus_2", "cus_3", day(20)))
    content = Content(None, (LineInput("tyre", "1", "10.00", "20"),))
    named = [
        (invoices.draft, make.at_once(make.draft(), day(20))),
        (payments.receive, make.receipt()),
        (orders.place, PlaceOrder("ord_1", "ent_1", "cus_1", content)),
        (customers.note, NoteCustomer("cus_1", "called")),
        (customers.assign_roles, AssignRoles("cus_4", payer_id="cus_1")),
    ]
    for use_case, command in named:
        with pytest.raises(DomainError) as caught:
            firm.do(use_case, command)
        assert (caught.value.code, caught.value.extra) == ("customer-merged", {"survivor": "cus_3"})
        assert caught.value.detail == "cus_1 is merged into cus_3. Use cus_3."
    firm.do(invoices.draft, make.at_once(make.draft(), day(19)))
    assert firm.state(INVOICE, "inv_1").customer_id == "cus_1"


def test_drafts_orders_and_recurring_invoices_are_billed_to_the_record_that_remains(
    firm: Any, make: Any
) -> None:
    content = Content(None, (LineInput("tyre", "1", "10.00", "20"),))
    firm.do(invoices.draft, make.draft("inv_1"))
    firm.do(orders.place, PlaceOrder("ord_1", "ent_1", "cus_1", content, ordered_on=day(1)))
    firm.do(orders.place, PlaceOrder("ord_2", "ent_1", "cus_2", content, ordered_on=day(1)))

    async def no_holds(*_: Any) -> list[str]:
        return []

    firm.do(orders.deliver, DeliverOrder("ord_1", "BL 1", None, day(2)), no_holds)
    firm.do(orders.deliver, DeliverOrder("ord_2", "BL 2", None, day(2)), no_holds)
    agreement = AgreeRecurring(
        "rec_1", "ent_1", "cus_1", "Care", "FREQ=MONTHLY;BYMONTHDAY=25", day(25), content
    )
    firm.do(recurring.agree, agreement)
    firm.do(customers.merge, merge(on=day(20)))

    firm.do(invoices.issue, IssueInvoice("inv_1", day(22)))
    invoice = firm.state(INVOICE, "inv_1")
    assert (invoice.customer_id, invoice.purchaser_id) == ("cus_2", "cus_1")

    async def both(*_: Any) -> list[str]:
        return ["ord_1", "ord_2"]

    firm.do(orders.group, GroupDeliveries("inv_2", "ent_1", "cus_2", day(1), day(30)), both)
    assert len(firm.state(INVOICE, "inv_2").lines) == 2
    assert all(firm.state(ORDER, each).deliveries[0].invoice_id == "inv_2" for each in ("ord_1", "ord_2"))

    firm.do(recurring.bill_next, "rec_1", TODAY)
    (drafted,) = [e.data for e in firm.ledger.events if e.type == "invoice.drafted"][2:]
    assert drafted.customer_id == "cus_2"


def test_a_correction_after_the_merge_is_issued_to_the_record_that_remains(issued: Any, make: Any) -> None:
    issued.do(customers.merge, merge(on=day(10)))
    changes = AmendInvoice("inv_1", reference="PO 7")
    issued.do(corrections.correct, CorrectInvoice("inv_1", "price", changes, issued_on=day(15)))
    assert issued.state(INVOICE, correction_id("inv_1")).customer_id == "cus_2"
    assert issued.state(INVOICE, "inv_1").customer_id == "cus_1"


def test_a_payment_of_either_record_settles_invoices_of_both(issued: Any, make: Any) -> None:
    early = make.receipt("pay_1", 5_000, day(5), customer_id="cus_2")
    issued.do(payments.receive, early, ["inv_1"])
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 5_000
    issued.do(customers.merge, merge(on=day(10)))
    issued.do(payments.allocate, AllocatePayment("pay_1", None), ["inv_1"])
    issued.do(payments.receive, make.receipt("pay_2", 7_000, day(12), customer_id="cus_2"), ["inv_1"])
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0


@settings(max_examples=100)
@given(data=st.data())
def test_random_merges_never_make_a_circle_and_leave_one_survivor_on_every_day(
    data: st.DataObject, new_books: Any, make: Any
) -> None:
    firm = new_books()
    firm.do(entities.register, make.entity())
    for name in NAMES:
        firm.do(customers.register, make.customer(name))
    for _ in range(data.draw(st.integers(1, 8))):
        customer, into = data.draw(st.sampled_from(NAMES)), data.draw(st.sampled_from(NAMES))
        on = day(data.draw(st.integers(1, 5)))
        reverse = data.draw(st.booleans())
        command: Any = ReverseMerge(customer, on=on) if reverse else merge(customer, into, on)
        with suppress(DomainError):
            firm.do(customers.reverse_merge if reverse else customers.merge, command)
    merges = [each for name in NAMES for each in firm.state(CUSTOMER, name).merges]
    for number in range(1, 7):
        standing = Survivors(merges, day(number))
        own = {name: _followed(firm, name, day(number)) for name in NAMES}
        assert {name: standing.of(name) for name in NAMES} == own
        for name in NAMES:
            assert sorted(standing.records(name)) == sorted(each for each in NAMES if own[each] == own[name])


def _followed(firm: Any, customer: str, on: date) -> str:
    """The end of the chain of merges, counted step by step; a circle would never end."""
    for _ in range(len(NAMES)):
        begun = [merge for merge in firm.state(CUSTOMER, customer).merges if merge.effective_on <= on]
        last = max(begun, key=lambda merge: (merge.effective_on, merge.position), default=None)
        if last is None or last.into_id is None:
            return customer
        customer = last.into_id
    raise AssertionError("a circle")
