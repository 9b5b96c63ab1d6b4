"""Texts of reminders, tasks, holds and credit limits."""

from __future__ import annotations

from encours.contracts.events import dunning, risk
from encours.reading.texts.form import Lines

LINES: Lines = {
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
