"""Answers about checks against another system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.kernel.instants import instant_text
from invoice_svc.http.common import iso
from invoice_svc.sync.comparing import CAUSES, Cause, SideTotals
from invoice_svc.sync.store import SyncCheck, as_check


class SideTotalsOut(BaseModel):
    """Open amounts of both sides in one currency."""

    currency: str
    theirs: MoneyModel
    theirs_count: int
    ours: MoneyModel
    ours_count: int
    difference: MoneyModel = Field(description="Ours less theirs: the sum over the differences of the list.")

    @classmethod
    def of(cls, totals: SideTotals) -> Json:
        """Show the totals of a currency."""
        currency = totals.currency
        return {
            "currency": currency,
            "theirs": money_json(totals.theirs_minor, currency),
            "theirs_count": totals.theirs_count,
            "ours": money_json(totals.ours_minor, currency),
            "ours_count": totals.ours_count,
            "difference": money_json(totals.ours_minor - totals.theirs_minor, currency),
        }


class SyncCheckOut(BaseModel):
    """A check, and the number of its differences by cause."""

    id: str
    ledger: str
    entity_id: str
    on: date
    position: int = Field(description="The ledger's position that the list was compared with.")
    made_at: datetime
    lines: int = Field(description="Lines of the list; 0 for control totals alone.")
    sha256: str = Field(description="Hash of what the lines say.")
    equal: bool = Field(description="Totals are equal, and no item differs.")
    totals: list[SideTotalsOut]
    differences: dict[Cause, int]

    @classmethod
    def of(cls, check: SyncCheck) -> Json:
        """Show a check."""
        counts = {cause: check.counts.get(cause, 0) for cause in CAUSES}
        even = all(each.theirs_minor == each.ours_minor for each in check.totals)
        counted = check.lines or all(each.theirs_count == each.ours_count for each in check.totals)
        return {
            "id": check.id,
            "ledger": check.ledger,
            "entity_id": check.entity_id,
            "on": check.made_on.isoformat(),
            "position": check.position,
            "made_at": instant_text(check.made_at),
            "lines": check.lines,
            "sha256": check.sha256,
            "equal": bool(even and counted and not any(counts.values())),
            "totals": [SideTotalsOut.of(each) for each in check.totals],
            "differences": counts,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Json:
        """Show a row of the list of checks."""
        return cls.of(as_check(row))


class SyncCheckListing(Listing[SyncCheckOut]):
    """A page of checks."""


class DifferenceOut(BaseModel):
    """An item that differs; null where a side does not have it."""

    line: int | None = Field(description="Number of the line, from 1; null if the list has none for it.")
    cause: Cause
    number: str
    their_number: str | None
    invoice_id: str | None
    customer_id: str | None
    theirs: MoneyModel | None
    ours: MoneyModel | None
    their_total: MoneyModel | None
    our_total: MoneyModel | None
    their_due_on: date | None
    our_due_on: date | None
    since_kind: str | None = Field(
        description="Of `late`: kind of the first entry that the list does not have."
    )
    since_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show a difference."""

        def money(column: str, currency: str | None) -> Json | None:
            return None if row[column] is None else money_json(row[column], currency or row["currency"])

        return {
            "line": row["n"] or None,
            "cause": row["cause"],
            "number": row["number"],
            "their_number": row["their_number"],
            "invoice_id": row["invoice_id"],
            "customer_id": row["customer_id"],
            "theirs": money("theirs_minor", row["their_currency"]),
            "ours": money("ours_minor", row["currency"]),
            "their_total": money("their_total_minor", row["their_currency"]),
            "our_total": money("our_total_minor", row["currency"]),
            "their_due_on": iso(row["their_due_on"]),
            "our_due_on": iso(row["our_due_on"]),
            "since_kind": row["since_kind"],
            "since_on": iso(row["since_on"]),
        }


class DifferenceListing(Listing[DifferenceOut]):
    """A page of differences."""
