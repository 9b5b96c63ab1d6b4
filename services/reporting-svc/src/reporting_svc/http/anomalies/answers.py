"""Answers about anomalies, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.money import money_text
from encours.reading.texts.form import Language
from encours.reading.texts.words import FRENCH
from reporting_svc.domain.anomalies import Anomaly, AnomalyKind
from reporting_svc.domain.measures.definitions import ANOMALY
from reporting_svc.http.answers import ScopedReport
from reporting_svc.http.snapshot import ReceivablesSnapshot

REASONS: dict[Language, dict[AnomalyKind, str]] = {
    "en": {
        "invoice_amount": "Invoice of {value}; the {earlier} before it were of about {usual}, from {low} to {high}.",
        "payment_amount": "Payment of {value}; the {earlier} before it were of about {usual}, from {low} to {high}.",
        "payment_delay": "Paid {value} days after the due date; usual is {usual}, {low} to {high} ({earlier} before).",
        "unpaid": "Unpaid for {value} days after the due date; usual is {usual}, {high} at most ({earlier} before).",
        "credit_notes": "{value} credit notes in 90 days; {usual} were to be expected, {high} at most.",
        "payment_method": "Paid by {text}; the {earlier} payments before were by {known}.",
        "payer_account": "Paid from the account {text}; the {earlier} payments before came from {known}. Ask the "
        "customer by a channel that you know.",
        "refund_account": "Refund to the account {text}, from which nothing came; the {earlier} payments before came "
        "from {known}. Ask the customer by a channel that you know.",
    },
    "fr": {
        "invoice_amount": "Facture de {value} ; les {earlier} précédentes : environ {usual}, de {low} à {high}.",
        "payment_amount": "Paiement de {value} ; les {earlier} précédents : environ {usual}, de {low} à {high}.",
        "payment_delay": "Payée {value} jours après l'échéance ; d'habitude {usual}, {low} à {high} ({earlier} avant).",
        "unpaid": "Impayée {value} jours après l'échéance ; d'habitude {usual}, {high} au plus ({earlier} avant).",
        "credit_notes": "{value} avoirs en 90 jours ; {usual} étaient attendus, {high} au plus.",
        "payment_method": "Payé par {text} ; les {earlier} paiements précédents : {known}.",
        "payer_account": "Payé depuis le compte {text} ; les {earlier} paiements précédents venaient de {known}. "
        "Vérifiez auprès du client par un canal connu.",
        "refund_account": "Remboursement vers le compte {text}, d'où rien n'est venu ; les {earlier} paiements "
        "précédents venaient de {known}. Vérifiez auprès du client par un canal connu.",
    },
}
_AMOUNTS = ("invoice_amount", "payment_amount")
_ACCOUNTS = ("payer_account", "refund_account")


class AnomalyOut(BaseModel):
    """A transaction unlike the customer's earlier ones; either amounts or days and numbers are given."""

    kind: AnomalyKind
    customer_id: str
    customer: str | None
    object_id: str = Field(description="Invoice or payment; of `credit_notes` that of the last one.")
    on: date = Field(description="Day of the transaction, or as_of for what is unpaid.")
    amount: MoneyModel | None
    usual_amount: MoneyModel | None
    value: int | None = Field(description="Days from the due date, or number of credit notes.")
    usual: float | None
    low: float | None
    high: float | None
    text: str | None = Field(
        description="Method, or the last four characters of the account, that is new; null for other kinds."
    )
    earlier: int = Field(description="Earlier ones that it was compared with.")
    distance: float = Field(
        description="Robust deviations from the median; of `credit_notes`, methods and accounts minus the logarithm of "
        "the probability."
    )
    reason: str

    @classmethod
    def of(cls, found: Anomaly, names: Mapping[str, str], currency: str, lang: Language) -> Json:
        """Show an anomaly."""
        is_amount, is_number = found.kind in _AMOUNTS, found.text is None and found.kind not in _AMOUNTS
        return {
            "kind": found.kind,
            "customer_id": found.debtor,
            "customer": names.get(found.debtor),
            "object_id": found.id,
            "on": found.on.isoformat(),
            "amount": money_json(found.value, currency) if is_amount else None,
            "usual_amount": money_json(round(found.usual), currency) if is_amount else None,
            "value": found.value if is_number else None,
            "usual": round(found.usual, 1) if is_number else None,
            "low": round(found.low, 1) if is_number else None,
            "high": round(found.high, 1) if is_number else None,
            "text": None if found.text is None else origin_text(found.text, found, "en"),
            "earlier": found.earlier,
            "distance": round(found.distance, 1),
            "reason": reason(found, currency, lang),
        }


class AnomaliesOut(ScopedReport):
    """Anomalies, the farthest from what was usual first."""

    definition: str
    currency: str
    from_: date = Field(alias="from")
    data: list[AnomalyOut]
    left_out: int = Field(description="Further ones that are not shown.")

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        first: date,
        shown: Sequence[Anomaly],
        count: int,
        names: Mapping[str, str],
        lang: Language,
    ) -> Json:
        """Show the anomalies of the days from ``first`` on."""
        currency = books.total.currency
        return {
            "definition": ANOMALY.id,
            "currency": currency,
            "from": first.isoformat(),
            "data": [AnomalyOut.of(each, names, currency, lang) for each in shown],
            "left_out": count - len(shown),
            **cls.end(books),
        }


def reason(found: Anomaly, currency: str, lang: Language) -> str:
    """Return the reason in words: the value, what was usual, and the range outside of which it lies."""

    def shown(value: float) -> str:
        if found.kind in _AMOUNTS:
            return money_text(round(value), currency, lang)
        text = f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
        return text.replace(".", ",") if lang == "fr" else text

    return REASONS[lang][found.kind].format(
        value=shown(found.value),
        usual=shown(found.usual),
        low=shown(found.low),
        high=shown(found.high),
        earlier=found.earlier,
        text=origin_text(found.text or "", found, lang),
        known=", ".join(origin_text(each, found, lang) for each in found.known),
    )


def origin_text(value: str, found: Anomaly, lang: Language) -> str:
    """Return a method in words, or the end of an account: a report does not spread whole account numbers."""
    if found.kind in _ACCOUNTS:
        return f"…{value[-4:]}"
    return FRENCH.get(value, value) if lang == "fr" else value.replace("_", " ")
