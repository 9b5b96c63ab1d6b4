"""Plain English or French sentence for each type of event; a type without a sentence shows its name."""

from __future__ import annotations

import re
from typing import Literal

from encours.contracts import Event
from encours.contracts.common import Conversion
from encours.contracts.events import (
    approval,
    bank,
    customer,
    dispute,
    dunning,
    field,
    invoice,
    loss,
    order,
    payment,
    quote,
    rate,
    recurring,
    review,
    risk,
)
from encours.kernel.money import format_amount

Language = Literal["en", "fr"]
_CODE = re.compile("[a-z]+(_[a-z]+)+")
"""A word of the contracts, such as ``registered_letter``; not an id, nor what people wrote."""


def summary(event: Event, language: Language) -> str:
    """Return the event in words. Amounts are written with their currency."""
    templates = _templates(event)
    if templates is None:
        return type(event).TYPE
    return templates[language == "fr"].format_map(_Fields(event, language))


def _templates(event: Event) -> tuple[str, str] | None:
    match event:
        case invoice.InvoiceIssued(purpose="deposit"):
            return _DEPOSIT_ISSUED
        case invoice.InvoiceIssued(deposits=[_, *_]):
            return _FINAL_ISSUED
        case invoice.PaymentApplied(paid=Conversion()):
            return _APPLIED_CONVERTED
        case invoice.PaymentUnapplied(paid=Conversion()):
            return _UNAPPLIED_CONVERTED
        case _:
            return _LINES.get(type(event))


class _Fields(dict[str, str]):
    """A field of the event as people write it: ``{amount_minor}`` becomes ``240.00 EUR`` or ``240,00 EUR``."""

    def __init__(self, event: Event, language: Language) -> None:
        super().__init__()
        self._event = event
        self._language = language

    def __missing__(self, name: str) -> str:
        value = getattr(self._event, name)
        if value is None:
            return "—"
        if isinstance(value, Conversion):
            return self._money(value.amount_minor, value.currency)
        if name.endswith("_minor"):
            return self._money(value, self._event.currency)  # type: ignore[attr-defined]
        if name.endswith("_bps"):
            rate = f"{value // 100}.{value % 100:02d}"
            return f"{rate.replace('.', ',') if self._language == 'fr' else rate} %"
        if isinstance(value, tuple):
            return str(len(value))
        word = str(value)
        if self._language == "fr":
            return _WORDS.get(word, word)
        return word.replace("_", " ") if _CODE.fullmatch(word) else word

    def _money(self, minor: int, currency: str) -> str:
        amount = format_amount(minor, currency)
        return f"{amount.replace('.', ',') if self._language == 'fr' else amount} {currency}"


_WORDS = {
    "email": "courriel",
    "phone": "téléphone",
    "letter": "lettre",
    "registered_letter": "lettre recommandée",
    "transfer": "virement",
    "instant_transfer": "virement instantané",
    "card": "carte",
    "direct_debit": "prélèvement",
    "cheque": "chèque",
    "cash": "espèces",
    "accept": "accepté",
    "refer": "à examiner",
    "refuse": "refusé",
    "credited": "avoir",
    "rejected": "rejeté",
    "withdrawn": "retiré",
    "call": "appel",
    "litigation_file": "dossier contentieux",
    "released": "libéré",
    "reversed": "annulé",
    "price": "prix",
    "quantity": "quantité",
    "quality": "qualité",
    "delivery": "livraison",
    "service": "prestation",
    "administrative": "administratif",
    "duplicate": "doublon",
    "other": "autre",
    "covered_by_credit": "couvert par un avoir",
    "fully_disputed": "entièrement en litige",
    "no_address": "sans adresse",
    "customer_on_hold": "client en pause",
    "paid_meanwhile": "payé entre-temps",
    "changed_meanwhile": "changé entre-temps",
    "below_floor": "sous le seuil de relance",
    "earlier_step": "étape précédente d'abord",
    "formal_notice_recent": "mise en demeure récente",
    "cancelled": "annulée",
    "duplicate_invoice": "double facturation",
    "delivery_not_billed": "livraison non facturée",
    "period_not_billed": "période non facturée",
    "quote_not_billed": "devis sans suite",
    "number_gap": "rupture de numérotation",
    "credit_above_sales": "avoirs supérieurs aux ventes",
    "late_issue": "facture tardive",
    "formal_step_apart": "étape formelle à part",
}

_DEPOSIT_ISSUED = (
    "Deposit invoice {number} of {total_minor} issued, due {due_on}",
    "Facture d'acompte {number} de {total_minor} émise, échéance {due_on}",
)
_FINAL_ISSUED = (
    "Invoice {number} issued, due {due_on}: {total_minor} after {deposits} deposit(s)",
    "Facture {number} émise, échéance {due_on} : {total_minor} après {deposits} acompte(s)",
)
_APPLIED_CONVERTED = (
    "{amount_minor} settled by {paid} of a payment",
    "{amount_minor} réglés par {paid} d'un paiement",
)
_UNAPPLIED_CONVERTED = (
    "{amount_minor} open again, {paid} of the payment back: payment {cause}",
    "{amount_minor} de nouveau dus, {paid} du paiement disponibles : paiement {cause}",
)
_LINES: dict[type[Event], tuple[str, str]] = {
    customer.CustomerRegistered: ("{name} registered as a customer", "{name} enregistré comme client"),
    customer.CustomerAmended: ("Identity changed: {name}", "Identité modifiée : {name}"),
    customer.TermsAgreed: ("Terms agreed from {valid_from}", "Conditions convenues à partir du {valid_from}"),
    customer.TermsBeyondCeiling: (
        "Agreed delay of {agreed_days} days is beyond the legal {ceiling_days}",
        "Délai convenu de {agreed_days} jours au-delà du plafond légal de {ceiling_days}",
    ),
    customer.PenaltyBelowFloor: (
        "Agreed penalty rate of {agreed_bps} is below the legal floor of {floor_bps}",
        "Taux de pénalité convenu de {agreed_bps} inférieur au minimum légal de {floor_bps}",
    ),
    customer.CustomerContactAdded: ("Contact added: {name} ({role})", "Contact ajouté : {name} ({role})"),
    customer.FieldsSet: ("Custom fields set: {fields}", "Champs personnalisés renseignés : {fields}"),
    customer.RolesAssigned: (
        "From {valid_from}: paid by {payer_id}, billed to {billed_id}, delivered to {delivered_id}, group {group_id}",
        "À partir du {valid_from} : payé par {payer_id}, facturé à {billed_id}, livré à {delivered_id}, "
        "groupe {group_id}",
    ),
    customer.CustomerMerged: (
        "Record merged into {into_id}: {cause}",
        "Fiche fusionnée avec {into_id} : {cause}",
    ),
    customer.CustomerMergeReversed: (
        "Merge into {into_id} reversed: {cause}",
        "Fusion avec {into_id} annulée : {cause}",
    ),
    customer.CustomerNoted: ("Note: {text}", "Note : {text}"),
    invoice.InvoiceDrafted: ("Draft of {total_minor}", "Brouillon de {total_minor}"),
    field.InvoiceFieldsSet: ("Custom fields set: {fields}", "Champs personnalisés renseignés : {fields}"),
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
    customer.PapersRequired: (
        "{papers} paper(s) required before an invoice",
        "{papers} pièce(s) exigée(s) avant facturation",
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
    quote.QuoteDrafted: (
        "Quote {number} of {total_minor} drafted",
        "Devis {number} de {total_minor} préparé",
    ),
    quote.QuoteAmended: (
        "Quote changed: {total_minor}, valid until {valid_until}",
        "Devis modifié : {total_minor}, valable jusqu'au {valid_until}",
    ),
    quote.QuoteSent: ("Quote sent to {sent_to}", "Devis envoyé à {sent_to}"),
    quote.QuoteExtended: ("Quote valid until {valid_until}", "Devis valable jusqu'au {valid_until}"),
    quote.QuoteAccepted: (
        "Quote of {total_minor} accepted by {accepted_by}",
        "Devis de {total_minor} accepté par {accepted_by}",
    ),
    quote.QuoteRefused: ("Quote refused: {cause}", "Devis refusé : {cause}"),
    payment.CreditNoteIssued: (
        "Credit note {number} of {total_minor}: {cause}",
        "Avoir {number} de {total_minor} : {cause}",
    ),
    payment.RefundOrdered: (
        "Refund of {amount_minor} ordered: {cause}",
        "Remboursement de {amount_minor} ordonné : {cause}",
    ),
    bank.BankLineBooked: (
        "Bank line of {amount_minor} booked as a payment",
        "Ligne de relevé de {amount_minor} comptabilisée en paiement",
    ),
    payment.RefundSent: ("Refund of {amount_minor} paid", "Remboursement de {amount_minor} effectué"),
    payment.RefundReturned: (
        "Refund of {amount_minor} came back: {cause}",
        "Remboursement de {amount_minor} revenu : {cause}",
    ),
    order.OrderPlaced: ("Order {number} of {total_minor}", "Commande {number} de {total_minor}"),
    order.OrderDelivered: (
        "Delivered with note {note_number}: {net_minor} without VAT",
        "Livré avec le bon {note_number} : {net_minor} HT",
    ),
    order.DeliveryCancelled: (
        "Delivery of {net_minor} does not count: {cause}",
        "Livraison de {net_minor} annulée : {cause}",
    ),
    order.OrderBilled: (
        "{delivery_ids} delivery(ies) of {net_minor} put on an invoice",
        "{delivery_ids} livraison(s) de {net_minor} portée(s) sur une facture",
    ),
    order.OrderUnbilled: (
        "{delivery_ids} delivery(ies) of {net_minor} to bill again: invoice {cause}",
        "{delivery_ids} livraison(s) de {net_minor} à refacturer : facture {cause}",
    ),
    order.OrderClosed: ("Order closed: {cause}", "Commande close : {cause}"),
    recurring.RecurringAgreed: (
        "Recurring invoice “{title}” of {total_minor}, from {starts_on}",
        "Facture récurrente « {title} » de {total_minor}, à partir du {starts_on}",
    ),
    recurring.RecurringBilled: (
        "Period of {period} billed: {total_minor}",
        "Période du {period} facturée : {total_minor}",
    ),
    recurring.RecurringBlocked: (
        "Period of {period} cannot be billed: {cause}",
        "Période du {period} non facturée : {cause}",
    ),
    recurring.RecurringPaused: (
        "Recurring invoice paused: {cause}",
        "Facture récurrente suspendue : {cause}",
    ),
    recurring.RecurringResumed: ("Recurring invoice resumed", "Facture récurrente reprise"),
    review.FindingDismissed: (
        "Finding of the review dismissed ({kind}): {cause}",
        "Constat de la revue classé ({kind}) : {cause}",
    ),
    recurring.RecurringEnded: (
        "Recurring invoice ends on {ends_on}",
        "Facture récurrente jusqu'au {ends_on}",
    ),
    dispute.DisputeOpened: (
        "Dispute ({category}) on {amount_minor}: {text}",
        "Litige ({category}) de {amount_minor} : {text}",
    ),
    dispute.DisputeResolved: (
        "Dispute on {amount_minor} ended: {outcome}",
        "Litige de {amount_minor} clos : {outcome}",
    ),
    dunning.ReminderRequested: (
        "Reminder by {channel} ({step}) for {amount_minor}, {items} invoice(s)",
        "Relance par {channel} ({step}) de {amount_minor}, {items} facture(s)",
    ),
    dunning.ReminderSuppressed: (
        "Reminder ({step}) not sent: {cause}",
        "Relance ({step}) non envoyée : {cause}",
    ),
    dunning.ReminderSent: ("Reminder by {channel} sent", "Relance par {channel} envoyée"),
    dunning.ReminderFailed: (
        "Reminder by {channel} failed: {evidence}",
        "Échec de la relance par {channel} : {evidence}",
    ),
    dunning.ReminderUnconfirmed: (
        "Reminder by {channel} unconfirmed",
        "Relance par {channel} sans confirmation",
    ),
    dunning.TaskOpened: ("Task ({kind}) for {amount_minor}", "Tâche ({kind}) pour {amount_minor}"),
    dunning.TaskCompleted: ("Task done: {outcome}", "Tâche faite : {outcome}"),
    dunning.HoldPlaced: (
        "Dunning on hold until {until}: {cause}",
        "Relances en pause jusqu'au {until} : {cause}",
    ),
    risk.LimitRequested: ("Limit of {amount_minor} requested", "Encours de {amount_minor} demandé"),
    risk.LimitApproved: ("Limit of {amount_minor} approved", "Encours de {amount_minor} accordé"),
    risk.LimitRefused: ("Limit refused: {text}", "Encours refusé : {text}"),
    risk.CreditChecked: (
        "Order of {amount_minor} checked: {decision}",
        "Commande de {amount_minor} contrôlée : {decision}",
    ),
}
