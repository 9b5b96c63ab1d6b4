"""A ledger kept by adding and subtracting: what the services answer about one customer is held against it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

from encours.contracts import decode
from encours.contracts.books import movements
from encours.contracts.recorded import Recorded

BANDS = ((0, "not_due"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"), (99_999, "121+"))
"""Last day past due of each band."""


def cents(amount: str) -> int:
    """Return minor units of an amount with two decimals."""
    return round(float(amount) * 100)


class NaiveBooks:
    """Items, unapplied cash and account of one customer, in cents."""

    def __init__(self) -> None:
        self.items = Counter[str]()
        self.due: dict[str, date] = {}
        self.unapplied = 0
        self.account = 0

    def bill(self, invoice: dict[str, Any], amount: str) -> None:
        """An issued invoice."""
        self.due[invoice["id"]] = date.fromisoformat(invoice["due_on"])
        self.owe(invoice, amount)

    def owe(self, invoice: dict[str, Any], amount: str) -> None:
        """More is owed of an invoice; less, if the amount is negative: a credit, a discount, a loss."""
        self.items[invoice["id"]] += cents(amount)
        self.account += cents(amount)

    def receive(self, amount: str) -> None:
        """Money or credit of the customer; a refund, if the amount is negative."""
        self.unapplied += cents(amount)
        self.account -= cents(amount)

    def settle(self, invoice: dict[str, Any], amount: str) -> None:
        """Money of the customer is allocated to an invoice; taken off it, if the amount is negative."""
        self.items[invoice["id"]] -= cents(amount)
        self.unapplied -= cents(amount)

    def bands(self, on: date) -> dict[str, int]:
        """Return the open items by days past due."""
        found = dict.fromkeys((name for _, name in BANDS), 0)
        for invoice, open_cents in self.items.items():
            late = (on - self.due[invoice]).days
            found[next(name for last, name in BANDS if late <= last)] += open_cents
        return found


class Trial:
    """Sums of the four books over the events that were read, each of which has to balance."""

    def __init__(self) -> None:
        self.position = 0
        self.sums = Counter[str]()

    def post(self, event: dict[str, Any]) -> None:
        """Add an event of the feed, the next one by position."""
        assert event["position"] == self.position + 1
        self.position += 1
        moved = movements(recorded(event))
        item, cash, account = (
            sum(getattr(each, f"{book}_minor") for each in moved) for book in ("item", "cash", "account")
        )
        assert item - cash == account, event
        self.sums.update(item=item, cash=cash, account=account)


def recorded(event: dict[str, Any]) -> Recorded:
    """Return an event of the feed as the ledger has it."""
    data = json.dumps(event["data"]).encode()
    named = ("position", "stream", "version", "type", "schema_version", "event_id", "recorded_at", "actor")
    return Recorded(
        ledger="",
        entity=event["entity"] or "",
        effective_on=date.fromisoformat(event["effective_on"]),
        command_id=event["command_id"],
        data=decode(event["type"], event["schema_version"], data),
        **{name: event[name] for name in named},
    )
