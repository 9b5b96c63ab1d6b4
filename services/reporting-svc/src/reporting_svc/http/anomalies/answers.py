"""Answers about anomalies, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.money import format_amount
from encours.reading.summary import Language
from reporting_svc.domain.anomalies import Anomaly, AnomalyKind
from reporting_svc.domain.measures.definitions import ANOMALY
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot

REASONS: dict[Language, dict[AnomalyKind, str]] = {
    "en": {
        "invoice_amount": "Invoice of {value}; the {earlier} before it were of about {usual}, from {low} to {high}.",
        "payment_amount": "Payment of {value}; the {earlier} before it were of about {usual}, from {low} to {high}.",
        "payment_delay": "Paid {value} days after the due date; usual is {usual}, {low} to {high} ({earlier} before).",
        "unpaid": "Unpaid for {value} days after the due date; usual is {usual}, {high} at most ({earlier} before).",
        "credit_notes": "{value} credit notes in 90 days; {usual} were to be expected, {high} at most.",
    },
    "fr": {
        "invoice_amount": "Facture de {value} ; les {earlier} précédentes : environ {usual}, de {low} à {high}.",
        "payment_amount": "Paiement de {value} ; les {earlier} précédents : environ {usual}, de {low} à {high}.",
        "payment_delay": "Payée {value} jours après l'échéance ; d'habitude {usual}, {low} à {high} ({earlier} avant).",
        "unpaid": "Impayée {value} jours après l'échéance ; d'habitude {usual}, {high} au plus ({earlier} avant).",
        "credit_notes": "{value} avoirs en 90 jours ; {usual} étaient attendus, {high} au plus.",
    },
}
_AMOUNTS = ("invoice_amount", "payment_amount")


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
    earlier: int = Field(description="Earlier ones that it was compared with.")
    distance: float = Field(
        description="Robust deviations from the median; of `credit_notes` minus the logarithm of the probability."
    )
    reason: str

    @classmethod
    def of(cls, found: Anomaly, names: Mapping[str, str], currency: str, lang: Language) -> Json:
        """Show an anomaly."""
        is_amount = found.kind in _AMOUNTS
        return {
            "kind": found.kind,
            "customer_id": found.debtor,
            "customer": names.get(found.debtor),
            "object_id": found.id,
            "on": found.on.isoformat(),
            "amount": money_json(found.value, currency) if is_amount else None,
            "usual_amount": money_json(round(found.usual), currency) if is_amount else None,
            "value": None if is_amount else found.value,
            "usual": None if is_amount else round(found.usual, 1),
            "low": None if is_amount else round(found.low, 1),
            "high": None if is_amount else round(found.high, 1),
            "earlier": found.earlier,
            "distance": round(found.distance, 1),
            "reason": reason(found, currency, lang),
        }


class AnomaliesOut(Report):
    """Anomalies, the farthest from what was usual first."""

    definition: str
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
            "tie_out": TieOut.of(books.total),
            **cls.end(books),
        }


def reason(found: Anomaly, currency: str, lang: Language) -> str:
    """Return the reason in words: the value, what was usual, and the range outside of which it lies."""

    def shown(value: float) -> str:
        if found.kind in _AMOUNTS:
            return f"{format_amount(round(value), currency)} {currency}"
        text = f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
        return text.replace(".", ",") if lang == "fr" else text

    return REASONS[lang][found.kind].format(
        value=shown(found.value),
        usual=shown(found.usual),
        low=shown(found.low),
        high=shown(found.high),
        earlier=found.earlier,
    )
