"""Insurance contracts with all that their deadlines depend on, at the dates of a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from encours.contracts.insured.claims import InsuredBook, InsuredInvoice
from encours.contracts.insured.share import InsuredShare, insured_of_all
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.reading.insured import Sums, insurance_known, insured_invoices, openings
from encours.reading.merges import survivors
from encours.reading.moment import Granted

CONTRACTS_OF = """
select distinct contract_id from {s}.insurance_event
where subject = 'cover' and customer_id = any($1) and position <= $2
"""
_OPEN = """
select m.customer_id, i.invoice_id, i.number, i.currency, i.issued_on, i.due_on, i.net_minor, i.total_minor,
       (sum(m.open_minor) - sum(m.conceded_minor))::bigint as open_minor,
       (sum(m.disputed_minor) - sum(m.conceded_minor))::bigint as disputed_minor
from {s}.movement m join {s}.invoice i on i.invoice_id = m.invoice_id
where m.customer_id = any($1) and m.position <= $2 and m.effective_on <= $3 and i.issued_position <= $2
  and not i.is_penalty and (m.open_minor <> 0 or m.disputed_minor <> 0)
group by m.customer_id, i.invoice_id
having sum(m.open_minor) - sum(m.conceded_minor) > 0
order by i.due_on, i.invoice_id
"""
_CASH = """
select customer_id, currency, sum(unapplied_minor)::bigint as minor from {s}.movement
where customer_id = any($1) and position <= $2 and effective_on <= $3 and unapplied_minor <> 0
group by customer_id, currency
"""
_SCHEDULES = """
select distinct on (invoice_id) invoice_id, effective_on, first_due, last_due from (
    select invoice_id, position, effective_on, min(due_on) as first_due, max(due_on) as last_due
    from {s}.instalment
    where invoice_id = any($1) and position <= $2 and effective_on <= $3
    group by invoice_id, position, effective_on
) s order by invoice_id, position desc
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """Connection, schema and dates of a question."""

    conn: Conn
    schema: str
    as_of: date
    position: int

    async def fetch(self, statement: str, *arguments: Any) -> list[Sums]:
        """Return the records of a statement."""
        return cast("list[Sums]", await self.conn.fetch(statement, *arguments))


async def contract_ids(conn: Conn, schema: str) -> list[tuple[str, str]]:
    """Return ids and entities of all contracts."""
    rows = await conn.fetch(
        f"""select distinct contract_id, entity_id from {schema}.insurance_event
            where subject = 'contract' order by contract_id"""
    )
    return [(row["contract_id"], row["entity_id"]) for row in rows]


async def granted_contracts(conn: Conn, schema: str, granted: Granted) -> list[str]:
    """Return ids of the contracts of the caller's entities."""
    return [
        contract
        for contract, entity in await contract_ids(conn, schema)
        if granted is None or entity in granted
    ]


async def books(
    moment: Moment, contracts: Sequence[str], customers: Sequence[str] | None = None
) -> list[InsuredBook]:
    """Return the books of contracts, of some debtors and their merged records or of all."""
    merged = await survivors(moment.conn, moment.schema, moment.as_of, moment.position)
    return await _books(moment, contracts, merged, customers)


async def insured_shares(
    moment: Moment, customers: Sequence[str], merged: Survivors
) -> dict[str, tuple[InsuredShare, ...]]:
    """Return the insured parts of the debts of debtors, by debtor; none for one that no contract ever covered."""
    records = [record for each in customers for record in merged.records(each)]
    rows = await moment.fetch(CONTRACTS_OF.format(s=moment.schema), records, moment.position)
    contracts = sorted(row["contract_id"] for row in rows)
    if not contracts:
        return {}
    return shares_of(await _books(moment, contracts, merged, customers), moment.as_of)


def shares_of(books: Iterable[InsuredBook], day: date) -> dict[str, tuple[InsuredShare, ...]]:
    """Return the insured parts of the debts of the debtors in some books, by debtor."""
    found: dict[str, tuple[InsuredShare, ...]] = {}
    for book in books:
        for debtor, share in insured_of_all(book, day):
            found[debtor] = (*found.get(debtor, ()), share)
    return found


async def _books(
    moment: Moment, contracts: Sequence[str], merged: Survivors, customers: Sequence[str] | None
) -> list[InsuredBook]:
    records = None if customers is None else [r for each in customers for r in merged.records(each)]
    known = await insurance_known(
        moment.conn,
        moment.schema,
        moment.as_of,
        moment.position,
        merged,
        contracts=contracts,
        records=records,
    )
    opened = await proceedings(moment, known.debtors, merged)
    return known.books(await _invoices(moment, known.debtors, merged), opened)


async def _invoices(moment: Moment, debtors: Sequence[str], merged: Survivors) -> tuple[InsuredInvoice, ...]:
    arguments = ([r for each in debtors for r in merged.records(each)], moment.position, moment.as_of)
    rows = await moment.fetch(_OPEN.format(s=moment.schema), *arguments)
    cash: Counter[tuple[str, str]] = Counter()
    for row in await moment.fetch(_CASH.format(s=moment.schema), *arguments):
        cash[merged.of(row["customer_id"]), row["currency"]] += row["minor"]
    schedules = await schedules_of(moment, [row["invoice_id"] for row in rows])
    return insured_invoices(rows, cash, schedules, merged)


async def schedules_of(moment: Moment, invoices: Sequence[str]) -> dict[str, Sums]:
    """Return the schedules in force by invoice: their day, first and last due date."""
    rows = await moment.fetch(
        _SCHEDULES.format(s=moment.schema), list(invoices), moment.position, moment.as_of
    )
    return {row["invoice_id"]: row for row in rows}


async def proceedings(moment: Moment, debtors: Sequence[str], merged: Survivors) -> dict[str, date]:
    """Return the openings of the proceedings of debtors that are in any."""
    return await openings(moment.conn, moment.schema, moment.as_of, moment.position, debtors, merged)
