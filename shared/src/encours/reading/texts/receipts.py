"""Texts of payments, credit notes without an invoice, refunds and bank lines."""

from __future__ import annotations

from encours.contracts.events import bank, payment
from encours.reading.texts.form import Lines

LINES: Lines = {
    payment.PaymentReceived: ("{amount_minor} received by {method}", "{amount_minor} reçus par {method}"),
    payment.PaymentIdentified: ("Payer of {amount_minor} identified", "Payeur de {amount_minor} identifié"),
    payment.PaymentAllocated: (
        "Payment allocated: {allocations} part(s)",
        "Paiement imputé : {allocations} part(s)",
    ),
    payment.PaymentReleased: ("Allocations released: {allocations}", "Imputations libérées : {allocations}"),
    payment.PaymentReversed: (
        "Payment of {amount_minor} reversed: {cause}",
        "Paiement de {amount_minor} annulé : {cause}",
    ),
    payment.CreditNoteIssued: (
        "Credit note {number} of {total_minor}: {cause}",
        "Avoir {number} de {total_minor} : {cause}",
    ),
    payment.RefundOrdered: (
        "Refund of {amount_minor} ordered: {cause}",
        "Remboursement de {amount_minor} ordonné : {cause}",
    ),
    payment.RefundSent: ("Refund of {amount_minor} paid", "Remboursement de {amount_minor} effectué"),
    payment.RefundReturned: (
        "Refund of {amount_minor} came back: {cause}",
        "Remboursement de {amount_minor} revenu : {cause}",
    ),
    bank.BankLineBooked: (
        "Bank line of {amount_minor} booked as a payment",
        "Ligne de relevé de {amount_minor} comptabilisée en paiement",
    ),
}
