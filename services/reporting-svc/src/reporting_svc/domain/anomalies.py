"""Transactions unlike those that the same customer had before, by robust statistics, each with its evidence.

Each transaction is compared with the customer's earlier ones of the same kind in the year before it, never with later
ones, so an anomaly of a day stays one (:mod:`.usual`). Transactions and debts come in columns, as there may be millions
of them; only those that are unlike are looked at one by one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, Self

import numpy as np

from reporting_svc.domain.columns import Flags, Ints, ints
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.domain.usual import LEAST_EARLIER, WINDOW_DAYS, DatedValues, unlike

TransactionKind = Literal["invoice", "payment", "credit_note"]
KINDS: tuple[TransactionKind, ...] = ("invoice", "payment", "credit_note")
AnomalyKind = Literal[
    "invoice_amount", "payment_amount", "payment_delay", "unpaid", "credit_notes", "payment_method", "payer_account",
    "refund_account",
]  # fmt: skip
OriginKind = Literal["method", "account", "refund"]
LEAST_SHARE = 0.15
"""Least deviation of amounts, as the logarithm of their ratio."""
LEAST_DAYS = 3.0
"""Least deviation of delays."""
CREDIT_DAYS = 90
UNLIKELY = 0.001
LEAST_ACCOUNTS = 3
"""Earlier payments from known accounts without which no account is new."""


@dataclass(frozen=True, eq=False)
class Transactions:
    """Columns of invoices, payments and credit notes. ``kind`` is a place among :data:`KINDS`, ``debtor`` one among
    the names; days are ordinals, amounts above 0.

    ``id_of`` gives the id of the invoice or payment at a place.
    """

    debtors: Sequence[str]
    kind: Ints
    debtor: Ints
    on: Ints
    minor: Ints
    id_of: Callable[[int], str]

    def is_kind(self, kind: TransactionKind) -> Flags:
        """Return true at the places of one kind."""
        found: Flags = self.kind == KINDS.index(kind)
        return found

    def names(self) -> set[str]:
        """Return the debtors that have any."""
        return {self.debtors[place] for place in np.unique(self.debtor)}


@dataclass(frozen=True, eq=False)
class DelayedDebts:
    """Columns of invoices and instalments with their delays, or of open ones the days past due so far. ``debtor`` is a
    place among the names, ``settled`` an ordinal, 0 of an open debt; ``id_of`` gives the id of the invoice at a place.
    """

    debtors: Sequence[str]
    debtor: Ints
    settled: Ints
    days: Ints
    uncovered: Ints
    id_of: Callable[[int], str]

    @classmethod
    def of(cls, debts: Sequence[DueOutcome], on: date) -> Self:
        """Return the columns of debts as they are on a day."""
        places = {name: place for place, name in enumerate(dict.fromkeys(each.customer_id for each in debts))}
        return cls(
            debtors=list(places),
            debtor=ints(places[each.customer_id] for each in debts),
            settled=ints(each.settled_on.toordinal() if each.settled_on else 0 for each in debts),
            days=ints(each.days_so_far(on) for each in debts),
            uncovered=ints(each.uncovered_minor for each in debts),
            id_of=lambda place: debts[place].invoice_id,
        )

    def joined(self, other: DelayedDebts) -> Self:
        """Return the debts of both; a name that comes twice is one debtor."""
        debtors = list(dict.fromkeys((*self.debtors, *other.debtors)))
        places = {name: place for place, name in enumerate(debtors)}
        debtor = [ints(places[name] for name in each.debtors)[each.debtor] for each in (self, other)]
        count = len(self.days)
        return replace(
            self,
            debtors=debtors,
            debtor=np.concatenate(debtor),
            settled=np.concatenate([self.settled, other.settled]),
            days=np.concatenate([self.days, other.days]),
            uncovered=np.concatenate([self.uncovered, other.uncovered]),
            id_of=lambda place: self.id_of(place) if place < count else other.id_of(place - count),
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
    transactions: Transactions,
    of_everyone: Transactions,
    debts: DelayedDebts,
    money: Iterable[MoneyOrigin],
    first: date,
    on: date,
) -> list[Anomaly]:
    """Return all anomalies of some customers from a day on, the farthest from what was usual first.

    ``of_everyone``: transactions of all customers, with which the rate of credit notes is compared.
    """
    debtors = transactions.names()
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


def amounts(transactions: Transactions, first: date) -> list[Anomaly]:
    """Return invoices and payments from a day on whose amount is far from the customer's earlier ones."""
    (places,) = np.nonzero(~transactions.is_kind("credit_note") & (transactions.minor > 0))
    group = transactions.debtor * len(KINDS) + transactions.kind
    earlier = DatedValues(group[places], transactions.on[places], transactions.minor[places])
    places = places[earlier.day >= first.toordinal()]
    judged = DatedValues(group[places], transactions.on[places], transactions.minor[places])
    found = []
    for at, usual in unlike(earlier, judged, math.log, LEAST_SHARE):
        place = int(places[at])
        is_invoice = KINDS[transactions.kind[place]] == "invoice"
        found.append(
            Anomaly(
                "invoice_amount" if is_invoice else "payment_amount", transactions.debtors[transactions.debtor[place]],
                transactions.id_of(place), date.fromordinal(transactions.on[place]), int(transactions.minor[place]),
                math.exp(usual.middle), math.exp(usual.low), math.exp(usual.high), usual.count, usual.distance,
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


def delays(debts: DelayedDebts, first: date, on: date) -> list[Anomaly]:
    """Return debts settled from a day on with a delay far from the customer's earlier ones, and open ones later still.

    Debts count as earlier by the day on which they were settled.
    """
    is_settled = debts.settled > 0
    day = np.where(is_settled, debts.settled, on.toordinal())
    earlier = DatedValues(debts.debtor[is_settled], day[is_settled], debts.days[is_settled])
    (places,) = np.nonzero((day >= first.toordinal()) & (is_settled | (debts.uncovered > 0)))
    judged = DatedValues(debts.debtor[places], day[places], debts.days[places])
    found = []
    for at, usual in unlike(earlier, judged, float, LEAST_DAYS):
        place = int(places[at])
        days, settled = int(debts.days[place]), bool(is_settled[place])
        if settled or days > usual.middle:
            found.append(
                Anomaly(
                    "payment_delay" if settled else "unpaid", debts.debtors[debts.debtor[place]], debts.id_of(place),
                    date.fromordinal(day[place]), days, usual.middle, usual.low, usual.high, usual.count,
                    usual.distance,
                )
            )  # fmt: skip
    return found


def credit_notes(
    transactions: Transactions, on: date, within: Collection[str] | None = None
) -> list[Anomaly]:
    """Return customers with more credit notes in the last 90 days than their invoices and earlier rate make likely.

    The rate is that of credit notes per invoice in the rest of the year, with ten invoices at the rate of all.
    ``transactions`` are those of all customers; only customers ``within`` are returned, if they are given.
    """
    recent_from, year_from = (on.toordinal() + 1 - days for days in (CREDIT_DAYS, WINDOW_DAYS))
    counts = (transactions.on >= year_from) & (transactions.on <= on.toordinal())
    is_recent, is_credit = transactions.on >= recent_from, transactions.is_kind("credit_note") & counts
    is_invoice = transactions.is_kind("invoice") & counts
    earlier, recent, credits_before, credits_now = (
        np.bincount(transactions.debtor[each], minlength=len(transactions.debtors))
        for each in (
            is_invoice & ~is_recent,
            is_invoice & is_recent,
            is_credit & ~is_recent,
            is_credit & is_recent,
        )
    )
    if not (invoices := int(earlier.sum())):
        return []
    rate = (int(credits_before.sum()) + 0.5) / (invoices + 0.5)
    found = []
    for place in np.flatnonzero(credits_now >= 2).tolist():
        debtor, count = transactions.debtors[place], int(credits_now[place])
        expected = int(recent[place]) * (int(credits_before[place]) + 10 * rate) / (int(earlier[place]) + 10)
        chance = at_least(count, expected)
        if chance < UNLIKELY and (within is None or debtor in within):
            notes = np.flatnonzero(is_credit & (transactions.debtor == place)).tolist()
            last_on, last_id = max((int(transactions.on[note]), transactions.id_of(note)) for note in notes)
            found.append(
                Anomaly(
                    "credit_notes", debtor, last_id, date.fromordinal(last_on), count, expected, 0.0, _most(expected),
                    int(credits_before[place]), -math.log10(max(chance, 1e-30)),
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
