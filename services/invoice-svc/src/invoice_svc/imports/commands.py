"""Commands of imported events, run by the same use cases as those of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from encours.contracts.common import Instalment
from encours.kernel.money import Money
from encours.ledger.session import Session
from encours.legal.packs import law_of
from invoice_svc.domain.customer.commands import AgreeTerms, AssignRoles, RegisterCustomer, SetFields
from invoice_svc.domain.customer.ref import registered_with
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import CreditInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.fields import SetInvoiceFields
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.imports import ids
from invoice_svc.imports.events import (
    ImportedCreditNote,
    ImportedCustomer,
    ImportedDispute,
    ImportedEntity,
    ImportedEvent,
    ImportedInvoice,
    ImportedPayment,
    ImportedResolution,
    ImportedReversal,
    ImportedRoles,
)
from invoice_svc.imports.terms.imported import ImportedTerms
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.money import claims, payments, reversals
from invoice_svc.use_cases.parties import custom_fields, customers, entities
from invoice_svc.use_cases.sales import disputes, invoices

Work = Callable[[Session], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class EventScope:
    """Entity and customer of an event, and ids of invoices by number that were issued here, not imported."""

    entity_id: str
    customer_id: str | None = None
    issued_here: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    """Ids of the other customers that the event names, by their codes."""

    def invoice(self, number: str) -> str:
        """Return the id of the invoice with that number."""
        return self.issued_here.get(number) or ids.invoice_id(self.entity_id, number)


def invoices_of(event: ImportedEvent) -> list[str]:
    """Return numbers of the invoices that an event refers to."""
    match event:
        case ImportedCreditNote() | ImportedDispute():
            return [event.invoice]
        case ImportedPayment():
            return [number for number, _ in event.allocations or ()]
        case _:
            return []


def work_of(
    event: ImportedEvent, scope: EventScope, candidates: Sequence[str], advices: Sequence[str] = ()
) -> Work:
    """Return the work of an event's command.

    ``candidates`` are open invoices that a payment may settle, ``advices`` those that may announce it.
    """

    async def work(session: Session) -> None:
        match event:
            case ImportedEntity():
                await entities.register(session, _entity(event, scope.entity_id))
            case ImportedCustomer():
                await _customer(session, event, scope.entity_id)
            case ImportedRoles():
                await customers.assign_roles(session, _roles(event, scope))
            case ImportedInvoice():
                await _invoice(session, event, scope)
            case ImportedPayment():
                await payments.receive(session, _payment(event, scope), candidates, advices)
            case ImportedCreditNote():
                await invoices.credit(session, _credit(event, scope))
            case ImportedDispute():
                await claims.open_dispute(session, _dispute(event, scope))
            case ImportedResolution():
                dispute = ids.dispute_id(scope.entity_id, event.ref)
                await disputes.resolve(session, ResolveDispute(dispute, event.outcome, event.on, event.text))
            case ImportedReversal():
                payment = payment_id_of(scope.entity_id, event.ref)
                await reversals.reverse(session, ReversePayment(payment, event.on, event.cause))
            case _:
                assert_never(event)

    return work


def _entity(event: ImportedEntity, entity_id: str) -> RegisterEntity:
    return RegisterEntity(
        entity_id=entity_id,
        name=event.name,
        country=event.country,
        currency=event.currency,
        time_zone=event.time_zone,
        legal_form=event.legal_form,
        siren=event.siren,
        vat_id=event.vat_id,
        iban=event.iban,
    )


async def _customer(session: Session, event: ImportedCustomer, entity_id: str) -> None:
    customer_id = registered_with(entity_id, event.ref)
    await customers.register(
        session,
        RegisterCustomer(
            customer_id=customer_id,
            entity_id=entity_id,
            name=event.name,
            country=event.country,
            language=event.language,
            external_ref=event.ref,
            email=event.email,
            phone=event.phone,
            siren=event.siren,
            vat_id=event.vat_id,
            address=event.address or None,
            segment=event.segment,
            salesperson=event.salesperson,
            siret=event.siret or None,
            lei=event.lei or None,
            iban=event.iban or None,
            delivery_address=event.delivery_address or None,
            tags=event.tags or (),
        ),
    )
    if event.fields:
        await customers.set_fields(session, SetFields(customer_id, event.fields))
    terms = event.terms or None
    if event.due_kind is not None and event.due_days is not None:
        terms = ImportedTerms(due_kind=event.due_kind, days=event.due_days)
    if terms is None:
        return
    entity = await session.get(ENTITY, entity_id)
    valid_from = event.on or session.today
    law = law_of(entity.country)
    usual = Money(law.fee_minor(valid_from, entity.currency), entity.currency)
    by_size = law.fee_depends_on_size(valid_from, entity.currency)
    proposed = terms.proposed(None if by_size else usual)
    await customers.agree_terms(session, AgreeTerms(customer_id, proposed, valid_from))


def _roles(event: ImportedRoles, scope: EventScope) -> AssignRoles:
    named = {f"{role}_id": scope.named[ref] for role, ref in event.named.items()}
    return AssignRoles(scope.customer_id or "", valid_from=event.valid_from, **named)


async def _invoice(session: Session, event: ImportedInvoice, scope: EventScope) -> None:
    entity_id, customer_id = scope.entity_id, scope.customer_id or ""
    net = event.net_minor
    await invoices.take_over(
        session,
        TakeOverInvoice(
            invoice_id=ids.invoice_id(entity_id, event.number),
            customer_id=customer_id,
            entity_id=entity_id,
            number=event.number,
            issued_on=event.issued_on,
            due_on=event.due_on,
            currency=event.currency,
            total_minor=event.total_minor,
            net_minor=net,
            vat_minor=None if net is None else event.total_minor - net,
            reference=event.reference,
            terms=event.terms.proposed() if event.terms else None,
            instalments=tuple(
                Instalment(due_on=day, amount_minor=minor) for day, minor in event.instalments or ()
            ),
        ),
    )
    if event.fields:
        wanted = SetInvoiceFields(ids.invoice_id(entity_id, event.number), event.fields)
        await custom_fields.set_on_invoice(session, wanted)


def _payment(event: ImportedPayment, scope: EventScope) -> ReceivePayment:
    shares = event.allocations
    return ReceivePayment(
        payment_id=payment_id_of(scope.entity_id, event.ref),
        entity_id=scope.entity_id,
        customer_id=scope.customer_id,
        received_on=event.received_on,
        amount_minor=event.amount_minor,
        currency=event.currency,
        method=event.method,
        remittance_text=event.text,
        external_ref=event.ref,
        origin="import",
        allocations=None if shares is None else tuple((scope.invoice(n), minor) for n, minor in shares),
    )


def _credit(event: ImportedCreditNote, scope: EventScope) -> CreditInvoice:
    return CreditInvoice(
        invoice_id=scope.invoice(event.invoice),
        credit_note_id=ids.credit_note_id(scope.entity_id, event.number),
        issued_on=event.issued_on,
        amount_minor=event.amount_minor,
        cause=event.cause,
        number=event.number,
    )


def _dispute(event: ImportedDispute, scope: EventScope) -> OpenDispute:
    return OpenDispute(
        dispute_id=ids.dispute_id(scope.entity_id, event.ref),
        invoice_id=scope.invoice(event.invoice),
        category=event.category,
        amount_minor=event.amount_minor,
        text=event.text,
        owner=event.owner,
        opened_on=event.opened_on,
    )
