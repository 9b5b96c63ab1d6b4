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

import msgspec

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


class InvoiceDebt(msgspec.Struct, frozen=True):
    """An issued invoice, in minor units: what was ever owed, and its payments.

    ``contested_minor`` is in an open dispute, ``given_up_minor`` is written off. ``pauses`` follow one another.
    """

    invoice_id: str
    due_on: date
    owed_minor: int
    contested_minor: int = 0
    given_up_minor: int = 0
    applied: tuple[Funds, ...] = ()
    pauses: tuple[Pause, ...] = ()


class Settlement(msgspec.Struct, frozen=True):
    """A debt and the funds that cover it, earliest first; together they are at most what was owed."""

    due_on: date
    owed_minor: int
    funds: tuple[Funds, ...] = ()
    pauses: tuple[Pause, ...] = ()

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

    def late_legs(self, on: date) -> Iterator[tuple[date, date, int]]:
        """First day, last day and uncovered amount that bears interest, up to and including ``on``.

        They begin on the day after the due date. The day on which funds come in is the last one that counts.
        """
        for first_day, last_day, left in self._uncovered_legs(on):
            for begins, ends, paused in _divided(first_day, last_day, self.pauses):
                if left > paused:
                    yield begins, ends, left - paused

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


def settlements(debts: Iterable[InvoiceDebt], unapplied: Iterable[Funds] = ()) -> dict[str, Settlement]:
    """Return the settlement of each debt of one payer, creditor and currency, by invoice.

    A payment above what was owed is unapplied cash too. Earlier unapplied cash takes the place of later payments, which
    are then spare themselves. Pure; the order of the arguments changes nothing.
    """
    ordered = sorted(debts, key=lambda debt: (debt.due_on, debt.invoice_id))
    covered: dict[str, list[Funds]] = {}
    spare = list(unapplied)
    for debt in ordered:
        covered[debt.invoice_id], surplus = _taken(debt.applied, debt.owed_minor)
        spare += surplus
    for rank in range(3):
        for debt in ordered:
            own = covered[debt.invoice_id]
            behind = (debt.contested_minor + debt.given_up_minor, debt.given_up_minor, 0)[rank]
            share = max(debt.owed_minor - behind, sum(part.amount_minor for part in own))
            covered[debt.invoice_id], spare = _taken([*own, *spare], share)
    return {
        debt.invoice_id: Settlement(
            debt.due_on,
            debt.owed_minor,
            tuple(sorted(covered[debt.invoice_id], key=_age)),
            debt.pauses,
        )
        for debt in ordered
    }


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
