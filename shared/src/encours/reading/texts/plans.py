"""Texts of payment plans and instalments."""

from __future__ import annotations

from encours.contracts.events import invoice, plan
from encours.reading.texts.form import Lines

LINES: Lines = {
    plan.PlanAgreed: (
        "Payment plan of {total_minor} agreed, {instalments} instalment(s)",
        "Échéancier de {total_minor} convenu, {instalments} échéance(s)",
    ),
    plan.PlanRescheduled: (
        "Payment plan rescheduled, {left_minor} in {instalments} instalment(s): {cause}",
        "Échéancier modifié, {left_minor} en {instalments} échéance(s) : {cause}",
    ),
    plan.PlanBroken: (
        "Payment plan broken, {left_minor} left ({cause})",
        "Échéancier rompu, reste {left_minor} ({cause})",
    ),
    plan.PlanKept: ("Payment plan of {total_minor} kept", "Échéancier de {total_minor} respecté"),
    plan.PlanResumed: (
        "Payment plan in force again, {left_minor} left ({cause})",
        "Échéancier de nouveau en vigueur, reste {left_minor} ({cause})",
    ),
    plan.PlanCancelled: ("Payment plan cancelled: {cause}", "Échéancier annulé : {cause}"),
    plan.InvoiceRescheduled: (
        "Invoice due in {instalments} instalment(s): {cause}",
        "Facture payable en {instalments} échéance(s) : {cause}",
    ),
    invoice.InvoicePlanned: (
        "{amount_minor} of the invoice on a payment plan",
        "{amount_minor} de la facture sur un échéancier",
    ),
    invoice.InvoiceUnplanned: (
        "{amount_minor} no longer on a payment plan ({outcome})",
        "{amount_minor} hors échéancier ({outcome})",
    ),
}
