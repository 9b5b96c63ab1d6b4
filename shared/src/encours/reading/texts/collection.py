"""Texts of reminders, tasks and holds."""

from __future__ import annotations

from encours.contracts.events import (
    alerts,
    experiment,
    placements,
    promises,
    reminders,
    replies,
    tasks,
    thanks,
    titles,
)
from encours.reading.texts.form import Lines

LINES: Lines = {
    reminders.ReminderRequested: (
        "Reminder by {channel} ({step}) for {amount_minor}, {items} invoice(s)",
        "Relance par {channel} ({step}) de {amount_minor}, {items} facture(s)",
    ),
    reminders.ReminderSuppressed: (
        "Reminder ({step}) not sent: {cause}",
        "Relance ({step}) non envoyée : {cause}",
    ),
    reminders.ReminderSent: ("Reminder by {channel} sent", "Relance par {channel} envoyée"),
    reminders.ReminderFailed: (
        "Reminder by {channel} failed: {evidence}",
        "Échec de la relance par {channel} : {evidence}",
    ),
    reminders.ReminderUnconfirmed: (
        "Reminder by {channel} unconfirmed",
        "Relance par {channel} sans confirmation",
    ),
    reminders.TaskOpened: ("Task ({kind}) for {amount_minor}", "Tâche ({kind}) pour {amount_minor}"),
    reminders.TaskRaised: ("Task ({kind}): {cause}", "Tâche ({kind}) : {cause}"),
    reminders.TaskCompleted: ("Task done: {outcome}", "Tâche faite : {outcome}"),
    tasks.TaskPostponed: ("Task due on {due_on}: {cause}", "Tâche à faire le {due_on} : {cause}"),
    tasks.TaskAssigned: ("Task given to {owner}: {cause}", "Tâche confiée à {owner} : {cause}"),
    tasks.TaskReopened: ("Task open again: {cause}", "Tâche rouverte : {cause}"),
    reminders.HoldPlaced: (
        "Dunning on hold until {until}: {cause}",
        "Relances en pause jusqu'au {until} : {cause}",
    ),
    replies.ReminderBounced: (
        "Reminder came back from {address} ({smtp_status})",
        "Relance revenue de {address} ({smtp_status})",
    ),
    replies.ReminderDelivered: (
        "Reminder delivered to the mailbox",
        "Relance remise à la boîte du destinataire",
    ),
    replies.ReminderReadByDebtor: (
        "Reminder displayed by the recipient",
        "Relance affichée par le destinataire",
    ),
    replies.ReminderTracked: (
        "Reminder by {channel}: {state} on {on}",
        "Relance par {channel} : {state} le {on}",
    ),
    replies.ReminderAnswered: ("Reminder answered", "Réponse à la relance"),
    replies.ReplyRead: ("Message ({kind}) from {sender} read", "Message ({kind}) de {sender} lu"),
    replies.FindingConfirmed: (
        "Finding {finding} of a reply confirmed",
        "Constat {finding} d'une réponse confirmé",
    ),
    replies.FindingRejected: (
        "Finding {finding} of a reply rejected",
        "Constat {finding} d'une réponse rejeté",
    ),
    alerts.AlertRaised: ("Alert {rule_code} ({kind})", "Alerte {rule_code} ({kind})"),
    alerts.AlertAcknowledged: ("Alert acknowledged", "Alerte prise en compte"),
    titles.TitleRequested: (
        "Title without a court requested for {amount_minor}",
        "Titre exécutoire sans juge demandé pour {amount_minor}",
    ),
    titles.TitleServed: (
        "Demand served on {served_on}; may be contested until {contest_until}",
        "Commandement signifié le {served_on} ; contestation possible jusqu'au {contest_until}",
    ),
    titles.TitleContested: (
        "Demand contested on {contested_on}: {cause}",
        "Commandement contesté le {contested_on} : {cause}",
    ),
    titles.TitleEnforceable: (
        "Title enforceable since {enforceable_on}",
        "Titre exécutoire depuis le {enforceable_on}",
    ),
    titles.TitleEnded: ("Title procedure ended: {outcome}", "Procédure de titre close : {outcome}"),
    thanks.ThanksRequested: (
        "Thank-you for {amount_minor} paid, {invoices} invoice(s)",
        "Remerciement pour {amount_minor} payés, {invoices} facture(s)",
    ),
    thanks.ThanksSuppressed: ("Thank-you not sent: {cause}", "Remerciement non envoyé : {cause}"),
    thanks.ThanksSent: ("Thank-you sent", "Remerciement envoyé"),
    thanks.ThanksFailed: (
        "Thank-you failed: {evidence}",
        "Échec du remerciement : {evidence}",
    ),
    thanks.ThanksUnconfirmed: ("Thank-you unconfirmed", "Remerciement sans confirmation"),
    experiment.ExperimentCustomerAssigned: (
        "Assigned to an experiment on dunning policies: {arm}",
        "Entré dans une expérience sur les scénarios de relance : {arm}",
    ),
    promises.PromiseMade: (
        "Payment of {amount_minor} promised by {promised_on}",
        "Paiement de {amount_minor} promis pour le {promised_on}",
    ),
    placements.InvoicesPlaced: (
        "Invoices of {amount_minor} placed with a third party",
        "Factures confiées à un tiers pour {amount_minor}",
    ),
    placements.InvoicesRecalled: (
        "Invoices recalled from the third party: {cause}",
        "Factures retirées au tiers : {cause}",
    ),
    promises.PromiseKept: (
        "Promise of {amount_minor} by {promised_on} kept",
        "Promesse de {amount_minor} pour le {promised_on} tenue",
    ),
    promises.PromiseBroken: (
        "Promise of {amount_minor} by {promised_on} broken: {received_minor} received",
        "Promesse de {amount_minor} pour le {promised_on} non tenue : {received_minor} reçus",
    ),
    promises.PromiseWithdrawn: (
        "Promise of {amount_minor} by {promised_on} ended: {cause}",
        "Promesse de {amount_minor} pour le {promised_on} close : {cause}",
    ),
}
