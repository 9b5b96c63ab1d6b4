"""Plain English or French sentence for each type of event; a type without a sentence shows its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from encours.contracts import Event
from encours.contracts.common import Conversion, Reason
from encours.contracts.events import credit_hold, customer, guarantee, invoice, payment, risk_terms
from encours.kernel.money import money_text
from encours.reading.reasons import reasons_told, sentence
from encours.reading.texts import (
    collection,
    credit,
    debtors,
    instruments,
    insurance,
    invoices,
    plans,
    receipts,
    reports,
    settings,
)
from encours.reading.texts.form import (
    Language,
    Lines,
    day_text,
    decimal_text,
    numbered,
    share_text,
    word_text,
)

_LAST = re.compile(r" ?: \{(\w+)\}$")


def summary(event: Event, language: Language) -> str:
    """Return the event in words. Amounts are written with their currency."""
    templates = _templates(event)
    if templates is None:
        return type(event).TYPE
    template = numbered(_known(templates[language == "fr"], event), dict(_counts(event)), language)
    return template.format_map(_Fields(event, language))


def _known(template: str, event: Event) -> str:
    """Return the template without a last part, such as a cause, that the event does not state."""
    last = _LAST.search(template)
    return template[: last.start()] if last and getattr(event, last[1], "") is None else template


def _counts(event: Event) -> Iterator[tuple[str, int]]:
    """Yield the fields of the event that count something, with their numbers."""
    for name in event.__struct_fields__:
        value = getattr(event, name)
        counted = len(value) if isinstance(value, tuple) else value
        if isinstance(counted, int) and not name.endswith(("_minor", "_bps")):
            yield name, counted


def _templates(event: Event) -> tuple[str, str] | None:
    match event:
        case invoice.InvoiceIssued(purpose="deposit"):
            return _DEPOSIT_ISSUED
        case invoice.InvoiceIssued(purpose="penalty"):
            return _PENALTY_ISSUED
        case invoice.InvoiceIssued(deposits=[_, *_]):
            return _FINAL_ISSUED
        case invoice.PaymentApplied(paid=Conversion()):
            return _APPLIED_CONVERTED
        case invoice.PaymentUnapplied(paid=Conversion()):
            return _UNAPPLIED_CONVERTED
        case payment.PaymentReversed():
            return _reversal(event)
        case credit_hold.CreditHoldReleased(text=None):
            return _HOLD_ENDED
        case guarantee.GuaranteeTaken(role=str()):
            return _GUARANTEE_IN_PLACE if event.in_place_of else _GUARANTEE_BY_ROLE
        case risk_terms.RiskTermsAnswered(accepted=False):
            return _TERMS_DECLINED
        case risk_terms.RiskTermsWithdrawn(accepted=True):
            return _TERMS_ENDED
        case customer.TermsAgreed(from_risk=customer.TermsFromRisk(ended=ended)):
            return _RISK_TERMS_ENDED if ended else _RISK_TERMS_AGREED
        case _:
            return _LINES.get(type(event))


def _reversal(event: payment.PaymentReversed) -> tuple[str, str]:
    """Return the texts of a reversal: of all or a part, with the meaning of the bank's reason if it is known."""
    english, french = _LINES[payment.PaymentReversed]
    if event.left_minor:
        english, french = _PART_REVERSED
    if event.consequence is not None:
        english, french = english + _CONSEQUENCE, french + _CONSEQUENCE
    if event.claim_until is not None and event.reversed_on is not None:
        in_time = event.reversed_on <= event.claim_until
        english += ", within the debtor's time" if in_time else ", after the debtor's time"
        french += ", dans le délai du débiteur" if in_time else ", hors du délai du débiteur"
    return english, french


class _Fields(dict[str, str]):
    """A field of the event as people write it: ``{amount_minor}`` becomes ``240.00 EUR`` or ``240,00 EUR``."""

    def __init__(self, event: Event, language: Language) -> None:
        super().__init__()
        self._event = event
        self._language = language

    def __missing__(self, name: str) -> str:
        event, language = self._event, self._language
        by_rule = isinstance(event, risk_terms.RiskTermsProposed) and event.basis is not None
        if name == "reasons" or (name == "text" and by_rule):
            return " ".join(sentence(each, language) for each in reasons_told(event))
        value, reason = getattr(event, name), getattr(event, "reason", None)
        if name == "text" and isinstance(reason, Reason):
            return sentence(reason, language)
        if value is None:
            return "—"
        if isinstance(value, Conversion):
            return money_text(value.amount_minor, value.currency, language)
        if name.endswith("_minor"):
            return money_text(value, event.currency, language)  # type: ignore[attr-defined]
        if name.endswith("_bps"):
            return share_text(value, language)
        if isinstance(value, tuple):
            return str(len(value))
        if name == "rate":
            return decimal_text(str(value), language)
        if isinstance(value, date):
            return day_text(value, language)
        return word_text(str(value), language)


_DEPOSIT_ISSUED = (
    "Deposit invoice {number} of {total_minor} issued, due {due_on}",
    "Facture d'acompte {number} de {total_minor} émise, échéance {due_on}",
)
_PENALTY_ISSUED = (
    "Penalty document {number} of {total_minor} issued for {penalises} invoice(s) paid late",
    "Facture de pénalités {number} de {total_minor} émise pour {penalises} facture(s) en retard",
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
_PART_REVERSED = (
    "{amount_minor} of a payment reversed, {left_minor} of it kept: {cause}",
    "{amount_minor} d'un paiement annulés, {left_minor} conservés : {cause}",
)
_CONSEQUENCE = " ({return_code}: {consequence})"
_HOLD_ENDED = ("Hold on orders released ({end})", "Blocage des commandes levé ({end})")
_GUARANTEE_BY_ROLE = (
    "Guarantee ({kind}) of {amount_minor}, {reference}, by authority of {role}",
    "Garantie ({kind}) de {amount_minor}, {reference}, par délégation {role}",
)
_GUARANTEE_IN_PLACE = (
    "Guarantee ({kind}) of {amount_minor}, {reference}, by authority of {role} in place of {in_place_of}",
    "Garantie ({kind}) de {amount_minor}, {reference}, par délégation {role} à la place de {in_place_of}",
)
_TERMS_DECLINED = (
    "Proposed terms {proposal_number} declined: {text}",
    "Conditions proposées {proposal_number} refusées : {text}",
)
_TERMS_ENDED = (
    "Accepted terms {proposal_number} ended: {text}",
    "Fin des conditions acceptées {proposal_number} : {text}",
)
_RISK_TERMS_AGREED = (
    "Terms agreed from {valid_from}, as accepted because of the risk",
    "Conditions convenues à partir du {valid_from}, telles qu'acceptées en raison du risque",
)
_RISK_TERMS_ENDED = (
    "Terms agreed from {valid_from}, as those because of the risk have ended",
    "Conditions convenues à partir du {valid_from}, celles en raison du risque ayant pris fin",
)
_LINES: Lines = {
    **debtors.LINES,
    **invoices.LINES,
    **plans.LINES,
    **instruments.LINES,
    **receipts.LINES,
    **collection.LINES,
    **credit.LINES,
    **insurance.LINES,
    **reports.LINES,
    **settings.LINES,
}
