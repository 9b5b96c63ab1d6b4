"""Settlement of invoices: the amount that was ever owed, and the days from which funds of the payer covered it.

Late-payment interest, the flat fee, the delay and the score ask the same question, so it is answered here, once, from
the books alone:

* a credit note and an accepted claim reduce what was *ever* owed: a cancelled or justly contested amount was never
  late (C. civ. 1219, 1223), and a credit note is no payment made on its date; so does a discount for early payment;
* a payment counts from the day on which its funds were available, whenever it was allocated (C. com. L441-10 II);
* unapplied cash of the payer was available too. It is taken to cover the oldest due debts first, as an allocation
  would: certain debts before contested ones (C. civ. 1342-10 al. 2), and what was written off last;
* a write-off extinguishes nothing: the debt is open until it is paid.

So allocating, releasing and restoring change nothing here, and neither does the order of booking. A payment that is
reversed never covered anything, from the reversal on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import msgspec

from encours.contracts.common import Instalment

_ONE_DAY = timedelta(days=1)


class Funds(msgspec.Struct, frozen=True):
    """Money of the payer, in minor units, and the day from which it was available to the creditor."""

    available_on: date
    amount_minor: int


class Pause(msgspec.Struct, frozen=True):
    """Days, first and last counted, on which an amount bears no interest by agreement."""

    first_day: date
    last_day: date
    amount_minor: int


class DueSchedule(msgspec.Struct, frozen=True):
    """Instalments of a debt in the order of their dates, as agreed on a day. What was credited is off the last ones."""

    agreed_on: date
    instalments: tuple[Instalment, ...]


class InvoiceDebt(msgspec.Struct, frozen=True):
    """An issued invoice, in minor units: what was ever owed, and its payments.

    ``contested_minor`` is in an open dispute, ``given_up_minor`` is written off. ``pauses`` follow one another.
    ``schedules`` in the order of their days replace ``due_on``, each from its day on. From ``stayed_from`` on
    insolvency proceedings of the debtor stay it (:mod:`encours.contracts.insolvency`).
    """

    invoice_id: str
    due_on: date
    owed_minor: int
    contested_minor: int = 0
    given_up_minor: int = 0
    applied: tuple[Funds, ...] = ()
    pauses: tuple[Pause, ...] = ()
    schedules: tuple[DueSchedule, ...] = ()
    stayed_from: date | None = None


class LateLeg(NamedTuple):
    """Days, first and last counted, on which an amount that was due on a day bears interest."""

    first_day: date
    last_day: date
    amount_minor: int
    due_on: date


class Settlement(msgspec.Struct, frozen=True):
    """A debt and the funds that cover it, earliest first; together they are at most what was owed.

    A debt in instalments has the settlements of each schedule in ``periods``, the last one first.
    """

    due_on: date
    owed_minor: int
    funds: tuple[Funds, ...] = ()
    pauses: tuple[Pause, ...] = ()
    periods: tuple[SchedulePeriod, ...] = ()
    stayed_from: date | None = None

    @property
    def uncovered_minor(self) -> int:
        """Amount that no funds cover."""
        return self.owed_minor - sum(part.amount_minor for part in self.funds)

    @property
    def settled_on(self) -> date | None:
        """Day from which funds cover all of it; ``None`` while they do not, and where nothing was ever owed."""
        if not self.funds or self.uncovered_minor > 0:
            return None
        return self.funds[-1].available_on

    def late_legs(self, on: date) -> Iterator[LateLeg]:
        """Days and uncovered amounts that bear interest, up to and including ``on``, of each instalment by itself.

        They begin on the day after the due date. The day on which funds come in is the last one that counts. None is on
        a day on which proceedings stay the debt.
        """
        yield from self._legs(on if self.stayed_from is None else min(on, self.stayed_from - _ONE_DAY))

    def fell_late(self, on: date) -> bool:
        """Return True if an amount was late by a day that had been due before proceedings stayed the debt."""
        if self.stayed_from is None:
            return any(self._legs(on))
        return any(leg.due_on < self.stayed_from for leg in self._legs(min(on, self.stayed_from)))

    def uncovered_before(self, day: date) -> int:
        """Return the amount that the funds of earlier days do not cover."""
        return self.owed_minor - sum(part.amount_minor for part in self.funds if part.available_on < day)

    def _legs(self, on: date) -> Iterator[LateLeg]:
        if self.periods:
            yield from sorted(leg for period in self.periods for leg in period.late_legs(on))
            return
        for first_day, last_day, left in self._uncovered_legs(on):
            for begins, ends, paused in _divided(first_day, last_day, self.pauses):
                if left > paused:
                    yield LateLeg(begins, ends, left - paused, self.due_on)

    def _uncovered_legs(self, on: date) -> Iterator[tuple[date, date, int]]:
        left = self.owed_minor - sum(p.amount_minor for p in self.funds if p.available_on <= self.due_on)
        first_day = self.due_on + _ONE_DAY
        for part in self.funds:
            if not self.due_on < part.available_on <= on:
                continue
            if part.available_on >= first_day:
                yield first_day, part.available_on, left
                first_day = part.available_on + _ONE_DAY
            left -= part.amount_minor
        if left > 0 and first_day <= on:
            yield first_day, on, left


class SchedulePeriod(msgspec.Struct, frozen=True):
    """Days, first and last counted, on which a schedule was in force, and the settlements of its instalments."""

    first_day: date
    last_day: date
    parts: tuple[Settlement, ...]

    def late_legs(self, on: date) -> Iterator[LateLeg]:
        """Return those of the instalments on the days of the period, up to and including ``on``."""
        for part in self.parts:
            for leg in part.late_legs(min(on, self.last_day)):
                if leg.last_day >= self.first_day:
                    yield leg._replace(first_day=max(leg.first_day, self.first_day))


def settlements(debts: Iterable[InvoiceDebt], unapplied: Iterable[Funds] = ()) -> dict[str, Settlement]:
    """Return the settlement of each debt of one payer, creditor and currency, by invoice.

    A payment above what was owed is unapplied cash too. Earlier unapplied cash takes the place of later payments, which
    are then spare themselves. Each instalment is a debt of its own. Pure; the order of the arguments changes nothing.
    """
    given = list(debts)
    spare = list(unapplied)
    parts: list[InvoiceDebt] = []
    for debt in given:
        applied, surplus = _taken(debt.applied, debt.owed_minor)
        spare += surplus
        if len(applied) < len(debt.applied) or surplus:
            debt = msgspec.structs.replace(debt, applied=tuple(applied))
        parts += instalments_of(debt)
    found: dict[str, list[Settlement]] = {}
    for part, funds in _covered(parts, spare):
        ordered = tuple(sorted(funds, key=_age))
        settled = Settlement(part.due_on, part.owed_minor, ordered, part.pauses, stayed_from=part.stayed_from)
        found.setdefault(part.invoice_id, []).append(settled)
    return {debt.invoice_id: _joined(debt, found[debt.invoice_id]) for debt in given}


def instalments_of(debt: InvoiceDebt) -> list[InvoiceDebt]:
    """Return a debt for each instalment of the schedule in force; the debt itself without any.

    Payments settle the earliest first. What is credited, contested or written off is taken off the last.
    """
    return _divided_by(debt, debt.schedules[-1].instalments) if debt.schedules else [debt]


def _divided_by(debt: InvoiceDebt, instalments: Sequence[Instalment]) -> list[InvoiceDebt]:
    found: list[InvoiceDebt] = []
    funds: Sequence[Funds] = debt.applied
    below, agreed = 0, 0
    for n, instalment in enumerate(instalments, 1):
        agreed += instalment.amount_minor
        upto = debt.owed_minor if n == len(instalments) else min(agreed, debt.owed_minor)
        applied, funds = _taken(funds, upto - below)
        part = partial(_last_of, below=below, upto=upto, total_minor=debt.owed_minor)
        found.append(
            InvoiceDebt(
                invoice_id=debt.invoice_id,
                due_on=instalment.due_on,
                owed_minor=upto - below,
                contested_minor=part(debt.contested_minor),
                given_up_minor=part(debt.given_up_minor),
                applied=tuple(applied),
                pauses=tuple(
                    Pause(pause.first_day, pause.last_day, part(pause.amount_minor)) for pause in debt.pauses
                ),
            )
        )
        below = upto
    return found


def _last_of(amount_minor: int, below: int, upto: int, total_minor: int) -> int:
    """Return the part of the last so many units of a total that lies between two bounds."""
    return max(0, upto - max(below, total_minor - amount_minor))


def _covered(
    parts: Iterable[InvoiceDebt], spare: Sequence[Funds]
) -> Iterator[tuple[InvoiceDebt, Sequence[Funds]]]:
    """Cover debts by their payments and by spare funds, the oldest first."""
    ordered = sorted(parts, key=lambda debt: (debt.due_on, debt.invoice_id))
    covered: list[Sequence[Funds]] = [debt.applied for debt in ordered]
    for rank in range(3):
        for at, debt in enumerate(ordered):
            if not spare:
                break
            own = covered[at]
            behind = (debt.contested_minor + debt.given_up_minor, debt.given_up_minor, 0)[rank]
            share = max(debt.owed_minor - behind, sum(part.amount_minor for part in own))
            covered[at], spare = _taken([*own, *spare], share)
    yield from zip(ordered, covered, strict=True)


def _joined(debt: InvoiceDebt, parts: list[Settlement]) -> Settlement:
    if not debt.schedules:
        return parts[0]
    funds = tuple(sorted((each for part in parts for each in part.funds), key=_age))
    periods = [SchedulePeriod(debt.schedules[-1].agreed_on, date.max, tuple(parts))]
    covered = msgspec.structs.replace(debt, applied=funds)
    at_first = DueSchedule(date.min, (Instalment(due_on=debt.due_on, amount_minor=debt.owed_minor),))
    for earlier, later in reversed(list(pairwise((at_first, *debt.schedules)))):
        then = _divided_by(covered, earlier.instalments)
        settled = (Settlement(each.due_on, each.owed_minor, each.applied, each.pauses) for each in then)
        periods.append(SchedulePeriod(earlier.agreed_on, later.agreed_on - _ONE_DAY, tuple(settled)))
    return Settlement(debt.due_on, debt.owed_minor, funds, debt.pauses, tuple(periods), debt.stayed_from)


def _taken(funds: Sequence[Funds], need_minor: int) -> tuple[list[Funds], list[Funds]]:
    """Return the earliest funds up to the need, and the rest."""
    taken: list[Funds] = []
    rest: list[Funds] = []
    for part in sorted(funds, key=_age):
        share = max(0, min(part.amount_minor, need_minor))
        need_minor -= share
        if share:
            taken.append(Funds(part.available_on, share))
        if part.amount_minor > share:
            rest.append(Funds(part.available_on, part.amount_minor - share))
    return taken, rest


def _divided(first_day: date, last_day: date, pauses: Sequence[Pause]) -> Iterator[tuple[date, date, int]]:
    """Divide days where a pause begins or ends, each part with the amount that is paused in it."""
    for pause in sorted(pauses, key=lambda pause: pause.first_day):
        begins, ends = max(first_day, pause.first_day), min(last_day, pause.last_day)
        if begins > ends:
            continue
        if first_day < begins:
            yield first_day, begins - _ONE_DAY, 0
        yield begins, ends, pause.amount_minor
        if ends == last_day:
            return
        first_day = ends + _ONE_DAY
    yield first_day, last_day, 0


def _age(part: Funds) -> tuple[date, int]:
    return part.available_on, part.amount_minor
