"""Open items that bank lines may pay, and the lines that later events may explain, each found by index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from encours.contracts.parties import Roles, Survivors
from encours.reading.merges import merges
from invoice_svc.domain.bank_line import marks
from invoice_svc.domain.virtual_iban.state import Holding
from invoice_svc.read_models.bank import virtual_ibans

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

MOST_OF_CUSTOMER = 2_000
"""Most open invoices of a customer that are compared with a line, the oldest due first."""
_MOST_OF_NAME = 20
_LEAST_PREFIX = 8
"""Fewest characters of a name that a bank cut off."""
_MOST_WAITING = 1_000
_INVOICE = "invoice_id, number, customer_id, issued_on, due_on, outstanding_minor, disputed_minor"


@dataclass(frozen=True, slots=True)
class Sought:
    """All that some lines of one entity and currency state of invoices and payers."""

    entity_id: str
    currency: str
    numbers: Collection[str]
    names: Collection[str]
    accounts: Collection[str]
    amounts: Collection[int]
    virtual_ibans: Collection[str] = ()
    customers: Collection[str] = ()


class DebtorProfile(NamedTuple):
    """Part of a customer's description by which tolerances are chosen."""

    segment: str | None
    tags: tuple[str, ...]
    country: str


@dataclass(frozen=True, slots=True)
class Matchable:
    """Rows of open invoices; names, accounts (with those learnt), roles and credits of customers, by survivor."""

    invoices: list[Any]
    names: dict[str, list[str]]
    accounts: dict[str, set[str]]
    roles: dict[str, list[Roles]]
    profiles: dict[str, DebtorProfile]
    virtual_ibans: dict[str, list[Holding]]
    credits: list[Any]


async def matchable(conn: Conn, schema: str, sought: Sought) -> Matchable:
    """Return the open invoices that the lines name, and all of the customers whom they may come from."""
    merged = Survivors(await merges(conn, schema), date.max)
    named = await conn.fetch(
        f"""select {_INVOICE} from {schema}.invoice where entity_id = $1 and currency = $2 and outstanding_minor > 0
            and (number_key = any($3::text[]) or digits_key = any($3::text[]))""",
        sought.entity_id,
        sought.currency,
        list(sought.numbers),
    )
    equal = await conn.fetch(
        f"""select {_INVOICE} from {schema}.invoice where entity_id = $1 and currency = $2
            and outstanding_minor = any($3::bigint[]) and outstanding_minor > 0 order by due_on limit 2000""",
        sought.entity_id,
        sought.currency,
        list(sought.amounts),
    )
    found = {row["customer_id"] for row in named} | set(sought.customers)
    found |= await _stated(conn, schema, sought)
    holdings = await virtual_ibans.held(conn, schema, sought.entity_id, sought.virtual_ibans)
    found |= {each.holder_id for of in holdings.values() for each in of}
    found |= await _linked(conn, schema, found)
    found = {record for each in found for record in merged.records(each)}
    theirs = await conn.fetch(
        f"""select i.* from unnest($1::text[]) c cross join lateral (
                select {_INVOICE} from {schema}.invoice
                where customer_id = c and outstanding_minor > 0 and entity_id = $2 and currency = $3
                order by due_on, invoice_id limit {MOST_OF_CUSTOMER}) i""",
        list(found),
        sought.entity_id,
        sought.currency,
    )
    invoices = {row["invoice_id"]: row for row in (*named, *equal, *theirs)}
    found |= {row["customer_id"] for row in equal}
    held = {
        iban: [replace(each, holder_id=merged.of(each.holder_id)) for each in of]
        for iban, of in holdings.items()
    }
    holding = await _holding(conn, schema, sought, found)
    return await _described(conn, schema, list(invoices.values()), found, merged, held, holding)


async def _stated(conn: Conn, schema: str, sought: Sought) -> set[str]:
    """Return the customers with a name or an account that the lines state."""
    rows = await conn.fetch(
        f"""select customer_id from {schema}.customer where entity_id = $1
                and (plain_name = any($2::text[]) or likeness && $3::text[])
            union select customer_id from {schema}.payer_account where entity_id = $1 and account = any($4::text[])
            union select c.customer_id from unnest($5::text[]) p cross join lateral (
                select customer_id from {schema}.customer where entity_id = $1
                    and plain_name > p collate "C" and plain_name < p || chr(1114111) collate "C"
                order by plain_name limit {_MOST_OF_NAME}) c""",
        sought.entity_id,
        list(sought.names),
        [f"iban:{each}" for each in sought.accounts],
        list(sought.accounts),
        [name for name in sought.names if len(name) >= _LEAST_PREFIX],
    )
    return {row["customer_id"] for row in rows}


async def _linked(conn: Conn, schema: str, customers: Collection[str]) -> set[str]:
    """Return those for whom the customers pay or who pay for them, and the groups, of any day."""
    rows = await conn.fetch(
        f"""select customer_id, payer_id, group_id from {schema}.roles
            where customer_id = any($1::text[]) or payer_id = any($1::text[]) or group_id = any($1::text[])""",
        list(customers),
    )
    return {each for row in rows for each in row if each is not None}


async def _holding(conn: Conn, schema: str, sought: Sought, customers: Collection[str]) -> list[Any]:
    """Return the payments of the customers with unapplied cash, or with the credit of a credit note."""
    rows: list[Any] = await conn.fetch(
        f"""select c.payment_id, c.customer_id, sum(c.cash_minor)::bigint as unapplied_minor,
                max(c.available_on) as available_on
            from {schema}.cash c join {schema}.payment p on p.payment_id = c.payment_id and p.entity_id = $2
            where c.customer_id = any($1::text[]) and c.currency = $3
            group by c.payment_id, c.customer_id having sum(c.cash_minor) > 0""",
        list(customers),
        sought.entity_id,
        sought.currency,
    )
    return rows


async def _described(
    conn: Conn,
    schema: str,
    invoices: list[Any],
    found: Collection[str],
    merged: Survivors,
    held: dict[str, list[Holding]],
    holding: list[Any],
) -> Matchable:
    ids = list(found)
    names: dict[str, list[str]] = {}
    accounts: dict[str, set[str]] = {}
    roles: dict[str, list[Roles]] = {}
    profiles: dict[str, DebtorProfile] = {}
    for row in await conn.fetch(
        f"""select customer_id, name, likeness, segment, tags, country from {schema}.customer
            where customer_id = any($1::text[])""",
        ids,
    ):
        survivor = merged.of(row["customer_id"])
        profile = DebtorProfile(row["segment"], tuple(row["tags"]), row["country"])
        if row["customer_id"] == survivor:
            profiles[survivor] = profile
        profiles.setdefault(survivor, profile)
        names.setdefault(survivor, []).append(row["name"])
        known = (mark.removeprefix("iban:") for mark in row["likeness"] if mark.startswith("iban:"))
        accounts.setdefault(survivor, set()).update(known)
    for row in await conn.fetch(
        f"select customer_id, account from {schema}.payer_account where customer_id = any($1::text[])", ids
    ):
        accounts.setdefault(merged.of(row["customer_id"]), set()).add(row["account"])
    for row in await conn.fetch(
        f"""select customer_id, valid_from, position, payer_id, group_id from {schema}.roles
            where customer_id = any($1::text[])""",
        ids,
    ):
        if row["customer_id"] in merged.merged:
            continue
        payer_id, group_id = (row[each] and merged.of(row[each]) for each in ("payer_id", "group_id"))
        assigned = Roles(row["valid_from"], row["position"], payer_id, group_id=group_id)
        roles.setdefault(row["customer_id"], []).append(assigned)
    rows = [dict(row) | {"customer_id": merged.of(row["customer_id"])} for row in invoices]
    credits = [dict(row) | {"customer_id": merged.of(row["customer_id"])} for row in holding]
    return Matchable(rows, names, accounts, roles, profiles, held, credits)


async def explained_since(conn: Conn, schema: str, after: int, until: int) -> list[str]:
    """Return waiting lines that events after a position may explain, up to another one.

    These are the issue of an invoice, an advice, an account that a match has taught, a virtual IBAN, a new description
    of a customer, and roles.
    """
    if not await conn.fetchval(f"select exists (select from {schema}.waiting_line)"):
        return []
    issued = await conn.fetch(
        f"""select number_key, digits_key, customer_id, total_minor from {schema}.invoice
            where issued_position > $1 and issued_position <= $2""",
        after,
        until,
    )
    learnt = await conn.fetch(
        f"select account from {schema}.payer_account where from_position > $1 and from_position <= $2",
        after,
        until,
    )
    advised = await conn.fetch(
        f"select total_minor from {schema}.advice where position > $1 and position <= $2", after, until
    )
    changed = await conn.fetch(
        f"""select customer_id from {schema}.customer where changed_position > $1 and changed_position <= $2
            union select unnest(array[customer_id, payer_id]) from {schema}.roles
                where position > $1 and position <= $2""",
        after,
        until,
    )
    found = {marks.of_account(row["account"]) for row in learnt}
    found |= set(map(marks.of_virtual_iban, await virtual_ibans.assigned_between(conn, schema, after, until)))
    found |= {marks.of_amount(row["total_minor"]) for row in (*advised, *issued)}
    for row in issued:
        found |= {marks.of_number(row["number_key"]), marks.of_number(row["digits_key"])}
    customers = {row["customer_id"] for row in (*issued, *changed) if row["customer_id"] is not None}
    found |= await _marks_of(conn, schema, customers)
    rows = await conn.fetch(
        f"""select line_id from {schema}.waiting_line where marks && $1::text[] and from_position <= $2
            order by from_position limit {_MOST_WAITING}""",
        list(found),
        until,
    )
    return [row["line_id"] for row in rows]


async def _marks_of(conn: Conn, schema: str, customers: Collection[str]) -> set[str]:
    payers = await conn.fetch(
        f"""select unnest($1::text[]) as customer_id
            union select payer_id from {schema}.roles where customer_id = any($1::text[]) and payer_id is not null""",
        list(customers),
    )
    ids = [row["customer_id"] for row in payers]
    rows = await conn.fetch(
        f"select plain_name, likeness from {schema}.customer where customer_id = any($1::text[])", ids
    )
    found = {marks.of_name(row["plain_name"]) for row in rows}
    for row in rows:
        found |= {
            marks.of_account(mark.removeprefix("iban:"))
            for mark in row["likeness"]
            if mark.startswith("iban:")
        }
    learnt = await conn.fetch(
        f"select distinct account from {schema}.payer_account where customer_id = any($1::text[])", ids
    )
    found |= set(map(marks.of_virtual_iban, await virtual_ibans.of_holders(conn, schema, ids)))
    return found | {marks.of_account(row["account"]) for row in learnt}
