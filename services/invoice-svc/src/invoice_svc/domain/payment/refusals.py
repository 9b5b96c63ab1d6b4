"""Refusals of the rules of a payment."""

from __future__ import annotations

from encours.kernel.errors import NotFound, Refusal


class PaymentNotFound(NotFound):
    """No payment has the id (404)."""

    code = "payment-not-found"
    title = "Payment not found"
    remedy = "Use an id from GET /v1/payments. The id may belong to another ledger, or to a payment later than as_of."


class PaymentExists(Refusal):
    """The id belongs to a payment already."""

    code = "payment-exists"
    title = "Payment already exists"
    remedy = "GET the payment. If this is another one, send its own reference, or none."


class AmountExceedsUnapplied(Refusal):
    """The allocations exceed the unapplied cash of the payment."""

    code = "amount-exceeds-unapplied"
    title = "Allocations exceed the unapplied cash"
    remedy = "Reduce the allocations, or release others first."


class AllocationAcrossEntities(Refusal):
    """The invoice belongs to another entity than the payment (422)."""

    code = "allocation-across-entities"
    title = "Invoice belongs to another entity"
    status = 422
    remedy = "Choose invoices of the payment's entity."


class AllocationAcrossCustomers(Refusal):
    """The invoice belongs to another customer than the payment (422)."""

    code = "allocation-across-customers"
    title = "Invoice belongs to another customer"
    status = 422
    remedy = "Choose invoices of the payer."


class AllocationNotStanding(Refusal):
    """The allocation was released, or never existed."""

    code = "allocation-not-standing"
    title = "Allocation is not in force"
    remedy = "GET the payment for the allocations in force."


class PayerKnown(Refusal):
    """The payment has another payer."""

    code = "payer-known"
    title = "Payer is already known"
    remedy = "If the payer is wrong, POST /v1/payments/{id}/reassign with the customer who paid."


class PaymentWasReversed(Refusal):
    """The payment was reversed."""

    code = "payment-reversed"
    title = "Payment has been reversed"
    remedy = "Record a new payment."


class PaymentAlreadyReversed(Refusal):
    """The payment is already reversed."""

    code = "payment-already-reversed"
    title = "Payment is already reversed"
    remedy = "No action is needed: a payment is reversed once."


class AmountExceedsPayment(Refusal):
    """More is to be reversed than is left of the payment."""

    code = "amount-exceeds-payment"
    title = "Reversal exceeds what is left of the payment"
    remedy = "GET the payment: what was refunded or reversed before cannot be reversed again."


class ReversalRepeated(Refusal):
    """A reversal of the same amount and day, or with the same reference, is recorded already."""

    code = "reversal-repeated"
    title = "Reversal is recorded already"
    remedy = "GET the payment for its reversals. If this is another one, send the bank's reference of each."


class ReversalNotFound(NotFound):
    """The payment has no reversal of that id (404)."""

    code = "reversal-not-found"
    title = "Reversal not found"
    remedy = "GET the payment for its reversals."


class CreditNotFound(NotFound):
    """No credit note has the id (404)."""

    code = "credit-not-found"
    title = "Credit note not found"
    remedy = "Use an id from GET /v1/credit-notes. The id may belong to another ledger."


class NoCreditLeft(Refusal):
    """The credit note has reduced a debt; the customer is not in credit by it."""

    code = "no-credit-left"
    title = "Credit note leaves no credit"
    remedy = "Only a credit note on a paid invoice, or one without an invoice, leaves money to use."


class CreditNoteStays(Refusal):
    """A bank does not return a credit note."""

    code = "credit-note-stays"
    title = "Credit note cannot be reversed"
    remedy = "To take it back, issue an invoice for its amount."


class PaymentRefunded(Refusal):
    """A part of the payment was paid back to the customer."""

    code = "payment-refunded"
    title = "Payment has been refunded"
    remedy = "Record first that the refund came back, or issue an invoice for what the customer owes."


class RefundNotFound(NotFound):
    """The payment has no refund of that id (404)."""

    code = "refund-not-found"
    title = "Refund not found"
    remedy = "GET the payment for its refunds."


class RefundIsOver(Refusal):
    """The refund came back."""

    code = "refund-returned"
    title = "Refund has come back"
    remedy = "Order a new refund."
