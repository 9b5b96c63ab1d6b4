"""The credit note [avoir] without an invoice, such as a rebate on turnover: the customer is in credit.

It changes the VAT of the invoices that it corrects, so it cites them, or the period whose invoices it corrects as a
whole (CGI 272-1; ann. II 242 nonies A I). At each rate it is at most what credit notes have left of cited invoices, and
each of them keeps its part; a period sets no bound. Its number is of the entity's series of credit notes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec import Struct

from encours.contracts.events import payment as events
from encours.kernel.errors import FieldError, Invalid
from invoice_svc.domain.amounts.products import product_shares
from invoice_svc.domain.amounts.sums import LineInput, currency_of, reckon
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.checks import require_issued, require_no_penalty, require_not_future
from invoice_svc.domain.invoice.credit.credit_note import CREDIT_SERIES
from invoice_svc.domain.invoice.credit.rebate import within_cited
from invoice_svc.domain.invoice.deposits import require_not_deducted
from invoice_svc.domain.invoice.room import cited_as
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.refusals import AllocationAcrossCustomers
from invoice_svc.domain.refusals import CurrencyMismatch


class IssueCreditNote(Struct, frozen=True):
    """Issue a credit note to a customer over lines with VAT. It cites invoices, or a period.

    ``issued_on`` is today if not given, ``series`` ``None`` is AVO, ``currency`` ``None`` that of the prices, else the
    entity's.
    """

    credit_note_id: str
    payment_id: str
    entity_id: str
    customer_id: str
    lines: tuple[LineInput, ...]
    cause: str
    issued_on: date | None = None
    series: str | None = None
    currency: str | None = None
    period_from: date | None = None
    period_until: date | None = None
    invoice_ids: tuple[str, ...] = ()


def issue(
    command: IssueCreditNote,
    entity: Entity,
    customer: Customer,
    cited: Sequence[Invoice],
    finals: Mapping[str, str],
    issued_on: date,
    today: date,
    own: Collection[str],
) -> events.CreditNoteIssued:
    """Issue the credit note; its number is left to the append.

    ``finals`` has the numbers of the final invoices that deduct cited deposits, by their ids; ``own`` are the records
    of the customer.
    """
    require_customer_of(customer, command.entity_id)
    require_not_future(issued_on, today, "/issued_on")
    currency = currency_of(command.currency, command.lines, entity.currency)
    sums = reckon(command.lines, currency)
    if sums.total_minor <= 0 or any(share.net_minor < 0 for share in sums.vat):
        raise Invalid(
            "The lines must add up to more than 0, and to no less than 0 at any VAT rate.", "/lines"
        )
    _check_cited(command, customer, own, cited, finals, currency, issued_on)
    if cited:
        sums = within_cited(sums, cited)
    return events.CreditNoteIssued(
        payment_id=command.payment_id,
        credit_note_id=command.credit_note_id,
        customer_id=command.customer_id,
        number="",
        series=command.series or CREDIT_SERIES,
        issued_on=issued_on,
        currency=currency,
        lines=sums.lines,
        vat=sums.vat,
        net_minor=sums.net_minor,
        vat_minor=sums.vat_minor,
        total_minor=sums.total_minor,
        cause=command.cause,
        period_from=command.period_from,
        period_until=command.period_until,
        invoices=tuple(cited_as(invoice) for invoice in cited),
        origin="issued",
        products=product_shares(sums.lines, sums.vat, currency, sums.net_minor),
    )


def _check_cited(
    command: IssueCreditNote,
    customer: Customer,
    own: Collection[str],
    cited: Sequence[Invoice],
    finals: Mapping[str, str],
    currency: str,
    issued_on: date,
) -> None:
    first, last = command.period_from, command.period_until
    if (first is None) != (last is None) or (first is None) == (not cited):
        raise Invalid("Cite either invoices or a whole period: period_from and period_until.", "/period_from")
    if first is not None and last is not None and not first <= last <= issued_on:
        raise Invalid(
            f"The period has to end between {first} and the date of issue, {issued_on}.", "/period_until"
        )
    for i, invoice in enumerate(cited):
        require_issued(invoice, "cited by a credit note")
        require_no_penalty(invoice)
        require_not_deducted(invoice, finals, f"/invoice_ids/{i}")
        if invoice.issued_on is not None and invoice.issued_on > issued_on:
            raise Invalid(
                f"{invoice.number} is dated {invoice.issued_on}, later than the credit note.",
                f"/invoice_ids/{i}",
            )
        fault = FieldError(
            f"/invoice_ids/{i}", "Cite invoices of the customer, in the credit note's currency."
        )
        if invoice.customer_id not in own:
            raise AllocationAcrossCustomers(
                f"{invoice.number} belongs to customer {invoice.customer_id}, not to {customer.customer_id}.",
                errors=(fault,),
            )
        if invoice.currency != currency:
            raise CurrencyMismatch(
                f"{invoice.number} is in {invoice.currency}, not in {currency}.", errors=(fault,)
            )
