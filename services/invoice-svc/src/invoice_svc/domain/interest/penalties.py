"""Penalty document: claim of interest and recovery fees for invoices that were paid late, or are still to be paid.

It is an invoice of purpose ``penalty`` in a series of its own, so that it is paid, disputed, credited and reminded of
as any other debt. Penalties and fee are damages, outside the scope of VAT (CGI 256) and no turnover. They are due
without a reminder (C. com. L441-10 II), so the document is due on its day; it bears neither interest nor a fee.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from encours.contracts.common import Particulars, PenalisedInvoice, PenaltySegment, Terms, VatShare
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.money.penalty import PenaltiesClaimed, PenaltyClaimCancelled
from encours.contracts.settlement import Settlement
from encours.kernel.errors import FieldError, Invalid, NotFound, Refusal
from encours.legal.interest import Statement
from encours.legal.law import LatePaymentLaw
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.display import filled
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.interest.account import account_of, unclaimed
from invoice_svc.domain.interest.debt import MAX_FILE, DebtorFile
from invoice_svc.domain.invoice.checks import require_not_future
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.legal.content import penalty_exemption

PENALTY_SERIES = "PEN"
MAX_PENALISED = 100
"""Invoices of one document: with their segments they fill an event of some 100 kB."""
_ON_ITS_DAY = Terms(due_kind="NET", days=0, penalty_rate_bps=0, indemnity_minor=0)
_ONE_DAY = timedelta(days=1)


class ClaimPenalties(Struct, frozen=True):
    """Claim what is due and neither claimed nor waived up to a day, for a customer's invoices in one currency.

    ``invoice_ids`` ``None`` are all its late invoices, ``currency`` ``None`` is the entity's, ``issued_on`` today and
    ``until`` the day of issue.
    """

    document_id: str
    entity_id: str
    customer_id: str
    invoice_ids: tuple[str, ...] | None = None
    until: date | None = None
    issued_on: date | None = None
    currency: str | None = None
    series: str = PENALTY_SERIES


class CancelPenalties(Struct, frozen=True):
    """Cancel a penalty document by a credit note. ``issued_on`` is today if not given, ``series`` ``None`` is AVO."""

    document_id: str
    credit_note_id: str
    cause: str
    issued_on: date | None = None
    series: str | None = None


class PenaltyDocumentNotFound(NotFound):
    """No penalty document has the id (404)."""

    code = "penalty-document-not-found"
    title = "Penalty document not found"
    remedy = "Use an id from GET /v1/penalty-documents."


class PenaltyDocumentCancelled(Refusal):
    """Credit notes have left nothing of the penalty document (409)."""

    code = "penalty-document-cancelled"
    title = "Penalty document is cancelled already"
    remedy = "GET it for its credit notes."


class NothingToClaim(Refusal):
    """No penalties are due that are neither claimed nor waived (409)."""

    code = "nothing-to-claim"
    title = "No penalties to claim"
    remedy = "GET /v1/invoices/{id}/interest for what is due, claimed and waived."


class RateNotPublished(Refusal):
    """The reference rate of a day is not on file, so no amount that rests on it is claimed or waived (422)."""

    code = "rate-not-published"
    title = "Rate of the half-year is not on file"
    status = 422
    remedy = "Use a day of a half-year whose rate is on file, or agree a penalty rate."


class TooManyPenalised(Refusal):
    """The customer has more late invoices than one penalty document takes (422)."""

    code = "too-many-late-invoices"
    title = "Too many late invoices for one document"
    status = 422
    remedy = f"Name up to {MAX_PENALISED} of them in invoice_ids, and make several documents."


def require_published(found: Statement, pointer: str) -> None:
    """Raise ``rate-not-published`` if the last known rate stands for one that is not on file."""
    guessed = next((each for each in found.segments if each.provisional), None)
    if guessed is not None:
        raise RateNotPublished(
            f"The reference rate in force on {guessed.first_day} is not on file; the last one known is "
            f"{guessed.basis}.",
            errors=(FieldError(pointer, f"Use a day before {guessed.first_day}."),),
        )


def penalised(
    state: Invoice, settlement: Settlement, until: date, law: LatePaymentLaw
) -> PenalisedInvoice | None:
    """Return what a document claims for an invoice up to a day; ``None`` if there is nothing."""
    account = account_of(state, settlement, until, law)
    if not account.to_claim.total_minor:
        return None
    require_published(account.due, "/until")
    segments = list(unclaimed(account.due.segments, state.penalty_claims))
    interest = account.to_claim.interest_minor
    assert state.due_on is not None, "an invoice with penalties is issued"
    return PenalisedInvoice(
        invoice_id=state.invoice_id,
        invoice_number=state.number or "",
        due_on=state.due_on,
        last_day=until,
        segments=tuple(
            PenaltySegment(
                first_day=each.first_day,
                last_day=each.last_day,
                principal_minor=each.principal_minor,
                rate_bps=each.rate_bps,
                basis=each.basis,
                interest_minor=each.interest_minor,
            )
            for each in segments
        ),
        adjustment_minor=interest - sum(each.interest_minor for each in segments),
        interest_minor=interest,
        indemnity_minor=account.to_claim.indemnity_minor,
    )


def claim(
    command: ClaimPenalties,
    entity: Entity,
    customer: Customer,
    currency: str,
    found: Sequence[PenalisedInvoice],
    issued_on: date,
) -> InvoiceIssued:
    """Issue the document; its number is left to the append."""
    require_customer_of(customer, command.entity_id)
    if not found:
        raise NothingToClaim(f"Nothing is due of {customer.name} that is neither claimed nor waived.")
    if len(found) > MAX_PENALISED:
        raise TooManyPenalised(f"{customer.name} has {len(found)} invoices with penalties to claim.")
    total = sum(each.interest_minor + each.indemnity_minor for each in found)
    return InvoiceIssued(
        invoice_id=command.document_id,
        customer_id=customer.customer_id,
        number="",
        series=command.series,
        issued_on=issued_on,
        supply_on=issued_on,
        due_on=issued_on,
        display=filled(
            entity.display_on(command.series, issued_on), customer_ref=customer.external_ref, reference=None
        ),
        currency=currency,
        vat=(VatShare(category="O", rate_bps=0, net_minor=total, vat_minor=0),),
        net_minor=total,
        vat_minor=0,
        total_minor=total,
        terms=_ON_ITS_DAY,
        reference=None,
        salesperson=customer.salesperson,
        origin="issued",
        purpose="penalty",
        particulars=Particulars(exemptions=(penalty_exemption(entity.country),)),
        penalises=tuple(found),
    )


def require_days(until: date, issued_on: date, today: date) -> None:
    """Raise unless the document is dated today or before, and claims no day after its own."""
    require_not_future(issued_on, today, "/issued_on")
    require_not_future(until, issued_on, "/until")


def claimed_of(state: Invoice, part: PenalisedInvoice, document_id: str) -> PenaltiesClaimed:
    """Return the event that keeps the claim with the invoice that was paid late."""
    covered = [claim.last_day + _ONE_DAY for claim in state.penalty_claims]
    first = min((each.first_day for each in part.segments), default=max([part.due_on + _ONE_DAY, *covered]))
    return PenaltiesClaimed(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        document_id=document_id,
        first_day=first,
        last_day=part.last_day,
        interest_minor=part.interest_minor,
        indemnity_minor=part.indemnity_minor,
    )


def require_cancellable(state: Invoice) -> None:
    """Raise a refusal for an invoice that is no penalty document, and for one of which nothing is left to credit."""
    if state.purpose != "penalty":
        raise PenaltyDocumentNotFound(state.invoice_id)
    if not state.creditable_minor:
        raise PenaltyDocumentCancelled(f"{state.number} was credited as a whole.")


def freed(state: Invoice, document_id: str, cause: str) -> Iterable[PenaltyClaimCancelled]:
    """Return the end of a document's claim on an invoice; nothing if it ended before."""
    return [
        PenaltyClaimCancelled(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            document_id=document_id,
            last_day=claim.last_day,
            interest_minor=claim.interest_minor,
            indemnity_minor=claim.indemnity_minor,
            cause=cause,
        )
        for claim in state.penalty_claims
        if claim.document_id == document_id
    ]


def require_among(named: Sequence[str], file: DebtorFile) -> None:
    """Raise :class:`Invalid` for an invoice that is none of the customer's late ones; refuse too many of these."""
    if len(file.invoices) > MAX_FILE:
        raise TooManyPenalised(f"The customer has more than {MAX_FILE:,} open and late invoices.")
    listed = set(file.invoices)
    for i, invoice_id in enumerate(named):
        if invoice_id not in listed:
            raise Invalid(
                f"{invoice_id} is no invoice of the customer in this currency that is late or was paid late; "
                "remove it.",
                f"/invoice_ids/{i}",
            )
