"""Refusals of the rules of an invoice."""

from __future__ import annotations

from encours.kernel.errors import NotFound, Refusal


class InvoiceNotFound(NotFound):
    """No invoice has the id (404)."""

    code = "invoice-not-found"
    title = "Invoice not found"
    remedy = "Use an id from GET /v1/invoices. The id may belong to another ledger, or to an invoice later than as_of."


class InvoiceExists(Refusal):
    """The id belongs to an invoice already."""

    code = "invoice-exists"
    title = "Invoice already exists"
    remedy = "GET the invoice, or PATCH it while it is a draft."


class InvoiceIncomplete(Refusal):
    """The draft lacks content that the law requires (422)."""

    code = "invoice-incomplete"
    title = "Invoice lacks content that the law requires"
    status = 422
    remedy = "Add the content that errors[] lists."


class InvoiceNotDraft(Refusal):
    """Only a draft can be amended, issued or cancelled."""

    code = "invoice-not-draft"
    title = "Invoice is not a draft"
    remedy = "POST …/correct to replace an issued invoice, or POST …/credit-notes to take an amount off it."


class InvoiceNotIssued(Refusal):
    """Only an issued invoice can be paid, credited or disputed."""

    code = "invoice-not-issued"
    title = "Invoice is not issued"
    remedy = "Issue the invoice first."


class AmountExceedsOutstanding(Refusal):
    """The amount exceeds what is outstanding on the invoice."""

    code = "amount-exceeds-outstanding"
    title = "Amount exceeds the outstanding amount"
    remedy = "Reduce the amount, or release a payment first."


class VatUnknown(Refusal):
    """The invoice was taken over with its total alone, so the VAT of a credit note cannot follow from it (422)."""

    code = "vat-unknown"
    title = "VAT of the invoice is not known"
    status = 422
    remedy = "Send the lines of the credit note with their VAT rates, or net and VAT by rate."


class NothingOutstanding(Refusal):
    """The invoice has nothing outstanding that could be credited or disputed."""

    code = "nothing-outstanding"
    title = "Nothing is outstanding"
    remedy = "To reopen the invoice, release a payment."


class InvoiceOnPlan(Refusal):
    """The invoice is on a payment plan in force."""

    code = "invoice-on-plan"
    title = "Invoice is on a payment plan"
    remedy = "Cancel the payment plan first. You can agree a new one afterwards."


class IsPenaltyDocument(Refusal):
    """A penalty document is cancelled as a whole: it is neither corrected nor cited by a rebate (409)."""

    code = "penalty-document"
    title = "Invoice is a penalty document"
    remedy = "POST /v1/penalty-documents/{id}/cancel, then claim again."
