"""Customers as the payment model sees them: their segment, and the outcomes of their invoices at the dates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.projection.rows import Row
from encours.reading.merges import survivors
from encours.reading.read_db import ReadDb
from risk_svc.domain.score.boosted.fit import fit_boosted
from risk_svc.domain.score.fit import Fitted, fit
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import OPEN_SEGMENT, ModelKind, PaymentModel
from risk_svc.domain.score.outcomes import outcomes
from risk_svc.domain.score.versions import LedgerHistory
from risk_svc.read_models.credit.account_query import customer_accounts

CUSTOMERS_AT_ONCE = 250
"""With ten invoices each their accounts take 40 ms, in which the process does nothing else."""
_FITS: Mapping[ModelKind, Callable[[Sequence[PayerHistory], int, str], Fitted[PaymentModel]]] = {
    "plain": fit,
    "boosted": fit_boosted,
}


class CreditSegmentRow(Row, kw_only=True):
    """Segment of a customer from an event on, never changed again."""

    TABLE: ClassVar[str] = "segment"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    segment: str

    @classmethod
    def of(cls, e: Recorded, data: CustomerRegistered | CustomerAmended) -> CreditSegmentRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id,
            position=e.position,
            effective_on=e.effective_on,
            segment=data.segment or OPEN_SEGMENT,
        )


_SEGMENTS = """
select distinct on (customer_id) customer_id, segment from {s}.segment
where customer_id = any($1) and position <= $2 and effective_on <= $3
order by customer_id, position desc
"""
_PAGE = """
select customer_id from {s}.customer
where customer_id > $1 and from_position <= $2 and ($4::text is null or entity_id = $4) order by customer_id limit $3
"""


async def payer_histories(
    conn: Conn, schema: str, debtors: Sequence[str], merged: Survivors, *, as_of: date, position: int
) -> Mapping[str, PayerHistory]:
    """Return the histories of debtors, over all their records and currencies; one without invoices has none."""
    records = [record for each in debtors for record in merged.records(each)]
    accounts = await customer_accounts(conn, schema, records, merged, as_of=as_of, position=position)
    found = await conn.fetch(_SEGMENTS.format(s=schema), list(debtors), position, as_of)
    segments = {row["customer_id"]: row["segment"] for row in found}
    return {
        each: PayerHistory(
            segments.get(each, OPEN_SEGMENT),
            outcomes((item for account in accounts[each].values() for item in account.items), as_of),
        )
        for each in debtors
        if each in accounts
    }


async def all_histories(
    db: ReadDb, ledger: str, *, as_of: date, position: int, entity_id: str | None = None
) -> AsyncIterator[Mapping[str, PayerHistory]]:
    """Yield the histories of all debtors of a ledger, or of one entity, page by page.

    Each page has a snapshot of its own: one of the whole work would hold up, for a minute, a read model that is built
    again, and with it every other reader. All answer for one position.
    """
    after = ""
    while True:
        async with db.snapshot("credit", ledger) as (conn, schema, _):
            merged = await survivors(conn, schema, as_of, position)
            rows = await conn.fetch(_PAGE.format(s=schema), after, position, CUSTOMERS_AT_ONCE, entity_id)
            debtors = [row["customer_id"] for row in rows if row["customer_id"] not in merged.merged]
            found = await payer_histories(conn, schema, debtors, merged, as_of=as_of, position=position)
        yield found
        if len(rows) < CUSTOMERS_AT_ONCE:
            return
        after = rows[-1]["customer_id"]


async def fitted_history(
    db: ReadDb, ledger: str, day: date, position: int, version: str, kind: ModelKind
) -> LedgerHistory:
    """Fit the payment model to the outcomes of a whole ledger before a day. Raises :class:`HistoryTooShort`.

    It takes the processor for as long as the fit lasts.
    """
    payers: list[PayerHistory] = []
    async for some in all_histories(db, ledger, as_of=day, position=position):
        payers += (each for each in some.values() if each.history)
    return LedgerHistory(_FITS[kind](payers, day.toordinal(), version), len(payers), position)
