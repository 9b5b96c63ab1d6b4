"""Content of a statement of account and its hash, as of two days and by what was known at a position."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.events.money.statement import StatementBalance, StatementScope
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from invoice_svc.domain.statement_schedule.decide import StatementContent
from invoice_svc.read_models.customers.query import in_group, paid_by
from invoice_svc.read_models.statements import query
from invoice_svc.read_models.statements.query import AccountSums, OpenItem

if TYPE_CHECKING:
    from encours.reading.read_db import ReadDb

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class StatementReader:
    """Reads the content of statements (:class:`invoice_svc.use_cases.parties.statements.ReadStatement`)."""

    db: ReadDb

    async def __call__(
        self,
        ledger: str,
        position: int,
        customer_id: str,
        scope: StatementScope,
        first: date,
        last: date,
    ) -> StatementContent:
        """Return the content by what the ledger held at the position."""
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            view = View(conn, schema, TimeTravel(last, position, None, False), None)
            customers = await customers_of(view, customer_id, scope)
            accounts = await query.accounts(view, customers, first)
            items = await query.open_items(view, customers)
            sha256 = await content_sha256(view, customers, first, accounts, items)
        balances = tuple(
            StatementBalance(
                currency=account.currency,
                opening_minor=account.opening_minor,
                debit_minor=account.debit_minor,
                credit_minor=account.credit_minor,
                closing_minor=account.closing_minor,
            )
            for account in accounts
        )
        return StatementContent(tuple(customers), balances, sha256)


async def customers_of(view: View, customer_id: str, scope: StatementScope) -> list[str]:
    """Return the customers whose accounts a statement shows."""
    match scope:
        case "own":
            return (await survivors_at(view)).records(customer_id)
        case "payer":
            return await query.seen(view, await paid_by(view, customer_id))
        case "group":
            return await query.seen(view, await in_group(view, customer_id))


async def content_sha256(
    view: View,
    customers: Sequence[str],
    first: date,
    accounts: Sequence[AccountSums],
    items: Sequence[OpenItem],
) -> str:
    """Return the SHA-256 of a statement: customers, days, balances, all entries and open items.

    The same days, customers and position give the same hash, whenever and on whichever machine it is computed.
    """
    content: dict[str, Any] = {
        "customers": sorted(customers),
        "days": [first, view.time.as_of],
        "accounts": [asdict(account) for account in accounts],
        "entries": await query.entries_sha256(view, customers, first),
        "open_items": sorted(map(_content, items), key=lambda item: str(item["invoice_id"])),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _content(item: OpenItem) -> dict[str, Any]:
    """Return an open item as the hash covers it: hashes of statements without instruments stay what they were."""
    content = asdict(item)
    if not item.in_hand_minor:
        del content["in_hand_minor"]
    return content
