"""Three simple forecasts beside which a fitted model has to stand: constant, past rate, shrunk rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import JudgedForecast

PRIOR_INVOICES = 4
"""Invoices at the rate of all that the shrunk rate adds."""
LEAST_OWN = 5
"""Delays of a customer from which a baseline takes an interval of its own."""
CONSTANT, PAST_RATE, SHRUNK_RATE = "constant", "past_rate", "shrunk_rate"


@dataclass(frozen=True, slots=True)
class SimpleForecast:
    """A forecast from late shares and delays: of all before the hold-out, and of the customer as known at issue."""

    of_all: Sequence[int]
    rate: Callable[[Sequence[int]], float]
    own: bool = True

    def judge(self, past: Sequence[int], delay_days: float) -> JudgedForecast:
        """Return the forecast beside the delay, from the customer's delays that were known at the issue."""
        delays = sorted(past) if self.own and len(past) >= LEAST_OWN else self.of_all
        return JudgedForecast(
            probability_late=self.rate(past),
            days_late=max(0, delays[len(delays) // 2]),
            from_days=delays[int(0.1 * len(delays))],
            to_days=delays[int(0.9 * len(delays))],
            delay_days=delay_days,
        )


def by_baselines(
    payers: Sequence[PayerHistory], since: int, on: int, wait_days: float
) -> dict[str, list[JudgedForecast]]:
    """Return the forecasts of the invoices issued from a day on that fell due before ``on``, in the model's order.

    An invoice that is open on ``on`` has the further wait ``wait_days``, as for the model.
    """
    of_all = sorted(each.delay_days for payer in payers for each in payer.history if not each.open_on(since))
    if not of_all:
        of_all = [0]
    late = mean(each > 0 for each in of_all)
    found = {
        CONSTANT: SimpleForecast(of_all, lambda _: late, own=False),
        PAST_RATE: SimpleForecast(of_all, lambda past: _share(past, 0, late)),
        SHRUNK_RATE: SimpleForecast(of_all, lambda past: _share(past, PRIOR_INVOICES, late)),
    }
    cases = [
        (_known(payer.history, each.issued), delay(each, on, wait_days))
        for payer, each in held_out(payers, since, on)
    ]
    return {name: [each.judge(past, days) for past, days in cases] for name, each in found.items()}


def held_out(
    payers: Sequence[PayerHistory], since: int, on: int
) -> Iterator[tuple[PayerHistory, InvoiceOutcome]]:
    """Yield the invoices issued from a day on that fell due before another."""
    for payer in payers:
        for each in payer.history:
            if each.issued >= since and each.due < on:
                yield payer, each


def _known(history: Sequence[InvoiceOutcome], day: int) -> list[int]:
    return [old.delay_days for old in history if old.issued < day and not old.open_on(day)]


def delay(each: InvoiceOutcome, on: int, wait_days: float) -> float:
    """Return the delay in days as known on a day; of an open invoice, with its further wait."""
    return on - each.due + wait_days if each.open_on(on) else each.delay_days


def _share(past: Sequence[int], prior: int, of_all: float) -> float:
    weight = len(past) + prior
    return (sum(delay > 0 for delay in past) + prior * of_all) / weight if weight else of_all
