"""Standing of a payment plan on a day: instalments against the funds of the payer.

Funds are payments that were applied to its invoices since the plan was agreed, whichever of them, and the payer's
unapplied cash. They settle the instalments in order, the earliest first. What credit notes, write-offs, discounts and
disputes take off the invoices is taken off the last instalments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from encours.contracts.common import Instalment
from encours.contracts.settlement import Funds
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.plan.state import PaymentPlan


class PlannedShare(Struct, frozen=True):
    """Part of a plan on one invoice: what is left to pay, and the funds that came since it was agreed."""

    left_minor: int
    received: tuple[Funds, ...]
    open_minor: int
    """Open amount of the invoice, in dispute or not."""


class InstalmentStanding(Struct, frozen=True):
    """An instalment: amount to pay after reductions, the part that funds cover, and the day from which all of it is."""

    due_on: date
    amount_minor: int
    covered_minor: int
    covered_on: date | None

    @property
    def missing_minor(self) -> int:
        """Amount that no funds cover."""
        return self.amount_minor - self.covered_minor


class PlanStanding(Struct, frozen=True):
    """Standing of all instalments. ``cash_minor`` of the funds is unapplied."""

    instalments: tuple[InstalmentStanding, ...]
    received_minor: int
    cash_minor: int
    left_minor: int
    open_minor: int

    def late(self, day: date) -> tuple[InstalmentStanding, ...]:
        """Return the instalments that were due before the day and that funds do not cover."""
        return tuple(each for each in self.instalments if each.due_on < day and each.missing_minor > 0)

    def missed(self, day: date, grace_days: int) -> tuple[InstalmentStanding, ...]:
        """Return the late instalments whose days of grace have passed too."""
        return self.late(day - timedelta(days=grace_days))


def share_of(invoice: Invoice, plan_id: str) -> PlannedShare:
    """Return the part of a plan on an invoice.

    A payment that was applied when the plan was agreed, and is released and applied again, is none of the plan.
    """
    on_plan = next(plan for plan in invoice.plans if plan.plan_id == plan_id)
    before, room = dict(on_plan.before), on_plan.amount_minor
    received: list[Funds] = []
    for part in sorted(invoice.applied, key=lambda part: part.received_on):
        known = min(before.get(part.payment_id, 0), part.amount_minor)
        before[part.payment_id] = before.get(part.payment_id, 0) - known
        if (new := min(part.amount_minor - known, room)) > 0:
            received.append(Funds(max(part.received_on, on_plan.planned_on), new))
            room -= new
    collectable = invoice.outstanding_minor - invoice.disputed_minor
    return PlannedShare(max(0, min(room, collectable)), tuple(received), invoice.outstanding_minor)


def standing(plan: PaymentPlan, shares: Iterable[PlannedShare], cash: Iterable[Funds] = ()) -> PlanStanding:
    """Return the standing of a plan; ``cash`` is the payer's unapplied cash in its currency."""
    shares = list(shares)
    received = [part for share in shares for part in share.received]
    left = sum(share.left_minor for share in shares)
    unapplied = min(left, sum(part.amount_minor for part in cash))
    funds = sorted([*received, *_first(cash, unapplied)], key=lambda part: part.available_on)
    received_minor = sum(part.amount_minor for part in received)
    return PlanStanding(
        tuple(_covered(plan, funds, received_minor + left)),
        received_minor,
        unapplied,
        left,
        sum(share.open_minor for share in shares),
    )


def _first(cash: Iterable[Funds], amount_minor: int) -> Iterable[Funds]:
    for part in sorted(cash, key=lambda part: part.available_on):
        if taken := min(part.amount_minor, amount_minor):
            yield Funds(part.available_on, taken)
            amount_minor -= taken


def _covered(plan: PaymentPlan, funds: Sequence[Funds], total_minor: int) -> Iterable[InstalmentStanding]:
    """Cover the instalments in order. What was settled before they were agreed is one of them, due on that day.

    So a payment that was settled then and is reversed later leaves an amount past its date.
    """
    schedule = plan.schedule
    settled = Instalment(due_on=schedule.agreed_on, amount_minor=schedule.settled_minor)
    available = sum(part.amount_minor for part in funds)
    agreed = below = 0
    for instalment in (settled, *schedule.instalments) if settled.amount_minor else schedule.instalments:
        agreed += instalment.amount_minor
        upto = min(agreed, total_minor)
        covered = max(0, min(available, upto) - below)
        whole = covered == upto - below > 0
        yield InstalmentStanding(
            instalment.due_on, upto - below, covered, _reached_on(funds, upto) if whole else None
        )
        below = upto


def _reached_on(funds: Sequence[Funds], amount_minor: int) -> date | None:
    """Return the day on which the sum of funds reached an amount."""
    for part in funds:
        amount_minor -= part.amount_minor
        if amount_minor <= 0:
            return part.available_on
    return None
