"""A fact of a file as a command of its aggregate: the same use cases that the API calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

import msgspec

from encours.contracts.common import Terms
from encours.kernel.terms import DueRule, due_date
from encours.ledger.session import Session
from invoice_svc.domain.customer.commands import AgreeTerms, RegisterCustomer
from invoice_svc.domain.customer.state import terms_on
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import CreditInvoice, TakeOverInvoice
from invoice_svc.domain.legal import late_payment_law
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.imports import ids
from invoice_svc.imports.facts import (
    CreditFact,
    CustomerFact,
    DisputeFact,
    EntityFact,
    Fact,
    InvoiceFact,
    PaymentFact,
    ResolutionFact,
    ReversalFact,
)
from invoice_svc.use_cases import customers, disputes, entities, invoices, payments
from invoice_svc.use_cases.folds import CUSTOMER, ENTITY

Work = Callable[[Session], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact belongs: the entity, its customer, and ids of invoices by number that no import brought."""

    entity_id: str
    customer_id: str | None = None
    issued_here: Mapping[str, str] = field(default_factory=dict)

    def invoice(self, number: str) -> str:
        """The invoice with that number."""
        return self.issued_here.get(number) or ids.invoice_id(self.entity_id, number)


def invoices_of(fact: Fact) -> list[str]:
    """Numbers of the invoices that a fact refers to."""
    match fact:
        case CreditFact() | DisputeFact():
            return [fact.invoice]
        case PaymentFact():
            return [number for number, _ in fact.allocations or ()]
        case _:
            return []


def work_of(fact: Fact, place: Place, candidates: Sequence[str]) -> Work:
    """The command of a fact; ``candidates`` are open invoices that a payment may go on."""

    async def work(session: Session) -> None:
        match fact:
            case EntityFact():
                await entities.register(session, _entity(fact, place.entity_id))
            case CustomerFact():
                await _customer(session, fact, place.entity_id)
            case InvoiceFact():
                await _invoice(session, fact, place)
            case PaymentFact():
                await payments.receive(session, _payment(fact, place), candidates)
            case CreditFact():
                await invoices.credit(session, _credit(fact, place))
            case DisputeFact():
                await disputes.open_dispute(session, _dispute(fact, place))
            case ResolutionFact():
                dispute = ids.dispute_id(place.entity_id, fact.ref)
                await disputes.resolve(session, ResolveDispute(dispute, fact.outcome, fact.on, fact.text))
            case ReversalFact():
                payment = ids.payment_id(place.entity_id, fact.ref)
                await payments.reverse(session, ReversePayment(payment, fact.on, fact.cause))
            case _:
                assert_never(fact)

    return work


def _entity(fact: EntityFact, entity_id: str) -> RegisterEntity:
    return RegisterEntity(
        entity_id=entity_id,
        name=fact.name,
        country=fact.country,
        currency=fact.currency,
        time_zone=fact.time_zone,
        legal_form=fact.legal_form,
        siren=fact.siren,
        vat_id=fact.vat_id,
        iban=fact.iban,
    )


async def _customer(session: Session, fact: CustomerFact, entity_id: str) -> None:
    customer_id = ids.customer_id(entity_id, fact.ref)
    await customers.register(
        session,
        RegisterCustomer(
            customer_id=customer_id,
            entity_id=entity_id,
            name=fact.name,
            country=fact.country,
            language=fact.language,
            external_ref=fact.ref,
            email=fact.email,
            phone=fact.phone,
            siren=fact.siren,
            vat_id=fact.vat_id,
            address=None if isinstance(fact.address, msgspec.UnsetType) else fact.address,
            segment=fact.segment,
            salesperson=fact.salesperson,
        ),
    )
    if fact.due_kind is None or fact.due_days is None:
        return
    entity = await session.get(ENTITY, entity_id)
    valid_from = fact.on or session.today
    usual = late_payment_law().default_terms(valid_from, entity.currency)
    terms = Terms(
        due_kind=fact.due_kind,
        days=fact.due_days,
        penalty_rate_bps=usual.penalty_rate_bps,
        indemnity_minor=usual.indemnity_minor,
    )
    await customers.agree_terms(session, AgreeTerms(customer_id, terms, valid_from))


async def _invoice(session: Session, fact: InvoiceFact, place: Place) -> None:
    entity_id, customer_id = place.entity_id, place.customer_id or ""
    net = fact.total_minor if fact.net_minor is None else fact.net_minor
    await invoices.take_over(
        session,
        TakeOverInvoice(
            invoice_id=ids.invoice_id(entity_id, fact.number),
            customer_id=customer_id,
            entity_id=entity_id,
            number=fact.number,
            issued_on=fact.issued_on,
            due_on=fact.due_on or await _due_on(session, fact, customer_id),
            currency=fact.currency,
            total_minor=fact.total_minor,
            net_minor=net,
            vat_minor=fact.total_minor - net,
            reference=fact.reference,
        ),
    )


async def _due_on(session: Session, fact: InvoiceFact, customer_id: str) -> date:
    """A file without due dates: the terms agreed with the customer, else those of the law."""
    customer = await session.get(CUSTOMER, customer_id)
    terms = terms_on(customer, fact.issued_on) or late_payment_law().default_terms(
        fact.issued_on, fact.currency
    )
    return due_date(fact.issued_on, DueRule(terms.due_kind, terms.days))


def _payment(fact: PaymentFact, place: Place) -> ReceivePayment:
    shares = fact.allocations
    return ReceivePayment(
        payment_id=ids.payment_id(place.entity_id, fact.ref),
        entity_id=place.entity_id,
        customer_id=place.customer_id,
        received_on=fact.received_on,
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        method=fact.method,
        remittance_text=fact.text,
        external_ref=fact.ref,
        origin="import",
        allocations=None if shares is None else tuple((place.invoice(n), minor) for n, minor in shares),
    )


def _credit(fact: CreditFact, place: Place) -> CreditInvoice:
    return CreditInvoice(
        invoice_id=place.invoice(fact.invoice),
        credit_note_id=ids.credit_note_id(place.entity_id, fact.number),
        issued_on=fact.issued_on,
        amount_minor=fact.amount_minor,
        cause=fact.cause,
        number=fact.number,
    )


def _dispute(fact: DisputeFact, place: Place) -> OpenDispute:
    return OpenDispute(
        dispute_id=ids.dispute_id(place.entity_id, fact.ref),
        invoice_id=place.invoice(fact.invoice),
        category=fact.category,
        amount_minor=fact.amount_minor,
        text=fact.text,
        owner=fact.owner,
        opened_on=fact.opened_on,
    )
