"""The rules of orders and deliveries: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.common import Address, Particulars, Terms
from encours.kernel.errors import DomainError
from encours.testing.folding import Folding
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    CancelInvoice,
    Content,
    CreditInvoice,
    DraftInvoice,
)
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.order.commands import (
    CancelDelivery,
    CloseOrder,
    DeliverOrder,
    GroupDeliveries,
    PlaceOrder,
    QuantityDelivered,
)
from invoice_svc.domain.quote.commands import AcceptQuote, DraftQuote
from invoice_svc.read_models.lists import Lists
from invoice_svc.use_cases.folds import INVOICE, ORDER, QUOTE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, invoices, orders, quotes

TODAY = date(2026, 6, 30)
NAMES = ("ord_1", "ord_2", "ord_3")
LINES = (LineInput("tyre", "10", "89.90", "20"), LineInput("book", "4", "10.00", "5.5"))
REBATE = LineInput("rebate", "-1", "10.00", "20")
WAREHOUSE = Address(lines=("ZI Nord",), postal_code="59000", city="Lille", country="FR")


def day(number: int) -> date:
    return date(2026, 6, number)


def order(name: str = "ord_1", *, content: Content | None = None, **changes: Any) -> PlaceOrder:
    values: dict[str, Any] = {"entity_id": "ent_1", "customer_id": "cus_1", "ordered_on": day(1)} | changes
    return PlaceOrder(name, content=content or Content(None, LINES, reference="PO 7"), **values)


def delivery(
    note: str, on: int, *quantities: tuple[int, str], name: str = "ord_1", **more: Any
) -> DeliverOrder:
    lines = tuple(QuantityDelivered(line, quantity) for line, quantity in quantities) or None
    return DeliverOrder(name, note, lines, day(on), **more)


def june(name: str = "inv_1", **changes: Any) -> GroupDeliveries:
    return GroupDeliveries(name, "ent_1", "cus_1", day(1), day(30), **changes)


async def every_order(*_: Any) -> list[str]:
    return list(NAMES)


async def no_holds(*_: Any) -> list[str]:
    return []


@pytest.fixture
def ordered(firm: Any) -> Any:
    """A firm with three orders of one customer."""
    for name in NAMES:
        firm.do(orders.place, order(name))
    return firm


def delivery_ids(books: Any, name: str = "ord_1") -> list[str]:
    return [each.delivery_id for each in books.state(ORDER, name).deliveries]


def test_deliveries_of_a_period_become_one_invoice_that_cites_orders_and_notes(ordered: Any) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "4")), no_holds)
    ordered.do(orders.deliver, delivery("BL-3", 20, (1, "1.5"), (2, "4")), no_holds)
    ordered.do(orders.deliver, delivery("BL-2", 10, (2, "2"), name="ord_2"), no_holds)
    ordered.do(orders.group, june(issue=True), every_order)
    invoice = ordered.state(INVOICE, "inv_1")
    assert [(line.description, line.quantity) for line in invoice.lines] == [
        ("tyre", "4"), ("book", "2"), ("tyre", "1.5"), ("book", "4"),
    ]  # fmt: skip
    assert [(cited.order_id, cited.note_number, cited.delivered_on.day) for cited in invoice.deliveries] == [
        ("ord_1", "BL-1", 5), ("ord_2", "BL-2", 10), ("ord_1", "BL-3", 20),
    ]  # fmt: skip
    assert (invoice.number, invoice.supply_on, invoice.reference) == ("FAC-2026-000001", day(20), "PO 7")
    assert invoice.net_minor == 35_960 + 2_000 + 13_485 + 4_000
    assert ordered.state(ORDER, "ord_1").deliveries[1].net_minor == 13_485 + 4_000


def test_a_delivery_is_billed_once_until_its_draft_is_cancelled_or_its_invoice_credited_whole(
    make: Any, ordered: Any
) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "4")), no_holds)
    ordered.do(orders.group, june("inv_1"), every_order)
    with make.refused("nothing-to-bill"):
        ordered.do(orders.group, june("inv_2"), every_order)
    with make.refused("delivery-billed"):
        ordered.do(orders.cancel_delivery, CancelDelivery("ord_1", delivery_ids(ordered)[0], "x"))
    ordered.do(invoices.cancel, CancelInvoice("inv_1"))
    ordered.do(invoices.cancel, CancelInvoice("inv_1"))
    ordered.do(orders.group, june("inv_3", issue=True), every_order)
    ordered.do(invoices.credit, CreditInvoice("inv_3", "cre_1", TODAY, 1_000, "rebate"))
    with make.refused("nothing-to-bill"):
        ordered.do(orders.group, june("inv_4"), every_order)
    ordered.do(invoices.credit, CreditInvoice("inv_3", "cre_2", TODAY, None, "wrong address"))
    ordered.do(orders.group, june("inv_5"), every_order)
    assert ordered.state(ORDER, "ord_1").deliveries[0].invoice_id == "inv_5"
    assert [kind for kind in ordered.kinds() if kind.startswith("order.") and "billed" in kind] == [
        "order.billed", "order.unbilled", "order.billed", "order.unbilled", "order.billed",
    ]  # fmt: skip


def test_a_correction_bills_the_same_deliveries(make: Any, ordered: Any) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "4")), no_holds)
    ordered.do(orders.group, june("inv_1", issue=True), every_order)
    changes = AmendInvoice("inv_1", reference="PO 8")
    ordered.do(corrections.correct, CorrectInvoice("inv_1", "wrong reference", changes))
    new = correction_id("inv_1")
    assert ordered.state(ORDER, "ord_1").deliveries[0].invoice_id == new
    assert ordered.state(INVOICE, new).deliveries == ordered.state(INVOICE, "inv_1").deliveries
    with make.refused("nothing-to-bill"):
        ordered.do(orders.group, june("inv_3"), every_order)


def test_the_group_takes_what_the_period_the_address_and_the_orders_name(make: Any, ordered: Any) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "1"), delivered_to=WAREHOUSE), no_holds)
    ordered.do(orders.deliver, delivery("BL-2", 20, (1, "1")), no_holds)
    ordered.do(orders.deliver, delivery("BL-3", 25, (1, "1"), name="ord_2"), no_holds)
    first_half = GroupDeliveries("inv_0", "ent_1", "cus_1", day(6), day(19))
    with make.refused("nothing-to-bill"):
        ordered.do(orders.group, first_half, every_order)
    ordered.do(orders.group, june("inv_1", delivered_to=WAREHOUSE), every_order)
    ordered.do(orders.group, june("inv_2", order_ids=["ord_2"]), every_order)
    ordered.do(orders.group, june("inv_3"), every_order)
    notes = {
        name: [cited.note_number for cited in ordered.state(INVOICE, name).deliveries]
        for name in ("inv_1", "inv_2", "inv_3")
    }
    assert notes == {"inv_1": ["BL-1"], "inv_2": ["BL-3"], "inv_3": ["BL-2"]}


def test_the_invoice_of_deliveries_deducts_the_deposits_that_it_names(ordered: Any) -> None:
    content = Content(None, (LineInput("deposit", "1", "50.00", "20"),))
    deposit = DraftInvoice("inv_d", "ent_1", "cus_1", "FAC", content, issue=True, purpose="deposit")
    ordered.do(invoices.draft, deposit)
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "1")), no_holds)
    ordered.do(orders.group, june(deposits=("inv_d",), issue=True), every_order)
    final = ordered.state(INVOICE, "inv_1")
    assert (final.net_minor, final.total_minor) == (89_90 - 50_00, 107_88 - 60_00)
    assert ordered.state(INVOICE, "inv_d").deducted_by == "inv_1"


def test_orders_in_another_currency_or_with_other_terms_are_billed_apart(make: Any, firm: Any) -> None:
    terms = Terms(due_kind="NET", days=15, penalty_rate_bps=None, indemnity_minor=4_000)
    firm.do(orders.place, order("ord_1"))
    firm.do(orders.place, order("ord_2", content=Content(None, LINES, terms=terms)))
    firm.do(orders.place, order("ord_3", currency="USD"))
    for name in ("ord_1", "ord_2", "ord_3"):
        firm.do(orders.deliver, delivery("BL-1", 5, name=name), no_holds)
    with pytest.raises(DomainError, match="different terms") as refusal:
        firm.do(orders.group, june(), every_order)
    assert refusal.value.errors[0].pointer == "/order_ids"
    firm.do(orders.group, june("inv_1", order_ids=["ord_2"]), every_order)
    firm.do(orders.group, june("inv_2"), every_order)
    firm.do(orders.group, june("inv_3", currency="USD"), every_order)
    drafts = [firm.state(INVOICE, name) for name in ("inv_1", "inv_2", "inv_3")]
    assert [(draft.currency, draft.terms) for draft in drafts] == [
        ("EUR", terms),
        ("EUR", None),
        ("USD", None),
    ]


def test_no_more_is_delivered_than_was_ordered(make: Any, ordered: Any) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "9.5")), no_holds)
    with pytest.raises(DomainError, match=r"0\.5 is left to deliver, not 0\.6") as refusal:
        ordered.do(orders.deliver, delivery("BL-2", 6, (2, "1"), (1, "0.6")), no_holds)
    assert (refusal.value.code, refusal.value.errors[0].pointer) == (
        "quantity-exceeds-order",
        "/lines/1/quantity",
    )
    ordered.do(orders.deliver, delivery("BL-2", 6), no_holds)
    rest = ordered.state(ORDER, "ord_1").deliveries[1]
    assert [(line.line, line.quantity) for line in rest.lines] == [(1, "0.5"), (2, "4")]
    assert ordered.state(ORDER, "ord_1").delivered == "whole"
    with pytest.raises(DomainError, match=r", 0 is left to deliver, not 0\.1"):
        ordered.do(orders.deliver, delivery("BL-3", 7, (1, "0.1")), no_holds)
    with make.refused("quantity-exceeds-order"):
        ordered.do(orders.deliver, delivery("BL-3", 7), no_holds)


def test_a_delivery_note_counts_once_and_again_after_its_cancellation(make: Any, ordered: Any) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "9")), no_holds)
    with make.refused("delivery-exists"):
        ordered.do(orders.deliver, delivery("BL-1", 5, (1, "1")), no_holds)
    wrong = delivery_ids(ordered)[0]
    for _ in range(2):
        ordered.do(orders.cancel_delivery, CancelDelivery("ord_1", wrong, "9 for 6"))
    assert ordered.state(ORDER, "ord_1").delivered == "none"
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "6")), no_holds)
    assert len(set(delivery_ids(ordered))) == 2
    ordered.do(orders.group, june(), every_order)
    assert [line.quantity for line in ordered.state(INVOICE, "inv_1").lines] == ["6"]


def test_a_closed_order_takes_no_delivery_and_its_deliveries_are_still_billed(
    make: Any, ordered: Any
) -> None:
    ordered.do(orders.deliver, delivery("BL-1", 5, (1, "1")), no_holds)
    for _ in range(2):
        ordered.do(orders.close, CloseOrder("ord_1", "rest cancelled"))
    assert ordered.kinds().count("order.closed") == 1
    with make.refused("order-closed"):
        ordered.do(orders.deliver, delivery("BL-2", 6), no_holds)
    ordered.do(orders.group, june(), every_order)


@pytest.mark.parametrize(
    ("use_case", "command", "code"),
    [
        (orders.deliver, delivery("BL-1", 5, (3, "1")), "invalid-request"),
        (orders.deliver, delivery("BL-1", 5, (1, "0")), "invalid-request"),
        (orders.deliver, delivery("BL-1", 5, (1, "-1")), "invalid-request"),
        (orders.deliver, DeliverOrder("ord_1", "BL-1", None, date(2026, 7, 1)), "date-in-future"),
        (orders.deliver, DeliverOrder("ord_1", "BL-1", None, date(2026, 5, 31)), "invalid-request"),
        (orders.deliver, delivery("BL-1", 5, name="ord_9"), "order-not-found"),
        (orders.cancel_delivery, CancelDelivery("ord_1", "dlv_9", "x"), "delivery-not-found"),
        (orders.place, order(), "order-exists"),
        (orders.place, order("ord_9", ordered_on=date(2026, 7, 1)), "date-in-future"),
        (orders.place, order("ord_9", content=Content(None, (REBATE,))), "invalid-request"),
        (orders.place, order("ord_9", customer_id="cus_2"), "customer-of-other-entity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(
    make: Any, ordered: Any, use_case: Any, command: Any, code: str
) -> None:
    ordered.do(entities.register, make.entity("ent_2"))
    ordered.do(customers.register, make.customer("cus_2", "ent_2"))
    with make.refused(code):
        ordered.do(use_case, command, *([no_holds] if use_case is orders.deliver else []))


def test_an_accepted_quote_may_become_an_order(firm: Any) -> None:
    firm.do(
        quotes.draft, DraftQuote("quo_1", "ent_1", "cus_1", TODAY, Content(None, LINES, reference="PO 7"))
    )
    firm.do(quotes.accept, AcceptQuote("quo_1", "Claire Martin", into="order"))
    accepted = firm.state(QUOTE, "quo_1").acceptance
    found = firm.state(ORDER, accepted.order_id)
    assert (accepted.invoice_id, found.quote_id, found.ordered_on) == (None, "quo_1", TODAY)
    assert (found.content, found.total_minor) == (
        firm.state(QUOTE, "quo_1").content,
        firm.state(QUOTE, "quo_1").total_minor,
    )
    assert found.deliver_to == Address(
        lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR"
    )


ADJUSTED = Content(
    None,
    (
        LineInput(
            "tyre", "10", "90.00", "20",
            adjustments=(
                AdjustmentInput("allowance", "old stock", amount="10.00"),
                AdjustmentInput("allowance", "volume", percent="10"),
            ),
        ),
    ),
    adjustments=(
        AdjustmentInput("charge", "freight", amount="25.00", vat_rate="20"),
        AdjustmentInput("allowance", "loyalty", percent="2", vat_rate="20"),
    ),
)  # fmt: skip


def test_discounts_and_charges_of_the_order_are_divided_among_its_invoices(firm: Any) -> None:
    firm.do(orders.place, order(content=ADJUSTED))
    whole = firm.state(ORDER, "ord_1")
    assert whole.net_minor == 90_000 - 1_000 - 9_000 + 2_500 - 1_600
    for n, quantity in enumerate(("3", "3", "4"), 1):
        firm.do(orders.deliver, delivery(f"BL-{n}", 5 + n, (1, quantity)), no_holds)
        firm.do(orders.group, june(f"inv_{n}", order_ids=["ord_1"]), every_order)
    drafts = [firm.state(INVOICE, f"inv_{n}") for n in (1, 2, 3)]
    assert [sum(each.signed_minor for each in draft.lines[0].adjustments) for draft in drafts] == [
        -300 - 2_700, -300 - 2_700, -400 - 3_600,
    ]  # fmt: skip
    assert [[each.signed_minor for each in draft.adjustments] for draft in drafts] == [
        [750, -480], [750, -480], [1_000, -640],
    ]  # fmt: skip
    assert sum(draft.net_minor for draft in drafts) == whole.net_minor


def test_the_invoice_states_what_its_orders_state_alike(firm: Any) -> None:
    alike = Particulars(nature="goods", delivery_address=WAREHOUSE)
    for name, contract in (("ord_1", "M-1"), ("ord_2", "M-2")):
        stated = replace(alike, contract=contract)
        firm.do(orders.place, order(name, content=Content(None, LINES, particulars=stated)))
    firm.do(orders.deliver, delivery("BL-1", 5, (1, "1")), no_holds)
    firm.do(orders.deliver, delivery("BL-2", 9, (1, "1"), name="ord_2"), no_holds)
    firm.do(orders.group, june(order_ids=["ord_1", "ord_2"]), every_order)
    found = firm.state(INVOICE, "inv_1").particulars
    assert found == replace(alike, supply_from=day(5), supply_until=day(9))


class Clerk:
    """A naive count beside the books: which invoice each delivery note is on."""

    def __init__(self, books: Any, seed: int) -> None:
        self.books, self.random = books, Random(seed)
        self.on: dict[str, str | None] = {}
        self.home: dict[str, str] = {}
        self.drafts: list[str] = []
        self.issued: list[str] = []

    def live(self, step: int) -> None:
        today = TODAY + timedelta(days=step)
        match self.random.choice(["deliver", "deliver", "group", "group", "cancel", "credit", "drop"]):
            case "deliver":
                note, name = f"BL-{step}", self.random.choice(NAMES)
                command = DeliverOrder(name, note, (QuantityDelivered(1, "0.1"),), today)
                self.books.do(orders.deliver, command, no_holds, today=today)
                self.on[note], self.home[note] = None, name
            case "group":
                self._group(f"inv_{step}", today)
            case "cancel" if self.drafts:
                self.books.do(invoices.cancel, CancelInvoice(self._gone(self.drafts)), today=today)
            case "credit" if self.issued:
                gone = self._gone(self.issued)
                self.books.do(
                    invoices.credit, CreditInvoice(gone, f"cre_{step}", today, None, "x"), today=today
                )
            case "drop" if self.on:
                self._drop(self.random.choice(sorted(self.on)), today)

    def _group(self, invoice: str, today: date) -> None:
        names = self.random.choice([None, [self.random.choice(NAMES)]])
        issue = self.random.random() < 0.5
        command = GroupDeliveries(
            invoice, "ent_1", "cus_1", TODAY, today, order_ids=names, issue=issue, issued_on=today
        )
        free = {n for n, on in self.on.items() if on is None and (names is None or self.home[n] in names)}
        if not free:
            with pytest.raises(DomainError, match="waits for an invoice"):
                self.books.do(orders.group, command, every_order, today=today)
            return
        self.books.do(orders.group, command, every_order, today=today)
        assert {cited.note_number for cited in self.books.state(INVOICE, invoice).deliveries} == free
        self.on |= dict.fromkeys(free, invoice)
        (self.issued if issue else self.drafts).append(invoice)

    def _gone(self, invoices_: list[str]) -> str:
        gone = invoices_.pop(self.random.randrange(len(invoices_)))
        self.on |= {note: None for note, on in self.on.items() if on == gone}
        return gone

    def _drop(self, note: str, today: date) -> None:
        order_ = self.books.state(ORDER, self.home[note])
        (found,) = [each.delivery_id for each in order_.deliveries if each.note_number == note]
        command = CancelDelivery(self.home[note], found, "x")
        if self.on[note] is not None:
            with pytest.raises(DomainError, match="is billed by"):
                self.books.do(orders.cancel_delivery, command, today=today)
            return
        self.books.do(orders.cancel_delivery, command, today=today)
        del self.on[note], self.home[note]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_a_delivery_is_on_one_living_invoice_at_most(
    make: Any, new_books: Any, seed: int
) -> None:
    books = new_books()
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer())
    for name in NAMES:
        books.do(orders.place, order(name))
    clerk = Clerk(books, seed)
    for step in range(25):
        clerk.live(step)
    found = {
        each.note_number: each.invoice_id
        for name in NAMES
        for each in books.state(ORDER, name).deliveries
        if not each.cancelled
    }
    assert found == clerk.on
    lists = Folding(Lists())
    listed = lists.fold_in(books.ledger.events, range(0, len(books.ledger.events), 7))
    assert lists.parked == {}
    freed = {key for key, row in listed["delivery_billing"].items() if row[-1] is not None}
    assert {key[1] for key in listed["delivery_billing"].keys() - freed} == set(clerk.on.values()) - {None}
