"""Credit insurance in a read model: its events, folded again at the dates of a question, and insured invoices.

Services that answer what is insured keep :class:`InsuranceEventRow` and ask here; what is open they know themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, cast

from msgspec.structs import replace as with_fields

from encours.contracts import Recorded, decode, encode
from encours.contracts.events.insurance import (
    CoverCancelled,
    CoverGranted,
    CoverReduced,
    CoverResumed,
    CoverStopped,
    InsuranceContractSet,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMet,
    InsuranceDeadlineMissed,
)
from encours.contracts.insured.claims import DeadlineFacts, InsuredBook, InsuredInvoice, told
from encours.contracts.insured.covers import InsuranceCover, changed
from encours.contracts.parties import Survivors
from encours.projection.rows import Row

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

Sums = Mapping[str, Any]
"""A record of the database."""
INSURANCE = (
    InsuranceContractSet,
    CoverGranted,
    CoverReduced,
    CoverCancelled,
    CoverStopped,
    CoverResumed,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMissed,
    InsuranceDeadlineMet,
)
InsuranceEvent = (
    InsuranceContractSet
    | CoverGranted
    | CoverReduced
    | CoverCancelled
    | CoverStopped
    | CoverResumed
    | InsuranceDeadlineAlerted
    | InsuranceDeadlineMissed
    | InsuranceDeadlineMet
)


class InsuranceEventRow(Row, kw_only=True):
    """An event of a contract, a cover or a deadline, never changed again; ``content`` is its canonical JSON."""

    TABLE: ClassVar[str] = "insurance_event"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(contract_id, subject)", "(customer_id)")
    position: int
    subject: str
    """``contract``, ``cover`` or ``deadline``."""
    stream: str
    contract_id: str
    customer_id: str | None
    entity_id: str
    effective_on: date
    type: str
    schema_version: int
    content: str

    @classmethod
    def of(cls, e: Recorded, data: InsuranceEvent) -> InsuranceEventRow:
        """Return the row of an event."""
        return cls(
            position=e.position,
            subject=data.TYPE.partition(".")[0].removeprefix("insurance_"),
            stream=e.stream,
            contract_id=data.insurance_contract_id,
            customer_id=None if isinstance(data, InsuranceContractSet) else data.customer_id,
            entity_id=e.entity,
            effective_on=e.effective_on,
            type=data.TYPE,
            schema_version=data.VERSION,
            content=encode(data).decode(),
        )


_EVENTS = """
select stream, subject, customer_id, entity_id, effective_on, type, schema_version, content
from {s}.insurance_event
where position <= $1 and (subject <> 'deadline' or effective_on <= $2)
  and ($3::text[] is null or contract_id = any($3))
  and ($4::text[] is null or subject = 'contract' or customer_id = any($4))
order by position
"""
OPENINGS = """
select customer_id, effective_on from (
    select distinct on (customer_id) customer_id, in_force, effective_on from {s}.insolvency
    where customer_id = any($1) and position <= $2 and effective_on <= $3
    order by customer_id, position desc
) last where in_force
"""


@dataclass(frozen=True, slots=True)
class InsuranceKnown:
    """Contracts, covers and deadlines as they were known; covers of merged records are their survivor's."""

    contracts: Sequence[InsuranceContractSet]
    covers: Sequence[InsuranceCover]
    facts: Mapping[str, DeadlineFacts]

    @property
    def debtors(self) -> list[str]:
        """Customers that a cover is about."""
        return sorted({each.content.customer_id for each in self.covers})

    def books(self, invoices: Sequence[InsuredInvoice], opened: Mapping[str, date]) -> list[InsuredBook]:
        """Return the books of the contracts, with the open invoices and the proceedings of the debtors."""
        covers: defaultdict[str, list[InsuranceCover]] = defaultdict(list)
        for each in self.covers:
            covers[each.content.insurance_contract_id].append(each)
        found = []
        for contract in self.contracts:
            beside = [
                each
                for each in self.contracts
                if each.entity_id == contract.entity_id and each is not contract
            ]
            found.append(
                InsuredBook(
                    contract=contract,
                    covers=tuple(covers[contract.insurance_contract_id]),
                    invoices=tuple(invoices),
                    insolvent_since=opened,
                    facts=self.facts,
                    contracts_beside=tuple(beside),
                    covers_beside=tuple(
                        cover for each in beside for cover in covers[each.insurance_contract_id]
                    ),
                )
            )
        return found


async def insurance_known(
    conn: Conn,
    schema: str,
    as_of: date,
    position: int,
    merged: Survivors,
    *,
    contracts: Sequence[str] | None = None,
    records: Sequence[str] | None = None,
) -> InsuranceKnown:
    """Return what was known of some contracts and customers, or of all."""
    rows = await conn.fetch(
        _EVENTS.format(s=schema), position, as_of,
        None if contracts is None else list(contracts), None if records is None else list(records),
    )  # fmt: skip
    return insurance_of(cast("list[Sums]", rows), merged)


def insurance_of(rows: Iterable[Sums], merged: Survivors) -> InsuranceKnown:
    """Return what was known by rows of events in the order of their positions."""
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
    return InsuranceKnown(list(contracts.values()), debtors, facts)


def insured_invoices(
    rows: Iterable[Sums],
    cash: Counter[tuple[str, str]],
    schedules: Mapping[str, Sums],
    merged: Survivors,
) -> tuple[InsuredInvoice, ...]:
    """Return the open invoices of rows by due date. ``cash``: unapplied by debtor and currency, which is used up."""
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


async def openings(
    conn: Conn, schema: str, as_of: date, position: int, debtors: Sequence[str], merged: Survivors
) -> dict[str, date]:
    """Return the openings of the proceedings of debtors that are in any."""
    records = [record for each in debtors for record in merged.records(each)]
    rows = await conn.fetch(OPENINGS.format(s=schema), records, position, as_of)
    return openings_of(cast("list[Sums]", rows), merged)


def openings_of(rows: Iterable[Sums], merged: Survivors) -> dict[str, date]:
    """Return the openings by debtor; of several records the earliest."""
    found: dict[str, date] = {}
    for row in rows:
        debtor = merged.of(row["customer_id"])
        found[debtor] = min(row["effective_on"], found.get(debtor, date.max))
    return found
