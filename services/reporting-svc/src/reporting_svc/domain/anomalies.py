"""Transactions unlike those that the same customer had before, by robust statistics, each with its evidence.

Each transaction is compared with the customer's earlier ones of the same kind in the year before it, never with later
ones, so an anomaly of a day stays one. The distance is that from the median in robust deviations (1.4826 times
the median absolute deviation, which is the standard deviation of normal data), with a lower bound, as customers who
always pay the same amount on the same day have none.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter, itemgetter
from statistics import median
from typing import Literal

import msgspec

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


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """An invoice, payment or credit note; ``id`` is that of the invoice or payment, amounts are above 0."""

    kind: TransactionKind
    debtor: str
    id: str
    on: date
    minor: int


class DelayedDebt(msgspec.Struct, frozen=True, gc=False):
    """An invoice or instalment with its delay, or of an open one the days past due so far.

    ``id`` is empty where debts are told apart by nothing else.
    """

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
    return ranked(found)


def ranked(found: Iterable[Anomaly]) -> list[Anomaly]:
    """Return anomalies, the farthest from what was usual first."""
    return sorted(found, key=lambda each: (-each.distance, each.kind, each.id))


def amounts(transactions: Iterable[Transaction], first: date) -> list[Anomaly]:
    """Return invoices and payments from a day on whose amount is far from the customer's earlier ones."""
    kinds: dict[tuple[str, str], list[Transaction]] = defaultdict(list)
    for each in transactions:
        if each.kind != "credit_note" and each.minor > 0:
            kinds[each.debtor, each.kind].append(each)
    found = []
    for (debtor, kind), own in kinds.items():
        if len(own) <= LEAST_EARLIER:
            continue
        own.sort(key=attrgetter("on", "id"))
        days = [each.on for each in own]
        logs = [math.log(each.minor) for each in own]
        earlier = _Earlier(days, logs, LEAST_SHARE)
        for n in range(bisect_left(days, first), len(own)):
            usual = earlier.unlike(logs[n], own[n].on)
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
    judged: dict[str, list[tuple[date, DelayedDebt]]] = defaultdict(list)
    for each in debts:
        day = each.settled_on or on
        if each.settled_on is not None:
            settled[each.debtor].append((day, each.delay_days))
        if day >= first:
            judged[each.debtor].append((day, each))
    found = []
    for debtor, own in settled.items():
        if len(own) < LEAST_EARLIER:
            continue
        own.sort()
        earlier = _Earlier([day for day, _ in own], [float(days) for _, days in own], LEAST_DAYS)
        for day, debt in sorted(judged[debtor], key=itemgetter(0)):
            usual = earlier.unlike(debt.delay_days, day)
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

    @property
    def low(self) -> float:
        return self.middle - DISTANCE * self.deviation

    @property
    def high(self) -> float:
        return self.middle + DISTANCE * self.deviation

    def distance(self, value: float) -> float:
        return abs(value - self.middle) / self.deviation


class _Earlier:
    """Values by days in order; those of the year before one day after the other are kept sorted."""

    def __init__(self, days: Sequence[date], values: Sequence[float], least: float) -> None:
        self._days, self._values, self._least = days, values, least
        self._begin = self._end = 0
        self._sorted: list[float] = []

    def unlike(self, value: float, day: date) -> _Usual | None:
        """Return what was usual in the year before a day, if enough is known and a value can be far from it.

        Values of the day itself are left out. Days never go back.
        """
        since = day - timedelta(days=WINDOW_DAYS)
        days, values, ordered = self._days, self._values, self._sorted
        while self._end < len(days) and days[self._end] < day:
            insort(ordered, values[self._end])
            self._end += 1
        while self._begin < self._end and days[self._begin] < since:
            del ordered[bisect_left(ordered, values[self._begin])]
            self._begin += 1
        if (count := len(ordered)) < LEAST_EARLIER:
            return None
        middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
        if abs(value - middle) / self._least < DISTANCE:
            return None  # most are near, and a wider deviation brings none farther
        spread = _MAD_TO_DEVIATION * median(abs(each - middle) for each in ordered)
        return _Usual(middle, max(self._least, spread), count)
