"""The rules of an invoice. Each function takes the state and a command and returns events, or raises a refusal."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import UNSET
from msgspec.structs import replace

from encours.contracts.common import Conversion, Instalment, Particulars, Terms
from encours.contracts.events import invoice as events
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.kernel.errors import FieldError, Invalid
from encours.kernel.terms import beyond_ceiling, later_than_ceiling
from encours.legal.law import LatePaymentLaw
from encours.legal.packs import law_of
from invoice_svc.domain.amounts.adjustments import as_input
from invoice_svc.domain.amounts.products import product_shares
from invoice_svc.domain.amounts.sums import InvoiceSums, currency_of, line_input, reckon
from invoice_svc.domain.approval.decide import require_approved
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.decide import series_for
from invoice_svc.domain.entity.display import filled
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice import deposits
from invoice_svc.domain.invoice.checks import require_fits, require_issued, require_not_future
from invoice_svc.domain.invoice.commands import AmendInvoice, DraftInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.content import missing_content, stated, with_usual_exemptions
from invoice_svc.domain.invoice.deposits import Deduction
from invoice_svc.domain.invoice.evolve import InvoiceEvent
from invoice_svc.domain.invoice.refusals import InvoiceExists, InvoiceIncomplete, InvoiceNotDraft
from invoice_svc.domain.invoice.schedule import AT_ISSUE, check_instalments, drafted, fixed
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.terms import ProposedTerms, discount_until, due_on, due_rule, settled, with_fee
from invoice_svc.domain.usual_terms import billed_terms

UnappliedCause = Literal["released", "reversed"]


def draft(
    state: Invoice, command: DraftInvoice, entity: Entity, customer: Customer, day: date
) -> list[InvoiceEvent]:
    """Draft the invoice with its sums; ``day`` is that of issue, or today."""
    if state.document != "none":
        raise InvoiceExists(f"{command.invoice_id} already exists; PATCH it while it is a draft.")
    require_customer_of(customer, command.entity_id)
    series_for(entity, command.series, "invoice")
    content = command.content
    currency = currency_of(command.currency, content.lines, entity.currency)
    sums = reckon(content.lines, currency, content.adjustments)
    return [
        events.InvoiceDrafted(
            invoice_id=command.invoice_id,
            customer_id=command.customer_id,
            series=command.series,
            currency=currency,
            supply_on=content.supply_on or day,
            lines=sums.lines,
            vat=sums.vat,
            net_minor=sums.net_minor,
            vat_minor=sums.vat_minor,
            total_minor=sums.total_minor,
            terms=_settled(content.terms, currency, entity.country, day),
            reference=content.reference,
            salesperson=content.salesperson or customer.salesperson,
            adjustments=sums.adjustments,
            particulars=stated(content.particulars),
            purpose=command.purpose,
            deposits=deposits.named(content.deposits, command.purpose),
            corrects=command.corrects,
            deliveries=command.deliveries,
            correction_cause=command.correction_cause,
            credit_series=command.credit_series,
            instalments=drafted(content.instalments, currency),
        )
    ]


def amend(state: Invoice, command: AmendInvoice, entity: Entity, today: date) -> list[InvoiceEvent]:
    """Amend the draft; no event if its content is the same."""
    require_draft(state, "amended")
    sums = _amended_sums(state, command)
    amended = events.InvoiceAmended(
        invoice_id=state.invoice_id,
        supply_on=state.supply_on if command.supply_on is UNSET else command.supply_on,
        lines=sums.lines,
        vat=sums.vat,
        net_minor=sums.net_minor,
        vat_minor=sums.vat_minor,
        total_minor=sums.total_minor,
        terms=state.terms
        if command.terms is UNSET
        else _settled(command.terms, state.currency, entity.country, today),
        reference=state.reference if command.reference is UNSET else command.reference,
        salesperson=state.salesperson if command.salesperson is UNSET else command.salesperson,
        customer_id=state.customer_id,
        adjustments=sums.adjustments,
        particulars=stated(replace(state.particulars, **command.particulars)),
        deposits=state.deposits
        if command.deposits is UNSET
        else deposits.named(command.deposits, state.purpose),
        instalments=state.drafted_instalments
        if command.instalments is UNSET
        else drafted(command.instalments, state.currency),
    )
    known = (
        state.supply_on, state.lines, state.terms, state.reference, state.salesperson, state.adjustments,
        stated(state.particulars), state.deposits, state.drafted_instalments,
    )  # fmt: skip
    same = known == (
        amended.supply_on, amended.lines, amended.terms, amended.reference, amended.salesperson, amended.adjustments,
        amended.particulars, amended.deposits, amended.instalments,
    )  # fmt: skip
    return [] if same else [amended]


def _amended_sums(state: Invoice, command: AmendInvoice) -> InvoiceSums:
    lines = command.lines
    if lines is UNSET:
        lines = tuple(line_input(line, state.currency) for line in state.lines)
    kept = [as_input(each, state.currency, state.lines_minor) for each in state.adjustments]
    allowances, charges = command.allowances, command.charges
    if allowances is UNSET:
        allowances = tuple(each for each in kept if each.kind == "allowance")
    if charges is UNSET:
        charges = tuple(each for each in kept if each.kind == "charge")
    return reckon(lines, state.currency, (*allowances, *charges))


def _settled(terms: Terms | ProposedTerms | None, currency: str, country: str, day: date) -> Terms | None:
    return None if terms is None else settled(terms, currency, country, day, "/terms")


def cancel(state: Invoice) -> list[InvoiceEvent]:
    """Cancel a draft; no event if it is cancelled already."""
    if state.document == "cancelled":
        return []
    require_draft(state, "cancelled")
    return [events.InvoiceCancelled(invoice_id=state.invoice_id, customer_id=state.customer_id)]


def issue(
    state: Invoice,
    issued_on: date,
    entity: Entity,
    customer: Customer,
    today: date,
    deducted: Deduction | None = None,
    delivered: Customer | None = None,
) -> list[InvoiceEvent]:
    """Issue the invoice in its instalments, with warnings if they or its own terms exceed the limits of the law.

    The append assigns the number, because it alone knows the last one of the series. Terms are the draft's own, else
    those of the customer in force on the day of issue, else those of the law. ``customer`` is the one who is billed,
    the draft's or another; ``delivered`` a third who is delivered. A final invoice states what
    its deposits leave.
    """
    require_draft(state, "issued")
    require_not_future(issued_on, today, "/issued_on")
    if faults := missing_content(state, entity, customer, issued_on):
        raise _incomplete(faults)
    require_approved(state, entity)
    rest = deducted or Deduction.of_nothing(state)
    law = law_of(entity.country)
    agreed = state.terms or billed_terms(customer, entity, issued_on, state.currency)
    total_minor = rest.net_minor + rest.vat_minor
    terms = with_fee(agreed, law, state.currency, issued_on, total_minor)
    instalments = fixed(state.drafted_instalments, total_minor, state.currency, issued_on)
    return [
        events.InvoiceIssued(
            invoice_id=state.invoice_id,
            customer_id=customer.customer_id,
            number="",
            series=state.series,
            issued_on=issued_on,
            supply_on=state.supply_on,
            due_on=due_on(terms, issued_on),
            discount_until=discount_until(terms, issued_on),
            display=filled(
                entity.display_on(state.series or "", issued_on),
                customer_ref=customer.external_ref,
                reference=state.reference,
            ),
            currency=state.currency,
            vat=rest.vat,
            net_minor=rest.net_minor,
            vat_minor=rest.vat_minor,
            total_minor=total_minor,
            terms=terms,
            reference=state.reference,
            salesperson=state.salesperson,
            origin="issued",
            purpose=state.purpose,
            particulars=stated(
                _delivered_to(delivered, with_usual_exemptions(state, entity.country, issued_on))
            ),
            corrects=state.corrects,
            deposits=rest.deposits,
            purchaser_id=state.customer_id if state.customer_id != customer.customer_id else None,
            delivered_to_id=delivered.customer_id if delivered else None,
            deliveries=state.deliveries,
            products=product_shares(state.lines, rest.vat, state.currency, state.net_minor or 0),
        ),
        *_in_instalments(state.invoice_id, state.currency, customer, instalments),
        *_warn_of_terms(state, terms, instalments, law, issued_on),
    ]


def _in_instalments(
    invoice_id: str, currency: str, customer: Customer, instalments: tuple[Instalment, ...]
) -> list[InvoiceEvent]:
    if not instalments:
        return []
    return [
        InvoiceRescheduled(
            invoice_id=invoice_id,
            customer_id=customer.customer_id,
            currency=currency,
            instalments=instalments,
            cause=AT_ISSUE,
            agreed_by=None,
            evidence_sha256=None,
        )
    ]


def _delivered_to(delivered: Customer | None, particulars: Particulars) -> Particulars:
    """Return the particulars with name and place of the customer who is delivered, unless they state another."""
    if delivered is None or particulars.delivered_to or particulars.delivery_address:
        return particulars
    place = delivered.delivery_address or delivered.address
    return replace(particulars, delivered_to=delivered.name, delivery_address=place)


def _warn_of_terms(
    state: Invoice,
    terms: Terms,
    instalments: tuple[Instalment, ...],
    law: LatePaymentLaw,
    issued_on: date,
) -> list[InvoiceEvent]:
    """Return the warnings. With instalments the last of their dates counts, else the delay of the draft's own terms."""
    if state.terms is None and not instalments:
        return []
    found: list[InvoiceEvent] = []
    ceiling, excess = law.ceiling(issued_on), None
    if ceiling is not None and instalments:
        excess = later_than_ceiling(issued_on, instalments[-1].due_on, due_rule(terms), ceiling)
    elif ceiling is not None and state.terms is not None:
        excess = beyond_ceiling(due_rule(state.terms), ceiling)
    if excess is not None:
        found.append(
            events.InvoiceTermsBeyondCeiling(
                invoice_id=state.invoice_id,
                customer_id=state.customer_id,
                ceiling_days=excess.ceiling_days,
                agreed_days=excess.agreed_days,
            )
        )
    if state.terms is not None and (floor := law.floor_above(state.terms, issued_on)):
        found.append(
            events.InvoicePenaltyBelowFloor(
                invoice_id=state.invoice_id,
                customer_id=state.customer_id,
                floor_bps=floor.value,
                agreed_bps=state.terms.penalty_rate_bps or 0,
                basis=floor.source,
            )
        )
    return found


def take_over(
    state: Invoice, command: TakeOverInvoice, entity: Entity, customer: Customer
) -> list[InvoiceEvent]:
    """Take over an invoice of another system, with its number. Its VAT by rate is unknown.

    Its terms are its own, else those in force with the customer, else those of the law; the due date is its own, else
    that of the terms. Its instalments add up to the total.
    """
    if state.document != "none":
        raise InvoiceExists(f"{command.invoice_id} already exists.")
    require_customer_of(customer, command.entity_id)
    parts = [minor for minor in (command.net_minor, command.vat_minor) if minor is not None]
    if command.total_minor <= 0 or (parts and sum(parts) != command.total_minor):
        raise Invalid("The total must be above 0 and equal net plus VAT.", "/amount")
    if command.instalments:
        check_instalments(command.instalments, command.total_minor, command.currency, command.issued_on)
    terms = _settled(command.terms, command.currency, entity.country, command.issued_on)
    terms = with_fee(
        terms or billed_terms(customer, entity, command.issued_on, command.currency),
        law_of(entity.country), command.currency, command.issued_on, command.total_minor,
    )  # fmt: skip
    return [
        events.InvoiceIssued(
            invoice_id=command.invoice_id,
            customer_id=command.customer_id,
            number=command.number,
            series=None,
            issued_on=command.issued_on,
            supply_on=command.issued_on,
            due_on=command.due_on or due_on(terms, command.issued_on),
            discount_until=discount_until(terms, command.issued_on),
            currency=command.currency,
            vat=(),
            net_minor=command.net_minor,
            vat_minor=command.vat_minor,
            total_minor=command.total_minor,
            terms=terms,
            reference=command.reference,
            salesperson=customer.salesperson,
            origin="import",
        ),
        *_in_instalments(command.invoice_id, command.currency, customer, command.instalments),
    ]


def apply_payment(
    state: Invoice,
    *,
    payment_id: str,
    payer_id: str | None,
    allocation_id: str,
    amount_minor: int,
    received_on: date,
    paid: Conversion | None = None,
) -> list[InvoiceEvent]:
    """Apply a part of a payment to this invoice; payer and currency of the payment may be others (``paid``)."""
    require_issued(state, "paid")
    require_fits(state, amount_minor, state.outstanding_minor, None)
    return [
        events.PaymentApplied(
            invoice_id=state.invoice_id,
            payment_id=payment_id,
            allocation_id=allocation_id,
            amount_minor=amount_minor,
            received_on=received_on,
            customer_id=state.customer_id,
            currency=state.currency,
            payer_id=payer_id if payer_id != state.customer_id else None,
            paid=paid,
        )
    ]


def unapply_payment(state: Invoice, *, allocation_id: str, cause: UnappliedCause) -> list[InvoiceEvent]:
    """Reopen the debt from its original due date; no event if the allocation is no longer in force."""
    return [
        events.PaymentUnapplied(
            invoice_id=state.invoice_id,
            payment_id=part.payment_id,
            allocation_id=allocation_id,
            amount_minor=part.amount_minor,
            cause=cause,
            customer_id=state.customer_id,
            currency=state.currency,
            payer_id=part.payer_id,
            paid=part.paid,
        )
        for part in state.applied
        if part.allocation_id == allocation_id
    ]


def require_draft(state: Invoice, verb: str) -> None:
    """Raise :class:`InvoiceNotDraft` for an invoice that is issued or cancelled."""
    match state.document:
        case "draft":
            return
        case "issued":
            raise InvoiceNotDraft(
                f"{state.number} is issued and can no longer be {verb}; correct it, or credit an amount of it.",
            )
        case "cancelled" | "none":
            raise InvoiceNotDraft(f"{state.invoice_id} was cancelled; create a new draft.")


def _incomplete(faults: tuple[FieldError, ...]) -> InvoiceIncomplete:
    listed = "; ".join(fault.detail for fault in faults)
    return InvoiceIncomplete(f"The invoice cannot be issued: {listed}.", errors=faults)
