"""Counterparts of the customers' account, by type of event: the accounts that an event is booked on besides 411.

Amounts come from the movements of the event (:mod:`encours.contracts.books`); a rule adds what the books of receivables
do not keep, the accounts and the VAT by rate. A type without a rule that moves money fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from encours.contracts.base import Event
from encours.contracts.common import VatShare
from encours.contracts.events import invoice, loss, payment, rate, residual
from reporting_svc.domain.journal.chart import Chart, LedgerAccount, is_account_number

Extra = tuple[LedgerAccount, int]
"""Account, and its signed amount in minor units of the document's currency."""


class Counterpart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Accounts besides the customers'. ``rest`` takes what remains; without it the customers' lines add up to 0."""

    journal: str
    label: str
    rest: LedgerAccount | None = None
    extras: tuple[Extra, ...] = ()
    piece: str | None = None
    piece_of: str | None = None


Rule = Callable[[Any, Chart], Counterpart]
RULES: dict[str, Rule] = {}


def books(*kinds: type[Event]) -> Callable[[Rule], Rule]:
    """Declare the rule of types of events."""

    def declare(rule: Rule) -> Rule:
        RULES.update({kind.TYPE: rule for kind in kinds})
        return rule

    return declare


def _vat(chart: Chart, shares: Iterable[VatShare], sign: int, whole_minor: int | None = None) -> list[Extra]:
    """Return VAT by rate; as one amount where it is known without its rates."""
    found = [(chart.vat_at(each.rate_bps), sign * each.vat_minor) for each in shares if each.vat_minor]
    return found or ([(chart["vat_other"], sign * whole_minor)] if whole_minor else [])


@books(invoice.InvoiceIssued)
def _issued(event: invoice.InvoiceIssued, chart: Chart) -> Counterpart:
    """Book a sale; a deposit invoice is an advance (PCG 4191) until the final invoice deducts it."""
    number = event.number
    if event.origin == "import" or event.net_minor is None:
        label = f"Reprise facture {number}"
        return Counterpart(journal="miscellaneous", label=label, rest=chart["taken_over"], piece=number)
    if event.purpose == "penalty":
        fees = sum(each.indemnity_minor for each in event.penalises)
        extras: tuple[Extra, ...] = ((chart["recovery_fees"], -fees),) if fees else ()
        label = f"Pénalités de retard {number}"
        return Counterpart(
            journal="sales", label=label, rest=chart["late_interest"], extras=extras, piece=number
        )
    extras = (*_vat(chart, event.vat, -1, event.vat_minor),)
    if event.purpose == "deposit":
        label = f"Facture d'acompte {number}"
        return Counterpart(journal="sales", label=label, rest=chart["advances"], extras=extras, piece=number)
    if deducted := sum(each.net_minor for each in event.deposits):
        extras = (*extras, (chart["advances"], deducted))
    return Counterpart(
        journal="sales", label=f"Facture {number}", rest=chart["sales"], extras=extras, piece=number
    )


@books(invoice.InvoiceCredited)
def _credited(event: invoice.InvoiceCredited, chart: Chart) -> Counterpart:
    number = event.number
    if event.origin == "import" or event.net_minor is None:
        label = f"Reprise avoir {number}"
        return Counterpart(journal="miscellaneous", label=label, rest=chart["taken_over"], piece=number)
    rest = {"penalty": "late_interest", "deposit": "advances"}.get(event.purpose, "sales")
    extras = (*_vat(chart, event.vat, 1, event.vat_minor),)
    return Counterpart(
        journal="sales", label=f"Avoir {number}", rest=chart[rest], extras=extras, piece=number
    )


@books(payment.CreditNoteIssued)
def _credit_note(event: payment.CreditNoteIssued, chart: Chart) -> Counterpart:
    """Book a credit note that cites no single invoice, such as a rebate on turnover (PCG 709)."""
    label, piece = f"Avoir {event.number}", event.number
    if event.origin == "import":
        return Counterpart(journal="miscellaneous", label=label, rest=chart["taken_over"], piece=piece)
    extras = (*_vat(chart, event.vat, 1, event.vat_minor),)
    return Counterpart(journal="sales", label=label, rest=chart["rebates"], extras=extras, piece=piece)


@books(invoice.PaymentApplied, invoice.PaymentUnapplied)
def _applied(event: invoice.PaymentApplied | invoice.PaymentUnapplied, _: Chart) -> Counterpart:
    label = "Affectation" if isinstance(event, invoice.PaymentApplied) else "Désaffectation"
    return Counterpart(journal="miscellaneous", label=f"{label} de règlement", piece=event.payment_id)


@books(payment.PaymentReceived)
def _received(event: payment.PaymentReceived, chart: Chart) -> Counterpart:
    desk, piece = "cash" if event.method == "cash" else "bank", event.external_ref or event.payment_id
    return Counterpart(journal=desk, label=f"Règlement {piece}", rest=chart[desk], piece=piece)


@books(payment.PaymentIdentified, payment.PaymentReassigned)
def _moved(event: payment.PaymentIdentified | payment.PaymentReassigned, _: Chart) -> Counterpart:
    return Counterpart(journal="miscellaneous", label="Changement de payeur", piece=event.payment_id)


_BANK_LABELS = {
    payment.PaymentReversed.TYPE: "Règlement impayé ou retourné",
    payment.PaymentRestored.TYPE: "Annulation d'un retour",
    payment.RefundOrdered.TYPE: "Remboursement",
    payment.RefundReturned.TYPE: "Remboursement revenu",
}


@books(payment.PaymentReversed, payment.PaymentRestored, payment.RefundOrdered, payment.RefundReturned)
def _bank(event: Any, chart: Chart) -> Counterpart:
    label = _BANK_LABELS[event.TYPE]
    return Counterpart(journal="bank", label=label, rest=chart["bank"], piece=event.payment_id)


@books(invoice.EarlyDiscountTaken)
def _discounted(event: invoice.EarlyDiscountTaken, chart: Chart) -> Counterpart:
    """Book a discount as a financial expense (PCG 665) and reduce its VAT (CGI 272-1)."""
    extras = (*_vat(chart, event.vat, 1, event.vat_minor),)
    return _on_invoice(event, "Escompte accordé", chart["early_discounts"], extras)


@books(invoice.EarlyDiscountWithdrawn)
def _discount_withdrawn(event: invoice.EarlyDiscountWithdrawn, chart: Chart) -> Counterpart:
    extras = (*_vat(chart, event.vat, -1, event.vat_minor),)
    return _on_invoice(event, "Escompte repris", chart["early_discounts"], extras)


def _on_invoice(event: Any, label: str, rest: LedgerAccount, extras: tuple[Extra, ...] = ()) -> Counterpart:
    return Counterpart(
        journal="miscellaneous", label=label, rest=rest, extras=extras, piece_of=event.invoice_id
    )


@books(loss.InvoiceWrittenOff)
def _written_off(event: loss.InvoiceWrittenOff, chart: Chart) -> Counterpart:
    return _on_invoice(event, "Perte sur créance", chart["losses"])


@books(loss.WriteOffReversed)
def _write_off_reversed(event: loss.WriteOffReversed, chart: Chart) -> Counterpart:
    extras = (*_vat(chart, event.vat, -1),)
    return _on_invoice(event, "Annulation de perte", chart["losses"], extras)


@books(loss.InvoiceUnrecoverable)
def _unrecoverable(event: loss.InvoiceUnrecoverable, chart: Chart) -> Counterpart:
    """Book the loss net of the VAT that is relieved (CGI 272-1), also that of what was written off before."""
    extras = (*_vat(chart, event.vat, 1, event.vat_minor),)
    return _on_invoice(event, "Créance irrécouvrable", chart["losses"], extras)


@books(loss.WriteOffRecovered)
def _recovered(event: loss.WriteOffRecovered, chart: Chart) -> Counterpart:
    return _on_invoice(
        event, "Rentrée sur créance amortie", chart["recoveries"], (*_vat(chart, event.vat, -1),)
    )


_LOSSES = {
    "cent": "rounding_loss",
    "discount_late": "early_discounts",
    "bank_charge": "bank_charges",
    "exchange": "exchange_loss",
}


@books(residual.InvoiceResidualClosed, residual.InvoiceResidualReopened)
def _residual(event: Any, chart: Chart) -> Counterpart:
    return _on_invoice(event, "Écart de règlement", _of_tolerance(event, chart, _LOSSES[event.reason]))


@books(residual.PaymentResidualClosed, residual.PaymentResidualReopened)
def _overpaid(event: Any, chart: Chart) -> Counterpart:
    rest = _of_tolerance(event, chart, "exchange_gain" if event.reason == "exchange" else "rounding_gain")
    return Counterpart(journal="miscellaneous", label="Écart de règlement", rest=rest, piece=event.payment_id)


def _of_tolerance(event: Any, chart: Chart, purpose: str) -> LedgerAccount:
    """Return the account that the tolerance names, if it is one of the French chart."""
    if event.account is not None and is_account_number(event.account):
        return chart.numbered(event.account, purpose)
    return chart[purpose]


@books(rate.ExchangeDifferenceRealised, rate.ExchangeDifferenceReversed)
def _difference(event: Any, chart: Chart) -> Counterpart:
    """Book a realised difference (PCG 656, 756); a reversal goes back on the account that had it."""
    is_gain = event.amount_minor > 0
    label = "Gain de change" if is_gain else "Perte de change"
    if isinstance(event, rate.ExchangeDifferenceReversed):
        label = f"Annulation : {label.lower()}"
    return _on_invoice(event, label, chart["exchange_gain" if is_gain else "exchange_loss"])
