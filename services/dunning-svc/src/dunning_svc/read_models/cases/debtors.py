"""Debtors with their payers and the records merged into them, and their creditors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.policy.policy import Joint
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
    """Return these customers by id, every customer that has ever paid for one of them, or will, and heads of groups.

    Each with the customers whose records were ever merged with its own.
    """
    known = await merges(conn, schema)
    found = await customers_of(conn, schema, sorted(related(customer_ids, known)))
    payers = related(payers_of(found.values()), known) - set(found)
    return found | (await customers_of(conn, schema, sorted(payers)) if payers else {})


def payers_of(customers: Iterable[DebtorRow]) -> set[str]:
    """Return the other customers that pay for these on some day, or are the head of their group."""
    return {each for row in customers for each in named_by(row)}


def named_by(row: DebtorRow) -> set[str]:
    """Return the payers and heads of groups that the roles of a customer ever named."""
    return {each for roles in row.roles for each in (roles.payer_id, roles.group_id) if each}


def holder_in(
    customers: Mapping[str, DebtorRow], customer_id: str, joint: Joint, day: date, merged: Survivors
) -> DebtorRow:
    """Return the row of the customer's payer on a day, or of its group's head; of itself if that one cannot be read."""
    debtor = customers[customer_id]
    holder_id = debtor.payer_on(day) if joint == "payer" else debtor.head_on(day)
    return customers.get(merged.of(holder_id), debtor)


def held_by(
    customers: Mapping[str, DebtorRow], joint: Joint, day: date, merged: Survivors
) -> dict[str, list[str]]:
    """Return for each payer, or head of a group, all records of the customers whom it stands for, and its own."""
    found: dict[str, dict[str, None]] = {}
    for customer_id in customers:
        if merged.of(customer_id) == customer_id:
            holder_id = holder_in(customers, customer_id, joint, day, merged).customer_id
            records = found.setdefault(holder_id, dict.fromkeys(merged.records(holder_id)))
            records.update(dict.fromkeys(merged.records(customer_id)))
    return {holder_id: list(records) for holder_id, records in found.items()}


async def with_roles(conn: Conn, schema: str) -> list[DebtorRow]:
    """Return every customer that ever had a payer or a group."""
    return await select(conn, schema, DebtorRow, "where payers <> '{}'")


def components(customers: Iterable[DebtorRow], known: Iterable[Merge]) -> dict[str, frozenset[str]]:
    """Return, for each customer with a payer, a group or a merge on some day, all that it may be decided together with.

    Roles and merges of all days count, in any number of steps.
    """
    beside: dict[str, set[str]] = {}
    edges = [(row.customer_id, each) for row in customers for each in named_by(row)]
    edges += [(merge.customer_id, merge.into_id) for merge in known if merge.into_id is not None]
    for one, other in edges:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    found: dict[str, frozenset[str]] = {}
    for start in beside:
        if start in found:
            continue
        reached, ahead = {start}, [start]
        while ahead:
            more = beside[ahead.pop()] - reached
            reached |= more
            ahead += more
        found |= dict.fromkeys(reached, frozenset(reached))
    return found


def all_in(customer_ids: Iterable[str], found: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the customers of the components of these, each component looked at once."""
    return set().union(*{found[each] for each in customer_ids if each in found})


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
