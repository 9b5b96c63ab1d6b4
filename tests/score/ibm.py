"""Forecasts of a real file of 2,466 settled invoices beside three baselines (not shipped: no licence stated).

Everything is fitted to what was known before 2013-07-01; each invoice issued from then on is forecast by what was known
at its issue. The country stands for the segment. Settlements before the due date have their day in the file too.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import mean

from risk_svc.domain.score.fit import PayerHistory
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.score.measures import JudgedForecast
from risk_svc.domain.score.model import PaymentModel

FILE = Path(__file__).parents[3] / "shared/data/ar_ibm/WA_Fn-UseC_-Accounts-Receivable.csv"
CUT = date(2013, 7, 1).toordinal()
PRIOR_INVOICES = 4
"""Invoices at the rate of all that the shrunk rate adds."""
LEAST_OWN = 5
"""Delays of a customer from which a baseline takes an interval of its own."""


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
        PayerHistory(country, tuple(sorted(found[customer, country]))) for customer, country in sorted(found)
    ]


def tested(of: Sequence[PayerHistory]) -> list[tuple[PayerHistory, InvoiceOutcome]]:
    """Return the invoices of the test period."""
    return [(payer, each) for payer in of for each in payer.history if each.issued >= CUT]


def by_model(model: PaymentModel, of: Sequence[PayerHistory]) -> list[JudgedForecast]:
    """Return the forecasts of the model beside what came."""
    judged = []
    for payer, each in tested(of):
        found = model.forecast(payer.history, each.issued, payer.segment)
        judged.append(
            JudgedForecast(
                found.probability_late, found.days_late, found.from_days, found.to_days, each.delay_days
            )
        )
    return judged


@dataclass(frozen=True, slots=True)
class Baseline:
    """A forecast from late shares and delays: of all before the test period, and of the customer as known at issue."""

    of_all: Sequence[int]
    late_of_all: float
    rate: Callable[[Sequence[int], float], float]

    def judge(self, payer: PayerHistory, each: InvoiceOutcome, *, own: bool = True) -> JudgedForecast:
        """Return the forecast of an invoice beside what came."""
        past = [
            old.delay_days
            for old in payer.history
            if old.issued < each.issued and not old.open_on(each.issued)
        ]
        delays = sorted(past) if own and len(past) >= LEAST_OWN else self.of_all
        return JudgedForecast(
            probability_late=self.rate(past, self.late_of_all),
            days_late=max(0, delays[len(delays) // 2]),
            from_days=delays[int(0.1 * len(delays))],
            to_days=delays[int(0.9 * len(delays))],
            delay_days=each.delay_days,
        )


def by_baselines(of: Sequence[PayerHistory]) -> dict[str, list[JudgedForecast]]:
    """Return the forecasts of a constant, of the customer's past late share, and of that share shrunk to all."""
    of_all = sorted(each.delay_days for payer in of for each in payer.history if not each.open_on(CUT))
    cases, late = tested(of), mean(each > 0 for each in of_all)
    constant = Baseline(of_all, late, lambda _, of_all: of_all)
    past = Baseline(of_all, late, lambda own, of_all: _share(own, 0, of_all))
    shrunk = Baseline(of_all, late, lambda own, of_all: _share(own, PRIOR_INVOICES, of_all))
    return {
        "constant": [constant.judge(payer, each, own=False) for payer, each in cases],
        "customer's past rate": [past.judge(payer, each) for payer, each in cases],
        "shrunk rate": [shrunk.judge(payer, each) for payer, each in cases],
    }


def _share(own: Sequence[int], prior: int, of_all: float) -> float:
    weight = len(own) + prior
    return (sum(delay > 0 for delay in own) + prior * of_all) / weight if weight else of_all
