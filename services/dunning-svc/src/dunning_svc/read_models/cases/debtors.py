"""Debtors with their payers and the records merged into them, and their creditors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from encours.contracts.parties import Merge, Survivors, related
from encours.projection.read_model import Conn
from encours.reading.merges import merges


@dataclass(frozen=True, slots=True)
class Joined:
    """Debtors that are merged into another one, and the positions of their merges."""

    records: Sequence[DebtorRow]
    merges: Sequence[int]


class Creditors(dict[str, CreditorRow]):
    """Creditors by id. Without a readable registration (parked stream) the id replaces the name; no run stops."""

    def __missing__(self, entity_id: str) -> CreditorRow:
        return CreditorRow(
            entity_id=entity_id,
            name=entity_id,
            country="",
            time_zone="UTC",
            address=None,
            iban=None,
            siren=None,
        )


async def customers_of(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id."""
    rows = await select(conn, schema, DebtorRow, "where customer_id = any($1)", list(customer_ids))
    return {row.customer_id: row for row in rows}


async def with_payers(conn: Conn, schema: str, customer_ids: Sequence[str]) -> dict[str, DebtorRow]:
    """Return these customers by id, and every customer that has ever paid for one of them, or will.

    Each with the customers whose records were ever merged with its own.
    """
    known = await merges(conn, schema)
    found = await customers_of(conn, schema, sorted(related(customer_ids, known)))
    payers = related(payers_of(found.values()), known) - set(found)
    return found | (await customers_of(conn, schema, sorted(payers)) if payers else {})


def payers_of(customers: Iterable[DebtorRow]) -> set[str]:
    """Return the other customers that pay for these on some day."""
    return {roles.payer_id for row in customers for roles in row.roles if roles.payer_id}


def payer_in(customers: Mapping[str, DebtorRow], customer_id: str, day: date, merged: Survivors) -> DebtorRow:
    """Return the row of the customer's payer on a day; of the customer itself if that one cannot be read."""
    debtor = customers[customer_id]
    return customers.get(merged.of(debtor.payer_on(day)), debtor)


def joined_to(
    customer_id: str, customers: Mapping[str, DebtorRow], known: Iterable[Merge], merged: Survivors
) -> Joined:
    """Return what belongs to a customer by the merges of other records into its own."""
    records = merged.records(customer_id)[1:]
    return Joined(
        tuple(customers[each] for each in records if each in customers),
        tuple(sorted(merge.position for merge in known if merge.customer_id in records)),
    )


async def creditors(conn: Conn, schema: str) -> Creditors:
    """Return every creditor of the ledger."""
    return Creditors({row.entity_id: row for row in await select(conn, schema, CreditorRow, "")})
