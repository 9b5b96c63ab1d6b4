"""Texts of invoices, disputes, losses and exchange differences."""

from __future__ import annotations

from encours.contracts.events import approval, dispute, invoice, loss, penalty, rate, residual
from encours.reading.texts.form import Lines

LINES: Lines = {
    invoice.InvoiceDrafted: ("Draft of {total_minor}", "Brouillon de {total_minor}"),
    invoice.InvoiceAmended: ("Draft changed", "Brouillon modifié"),
    approval.InvoiceSubmitted: (
        "Draft of {total_minor} submitted for approval",
        "Brouillon de {total_minor} soumis à validation",
    ),
    approval.InvoiceApproved: ("Draft of {total_minor} approved", "Brouillon de {total_minor} validé"),
    approval.InvoiceRejected: (
        "Draft of {total_minor} rejected: {cause}",
        "Brouillon de {total_minor} rejeté : {cause}",
    ),
    invoice.InvoiceCancelled: ("Draft given up", "Brouillon abandonné"),
    invoice.InvoiceIssued: (
        "Invoice {number} of {total_minor} issued, due {due_on}",
        "Facture {number} de {total_minor} émise, échéance {due_on}",
    ),
    invoice.DepositDeducted: (
        "Deposit deducted by the final invoice",
        "Acompte déduit de la facture définitive",
    ),
    invoice.DepositFreed: (
        "Deposit no longer deducted: its final invoice was credited or replaced",
        "Acompte de nouveau à déduire : facture définitive annulée ou remplacée",
    ),
    invoice.InvoiceTermsBeyondCeiling: (
        "Agreed delay of {agreed_days} days is beyond the legal {ceiling_days}",
        "Délai convenu de {agreed_days} jours au-delà du plafond légal de {ceiling_days}",
    ),
    invoice.InvoicePenaltyBelowFloor: (
        "Agreed penalty rate of {agreed_bps} is below the legal floor of {floor_bps}",
        "Taux de pénalité convenu de {agreed_bps} inférieur au minimum légal de {floor_bps}",
    ),
    invoice.InvoiceCredited: (
        "Credit note {number} of {total_minor}: {cause}",
        "Avoir {number} de {total_minor} : {cause}",
    ),
    invoice.InvoiceRebated: (
        "{total_minor} of the invoice credited by a credit note of its own",
        "{total_minor} de la facture crédités par un avoir distinct",
    ),
    invoice.PaymentApplied: ("{amount_minor} of a payment applied", "{amount_minor} d'un paiement imputés"),
    invoice.PaymentUnapplied: (
        "{amount_minor} open again: payment {cause}",
        "{amount_minor} de nouveau dus : paiement {cause}",
    ),
    invoice.ShareDisputed: (
        "{amount_minor} of the invoice in dispute",
        "{amount_minor} de la facture en litige",
    ),
    invoice.ShareUndisputed: (
        "{amount_minor} no longer in dispute ({outcome})",
        "{amount_minor} ne sont plus en litige ({outcome})",
    ),
    invoice.EarlyDiscountTaken: (
        "Early-payment discount of {amount_minor} taken",
        "Escompte de {amount_minor} pris",
    ),
    invoice.EarlyDiscountWithdrawn: (
        "Early-payment discount of {amount_minor} withdrawn ({cause})",
        "Escompte de {amount_minor} repris ({cause})",
    ),
    residual.InvoiceResidualClosed: (
        "Residual of {amount_minor} closed by tolerance {policy_code} ({reason})",
        "Écart de {amount_minor} soldé par la tolérance {policy_code} ({reason})",
    ),
    residual.InvoiceResidualReopened: (
        "Residual of {amount_minor} open again: {cause}",
        "Écart de {amount_minor} de nouveau dû : {cause}",
    ),
    rate.ExchangeDifferenceRealised: (
        "Exchange difference of {amount_minor} realised",
        "Différence de change de {amount_minor} réalisée",
    ),
    rate.ExchangeDifferenceReversed: (
        "Exchange difference of {amount_minor} reversed",
        "Différence de change de {amount_minor} annulée",
    ),
    loss.InvoiceWrittenOff: (
        "{amount_minor} written off: {cause}",
        "{amount_minor} passés en perte : {cause}",
    ),
    loss.WriteOffReversed: (
        "Write-off of {amount_minor} reversed: {cause}",
        "Passage en perte de {amount_minor} annulé : {cause}",
    ),
    loss.InvoiceProvisioned: (
        "Provision of {amount_minor}: {cause}",
        "Provision de {amount_minor} : {cause}",
    ),
    loss.InvoiceUnrecoverable: (
        "{amount_minor} unrecoverable: {cause}",
        "{amount_minor} irrécouvrables : {cause}",
    ),
    loss.WriteOffRecovered: (
        "{amount_minor} of what was written off are paid",
        "{amount_minor} passés en perte sont payés",
    ),
    penalty.PenaltiesClaimed: (
        "Interest of {interest_minor} until {last_day} and a fee of {indemnity_minor} claimed",
        "Intérêts de {interest_minor} jusqu'au {last_day} et indemnité de {indemnity_minor} facturés",
    ),
    penalty.PenaltyClaimCancelled: (
        "Claim of {interest_minor} of interest and a fee of {indemnity_minor} cancelled: {cause}",
        "Facturation de {interest_minor} d'intérêts et de {indemnity_minor} d'indemnité annulée : {cause}",
    ),
    penalty.PenaltiesWaived: (
        "Interest of {interest_minor} and a fee of {indemnity_minor} waived: {cause}",
        "Remise de {interest_minor} d'intérêts et de {indemnity_minor} d'indemnité : {cause}",
    ),
    penalty.PenaltyWaiverReversed: (
        "Waiver of {interest_minor} of interest and a fee of {indemnity_minor} reversed: {cause}",
        "Remise de {interest_minor} d'intérêts et de {indemnity_minor} d'indemnité annulée : {cause}",
    ),
    dispute.DisputeOpened: (
        "Dispute ({category}) on {amount_minor}: {text}",
        "Litige ({category}) de {amount_minor} : {text}",
    ),
    dispute.DisputeResolved: (
        "Dispute on {amount_minor} ended: {outcome}",
        "Litige de {amount_minor} clos : {outcome}",
    ),
    dispute.DisputeAssigned: (
        "Dispute in charge of {owner}, answer by {answer_by}",
        "Litige confié à {owner}, réponse au plus tard le {answer_by}",
    ),
    dispute.DisputeCommented: ("Remark on the dispute: {text}", "Remarque sur le litige : {text}"),
    dispute.DisputeRaised: (
        "Dispute raised by {amount_minor}: {text}",
        "Litige augmenté de {amount_minor} : {text}",
    ),
    dispute.DisputePartResolved: (
        "{amount_minor} of the dispute ended: {outcome}",
        "{amount_minor} du litige clos : {outcome}",
    ),
    dispute.DisputeDeadlineNear: (
        "Answer to the dispute due by {answer_by}",
        "Réponse au litige attendue au plus tard le {answer_by}",
    ),
    dispute.DisputeDeadlineMissed: (
        "Answer to the dispute was due by {answer_by}",
        "Délai de réponse au litige dépassé : {answer_by}",
    ),
}
