"""Texts of customers, quotes, orders and recurring invoices."""

from __future__ import annotations

from encours.contracts.events import customer, field, insolvency, order, quote, recurring, review, statement
from encours.reading.texts.form import Lines

LINES: Lines = {
    customer.CustomerRegistered: ("{name} registered as a customer", "{name} enregistré comme client"),
    customer.CustomerAmended: ("Identity changed: {name}", "Identité modifiée : {name}"),
    customer.TermsKept: (
        "Terms because of the risk ({kind}) change nothing: what is agreed prevails",
        "Conditions en raison du risque ({kind}) sans effet : ce qui est convenu prévaut",
    ),
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
    customer.PapersRequired: (
        "{papers} paper(s) required before an invoice",
        "{papers} pièce(s) exigée(s) avant facturation",
    ),
    insolvency.InsolvencyOpened: (
        "Insolvency proceedings opened on {opened_on}: {kind}, {court}",
        "Procédure collective ouverte le {opened_on} : {kind}, {court}",
    ),
    insolvency.InsolvencyPublished: (
        "Insolvency proceedings published on {published_on}",
        "Procédure collective publiée le {published_on}",
    ),
    insolvency.InsolvencyAmended: (
        "Insolvency proceedings: {kind}, {court}, {case_number}, {administrator}",
        "Procédure collective : {kind}, {court}, {case_number}, {administrator}",
    ),
    insolvency.InsolvencyClosed: (
        "Insolvency proceedings closed on {closed_on}: {outcome}",
        "Procédure collective close le {closed_on} : {outcome}",
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
    recurring.RecurringEnded: (
        "Recurring invoice ends on {ends_on}",
        "Facture récurrente jusqu'au {ends_on}",
    ),
    review.FindingDismissed: (
        "Finding of the review dismissed ({kind}): {cause}",
        "Constat de la revue classé ({kind}) : {cause}",
    ),
    field.InvoiceFieldsSet: ("Custom fields set: {fields}", "Champs personnalisés renseignés : {fields}"),
    statement.StatementScheduled: (
        "Statements of account scheduled from {starts_on}",
        "Relevés de compte programmés à partir du {starts_on}",
    ),
    statement.StatementDecided: (
        "Statement of account from {first_day} to {last_day}: {outcome}",
        "Relevé de compte du {first_day} au {last_day} : {outcome}",
    ),
}
