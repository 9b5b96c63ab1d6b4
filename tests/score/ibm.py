"""Forecasts of a real file of 2,466 settled invoices beside three baselines (not shipped: no licence stated).

Everything is fitted to what was known before 2013-07-01; each invoice issued from then on is forecast by what was known
at its issue. The country stands for the segment. Settlements before the due date have their day in the file too.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from pathlib import Path

from risk_svc.domain.score import baselines
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import JudgedForecast
from risk_svc.domain.score.model import PaymentModel

FILE = Path(__file__).parents[3] / "shared/data/ar_ibm/WA_Fn-UseC_-Accounts-Receivable.csv"
CUT = date(2013, 7, 1).toordinal()


def _day(text: str) -> int:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date().toordinal()


def payers() -> list[PayerHistory]:
    """Return the customers of the file."""
    found: dict[tuple[str, str], list[InvoiceOutcome]] = {}
    with FILE.open(encoding="utf-8") as opened:
        for row in csv.DictReader(opened):
            outcome = InvoiceOutcome(_day(row["InvoiceDate"]), _day(row["DueDate"]), _day(row["SettledDate"]))
            found.setdefault((row["customerID"], row["countryCode"]), []).append(outcome)
    return [
        PayerHistory(country, tuple(sorted(found[customer, country], key=attrgetter("place"))))
        for customer, country in sorted(found)
    ]


def tested(of: Sequence[PayerHistory]) -> list[tuple[PayerHistory, InvoiceOutcome]]:
    """Return the invoices of the test period."""
    return [(payer, each) for payer in of for each in payer.history if each.issued >= CUT]


def by_model(model: PaymentModel, of: Sequence[PayerHistory]) -> list[JudgedForecast]:
    """Return the forecasts of the model beside what came."""
    return [
        model.forecast(payer.history, each.issued, payer.segment).judged(each.delay_days)
        for payer, each in tested(of)
    ]


def by_baselines(of: Sequence[PayerHistory]) -> dict[str, list[JudgedForecast]]:
    """Return the forecasts of a constant, of the customer's past late share, and of that share shrunk to all."""
    return baselines.by_baselines(of, CUT, date.max.toordinal(), 0.0)
