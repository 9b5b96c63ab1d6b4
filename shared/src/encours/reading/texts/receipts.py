"""Texts of payments, credit notes without an invoice, refunds, bank lines and remittance advices."""

from __future__ import annotations

from encours.contracts.events import bank, payment, remittance, residual
from encours.reading.texts.form import Lines

LINES: Lines = {
    payment.PaymentReceived: ("{amount_minor} received by {method}", "{amount_minor} reçus par {method}"),
    payment.PaymentIdentified: ("Payer of {amount_minor} identified", "Payeur de {amount_minor} identifié"),
    payment.PaymentReassigned: (
        "Payment of {amount_minor} moved to the customer who paid: {cause}",
        "Paiement de {amount_minor} transféré au client qui a payé : {cause}",
    ),
    payment.PaymentAllocated: (
        "Payment allocated: {allocations} part(s)",
        "Paiement imputé : {allocations} part(s)",
    ),
    payment.PaymentReleased: ("Allocations released: {allocations}", "Imputations libérées : {allocations}"),
    payment.PaymentReversed: (
        "Payment of {amount_minor} reversed: {cause}",
        "Paiement de {amount_minor} annulé : {cause}",
    ),
    payment.PaymentRestored: (
        "{amount_minor} of a payment restored, its reversal was recorded wrongly: {cause}",
        "{amount_minor} d'un paiement rétablis, annulation enregistrée à tort : {cause}",
    ),
    payment.PaymentStated: ("Payment stated by the bank", "Paiement relevé par la banque"),
    payment.ReversalStated: ("Reversal stated by the bank", "Annulation relevée par la banque"),
    payment.CreditNoteIssued: (
        "Credit note {number} of {total_minor}: {cause}",
        "Avoir {number} de {total_minor} : {cause}",
    ),
    residual.PaymentResidualClosed: (
        "Overpayment of {amount_minor} closed by tolerance {policy_code} ({reason})",
        "Trop-perçu de {amount_minor} soldé par la tolérance {policy_code} ({reason})",
    ),
    residual.PaymentResidualReopened: (
        "Overpayment of {amount_minor} unapplied again: {cause}",
        "Trop-perçu de {amount_minor} de nouveau non affecté : {cause}",
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
    payment.PaymentAdvised: (
        "Remittance advice {advice_id} says what the payment pays",
        "L'avis de paiement {advice_id} dit ce que le paiement règle",
    ),
    remittance.AdviceReceived: (
        "Payment of {total_minor} announced for {items} document(s)",
        "Paiement de {total_minor} annoncé pour {items} document(s)",
    ),
    remittance.AdviceJoined: (
        "Announced payment received, {settled_minor} settled",
        "Paiement annoncé reçu, {settled_minor} réglés",
    ),
    remittance.AdviceSeparated: (
        "Announced payment reversed: {cause}",
        "Paiement annoncé annulé : {cause}",
    ),
    remittance.AdviceWithdrawn: (
        "Announced payment withdrawn: {cause}",
        "Paiement annoncé retiré : {cause}",
    ),
    bank.BankLineProposed: (
        "Bank line to be decided by a person: {proposals} set(s) of invoices proposed",
        "Ligne de relevé à affecter par une personne : {proposals} proposition(s) de factures",
    ),
    bank.BankLineReturnProposed: (
        "Returned bank line to be decided by a person: {proposals} payment(s) proposed",
        "Ligne de retour à affecter par une personne : {proposals} paiement(s) proposé(s)",
    ),
    bank.BankLineIgnored: (
        "Bank line is no payment of a customer: {cause}",
        "Ligne de relevé étrangère aux paiements des clients : {cause}",
    ),
    bank.BankLineReopened: (
        "Decision on a bank line withdrawn: {cause}",
        "Décision sur une ligne de relevé retirée : {cause}",
    ),
    bank.BankLineReturnBooked: (
        "Bank line booked as the return of {amount_minor}",
        "Ligne de relevé comptabilisée comme retour de {amount_minor}",
    ),
    bank.BankLineBooked: (
        "Bank line of {amount_minor} booked as a payment",
        "Ligne de relevé de {amount_minor} comptabilisée en paiement",
    ),
}
