"""Insolvency of a debtor: which claims its proceedings stay, and from which day on. Every service asks here.

From the day of the opening judgment a claim that arose before it is declared, not collected: no payment and no action
for payment (C. com. L622-7, L622-21), no interest (L622-28), and no recovery fee if it falls due on that day or later
(L441-10 II, last sentence). A claim that arises afterwards is paid at its due date (L622-17): it is reminded of and
bears interest as any other.

A claim arises with the supply, so the day of supply divides, whatever the day of issue: L622-17 names what is given in
return for a supply during the proceedings, and L622-24 has claims declared before they are invoiced. The judgment takes
effect from the first hour of its day (R621-4), so a supply of that day is later.

Simplified, to be confirmed by counsel:

* L622-28 lets interest run on loans and on contracts with payment deferred for a year or more; trade receivables are
  none, so interest stops on all;
* a supply over a period counts with its day of supply as a whole, not divided pro rata;
* a claim stays stayed after the proceedings have ended: it is paid by the plan, or not at all (L626-11, L643-11). Only
  a judgment that was set aside, or proceedings recorded in error, stay nothing;
* proceedings of other countries have the same effects here; the law of the court decides (Regulation (EU) 2015/848,
  art. 7), and the one on file is that of France.

Proceedings are those of the debtor who owes the invoice, with all its merged records, not those of another customer
who pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from encours.contracts.common import PenalisedInvoice
from encours.contracts.events.parties.insolvency import (
    InsolvencyAmended,
    InsolvencyClosed,
    InsolvencyKind,
    InsolvencyOpened,
    InsolvencyOutcome,
    InsolvencyPublished,
)
from encours.contracts.recorded import Recorded

InsolvencyEvent = InsolvencyOpened | InsolvencyPublished | InsolvencyAmended | InsolvencyClosed
VOID = frozenset({"set_aside", "recorded_in_error"})
"""Outcomes of proceedings that are as if they had never been opened."""


class Insolvency(msgspec.Struct, frozen=True):
    """Proceedings as they are known. ``position``: that of the event that opened them."""

    insolvency_id: str
    kind: InsolvencyKind
    country: str
    opened_on: date
    position: int
    court: str | None = None
    case_number: str | None = None
    administrator: str | None = None
    published_on: date | None = None
    closed_on: date | None = None
    outcome: InsolvencyOutcome | None = None

    @property
    def in_force(self) -> bool:
        """Return False once the proceedings have ended."""
        return self.outcome is None

    @property
    def void(self) -> bool:
        """Return True if the proceedings are as if they had never been opened."""
        return self.outcome in VOID


def insolvencies_with(
    known: tuple[Insolvency, ...], e: Recorded, data: InsolvencyEvent
) -> tuple[Insolvency, ...]:
    """Return the proceedings of a customer after one more event, in the order in which they were recorded."""
    if isinstance(data, InsolvencyOpened):
        opened = Insolvency(
            data.insolvency_id,
            data.kind,
            data.country,
            data.opened_on,
            e.position,
            data.court,
            data.case_number,
            data.administrator,
        )
        return (*known, opened)
    return tuple(_changed(each, data) if each.insolvency_id == data.insolvency_id else each for each in known)


def _changed(
    known: Insolvency, data: InsolvencyPublished | InsolvencyAmended | InsolvencyClosed
) -> Insolvency:
    match data:
        case InsolvencyPublished():
            return msgspec.structs.replace(known, published_on=data.published_on)
        case InsolvencyAmended():
            return msgspec.structs.replace(
                known,
                kind=data.kind,
                court=data.court,
                case_number=data.case_number,
                administrator=data.administrator,
            )
        case InsolvencyClosed():
            return msgspec.structs.replace(known, closed_on=data.closed_on, outcome=data.outcome)


def stayed_from(known: Iterable[Insolvency], arose: date) -> date | None:
    """Return the first day from which proceedings of the debtor stay a claim that arose on a day; ``None``: never."""
    return min((each.opened_on for each in known if not each.void and arose < each.opened_on), default=None)


def arose_on(supply_on: date, penalises: Iterable[PenalisedInvoice] = ()) -> date:
    """Return the day on which the claim of an invoice arose: that of the supply.

    That of a penalty document is the last day of delay of the invoice that it penalises; of several the earliest, so
    that no document with penalties of a stayed claim is collected.
    """
    ends = [max((segment.last_day for segment in part.segments), default=part.due_on) for part in penalises]
    return min(ends, default=supply_on)
