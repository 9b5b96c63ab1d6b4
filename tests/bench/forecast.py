"""Cash forecast: weekly error beside that of due dates and coverage of its ranges, over half a year of two histories.

The real file is absent from some machines; the demo year is in the package. A forecast sees what was paid by its day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from random import Random

from reporting_svc.domain.forecast.accuracy import PastForecasts, PastWeek
from reporting_svc.domain.forecast.cash import OpenDebt
from reporting_svc.domain.forecast.debts import PaidDebt, PaidDebts
from reporting_svc.domain.forecast.made import make_forecast
from reporting_svc.domain.forecast.owed import Expectable
from tests.bench import Entry, entry
from tests.forecast import past_debts
from tests.score.ibm import FILE

WEEKS = 26
ON = date(2026, 6, 30).toordinal()
LARGE_DEBTORS, DEBTS_EACH, GROWTH = 20_000, 50, 1.1


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    found = _entries("demo", past_debts.demo_debts(), past_debts.DEMO_END)
    if FILE.exists():
        found += _entries("file", past_debts.ibm_debts(), past_debts.IBM_END)
    else:
        print(f"{FILE} is absent: its forecasts were not measured")
    return [*found, _large_entry()]


def _large(debtors: int) -> float:
    """Return the seconds of processor time of a forecast over 13 weeks, of debtors with 50 open and 50 paid debts."""
    chance = Random(7)
    debts = []
    for n in range(debtors):
        usual = chance.randrange(-5, 40)
        for each in range(2 * DEBTS_EACH):
            issued = ON - (each * 3 if each < DEBTS_EACH else 150 + each * 3)
            due, minor = issued + 30, chance.randrange(1_000, 500_000)
            paid = due + usual + chance.randrange(10)
            funds = ((paid, minor),) if each >= DEBTS_EACH else ()
            debts.append(PaidDebt(f"d{n}", f"s{n % 20}", issued, due, minor, funds))
    owed = [
        OpenDebt(each.debtor, each.segment, each.due, each.owed_minor) for each in debts if not each.funds
    ]
    columns = PaidDebts.of(debts)
    started = time.process_time()
    make_forecast(Expectable(owed), columns, ON, [ON + 7 * n for n in range(1, 14)])
    return time.process_time() - started


def _large_entry() -> Entry:
    tenth, whole = _large(LARGE_DEBTORS // 10), _large(LARGE_DEBTORS)
    return entry(
        "cash forecast of 1,000,000 open debts of 20,000 debtors, processor time", whole, "s",
        reference="ten times that of 100,000 debts", reference_value=10 * tenth,
        target=f"<= {GROWTH:g} of the reference", met=whole <= GROWTH * 10 * tenth,
    )  # fmt: skip


def _entries(name: str, debts: Sequence[PaidDebt], last: date) -> list[Entry]:
    started = time.process_time()
    judged = PastForecasts(PaidDebts.of(debts)).judged(last.toordinal(), WEEKS)
    print(f"{name}: {time.process_time() - started:.1f} s of processor time\n{table(judged)}")
    ours, due, covered_50, covered_80 = figures(judged)
    return [
        entry(
            f"weekly error of the cash forecast, {name}", 100 * ours, "%",
            reference="due dates, %", reference_value=100 * due,
            target="the due dates", met=ours < due,
        ),
        entry(
            f"coverage of 50 % ranges of cash, {name}", 100 * covered_50, "%",
            reference="nominal, %", reference_value=50, target="none", met=None,
        ),
        entry(
            f"coverage of 80 % ranges of cash, {name}", 100 * covered_80, "%",
            reference="nominal, %", reference_value=80,
            target="75 to 85 %", met=0.75 <= covered_80 <= 0.85,
        ),
    ]  # fmt: skip


def figures(judged: Sequence[PastWeek]) -> tuple[float, float, float, float]:
    """Return the errors of the forecast and of due dates, by what came; shares of weeks in their 50 and 80 % ranges."""
    came = sum(week.came_minor for week in judged)
    return (
        sum(abs(week.came_minor - week.expected) for week in judged) / came,
        sum(abs(week.came_minor - week.due_minor) for week in judged) / came,
        sum(week.covered_50 for week in judged) / len(judged),
        sum(week.covered_80 for week in judged) / len(judged),
    )


def table(judged: Sequence[PastWeek]) -> str:
    """Return the figures for each number of weeks ahead, one a row."""
    rows = [
        "| weeks ahead | weeks | error | error of due dates | coverage of 50 % | coverage of 80 % |",
        "|---" * 6 + "|",
    ]
    for ahead in sorted({week.weeks_ahead for week in judged}):
        weeks = [week for week in judged if week.weeks_ahead == ahead]
        shares = " | ".join(f"{100 * share:.1f} %" for share in figures(weeks))
        rows.append(f"| {ahead} | {len(weeks)} | {shares} |")
    return "\n".join(rows)
