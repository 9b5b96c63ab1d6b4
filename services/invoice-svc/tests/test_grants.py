"""A key of one entity: a write, even without effect, neither changes nor reveals anything of another entity."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from encours.kernel.errors import DomainError
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import NoteCustomer, RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.entity.commands import DefineSeries, RegisterEntity
from invoice_svc.domain.invoice.commands import (
    CancelInvoice,
    Content,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
)
from invoice_svc.domain.payment.commands import ReceivePayment, ReleasePayment
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def at_once(draft: DraftInvoice, on: date) -> DraftInvoice:
    return replace(draft, issue=True, issued_on=on)


CREDIT = CreditInvoice("inv_1", "cre_1", TODAY, None, "returned")


def entity(name: str) -> RegisterEntity:
    return RegisterEntity(name, "Lumière SAS", "GB", "EUR", "Europe/Paris")


def receipt(name: str, entity_id: str, *allocations: tuple[str, int]) -> ReceivePayment:
    return ReceivePayment(
        payment_id=name, entity_id=entity_id, customer_id=None, received_on=TODAY, amount_minor=100, currency="EUR",
        method="transfer", allocations=allocations,
    )  # fmt: skip


@pytest.fixture
def issued(books: Any) -> Any:
    """An invoice and a payment that nobody claims of ``ent_1``, and another entity."""
    content = Content(supply_on=TODAY, lines=(LineInput("work", "1", "100.00", "20"),), terms=None)
    books.do(entities.register, entity("ent_1"))
    books.do(entities.register, entity("ent_2"))
    books.do(
        customers.register,
        RegisterCustomer(customer_id="cus_1", entity_id="ent_1", name="Dupont", country="FR"),
    )
    draft = DraftInvoice(
        invoice_id="inv_1", entity_id="ent_1", customer_id="cus_1", series="FAC", content=content
    )
    books.do(invoices.draft, at_once(draft, TODAY))
    books.do(payments.receive, receipt("pay_1", "ent_1"))
    return books


@pytest.mark.parametrize(
    "work",
    [
        (entities.define_series, DefineSeries("ent_1", "FAC", "invoice", "FAC-{year}-", 6), None),
        (customers.note, NoteCustomer("cus_1", "hello")),
        (invoices.cancel, CancelInvoice("inv_1")),
        (invoices.issue, IssueInvoice("inv_1", TODAY)),
        (invoices.credit, CreditInvoice("inv_1", "cre_1", TODAY, 99_999_999, "returned")),
        (payments.release, ReleasePayment("pay_1", None)),
        (
            payments.receive,
            receipt("pay_2", "ent_2", ("inv_1", 1)),
        ),
        (claims.open_dispute, OpenDispute("dis_1", "inv_1", "price", None, "dear", None, TODAY)),
    ],
    ids=lambda work: work[0].__qualname__,
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_nothing_of_an_entity_that_the_key_does_not_cover_is_changed_or_told(
    issued: Any, work: Any, dry_run: bool
) -> None:
    before = len(issued.kinds())
    with pytest.raises(DomainError) as refused:
        issued.do(*work, entities=("ent_2",), dry_run=dry_run)
    assert refused.value.code.endswith("-not-found")
    named = work[0] is entities.define_series
    assert named or "ent_1" not in f"{refused.value.extra} {refused.value.detail}"
    assert len(issued.kinds()) == before


def test_a_repetition_is_not_answered_to_a_key_that_no_longer_covers_the_entity(issued: Any) -> None:
    first = uuid4()
    issued.do(invoices.credit, CREDIT, key=first, entities=("ent_1",))
    assert issued.do(invoices.credit, CREDIT, key=first, entities=("ent_1",)).replayed
    with pytest.raises(DomainError, match="inv_1") as refused:
        issued.do(invoices.credit, CREDIT, key=first, entities=("ent_2",))
    assert refused.value.code == "invoice-not-found"


def test_an_unknown_thing_is_not_found_whatever_the_key_covers(issued: Any) -> None:
    with pytest.raises(DomainError) as refused:
        issued.do(invoices.cancel, CancelInvoice("inv_9"), entities=("ent_2",))
    assert refused.value.code == "invoice-not-found"
