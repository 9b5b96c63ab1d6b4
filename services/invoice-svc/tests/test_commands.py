"""The rules of entities, customers, invoices, payments and disputes: given a story, when a command, then facts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from encours.contracts import decode
from encours.contracts.common import Address
from encours.kernel.errors import DomainError
from invoice_svc.domain.customer import RegisterCustomer
from invoice_svc.domain.dispute import OpenDispute, ResolveDispute
from invoice_svc.domain.entity import AmendEntity, DefineSeries, RegisterEntity
from invoice_svc.domain.invoice.amounts import LineInput
from invoice_svc.domain.invoice.commands import (
    Content,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
    TakeOverInvoice,
)
from invoice_svc.domain.invoice.state import fold_as_of
from invoice_svc.domain.payment import commands as pay
from invoice_svc.use_cases import credits, customers, disputes, entities, invoices, payments
from invoice_svc.use_cases.folds import DISPUTE, ENTITY, INVOICE, PAYMENT

TODAY = date(2026, 6, 30)
FORM = "SAS, capital 10 000 EUR, RCS Paris"
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def entity(name: str = "ent_1", **changes: Any) -> RegisterEntity:
    values: dict[str, Any] = {
        "name": "Lumière SAS", "country": "FR", "currency": "EUR", "time_zone": "Europe/Paris",
        "legal_form": FORM,
        "siren": "552100554", "vat_id": "FR96552100554", "address": ADDRESS,
    }  # fmt: skip
    return RegisterEntity(entity_id=name, **(values | changes))


def customer(name: str = "cus_1", entity_id: str = "ent_1", **changes: Any) -> RegisterCustomer:
    values: dict[str, Any] = {"name": "Dupont", "country": "FR", "address": ADDRESS}
    return RegisterCustomer(customer_id=name, entity_id=entity_id, **(values | changes))


def draft(name: str = "inv_1", amount: str = "100.00", vat: str = "20", **changes: Any) -> DraftInvoice:
    content = Content(
        supply_on=day(1), lines=(LineInput("work", "1", amount, vat),), terms=changes.pop("terms", None)
    )
    values: dict[str, Any] = {
        "entity_id": "ent_1",
        "customer_id": "cus_1",
        "series": "FAC",
        "content": content,
    }
    return DraftInvoice(invoice_id=name, **(values | changes))


def receipt(
    name: str = "pay_1", amount: int = 12_000, on: date = TODAY, **changes: Any
) -> pay.ReceivePayment:
    values: dict[str, Any] = {
        "entity_id": "ent_1", "customer_id": "cus_1", "received_on": on, "amount_minor": amount, "currency": "EUR",
        "method": "transfer",
    }  # fmt: skip
    return pay.ReceivePayment(payment_id=name, **(values | changes))


def credit(amount: int | None = None, on: date = TODAY, name: str = "cre_1") -> CreditInvoice:
    return CreditInvoice("inv_1", name, on, amount, "returned")


@pytest.fixture
def firm(books: Any) -> Any:
    """A firm with one customer."""
    books.do(entities.register, entity())
    books.do(customers.register, customer())
    return books


@pytest.fixture
def issued(firm: Any) -> Any:
    """... that was invoiced 120.00 on 1 June, due on 1 July."""
    firm.do(invoices.draft_and_issue, draft(), day(1))
    return firm


def refused(code: str) -> Any:
    class Refusal:
        def __enter__(self) -> None:
            self.raises = pytest.raises(DomainError)
            self.info = self.raises.__enter__()

        def __exit__(self, *error: Any) -> Any:
            swallowed = self.raises.__exit__(*error)
            assert self.info.value.code == code
            assert self.info.value.detail
            return swallowed

    return Refusal()


# Entities and their series


def test_an_entity_begins_with_a_series_for_invoices_and_one_for_credit_notes(firm: Any) -> None:
    series = firm.state(ENTITY, "ent_1").series
    assert {code: (s.document, s.prefix_of(2026)) for code, s in series.items()} == {
        "FAC": ("invoice", "FAC-2026-"),
        "AVO": ("credit_note", "AVO-2026-"),
    }


@pytest.mark.parametrize("prefix", ["FAC-", "F{year}{year}", "FÉ{year}", "F {year}", "A" * 30 + "{year}"])
def test_a_template_that_could_give_an_illegal_or_repeated_number_is_refused(firm: Any, prefix: str) -> None:
    with refused("invalid-request"):
        firm.do(entities.define_series, "ent_1", DefineSeries("X", "invoice", prefix, 6))


@pytest.mark.parametrize("prefix", ["FAC-{year}-", "FAC-{year}-1"])
def test_two_series_can_never_give_the_same_number(firm: Any, prefix: str) -> None:
    with refused("series-overlaps"):
        firm.do(entities.define_series, "ent_1", DefineSeries("X", "invoice", prefix, 6))


def test_nor_one_that_another_series_had_before_or_gives_in_another_year(firm: Any) -> None:
    def define(code: str, prefix: str) -> None:
        firm.do(entities.define_series, "ent_1", DefineSeries(code, "invoice", prefix, 1))

    define("FAC", "X{year}-")
    with refused("series-overlaps"):
        define("NEW", "FAC-{year}-")
    define("FAC", "FAC-{year}-")  # its own: the running number goes on
    with refused("series-overlaps"):
        define("FAC", "FAC-{year}-1")  # 1 and 15 then read like 115
    define("FF", "FF{year}")
    with refused("series-overlaps"):
        define("GG", "FF20{year}")  # the first of 2026 reads like number 261 of 2020


def test_defining_a_series_as_it_is_or_amending_to_the_same_records_nothing(firm: Any) -> None:
    firm.do(entities.define_series, "ent_1", DefineSeries("FAC", "invoice", "FAC-{year}-", 6))
    firm.do(
        entities.amend, "ent_1", AmendEntity("Lumière SAS", FORM, "552100554", "FR96552100554", ADDRESS, None)
    )
    assert firm.kinds(since=4) == []


# Drafts and their issue


def test_numbers_run_without_gaps_and_a_refused_issue_takes_none(firm: Any) -> None:
    firm.do(invoices.draft_and_issue, draft("inv_1"), day(2))
    with refused("issue-date-before-last"):
        firm.do(invoices.draft_and_issue, draft("inv_2"), day(1))
    firm.do(invoices.draft_and_issue, draft("inv_3"), day(2))
    assert [firm.state(INVOICE, name).number for name in ("inv_1", "inv_3")] == [
        "FAC-2026-000001",
        "FAC-2026-000002",
    ]


def test_an_invoice_is_not_dated_in_the_future(firm: Any) -> None:
    with refused("date-in-future"):
        firm.do(invoices.draft_and_issue, draft(), TODAY + timedelta(days=1))


def test_an_incomplete_invoice_is_refused_with_every_reason_at_once(firm: Any) -> None:
    firm.do(entities.register, entity("ent_2", legal_form=None, siren=None, vat_id=None, address=None))
    firm.do(customers.register, customer("cus_2", "ent_2", address=None))
    with pytest.raises(DomainError) as refusal:
        firm.do(invoices.draft_and_issue, draft(entity_id="ent_2", customer_id="cus_2", amount="0"), TODAY)
    assert refusal.value.code == "invoice-incomplete"
    assert {fault.pointer for fault in refusal.value.errors} == {
        "/entity/legal_form", "/entity/siren", "/entity/address", "/customer/address", "/lines",
    }  # fmt: skip


def test_a_seller_abroad_owes_none_of_the_french_mentions(firm: Any) -> None:
    abroad = entity("ent_2", country="GB", legal_form=None, siren=None, address=None)
    firm.do(entities.register, abroad)
    firm.do(customers.register, customer("cus_2", "ent_2", address=None))
    firm.do(invoices.draft_and_issue, draft(entity_id="ent_2", customer_id="cus_2"), TODAY)
    assert firm.state(INVOICE, "inv_1").number == "FAC-2026-000001"


def test_an_issued_invoice_can_be_neither_amended_nor_cancelled_nor_issued_again(issued: Any) -> None:
    content = draft().content
    for work in (
        lambda s: invoices.amend(s, "inv_1", content),
        lambda s: invoices.cancel(s, "inv_1"),
        lambda s: invoices.issue(s, IssueInvoice("inv_1", TODAY)),
    ):
        with refused("invoice-not-draft"):
            issued.do(work)


def test_a_cancelled_draft_stays_cancelled_and_cancelling_again_records_nothing(firm: Any) -> None:
    firm.do(invoices.draft, draft())
    firm.do(invoices.cancel, "inv_1")
    firm.do(invoices.cancel, "inv_1")
    assert firm.kinds(since=4) == ["invoice.drafted", "invoice.cancelled"]


def test_the_customer_and_the_series_have_to_be_the_entitys(firm: Any) -> None:
    firm.do(entities.register, entity("ent_2"))
    with refused("customer-of-other-entity"):
        firm.do(invoices.draft, draft(entity_id="ent_2"))
    with refused("series-not-defined"):
        firm.do(invoices.draft, draft(series="AVO"))


def test_an_invoice_taken_over_keeps_its_number_and_joins_no_series(firm: Any) -> None:
    taken = TakeOverInvoice(
        "inv_9", "cus_1", "ent_1", "OLD-7", day(1, 1), day(31, 1), "EUR", 1_200, 1_000, 200
    )
    firm.do(invoices.take_over, taken)
    state = firm.state(INVOICE, "inv_9")
    assert (state.number, state.series, state.due_on, state.origin) == ("OLD-7", None, day(31, 1), "import")


# Credit notes


def test_a_credit_note_takes_an_amount_off_and_the_whole_of_the_rest_cancels(issued: Any) -> None:
    issued.do(credits.credit, credit(6_000))
    issued.do(credits.credit, credit(None, name="cre_2"))
    state = issued.state(INVOICE, "inv_1")
    assert [(c.number, c.net_minor, c.vat_minor) for c in state.credits] == [
        ("AVO-2026-000001", 5_000, 1_000),
        ("AVO-2026-000002", 5_000, 1_000),
    ]
    assert state.outstanding_minor == 0


def test_a_credit_note_settles_no_more_than_is_open_so_money_is_released_first(issued: Any) -> None:
    issued.do(payments.receive, receipt(allocations=(("inv_1", 9_000),)))
    with refused("amount-exceeds-outstanding"):
        issued.do(credits.credit, credit(3_001))
    issued.do(credits.credit, credit(3_000))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0


def test_a_settled_invoice_has_nothing_left_to_credit_or_to_dispute(issued: Any) -> None:
    issued.do(payments.receive, receipt(), ("inv_1",))
    for work, command in ((credits.credit, credit()), (disputes.open_dispute, dispute())):
        with refused("nothing-outstanding"):
            issued.do(work, command)


def test_a_credit_note_is_not_dated_before_its_invoice(issued: Any) -> None:
    with refused("amount-exceeds-outstanding"):
        issued.do(credits.credit, credit(on=date(2026, 5, 31)))


# Payments


def test_a_payment_is_put_on_invoices_and_the_rest_stays_unapplied(issued: Any) -> None:
    issued.do(payments.receive, receipt(amount=20_000), ("inv_1",))
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.allocated_minor, payment.unapplied_minor) == (12_000, 8_000)
    (standing,) = payment.allocations
    assert (standing.allocation.rule, standing.allocation.basis) == ("oldest_due", "C. civ. 1342-10 al. 2")
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0


def test_an_unknown_payer_who_names_an_invoice_is_its_customer(issued: Any) -> None:
    issued.do(payments.receive, receipt(customer_id=None, remittance_text="FAC 2026 000001"), ("inv_1",))
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.customer_id, payment.allocations[0].allocation.evidence) == ("cus_1", "FAC 2026 000001")


@pytest.mark.parametrize("amount", [6_000, 6_001])
def test_the_order_of_the_text_decides_however_little_is_paid(firm: Any, amount: int) -> None:
    firm.do(invoices.draft_and_issue, draft("inv_a", "50.00"), day(1))
    firm.do(invoices.draft_and_issue, draft("inv_b", "70.00"), day(2))
    firm.do(
        payments.receive,
        receipt(amount=amount, remittance_text="FAC-2026-000002 et FAC-2026-000001"),
        ("inv_a", "inv_b"),
    )
    (standing,) = firm.state(PAYMENT, "pay_1").allocations
    assert (standing.allocation.invoice_id, standing.allocation.rule) == ("inv_b", "debtor_indication")


@pytest.mark.parametrize("amount", [1_000, 50_000])
def test_an_unknown_payer_who_names_invoices_of_two_customers_stays_unknown(issued: Any, amount: int) -> None:
    issued.do(customers.register, customer("cus_2"))
    issued.do(invoices.draft_and_issue, draft("inv_2", customer_id="cus_2"), day(1))
    text = "FAC-2026-000001 FAC-2026-000002"
    issued.do(
        payments.receive, receipt(amount=amount, customer_id=None, remittance_text=text), ("inv_1", "inv_2")
    )
    payment = issued.state(PAYMENT, "pay_1")
    assert (payment.customer_id, payment.allocations) == (None, ())


def test_an_unknown_payer_who_names_nothing_stays_unknown_until_told(issued: Any) -> None:
    issued.do(payments.receive, receipt(customer_id=None, remittance_text="merci"), ("inv_1",))
    assert issued.state(PAYMENT, "pay_1").customer_id is None
    issued.do(payments.allocate, pay.AllocatePayment("pay_1", (("inv_1", 12_000),), "cus_1"))
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"allocations": (("inv_1", 12_001),)}, "amount-exceeds-outstanding"),
        ({"allocations": (("inv_1", 7_000),), "amount_minor": 6_999}, "amount-exceeds-unapplied"),
        ({"allocations": (("inv_1", 100),), "currency": "USD"}, "currency-mismatch"),
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
    issued: Any, changes: dict[str, Any], code: str
) -> None:
    issued.do(invoices.draft, draft("inv_2"))
    issued.do(customers.register, customer("cus_2"))
    before = len(issued.ledger.events)
    amount = changes.pop("amount_minor", 20_000)
    with refused(code):
        issued.do(payments.receive, receipt(amount=amount, **changes))
    assert len(issued.ledger.events) == before


def test_a_reversed_payment_reopens_the_debt_from_its_original_due_date(issued: Any) -> None:
    issued.do(payments.receive, receipt(on=day(10)), ("inv_1",))
    issued.do(payments.reverse, pay.ReversePayment("pay_1", day(20), "returned debit"))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.due_on) == (12_000, date(2026, 7, 1))
    assert issued.kinds(since=-3) == ["payment.released", "payment.reversed", "invoice.payment_unapplied"]
    known = issued.stream("inv_1")
    assert [fold_as_of(known, day(n)).outstanding_minor for n in (9, 10, 19, 20)] == [12_000, 0, 0, 12_000]


def test_a_payment_is_reversed_once_and_between_its_receipt_and_today(issued: Any) -> None:
    issued.do(payments.receive, receipt(on=day(10)))
    for on in (day(9), TODAY + timedelta(days=1)):
        with refused("invalid-request"):
            issued.do(payments.reverse, pay.ReversePayment("pay_1", on, "x"))
    issued.do(payments.reverse, pay.ReversePayment("pay_1", day(20), "x"))
    with refused("payment-already-reversed"):
        issued.do(payments.reverse, pay.ReversePayment("pay_1", day(21), "x"))
    for allocations in ((("inv_1", 100),), (), None):
        with refused("payment-reversed"):
            issued.do(payments.allocate, pay.AllocatePayment("pay_1", allocations), ("inv_1",))


def test_the_banks_date_of_a_reversal_is_kept_though_it_counts_from_a_later_release(issued: Any) -> None:
    issued.do(payments.receive, receipt(on=day(10)), ("inv_1",))
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    issued.do(payments.reverse, pay.ReversePayment("pay_1", day(20), "returned debit"))
    undone = issued.stream("pay_1")[-1]
    assert (undone.effective_on, undone.data.reversed_on) == (TODAY, day(20))
    assert issued.state(PAYMENT, "pay_1").reversed_on == day(20)


def test_a_reversal_of_before_the_banks_date_was_kept_came_undone_when_it_counts(folded: Any) -> None:
    undone = decode(
        "payment.reversed",
        1,
        b'{"amount_minor":1,"cause":"x","currency":"EUR","customer_id":null,"payment_id":"p"}',
    )
    assert folded(PAYMENT, [undone], on=day(20)).reversed_on == day(20)


def test_released_money_is_unapplied_again_and_releasing_again_records_nothing(issued: Any) -> None:
    issued.do(payments.receive, receipt(), ("inv_1",))
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    events = len(issued.ledger.events)
    issued.do(payments.release, pay.ReleasePayment("pay_1", None))
    assert len(issued.ledger.events) == events
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 12_000
    with refused("allocation-not-standing"):
        issued.do(payments.release, pay.ReleasePayment("pay_1", ("alo_8",)))


def test_money_received_before_the_invoice_counts_on_it_from_its_issue(issued: Any) -> None:
    issued.do(payments.receive, receipt(on=date(2026, 5, 20)), ("inv_1",))
    (standing,) = issued.state(PAYMENT, "pay_1").allocations
    assert standing.effective_on == day(1)


def test_money_that_arrives_late_in_the_books_counts_from_when_the_debt_was_open_again(issued: Any) -> None:
    issued.do(payments.receive, receipt("pay_1", on=day(5)), ("inv_1",))
    issued.do(payments.reverse, pay.ReversePayment("pay_1", day(20), "returned"))
    issued.do(payments.receive, receipt("pay_2", on=day(10)), ("inv_1",))
    assert issued.state(PAYMENT, "pay_2").allocations[0].effective_on == day(20)


def test_the_same_command_twice_has_one_effect_and_one_answer(issued: Any) -> None:
    key = uuid4()
    first = issued.do(payments.receive, receipt(), ("inv_1",), key=key)
    events = len(issued.ledger.events)
    again = issued.do(payments.receive, receipt("pay_other"), ("inv_1",), key=key)
    assert len(issued.ledger.events) == events
    assert again.replayed
    assert (again.answer, again.position) == (first.answer, first.position)


def dispute(amount: int | None = None, name: str = "dis_1") -> OpenDispute:
    return OpenDispute(name, "inv_1", "quality", amount, "broken", None, day(10))


def test_a_dispute_covers_an_amount_and_no_payment_closes_it(issued: Any) -> None:
    issued.do(disputes.open_dispute, dispute(4_000))
    issued.do(payments.receive, receipt(amount=10_000, allocations=(("inv_1", 10_000),)))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.disputed_minor) == (2_000, 2_000)
    assert issued.state(DISPUTE, "dis_1").outcome is None


def test_no_more_is_disputed_than_is_owed_and_not_disputed_yet(issued: Any) -> None:
    issued.do(disputes.open_dispute, dispute(4_000))
    with pytest.raises(DomainError, match=r"80.00 EUR .* not 80.01 EUR: lower the amount\.") as refusal:
        issued.do(disputes.open_dispute, dispute(8_001, "dis_2"))
    assert refusal.value.code == "amount-exceeds-outstanding"
    issued.do(disputes.open_dispute, dispute(None, "dis_3"))
    assert issued.state(DISPUTE, "dis_3").amount_minor == 8_000
    with refused("nothing-outstanding"):
        issued.do(disputes.open_dispute, dispute(None, "dis_4"))


def test_a_resolved_dispute_frees_its_amount_and_resolving_alike_again_records_nothing(issued: Any) -> None:
    issued.do(disputes.open_dispute, dispute(4_000))
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    events = len(issued.ledger.events)
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    assert len(issued.ledger.events) == events
    assert issued.state(INVOICE, "inv_1").disputed_minor == 0
    with refused("dispute-resolved"):
        issued.do(disputes.resolve, ResolveDispute("dis_1", "credited", day(20)))
