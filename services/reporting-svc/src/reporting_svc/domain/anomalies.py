"""Transactions unlike those that the same customer had before, by robust statistics, each with its evidence.

Each transaction is compared with the customer's earlier ones of the same kind in the year before it, never with later
ones, so an anomaly of a day stays one. The distance is that from the median in robust deviations (1.4826 times
the median absolute deviation, which is the standard deviation of normal data), with a lower bound, as customers who
always pay the same amount on the same day have none.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

from reporting_svc.domain.measures.delays import DueOutcome

TransactionKind = Literal["invoice", "payment", "credit_note"]
AnomalyKind = Literal[
    "invoice_amount", "payment_amount", "payment_delay", "unpaid", "credit_notes", "payment_method", "payer_account",
    "refund_account",
]  # fmt: skip
OriginKind = Literal["method", "account", "refund"]
WINDOW_DAYS = 365
LEAST_EARLIER = 8
DISTANCE = 5.0
"""Robust deviations from the median from which a transaction is listed."""
LEAST_SHARE = 0.15
"""Least deviation of amounts, as the logarithm of their ratio."""
LEAST_DAYS = 3.0
"""Least deviation of delays."""
CREDIT_DAYS = 90
UNLIKELY = 0.001
LEAST_ACCOUNTS = 3
"""Earlier payments from known accounts without which no account is new."""
_MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True)
class Transaction:
    """An invoice, payment or credit note; ``id`` is that of the invoice or payment, amounts are above 0."""

    kind: TransactionKind
    debtor: str
    id: str
    on: date
    minor: int


@dataclass(frozen=True, slots=True)
class DelayedDebt:
    """An invoice or instalment with its delay, or of an open one the days past due so far; minor units."""

    debtor: str
    id: str
    settled_on: date | None
    delay_days: int
    uncovered_minor: int

    @classmethod
    def of(cls, outcome: DueOutcome, on: date) -> DelayedDebt:
        """Return the debt as it is on a day."""
        return cls(
            outcome.customer_id,
            outcome.invoice_id,
            outcome.settled_on,
            outcome.days_so_far(on),
            outcome.uncovered_minor,
        )


@dataclass(frozen=True, slots=True)
class MoneyOrigin:
    """Method of a payment, account that it came from, or account that a refund goes to."""

    kind: OriginKind
    debtor: str
    id: str
    on: date
    value: str


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A transaction, or the credit notes up to a day, with what was usual before; days or minor units by the kind.

    ``distance`` is in robust deviations; of credit notes, methods and accounts it is minus the logarithm to base ten of
    the probability. ``text`` is a method or an account that is new, ``known`` those that are not.
    """

    kind: AnomalyKind
    debtor: str
    id: str
    on: date
    value: int
    usual: float
    low: float
    high: float
    earlier: int
    distance: float
    text: str | None = None
    known: tuple[str, ...] = ()


def anomalies(
    transactions: Sequence[Transaction],
    of_everyone: Iterable[Transaction],
    debts: Iterable[DelayedDebt],
    money: Iterable[MoneyOrigin],
    first: date,
    on: date,
) -> list[Anomaly]:
    """Return all anomalies of some customers from a day on, the farthest from what was usual first.

    ``of_everyone``: transactions of all customers, with which the rate of credit notes is compared.
    """
    debtors = {each.debtor for each in transactions}
    found = [
        *amounts(transactions, first),
        *delays(debts, first, on),
        *credit_notes(of_everyone, on, debtors),
        *origins((each for each in money if each.debtor in debtors), first),
    ]
    return sorted(found, key=lambda each: (-each.distance, each.kind, each.id))


def amounts(transactions: Iterable[Transaction], first: date) -> list[Anomaly]:
    """Return invoices and payments from a day on whose amount is far from the customer's earlier ones."""
    kinds: dict[tuple[str, str], list[Transaction]] = defaultdict(list)
    for each in transactions:
        if each.kind != "credit_note" and each.minor > 0:
            kinds[each.debtor, each.kind].append(each)
    found = []
    for (debtor, kind), own in kinds.items():
        own.sort(key=lambda each: (each.on, each.id))
        days = [each.on for each in own]
        logs = [math.log(each.minor) for each in own]
        for n in range(bisect_left(days, first), len(own)):
            usual = _Usual.of(_before(days, logs, own[n].on), LEAST_SHARE)
            if usual is not None and (distance := usual.distance(logs[n])) >= DISTANCE:
                named: AnomalyKind = "invoice_amount" if kind == "invoice" else "payment_amount"
                found.append(
                    Anomaly(
                        named, debtor, own[n].id, own[n].on, own[n].minor, math.exp(usual.middle),
                        math.exp(usual.low), math.exp(usual.high), usual.count, distance,
                    )
                )  # fmt: skip
    return found


def origins(money: Iterable[MoneyOrigin], first: date) -> list[Anomaly]:
    """Return payments from a day on whose method or account no payment of the year before had, and refunds to such
    accounts.

    Probability by Laplace's rule of succession: what never happened in n cases happens in the next with 1 / (n + 2).
    """
    by_debtor: dict[str, list[MoneyOrigin]] = defaultdict(list)
    for each in money:
        by_debtor[each.debtor].append(each)
    unlike = []
    for own in by_debtor.values():
        for each in own:
            if each.on < first:
                continue
            source = "method" if each.kind == "method" else "account"
            since = each.on - timedelta(days=WINDOW_DAYS)
            before = [other.value for other in own if other.kind == source and since <= other.on < each.on]
            least = {"method": LEAST_EARLIER, "account": LEAST_ACCOUNTS, "refund": 1}[each.kind]
            if len(before) >= least and each.value not in before:
                unlike.append(
                    Anomaly(
                        _ORIGINS[each.kind], each.debtor, each.id, each.on, 0, 0.0, 0.0, 0.0, len(before),
                        math.log10(len(before) + 2), each.value, tuple(sorted(set(before))),
                    )
                )  # fmt: skip
    return unlike


_ORIGINS: dict[OriginKind, AnomalyKind] = {
    "method": "payment_method",
    "account": "payer_account",
    "refund": "refund_account",
}


def delays(debts: Iterable[DelayedDebt], first: date, on: date) -> list[Anomaly]:
    """Return debts settled from a day on with a delay far from the customer's earlier ones, and open ones later still.

    Debts count as earlier by the day on which they were settled.
    """
    settled: dict[str, list[tuple[date, int]]] = defaultdict(list)
    judged = []
    for each in debts:
        if each.settled_on is None:
            judged.append((each, on))
            continue
        settled[each.debtor].append((each.settled_on, each.delay_days))
        if each.settled_on >= first:
            judged.append((each, each.settled_on))
    history = {
        debtor: ([day for day, _ in own], [float(days) for _, days in own])
        for debtor, own in ((debtor, sorted(own)) for debtor, own in settled.items())
    }
    found = []
    for debt, day in judged:
        usual = _Usual.of(_before(*history.get(debt.debtor, ([], [])), day), LEAST_DAYS)
        if usual is None or (distance := usual.distance(debt.delay_days)) < DISTANCE:
            continue
        if debt.settled_on is None and (debt.uncovered_minor <= 0 or debt.delay_days <= usual.middle):
            continue
        kind: AnomalyKind = "unpaid" if debt.settled_on is None else "payment_delay"
        found.append(
            Anomaly(
                kind, debt.debtor, debt.id, day, debt.delay_days, usual.middle, usual.low, usual.high,
                usual.count, distance,
            )
        )  # fmt: skip
    return found


def credit_notes(
    transactions: Iterable[Transaction], on: date, within: Collection[str] | None = None
) -> list[Anomaly]:
    """Return customers with more credit notes in the last 90 days than their invoices and earlier rate make likely.

    The rate is that of credit notes per invoice in the rest of the year, with ten invoices at the rate of all.
    ``transactions`` are those of all customers; only customers ``within`` are returned, if they are given.
    """
    recent_from, year_from = on - timedelta(days=CREDIT_DAYS - 1), on - timedelta(days=WINDOW_DAYS - 1)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    latest: dict[str, Transaction] = {}
    for each in transactions:
        if each.kind == "payment" or not year_from <= each.on <= on:
            continue
        is_credit, is_recent = each.kind == "credit_note", each.on >= recent_from
        counts[each.debtor][2 * is_credit + is_recent] += 1
        if is_credit:
            known = latest.get(each.debtor, each)
            latest[each.debtor] = max(known, each, key=lambda note: (note.on, note.id))
    invoices, credited = (sum(own[n] for own in counts.values()) for n in (0, 2))
    if invoices == 0:
        return []
    rate = (credited + 0.5) / (invoices + 0.5)
    found = []
    for debtor, (earlier, recent, credits_before, credits_now) in counts.items():
        expected = recent * (credits_before + 10 * rate) / (earlier + 10)
        chance = at_least(credits_now, expected)
        if credits_now >= 2 and chance < UNLIKELY and (within is None or debtor in within):
            last = latest[debtor]
            distance = -math.log10(max(chance, 1e-30))
            found.append(
                Anomaly(
                    "credit_notes", debtor, last.id, last.on, credits_now, expected, 0.0, _most(expected),
                    credits_before, distance,
                )
            )  # fmt: skip
    return found


def at_least(count: int, expected: float) -> float:
    """Return the probability of at least so many events of a Poisson distribution."""
    if expected <= 0:
        return 0.0 if count else 1.0
    return max(
        0.0,
        1 - math.fsum(math.exp(n * math.log(expected) - expected - math.lgamma(n + 1)) for n in range(count)),
    )


def _most(expected: float) -> float:
    count = 0
    while at_least(count + 1, expected) >= UNLIKELY:
        count += 1
    return float(count)


@dataclass(frozen=True, slots=True)
class _Usual:
    """Median and robust deviation of earlier values."""

    middle: float
    deviation: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float], least: float) -> _Usual | None:
        if len(values) < LEAST_EARLIER:
            return None
        middle = median(values)
        spread = _MAD_TO_DEVIATION * median(abs(value - middle) for value in values)
        return cls(middle, max(least, spread), len(values))

    @property
    def low(self) -> float:
        return self.middle - DISTANCE * self.deviation

    @property
    def high(self) -> float:
        return self.middle + DISTANCE * self.deviation

    def distance(self, value: float) -> float:
        return abs(value - self.middle) / self.deviation


def _before(days: Sequence[date], values: Sequence[float], day: date) -> Sequence[float]:
    """Return the values of the year before a day; those of the day itself are left out."""
    if not days:
        return ()
    return values[bisect_right(days, day - timedelta(days=WINDOW_DAYS + 1)) : bisect_left(days, day)]
