"""Insurance contracts with all that their deadlines depend on, at the dates of a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from msgspec.structs import replace as with_fields

from encours.contracts.base import decode
from encours.contracts.events.insurance import InsuranceContractSet
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.reading.merges import survivors
from encours.reading.moment import Granted
from risk_svc.domain.insurance.cover import InsuranceCover, changed
from risk_svc.domain.insurance.deadline import told
from risk_svc.domain.insurance.deadlines import DeadlineFacts, InsuredBook, InsuredInvoice
from risk_svc.domain.insurance.share import InsuredShare, insured

_EVENTS = """
select stream, subject, customer_id, entity_id, effective_on, type, schema_version, content
from {s}.insurance_event
where position <= $1 and (subject <> 'deadline' or effective_on <= $2) and {where}
order by position
"""
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
_PROCEEDINGS = """
select customer_id, effective_on from (
    select distinct on (customer_id) customer_id, in_force, effective_on from {s}.insolvency
    where customer_id = any($1) and position <= $2 and effective_on <= $3
    order by customer_id, position desc
) last where in_force
"""


Sums = Mapping[str, Any]
"""A record of the database."""


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
    found: dict[str, tuple[InsuredShare, ...]] = {}
    for book in await _books(moment, contracts, merged, customers):
        for each in dict.fromkeys(cover.content.customer_id for cover in book.covers):
            share = insured(book, each, moment.as_of)
            if share is not None:
                found[each] = (*found.get(each, ()), share)
    return found


async def _books(
    moment: Moment, contracts: Sequence[str], merged: Survivors, customers: Sequence[str] | None
) -> list[InsuredBook]:
    records = None if customers is None else [r for each in customers for r in merged.records(each)]
    where = "contract_id = any($3)"
    arguments: list[Any] = [moment.position, moment.as_of, list(contracts)]
    if records is not None:
        where += " and (subject = 'contract' or customer_id = any($4))"
        arguments.append(records)
    rows = await moment.fetch(_EVENTS.format(s=moment.schema, where=where), *arguments)
    content, covers, facts = _folded(rows, merged)
    debtors = sorted({each.content.customer_id for each in covers})
    invoices = await _invoices(moment, debtors, merged)
    opened = await proceedings(moment, debtors, merged)
    return [
        InsuredBook(
            contract=contract,
            covers=tuple(
                each
                for each in covers
                if each.content.insurance_contract_id == contract.insurance_contract_id
            ),
            invoices=invoices,
            insolvent_since=opened,
            facts=facts,
        )
        for contract in content
    ]


def _folded(
    rows: Iterable[Sums], merged: Survivors
) -> tuple[list[InsuranceContractSet], list[InsuranceCover], dict[str, DeadlineFacts]]:
    contracts: dict[str, InsuranceContractSet] = {}
    covers: dict[str, InsuranceCover] = {}
    facts: dict[str, DeadlineFacts] = {}
    for row in rows:
        event: Any = decode(row["type"], row["schema_version"], row["content"].encode())
        stream = row["stream"]
        match row["subject"]:
            case "contract":
                contracts[stream] = event
            case "cover":
                covers[stream] = changed(
                    covers.get(stream, InsuranceCover()), event, row["effective_on"], row["entity_id"]
                )
            case _:
                facts[stream] = told(facts.get(stream, DeadlineFacts()), event, row["effective_on"])
    debtors = [
        replace(each, granted=with_fields(each.granted, customer_id=merged.of(each.granted.customer_id)))
        for each in covers.values()
        if each.granted is not None
    ]
    return list(contracts.values()), debtors, facts


async def _invoices(moment: Moment, debtors: Sequence[str], merged: Survivors) -> tuple[InsuredInvoice, ...]:
    arguments = ([r for each in debtors for r in merged.records(each)], moment.position, moment.as_of)
    rows = await moment.fetch(_OPEN.format(s=moment.schema), *arguments)
    cash: Counter[tuple[str, str]] = Counter()
    for row in await moment.fetch(_CASH.format(s=moment.schema), *arguments):
        cash[merged.of(row["customer_id"]), row["currency"]] += row["minor"]
    schedules = await schedules_of(moment, [row["invoice_id"] for row in rows])
    found = []
    for row in rows:
        customer = merged.of(row["customer_id"])
        key = customer, row["currency"]
        covered = max(0, min(row["open_minor"], cash[key]))
        cash[key] -= covered
        found.append(insured_invoice(row, customer, schedules.get(row["invoice_id"]), covered))
    return tuple(found)


def insured_invoice(
    row: Sums,
    customer_id: str,
    schedule: Sums | None,
    covered_by_cash_minor: int = 0,
) -> InsuredInvoice:
    """Return an invoice of the rows. Instalments fixed at the issue are its due dates, later ones extend them."""
    due_on, agreed_on = row["due_on"], None
    if schedule is not None and schedule["effective_on"] <= row["issued_on"]:
        due_on = schedule["first_due"]
    elif schedule is not None:
        agreed_on = schedule["last_due"]
    return InsuredInvoice(
        invoice_id=row["invoice_id"],
        number=row["number"],
        customer_id=customer_id,
        currency=row["currency"],
        issued_on=row["issued_on"],
        due_on=due_on,
        open_minor=row["open_minor"],
        agreed_on=agreed_on,
        disputed_minor=row["disputed_minor"],
        net_minor=row["net_minor"],
        total_minor=row["total_minor"],
        covered_by_cash_minor=covered_by_cash_minor,
    )


async def schedules_of(moment: Moment, invoices: Sequence[str]) -> dict[str, Sums]:
    """Return the schedules in force by invoice: their day, first and last due date."""
    rows = await moment.fetch(
        _SCHEDULES.format(s=moment.schema), list(invoices), moment.position, moment.as_of
    )
    return {row["invoice_id"]: row for row in rows}


async def proceedings(moment: Moment, debtors: Sequence[str], merged: Survivors) -> dict[str, date]:
    """Return the openings of the proceedings of debtors that are in any."""
    arguments = ([r for each in debtors for r in merged.records(each)], moment.position, moment.as_of)
    found: dict[str, date] = {}
    for row in await moment.fetch(_PROCEEDINGS.format(s=moment.schema), *arguments):
        debtor = merged.of(row["customer_id"])
        found[debtor] = min(row["effective_on"], found.get(debtor, date.max))
    return found
