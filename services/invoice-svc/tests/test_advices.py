"""Remittance advices: what a debtor says that a transfer pays, kept until the money comes, and joined to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.sales.dispute import Category
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_id, with_prefix
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.dispute_rules.commands import MapCode
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.remittance.commands import (
    JoinAdvice,
    ReceiveAdvice,
    StatedDeduction,
    StatedItem,
    WithdrawAdvice,
)
from invoice_svc.domain.remittance.numbers import AdvisableDocument, identify
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.imports.commands import EventScope, work_of
from invoice_svc.imports.events import ImportedPayment
from invoice_svc.matching.advices import announced
from invoice_svc.use_cases.folds import ADVICE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import advices, payments, reversals, tolerances
from invoice_svc.use_cases.money.payments import Settled
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import credits, dispute_rules, invoices

DAY = date(2026, 6, 12)


@dataclass(frozen=True)
class Looked:
    """Answer from the events themselves, as the read model does from its rows."""

    books: Any

    async def documents(self, *_: Any) -> Sequence[AdvisableDocument]:
        found = []
        for e in self.books.ledger.events:
            if e.type == "invoice.issued":
                found.append(AdvisableDocument(e.data.number, e.stream))
            if e.type in ("invoice.credited", "payment.credit_note_issued"):
                corrected = e.stream if e.type == "invoice.credited" else None
                found.append(AdvisableDocument(e.data.number, corrected, e.data.credit_note_id))
        return found

    async def unapplied(self, *_: Any) -> Sequence[str]:
        ids = dict.fromkeys(e.stream for e in self.books.ledger.events if e.type == "payment.received")
        return [each for each in ids if self.books.state(PAYMENT, each).unapplied_minor]

    async def open_advices(
        self, ledger: str, entity: str, currency: str, minor: int, newest: bool
    ) -> Sequence[str]:
        ids = dict.fromkeys(e.stream for e in self.books.ledger.events if e.stream.startswith("adv_"))
        states = {each: self.books.state(ADVICE, each) for each in ids}
        return [each for each, state in states.items() if state.stated.total_minor == minor]


@pytest.fixture
def owing(firm: Any, make: Any) -> Any:
    """A firm to which Dupont owes three invoices of 120.00: inv_1 to inv_3."""
    for n in (1, 2, 3):
        firm.do(invoices.draft, make.at_once(make.draft(f"inv_{n}"), date(2026, 6, n)))
    return firm


def item(written: str | None, minor: int, **more: Any) -> StatedItem:
    return StatedItem(minor, written=written, **more)


def announce(books: Any, *items: StatedItem, today: date = DAY, **more: Any) -> str:
    values: dict[str, Any] = {
        "entity_id": "ent_1", "customer_id": "cus_1", "currency": "EUR", "format": "json",
        "content_sha256": str(items), "reference": "TRF-4711",
    }  # fmt: skip
    command = ReceiveAdvice(items=items, **(values | more))
    books.do(advices.receive, command, Looked(books), today=today)
    return command.advice_id


def receive(books: Any, make: Any, minor: int, name: str = "pay_1", **more: Any) -> str | None:
    looked = Looked(books)
    command = make.receipt(name, minor, more.pop("on", DAY), **more)
    open_ones = [f"inv_{n}" for n in (1, 2, 3)]
    done = books.do(payments.receive, command, open_ones, looked.open_advices)
    settled: Settled = done.result(Settled)
    return settled.note


def paid(books: Any, name: str = "pay_1") -> list[tuple[str, int, str]]:
    parts = [each.allocation for each in books.state(PAYMENT, name).allocations]
    return [(each.invoice_id, each.amount_minor, each.rule) for each in parts]


def documents(books: Any) -> list[AdvisableDocument]:
    asked = Looked(books).documents()
    try:
        asked.send(None)
    except StopIteration as found:
        return list(found.value)
    raise AssertionError("the events are in memory")


def standalone(note: str, amount: str = "20.00") -> IssueCreditNote:
    return IssueCreditNote(
        note, with_prefix(note, "pay"), "ent_1", "cus_1", (LineInput("Rebate", "1", amount, "0"),), "Rebate", DAY,
        period_from=date(2026, 1, 1), period_until=date(2026, 5, 31),
    )  # fmt: skip


def advice(books: Any, advice_id: str) -> Any:
    return books.state(ADVICE, advice_id)


def kinds(books: Any, advice_id: str) -> list[tuple[int | None, str]]:
    return [(each.item, each.kind) for each in advice(books, advice_id).joined.differences]


def test_a_payment_of_a_file_joins_the_advice_that_announces_it(owing: Any) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), reference=None)
    payment = ImportedPayment(ref="P1", customer="C", received_on=DAY, currency="EUR", amount_minor=12_000)
    owing.do(work_of(payment, EventScope("ent_1", "cus_1"), ["inv_1"], [advice_id]))
    assert paid(owing, payment_id_of("ent_1", "P1")) == [("inv_3", 12_000, "advice")]


def test_a_payment_settles_what_its_advice_says_and_not_the_oldest(owing: Any, make: Any) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("facture n° 2", 5_000))
    assert receive(owing, make, 17_000) is None
    assert paid(owing) == [("inv_3", 12_000, "advice"), ("inv_2", 5_000, "advice")]
    (first, _) = owing.state(PAYMENT, "pay_1").allocations
    assert (first.allocation.basis, first.allocation.evidence) == ("C. civ. 1342-10 al. 1", advice_id)
    assert owing.state(PAYMENT, "pay_1").advice_id == advice_id
    state = advice(owing, advice_id)
    assert (state.status(DAY), state.joined.payment_id, state.joined.settled_minor) == (
        "joined",
        "pay_1",
        17_000,
    )


@pytest.mark.parametrize(
    ("minor", "more"),
    [
        (16_999, {}),
        (17_001, {}),
        (17_000, {"customer_id": "cus_2"}),
        (17_000, {"customer_id": None}),
        (17_000, {"on": DAY + timedelta(days=91)}),
        (17_000, {"currency": "USD"}),
        (17_000, {"remittance_text": "FAC-2026-000001"}),
    ],
    ids=["less", "more", "other payer", "no payer", "expired", "currency", "text names another"],
)
def test_no_advice_joins_a_payment_that_differs(
    owing: Any, make: Any, minor: int, more: dict[str, Any]
) -> None:
    owing.do(customers.register, make.customer("cus_2"))
    today = more.get("on", DAY)
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    looked = Looked(owing)
    owing.do(
        payments.receive, make.receipt("pay_1", minor, **({"on": DAY} | more)), ["inv_1"], looked.open_advices,
        today=today,
    )  # fmt: skip
    assert advice(owing, advice_id).joined is None
    assert "advice" not in {rule for _, _, rule in paid(owing)}


@pytest.mark.parametrize("more", [{"external_ref": "trf 4711"}, {"remittance_text": "VIR TRF4711 DUPONT"}])
def test_the_reference_identifies_a_payment_without_a_payer(
    owing: Any, make: Any, more: dict[str, Any]
) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000))
    receive(owing, make, 12_000, customer_id=None, **more)
    assert (paid(owing), owing.state(PAYMENT, "pay_1").customer_id) == (
        [("inv_3", 12_000, "advice")],
        "cus_1",
    )
    assert advice(owing, advice_id).status(DAY) == "joined"


def test_of_two_advices_of_one_amount_the_one_with_the_reference_joins_and_none_without(
    owing: Any, make: Any
) -> None:
    first = announce(owing, item("FAC-2026-000003", 12_000), reference="TRF-1000")
    second = announce(owing, item("FAC-2026-000002", 12_000), reference="TRF-2000")
    receive(owing, make, 12_000)
    assert paid(owing) == [("inv_1", 12_000, "oldest_due")]
    receive(owing, make, 12_000, "pay_2", remittance_text="TRF-2000")
    assert paid(owing, "pay_2") == [("inv_2", 12_000, "advice")]
    assert [advice(owing, each).status(DAY) for each in (first, second)] == ["announced", "joined"]


def test_an_advice_that_comes_after_its_payment_allocates_the_unapplied_rest(owing: Any, make: Any) -> None:
    reference = payment_id_of("ent_1", "TRF-4711")
    receive(owing, make, 17_000, reference, external_ref="TRF-4711", allocations=())
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    assert paid(owing, reference) == [("inv_3", 12_000, "advice"), ("inv_2", 5_000, "advice")]
    assert advice(owing, advice_id).status(DAY) == "joined"


def test_what_the_payment_has_settled_by_another_rule_is_not_settled_again(owing: Any, make: Any) -> None:
    receive(owing, make, 17_000, allocations=(("inv_3", 12_000),))
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    assert paid(owing) == [("inv_3", 12_000, "instructed"), ("inv_2", 5_000, "advice")]
    assert advice(owing, advice_id).joined.differences == ()


def test_items_have_to_add_up_to_the_total(owing: Any, make: Any) -> None:
    with pytest.raises(DomainError) as caught:
        announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000), total_minor=17_001)
    assert (caught.value.code, caught.value.status) == ("advice-unbalanced", 422)
    assert "add up to 170.00 EUR, the total is 170.01; the difference is 0.01." in caught.value.detail
    assert "remittance_advice.received" not in owing.kinds()


def test_the_same_advice_again_changes_nothing_and_another_under_its_reference_is_refused(
    owing: Any, make: Any
) -> None:
    first = announce(owing, item("FAC-2026-000003", 12_000))
    before = len(owing.ledger.events)
    assert announce(owing, item("facture 3", 12_000), content_sha256="another file") == first
    assert len(owing.ledger.events) == before
    with make.refused("advice-exists"):
        announce(owing, item("FAC-2026-000002", 12_000))
    owing.do(advices.withdraw, WithdrawAdvice(first, "wrong invoice"))
    owing.do(advices.withdraw, WithdrawAdvice(first, "wrong invoice"))
    assert advice(owing, first).status(DAY) == "withdrawn"
    assert announce(owing, item("FAC-2026-000002", 12_000)) == first
    assert (advice(owing, first).status(DAY), len(owing.ledger.events)) == ("announced", before + 2)


def test_without_a_reference_the_content_identifies_an_advice(owing: Any) -> None:
    first = announce(owing, item("FAC-2026-000003", 12_000), reference=None)
    assert announce(owing, item("FAC-2026-000003", 12_000), reference=None) == first
    assert announce(owing, item("FAC-2026-000003", 11_000), reference=None) != first
    assert owing.kinds().count("remittance_advice.received") == 2


def test_what_differs_is_named_and_its_money_stays_unapplied(owing: Any, make: Any) -> None:
    receive(owing, make, 4_000, "pay_0", allocations=(("inv_3", 4_000),))
    owing.do(customers.register, make.customer("cus_2"))
    owing.do(invoices.draft, make.at_once(make.draft("inv_4", customer_id="cus_2"), date(2026, 6, 4)))
    advice_id = announce(
        owing,
        item("FAC-2026-000003", 12_000),
        item("FAC-2026-000004", 1_000),
        item("FAC-2026-000009", 2_000),
        item("FAC-2026-000002", 3_000),
    )
    note = receive(owing, make, 18_000)
    assert paid(owing) == [("inv_3", 8_000, "advice"), ("inv_2", 3_000, "advice")]
    assert owing.state(PAYMENT, "pay_1").unapplied_minor == 7_000
    assert advice(owing, advice_id).status(DAY) == "settled_in_part"
    assert kinds(owing, advice_id) == [(1, "outstanding_less"), (2, "not_payable"), (3, "document_unknown")]
    assert note is not None
    assert "FAC-2026-000003: 120.00 EUR announced, 80.00 EUR settled, less is outstanding" in note


def test_a_person_joins_a_payment_of_another_amount_and_the_difference_is_named(
    owing: Any, make: Any
) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    receive(owing, make, 16_500, allocations=())
    owing.do(advices.join, JoinAdvice(advice_id, "pay_1"), today=DAY)
    assert paid(owing) == [("inv_3", 12_000, "advice"), ("inv_2", 4_500, "advice")]
    assert kinds(owing, advice_id) == [(None, "amount"), (2, "cash_short")]
    receive(owing, make, 17_000, "pay_2")
    assert paid(owing, "pay_2") == [("inv_1", 12_000, "oldest_due"), ("inv_2", 5_000, "oldest_due")]
    with make.refused("advice-joined"):
        owing.do(advices.join, JoinAdvice(advice_id, "pay_2"))
    with make.refused("advice-joined"):
        owing.do(advices.withdraw, WithdrawAdvice(advice_id, "late"))


@pytest.mark.parametrize("on_invoice", [True, False])
def test_credit_that_the_advice_nets_is_used_with_it(owing: Any, make: Any, on_invoice: bool) -> None:
    """A credit note on a paid invoice, or one without an invoice, is the customer's money."""
    note = derived_id("cre", 1)
    if on_invoice:
        receive(owing, make, 12_000, "pay_0", allocations=(("inv_1", 12_000),))
        owing.do(invoices.credit, CreditInvoice("inv_1", note, DAY, 2_000, "returned"))
    else:
        owing.do(credits.issue, standalone(note))
    (number,) = [d.document_number for d in documents(owing) if d.credit_note_id == note]
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item(number, -2_000))
    assert receive(owing, make, 10_000) is None
    assert owing.state(INVOICE, "inv_3").outstanding_minor == 0
    assert paid(owing) == [("inv_3", 10_000, "advice")]
    state = advice(owing, advice_id)
    assert (state.status(DAY), state.joined.settled_minor) == ("joined", 12_000)


def test_a_credit_note_that_reduced_the_debt_is_no_difference(owing: Any, make: Any) -> None:
    owing.do(invoices.credit, CreditInvoice("inv_3", "cre_1", DAY, 2_000, "returned"))
    (number,) = [d.document_number for d in documents(owing) if d.credit_note_id == "cre_1"]
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item(number, -2_000))
    assert receive(owing, make, 10_000) is None
    assert owing.state(INVOICE, "inv_3").outstanding_minor == 0
    assert advice(owing, advice_id).status(DAY) == "joined"


def test_a_reversed_payment_leaves_its_advice_to_the_next(owing: Any, make: Any) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000))
    receive(owing, make, 12_000)
    owing.do(reversals.reverse, ReversePayment("pay_1", None, "wrong match"))
    assert advice(owing, advice_id).status(DAY) == "announced"
    with make.refused("payment-reversed"):
        owing.do(advices.join, JoinAdvice(advice_id, "pay_1"))
    receive(owing, make, 12_000, "pay_2")
    assert paid(owing, "pay_2") == [("inv_3", 12_000, "advice")]


def test_what_was_released_goes_where_the_advice_says_again(owing: Any, make: Any) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    receive(owing, make, 17_000)
    freed = owing.state(PAYMENT, "pay_1").allocations[1].allocation.allocation_id
    owing.do(payments.release, ReleasePayment("pay_1", (freed,)))
    owing.do(payments.allocate, AllocatePayment("pay_1", None), ["inv_1", "inv_2"])
    assert paid(owing) == [("inv_3", 12_000, "advice"), ("inv_2", 5_000, "advice")]
    assert advice(owing, advice_id).joined.differences == ()


def test_the_codes_of_deductions_are_mapped_by_debtor_and_entity(owing: Any, make: Any) -> None:
    owing.do(customers.register, make.customer("cus_2"))
    meanings: list[tuple[str | None, str, Category]] = [
        (None, "C17", "delivery"), ("cus_1", "C17", "promotion"), ("cus_2", "C17", "price"), (None, "D4", "quantity"),
    ]  # fmt: skip
    for customer_id, code, category in meanings:
        owing.do(
            dispute_rules.map_code, MapCode("ent_1", customer_id, code, category, None, date(2026, 1, 1))
        )
    cuts = tuple(StatedDeduction(100, code) for code in ("c17", "D4", "?9", None))
    advice_id = announce(owing, item("FAC-2026-000003", 11_600, deductions=cuts))
    found = advice(owing, advice_id).stated.items[0].deductions
    assert [(each.code, each.category) for each in found] == [
        ("c17", "promotion"), ("D4", "quantity"), ("?9", None), (None, None),
    ]  # fmt: skip
    receive(owing, make, 11_600)
    assert owing.state(INVOICE, "inv_3").outstanding_minor == 400
    opened = [e for e in owing.ledger.events if e.type == "dispute.opened"]
    assert [
        (x.kind, x.code, x.category, x.code_mapped, x.amount_minor, x.payment_id)
        for x in (e.data for e in opened)
    ] == [
        ("deduction", "c17", "promotion", True, 100, "pay_1"),
        ("deduction", "D4", "quantity", True, 100, "pay_1"),
    ]
    assert {e.effective_on for e in opened} == {DAY}
    assert all(f"remittance advice {advice_id}" in e.data.text for e in opened)
    assert owing.state(INVOICE, "inv_3").disputed_minor == 200


def test_an_advice_settles_no_more_than_a_closed_residual_leaves_to_pay(owing: Any, make: Any) -> None:
    cents = SetTolerance("ent_1", "CENT", "cent", "EUR", 5, date(2026, 1, 1))
    owing.do(tolerances.set_tolerance, cents)
    for minor, name in ((11_998, "pay_1"), (4, "pay_2")):
        announce(owing, item("FAC-2026-000003", minor), reference=None)
        receive(owing, make, minor, name)
    assert paid(owing, "pay_2") == [("inv_3", 2, "advice")]


@pytest.mark.parametrize("late", [True, False])
def test_a_deduction_is_contested_once_and_never_above_what_is_owed(
    owing: Any, make: Any, late: bool
) -> None:
    owing.do(dispute_rules.map_code, MapCode("ent_1", None, "C17", "promotion", None, date(2026, 1, 1)))
    items = (
        item("FAC-2026-000003", 11_900, deductions=(StatedDeduction(100, "C17", "Flyers"),)),
        item("FAC-2026-000002", 5_000, deductions=(StatedDeduction(12_000, "C17"),)),
        item("FAC-2026-000009", 100, deductions=(StatedDeduction(10, "C17"),)),
    )
    if not late:
        announce(owing, *items)
    receive(owing, make, 17_000, allocations=() if late else None)
    if late:
        announce(owing, *items)
    disputed = [owing.state(INVOICE, f"inv_{n}").disputed_minor for n in (1, 2, 3)]
    assert disputed == [0, 0, 100]
    owing.do(reversals.reverse, ReversePayment("pay_1", DAY, "returned"), today=DAY)
    receive(owing, make, 17_000, "pay_2")
    assert owing.kinds().count("dispute.opened") == 1
    assert owing.state(INVOICE, "inv_3").disputed_minor == 100


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("FAC-2026-000012", "inv_12"), ("fac2026000012", "inv_12"), ("2026 000012", "inv_12"), ("12", "inv_12"),
        ("n° 000012", "inv_12"), ("112", None), ("2025-000012", None), ("", None), ("7", None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(written: str, found: str | None) -> None:
    documents = [AdvisableDocument(f"FAC-2026-{n:06d}", f"inv_{n}") for n in range(10, 100)]
    documents += [AdvisableDocument("A-7", "inv_a"), AdvisableDocument("B-7", "inv_b")]
    known = identify([written], documents).get(written)
    assert (known and known.invoice_id) == found


def test_one_transfer_settles_hundreds_of_invoices(firm: Any, make: Any) -> None:
    for n in range(1, 151):
        firm.do(invoices.draft, make.at_once(make.draft(f"inv_{n}", amount="1.00", vat="0"), DAY))
    advice_id = announce(firm, *(item(f"{n}", 100) for n in range(1, 151)))
    firm.do(payments.receive, make.receipt("pay_1", 15_000, DAY), [], Looked(firm).open_advices)
    state = advice(firm, advice_id)
    assert (state.status(DAY), len(state.joined.shares)) == ("joined", 150)


def test_an_advice_names_500_documents_at_most(owing: Any, make: Any) -> None:
    announce(owing, *[item("1", 1)] * 500)
    with make.refused("invalid-request"):
        announce(owing, *[item("1", 1)] * 501, reference="TRF-501")


def test_a_payment_that_the_caller_allocates_joins_its_advice_and_keeps_the_allocation(
    owing: Any, make: Any
) -> None:
    advice_id = announce(owing, item("FAC-2026-000003", 12_000), item("FAC-2026-000002", 5_000))
    receive(owing, make, 17_000, allocations=(("inv_3", 12_000), ("inv_1", 5_000)))
    assert paid(owing) == [("inv_3", 12_000, "instructed"), ("inv_1", 5_000, "instructed")]
    assert kinds(owing, advice_id) == [(2, "allocated_otherwise")]
    receive(owing, make, 17_000, "pay_2", allocations=())
    assert owing.state(PAYMENT, "pay_2").advice_id is None


def test_matching_gets_what_an_advice_announces(owing: Any) -> None:
    owing.do(invoices.credit, CreditInvoice("inv_1", "cre_1", DAY, 2_000, "returned"))
    (number,) = [d.document_number for d in documents(owing) if d.credit_note_id == "cre_1"]
    advice_id = announce(
        owing,
        item("facture 3", 12_000, deductions=(StatedDeduction(300),)),
        item(number, -2_000),
        item("?", 1),
    )
    found = announced(advice(owing, advice_id))
    assert (found.advice_id, found.total_minor, found.references) == (advice_id, 10_001, ("TRF-4711",))
    assert [(each.invoice_id, each.written, each.paid_minor, each.deducted_minor) for each in found.items] == [
        ("inv_3", "facture 3", 12_000, 300), (None, number, -2_000, 0), (None, "?", 1, 0),
    ]  # fmt: skip
