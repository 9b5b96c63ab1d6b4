"""Receivables divided into what can be expected and what cannot: contested, in proceedings, penalties, spare cash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

import msgspec
from msgspec.structs import replace

from reporting_svc.domain.forecast.cash import OpenDebt

_PRIOR_PROMISES = 4
_PRIOR_KEPT = 2
Schedule = Sequence[tuple[date, int]]
"""Days and amounts of the instalments of a payment plan, in order."""


class ExpectedPart(msgspec.Struct, frozen=True, gc=False):
    """An open invoice or instalment; ``disputed`` and ``planned`` are parts of ``open``, minor units."""

    debtor: str
    invoice_id: str
    due_on: date
    open_minor: int
    disputed_minor: int = 0
    planned_minor: int = 0
    is_penalty: bool = False


@dataclass(frozen=True, slots=True)
class PaymentPromise:
    """Promise of a debtor to pay an amount on invoices by a day, as far as it is known; ``state`` is its last event."""

    debtor: str
    invoice_ids: tuple[str, ...]
    amount_minor: int
    promised_on: date
    state: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Knowledge about payments to come, beside what is owed."""

    segments: Mapping[str, str] = field(default_factory=dict)
    promises: Sequence[PaymentPromise] = ()
    plans: Mapping[str, Schedule] = field(default_factory=dict)
    """Instalments of each debtor's plans in force, in order."""
    in_proceedings: Collection[str] = ()


@dataclass(slots=True)
class LeftOut:
    """Receivables that a forecast is not about. Minor units."""

    disputed_minor: int = 0
    penalties_minor: int = 0
    in_proceedings_minor: int = 0
    spare_cash_minor: int = 0
    """Unapplied cash and credits beyond what their debtors owe."""

    @property
    def minor(self) -> int:
        """Sum of the parts less the spare cash."""
        return self.disputed_minor + self.penalties_minor + self.in_proceedings_minor - self.spare_cash_minor


@dataclass(slots=True)
class Expectable:
    """Debts that can be expected, and what is left out of them; in all the outstanding amount."""

    debts: list[OpenDebt] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def outstanding_minor(self) -> int:
        """Sum of all parts less the spare cash; minor units."""
        return sum(debt.minor for debt in self.debts) + self.left_out.minor


def expectable(
    parts: Iterable[ExpectedPart], cash: Mapping[str, int], outlook: Outlook, on: date
) -> Expectable:
    """Divide what is open at the end of a day. ``cash``, each debtor's unapplied cash, covers what is due first."""
    found = Expectable()
    kept = KeptRates(outlook.promises)
    promises: dict[str, list[PaymentPromise]] = {}
    for promise in outlook.promises:
        promises.setdefault(promise.debtor, []).append(promise)
    by_debtor: dict[str, list[ExpectedPart]] = {debtor: [] for debtor in cash}
    for part in parts:
        by_debtor.setdefault(part.debtor, []).append(part)
    for debtor, own in sorted(by_debtor.items()):
        owed = _divide(found, debtor, own, cash.get(debtor, 0), outlook)
        if debtor in promises:
            owed = _with_promises(owed, promises[debtor], kept.of(debtor), on)
        found.debts += [debt for debt, _ in owed]
    return found


class KeptRates:
    """Share of promises kept of those that ended kept or broken: of all shrunk to a half, of a debtor to all."""

    def __init__(self, promises: Sequence[PaymentPromise]) -> None:
        self._ended: dict[str, list[bool]] = {}
        for promise in promises:
            if promise.state in ("kept", "broken"):
                self._ended.setdefault(promise.debtor, []).append(promise.state == "kept")
        every = [kept for own in self._ended.values() for kept in own]
        self._all = (sum(every) + _PRIOR_KEPT) / (len(every) + _PRIOR_PROMISES)

    def of(self, debtor: str) -> float:
        """Return the probability that a debtor keeps a promise."""
        own = self._ended.get(debtor, [])
        return (sum(own) + _PRIOR_PROMISES * self._all) / (len(own) + _PRIOR_PROMISES)


def _divide(
    found: Expectable,
    debtor: str,
    parts: Sequence[ExpectedPart],
    cash_minor: int,
    outlook: Outlook,
) -> list[tuple[OpenDebt, str]]:
    """Add what is left out; return what can be expected of a debtor, each part with its invoice."""
    segment, schedule = outlook.segments.get(debtor, ""), outlook.plans.get(debtor, ())
    owed: list[tuple[OpenDebt, str]] = []
    planned = 0
    for part in sorted(parts, key=attrgetter("due_on", "invoice_id")):
        if part.is_penalty:
            found.left_out.penalties_minor += part.open_minor
            continue
        if part.open_minor < 0:
            cash_minor -= part.open_minor
            continue
        left = part.open_minor - part.disputed_minor
        found.left_out.disputed_minor += part.disputed_minor
        if debtor in outlook.in_proceedings:
            found.left_out.in_proceedings_minor += left
            continue
        on_plan = part.planned_minor if schedule else 0
        planned += on_plan
        if left > on_plan:
            owed.append((OpenDebt(debtor, segment, part.due_on.toordinal(), left - on_plan), part.invoice_id))
    if planned:
        owed += [(debt, "") for debt in _instalments(debtor, segment, schedule, planned)]
        owed.sort(key=lambda each: each[0].due)
    if cash_minor:
        owed, cash_minor = _less_cash(owed, cash_minor)
    found.left_out.spare_cash_minor += cash_minor
    return owed


def _instalments(debtor: str, segment: str, schedule: Schedule, planned_minor: int) -> list[OpenDebt]:
    """Return what is left of a plan by its last instalments; what they do not hold is due with the first."""
    found: list[OpenDebt] = []
    left = planned_minor
    for n, (due_on, minor) in reversed(list(enumerate(schedule))):
        part = left if n == 0 else min(left, minor)
        if part > 0:
            found.append(OpenDebt(debtor, segment, due_on.toordinal(), part))
            left -= part
    return found[::-1]


def _less_cash(
    owed: Iterable[tuple[OpenDebt, str]], cash_minor: int
) -> tuple[list[tuple[OpenDebt, str]], int]:
    left: list[tuple[OpenDebt, str]] = []
    for debt, invoice_id in owed:
        used = max(0, min(debt.minor, cash_minor))
        cash_minor -= used
        if debt.minor > used:
            left.append((replace(debt, minor=debt.minor - used), invoice_id))
    return left, cash_minor


def _with_promises(
    owed: Sequence[tuple[OpenDebt, str]], promises: Sequence[PaymentPromise], kept: float, on: date
) -> list[tuple[OpenDebt, str]]:
    """Return the debts with the amounts apart that are promised for later days, oldest debts first."""
    left = list(owed)
    found: list[tuple[OpenDebt, str]] = []
    for promise in sorted(promises, key=lambda each: (each.promised_on, each.invoice_ids)):
        if promise.state != "made" or promise.promised_on <= on:
            continue
        minor = promise.amount_minor
        for n, (debt, invoice_id) in enumerate(left):
            part = min(minor, debt.minor) if invoice_id in promise.invoice_ids else 0
            if part > 0:
                apart = replace(debt, minor=part, promised=promise.promised_on.toordinal(), kept=kept)
                found.append((apart, invoice_id))
                left[n] = replace(debt, minor=debt.minor - part), invoice_id
                minor -= part
    return [each for each in left if each[0].minor > 0] + found
