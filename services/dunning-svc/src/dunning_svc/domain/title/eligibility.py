"""Eligibility of an invoice for an enforceable title without a court, with every reason against it.

The procedure is for claims between merchants that are due and not contested (Law of 23 April 2026, read from summaries,
``encours/legal/title.toml``). Which customers are merchants the ledger does not say; check it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.kernel.terms import months_after
from encours.legal.limitation import limitation_rule
from encours.legal.title import TitleProcedure

TitleObstacle = Literal[
    "no_procedure",
    "debtor_abroad",
    "not_due",
    "disputed",
    "below_minimum",
    "formal_notice_missing",
    "on_plan",
    "instrument_in_hand",
    "insolvency",
    "placed",
    "in_procedure",
    "limitation_passed",
]


@dataclass(frozen=True, slots=True)
class TitleClaim:
    """An open invoice on the day of the question. Amounts in minor units."""

    currency: str
    due_on: date
    open_minor: int
    disputed_minor: int
    planned_minor: int
    in_hand_minor: int
    noticed: bool
    stayed: bool
    placed: bool
    in_procedure: bool = False
    """A title has been requested for it."""


def obstacles(
    claim: TitleClaim, procedure: TitleProcedure | None, creditor_country: str, debtor_country: str, day: date
) -> Iterator[TitleObstacle]:
    """Yield every reason against the procedure; none for an invoice that it is open to."""
    if procedure is None:
        yield "no_procedure"
        return
    if debtor_country != creditor_country:
        yield "debtor_abroad"
    if claim.due_on >= day:
        yield "not_due"
    if claim.disputed_minor:
        yield "disputed"
    if claim.open_minor < procedure.min_minor.get(claim.currency, 0):
        yield "below_minimum"
    if procedure.needs_notice and not claim.noticed:
        yield "formal_notice_missing"
    if claim.planned_minor:
        yield "on_plan"
    if claim.in_hand_minor:
        yield "instrument_in_hand"
    if claim.stayed:
        yield "insolvency"
    if claim.placed:
        yield "placed"
    if claim.in_procedure:
        yield "in_procedure"
    limitation = limitation_rule(creditor_country, claim.due_on)
    if limitation is not None and day > months_after(claim.due_on, limitation.months):
        yield "limitation_passed"
