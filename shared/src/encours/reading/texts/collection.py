"""Texts of reminders, tasks, holds and credit limits."""

from __future__ import annotations

from encours.contracts.events import reminders, risk
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
    reminders.TaskCompleted: ("Task done: {outcome}", "Tâche faite : {outcome}"),
    reminders.HoldPlaced: (
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
