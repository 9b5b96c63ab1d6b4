"""Payment models, plain and boosted: forecasts of a real file beside three baselines, speed of fit and of forecasts.

The file is ``tests/score/ibm.py``; nothing is chosen on its test period. The speed is that of 1,000,000 invoices of
20,000 customers, from outcomes in memory. The reference of the same run is one pass over the same outcomes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping

from risk_svc.domain.score.boosted.fit import fit_boosted
from risk_svc.domain.score.fit import Fitted, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import Quality, quality
from risk_svc.domain.score.model import PaymentModel
from tests.bench import Entry, entry
from tests.score import ibm

CUSTOMERS, EACH, REFRESHED = 20_000, 50, 100_000
TODAY = 740_000
FITS: Mapping[str, Callable[[list[PayerHistory], int, str], Fitted[PaymentModel]]] = {
    "plain": fit,
    "boosted": fit_boosted,
}


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(lambda: [*_quality(), *_speed()])


def _quality() -> list[Entry]:
    if not ibm.FILE.exists():
        print(f"{ibm.FILE} is absent: forecasts not measured")
        return []
    payers = ibm.payers()
    models = {
        name: quality(ibm.by_model(make(payers, ibm.CUT, "ibm").model, payers)) for name, make in FITS.items()
    }
    baselines = {name: quality(judged) for name, judged in ibm.by_baselines(payers).items()}
    print(table(models | baselines))
    others = baselines.values()
    return [each for name, ours in models.items() for each in _entries(name, ours, others)]


def _entries(name: str, ours: Quality, others: Collection[Quality]) -> list[Entry]:
    return [
        entry(
            f"{name}: AUC of late payment at issue", ours.auc, "",
            reference="best baseline", reference_value=(best := max(each.auc for each in others)),
            target="0.85, and the baselines", met=ours.auc >= max(0.85, best),
        ),
        entry(
            f"{name}: Brier score of late payment at issue", ours.brier, "",
            reference="best baseline", reference_value=(least := min(each.brier for each in others)),
            target="0.143, and the baselines", met=ours.brier <= min(0.143, least),
        ),
        entry(
            f"{name}: mean error of days late at issue", ours.mean_error_days, "days",
            reference="best baseline", reference_value=(near := min(each.mean_error_days for each in others)),
            target="2.2, and the baselines", met=ours.mean_error_days <= min(2.2, near),
        ),
        entry(
            f"{name}: coverage of 80 % intervals", 100 * ours.coverage, "%",
            reference="nominal, %", reference_value=80,
            target="77 to 83 %", met=0.77 <= ours.coverage <= 0.83,
        ),
        entry(
            f"{name}: interval score at issue", ours.interval_score_days, "days",
            reference="best baseline",
            reference_value=(short := min(each.interval_score_days for each in others)),
            target="the baselines", met=ours.interval_score_days <= short,
        ),
    ]  # fmt: skip


def table(found: dict[str, Quality]) -> str:
    """Return the figures of each forecast, one a row."""
    rows = [
        "| forecast at issue | AUC | Brier | mean error, days | coverage of 80 % | width | interval score, days |",
        "|---" * 7 + "|",
    ]
    for name, each in found.items():
        rows.append(
            f"| {name} | {each.auc:.3f} | {each.brier:.3f} | {each.mean_error_days:.2f}"
            f" | {100 * each.coverage:.1f} % | {each.width_days:.1f}"
            f" | {each.interval_score_days:.1f} |"
        )
    return "\n".join(rows)


def _speed() -> list[Entry]:
    payers = _firm()
    started = time.process_time()
    passed_over = sum(each.due for payer in payers for each in payer.history if each.open_on(TODAY))
    reference_s = time.process_time() - started
    print(passed_over % 10)
    return [each for name in FITS for each in _times(name, payers, reference_s)]


def _times(name: str, payers: list[PayerHistory], reference_s: float) -> list[Entry]:
    started = time.process_time()
    model = FITS[name](payers, TODAY, "bench").model
    fit_s = time.process_time() - started
    refresh_s = _refresh(payers, model)
    return [
        entry(
            f"{name}: fit to {CUSTOMERS * EACH:,} invoices", fit_s, "s",
            reference="one pass over them, s", reference_value=reference_s,
            target="120 s", met=fit_s < 120,
        ),
        entry(
            f"{name}: forecasts of {REFRESHED:,} customers", refresh_s, "s",
            reference="one pass over their invoices, s", reference_value=reference_s * REFRESHED / CUSTOMERS,
            target="60 s", met=refresh_s < 60,
        ),
    ]  # fmt: skip


def _refresh(payers: list[PayerHistory], model: PaymentModel) -> float:
    started = time.process_time()
    for _ in range(REFRESHED // CUSTOMERS):
        for payer in payers:
            model.forecast(payer.history, TODAY, payer.segment)
    return time.process_time() - started


def _firm() -> list[PayerHistory]:
    dice = random.Random(5)
    payers = []
    for _ in range(CUSTOMERS):
        habit, issues = dice.gauss(0, 10), sorted(TODAY - dice.randrange(1, 730) for _ in range(EACH))
        settled = (issued + 30 + round(dice.gauss(habit, 8)) for issued in issues)
        history = (
            InvoiceOutcome(issued, issued + 30, max(day, issued))
            for issued, day in zip(issues, settled, strict=True)
        )
        payers.append(PayerHistory(dice.choice("abcde"), tuple(history)))
    return payers
