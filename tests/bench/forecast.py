"""Cash forecast: weekly error beside that of due dates and coverage of its ranges, over half a year of two histories.

The real file is absent from some machines; the demo year is in the package. A forecast sees what was paid by its day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import date

from reporting_svc.domain.forecast.accuracy import PastForecasts, PastWeek
from reporting_svc.domain.forecast.curves import PaidDebt
from tests.bench import Entry, entry
from tests.forecast import past_debts
from tests.score.ibm import FILE

WEEKS = 26


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    found = _entries("demo", past_debts.demo_debts(), past_debts.DEMO_END)
    if FILE.exists():
        found += _entries("file", past_debts.ibm_debts(), past_debts.IBM_END)
    else:
        print(f"{FILE} is absent: its forecasts were not measured")
    return found


def _entries(name: str, debts: Sequence[PaidDebt], last: date) -> list[Entry]:
    started = time.process_time()
    judged = PastForecasts(debts).judged(last.toordinal(), WEEKS)
    print(f"{name}: {time.process_time() - started:.1f} s of processor time\n{table(judged)}")
    ours, due, covered = figures(judged)
    return [
        entry(
            f"weekly error of the cash forecast, {name}", 100 * ours, "%",
            reference="due dates, %", reference_value=100 * due,
            target="the due dates", met=ours < due,
        ),
        entry(
            f"coverage of 80 % ranges of cash, {name}", 100 * covered, "%",
            reference="nominal, %", reference_value=80,
            target="75 to 85 %", met=0.75 <= covered <= 0.85,
        ),
    ]  # fmt: skip


def figures(judged: Sequence[PastWeek]) -> tuple[float, float, float]:
    """Return the error of the forecast and of due dates, by what came, and the share of weeks in their range."""
    came = sum(week.came_minor for week in judged)
    return (
        sum(abs(week.came_minor - week.expected) for week in judged) / came,
        sum(abs(week.came_minor - week.due_minor) for week in judged) / came,
        sum(week.covered for week in judged) / len(judged),
    )


def table(judged: Sequence[PastWeek]) -> str:
    """Return the figures for each number of weeks ahead, one a row."""
    rows = ["| weeks ahead | weeks | error | error of due dates | coverage of 80 % |", "|---" * 5 + "|"]
    for ahead in sorted({week.weeks_ahead for week in judged}):
        weeks = [week for week in judged if week.weeks_ahead == ahead]
        ours, due, covered = figures(weeks)
        rows.append(
            f"| {ahead} | {len(weeks)} | {100 * ours:.1f} % | {100 * due:.1f} % | {100 * covered:.1f} % |"
        )
    return "\n".join(rows)
