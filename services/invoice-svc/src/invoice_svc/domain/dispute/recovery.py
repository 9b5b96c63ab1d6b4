"""Recovery of deductions that turned out invalid: money that came after the claim had ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.invoice import PaymentApplied, PaymentUnapplied, ShareUndisputed
from invoice_svc.domain.invoice.evolve import fold_as_of


@dataclass(slots=True)
class _Invalid:
    dispute_id: str
    position: int
    amount_minor: int


def recovered(recorded: Iterable[Recorded], day: date, deductions: Collection[str]) -> dict[str, int]:
    """Return the recovered amount of an invoice's deductions by dispute, as of a day; from the invoice's events.

    A deduction that was rejected or withdrawn is owed again. What can still be asked for of the invoice counts as the
    latest of them; the rest is recovered as far as payments that were applied later cover it, the earliest claim
    first (C. civ. 1342-10). Credit notes and write-offs recover nothing.
    """
    events = list(recorded)
    invoice = fold_as_of(events, day)
    claims, payments = _claims_and_payments(events, day, deductions)
    collectable = invoice.outstanding_minor - invoice.disputed_minor
    for claim in reversed(claims):
        waiting = max(0, min(claim.amount_minor, collectable))
        claim.amount_minor -= waiting
        collectable -= waiting
    found = dict.fromkeys((claim.dispute_id for claim in claims), 0)
    for position, amount in payments:
        for claim in claims:
            if claim.position < position:
                taken = min(claim.amount_minor, amount)
                claim.amount_minor -= taken
                amount -= taken
                found[claim.dispute_id] += taken
    return found


def _claims_and_payments(
    events: Iterable[Recorded], day: date, deductions: Collection[str]
) -> tuple[list[_Invalid], list[tuple[int, int]]]:
    claims: list[_Invalid] = []
    payments: dict[str, list[tuple[int, int]]] = {}
    released: dict[str, list[tuple[int, int]]] = {}
    for e in events:
        if e.effective_on > day:
            continue
        match e.data:
            case ShareUndisputed() as ended if ended.dispute_id in deductions and ended.outcome != "credited":
                claims.append(_Invalid(ended.dispute_id, e.position, ended.amount_minor))
            case PaymentApplied() as applied:
                known = released.setdefault(applied.payment_id, [])
                payments[applied.allocation_id] = _dated(known, e.position, applied.amount_minor)
            case PaymentUnapplied() as unapplied:
                released.setdefault(unapplied.payment_id, []).extend(
                    payments.pop(unapplied.allocation_id, ())
                )
    return claims, sorted(part for parts in payments.values() for part in parts)


def _dated(released: list[tuple[int, int]], position: int, amount_minor: int) -> list[tuple[int, int]]:
    """Return the parts of an amount by position: money that was released and is applied again is not new."""
    parts = []
    while released and amount_minor:
        earlier, left = released.pop(0)
        taken = min(left, amount_minor)
        amount_minor -= taken
        parts.append((earlier, taken))
        if left > taken:
            released.insert(0, (earlier, left - taken))
    return [*parts, (position, amount_minor)] if amount_minor else parts
