"""Queries of the list of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from encours.contracts.parties import Roles, payer_of, roles_on
from encours.reading.insolvency import insolvent
from encours.reading.merges import survivors_at
from encours.reading.where import ViewWhere
from invoice_svc.read_models.search.query import customers_named

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

DUPLICATES_MAX = 100


async def customers(
    view: View,
    page: Page,
    *,
    entity_id: str | None,
    external_ref: str | None,
    q: str | None,
    salesperson: str | None,
    tag: str | None,
    fields: Sequence[str] | None,
    in_proceedings: bool | None,
) -> list[Any]:
    """Rows of a page of customers. With ``q`` each row names what ``matched``, and has its ``relevance``.

    Merged records are left out, unless one is asked for by its external reference; a search that finds one finds the
    record that stands for it. ``in_proceedings`` selects debtors by their insolvency proceedings in force.
    """
    found = await survivors_at(view)
    where = ViewWhere(view).equal("entity_id", entity_id).equal("external_ref", external_ref)
    where.equal("salesperson", salesperson)
    if tag is not None:
        where.add("{} = any(tags)", tag)
    if fields:
        where.add("fields @> {}::text[]", list(fields))
    if in_proceedings is not None:
        known = await insolvent(view.conn, view.schema, view.time.as_of, view.time.position)
        test = "customer_id = any({}::text[])" if in_proceedings else "customer_id <> all({}::text[])"
        where.add(test, sorted({*known, *map(found.of, known)}))
    where.add(f"from_position <= {where.position}")
    if found.merged and external_ref is None:
        where.add("customer_id not in (select unnest({}::text[]))", list(found.merged))
    relevance, matched = "0", "null"
    if q is not None:
        by_ref = f"external_ref = {where.arguments.add(q)}"
        named, alike = await customers_named(view, q)
        holds, resembles = (
            f"customer_id = any({where.arguments.add(list(map(found.of, ids)))}::text[])"
            for ids in (named, alike)
        )
        where.add(f"{by_ref} or {holds} or {resembles}")
        relevance = f"case when {by_ref} then 3 when {holds} then 2 when {resembles} then 1 else 0 end"
        matched = f"case when {by_ref} then 'external_ref' else 'name' end"
    source = f"(select *, {relevance} as relevance, {matched} as matched from {view.schema}.customer) listed"
    return await where.page(page, "customer_id, relevance, matched", source)


async def paid_by(view: View, payer_id: str) -> list[str]:
    """Return the customers for whom the payer pays on the day of the question, by what was known then; itself too.

    Records that are merged on that day are one customer.
    """
    found, time = await survivors_at(view), view.time
    payer = found.of(payer_id)
    assigned = await _assigned(view, "payer_id", found.records(payer_id))
    return [
        record
        for customer_id, roles in assigned.items()
        if found.of(customer_id) == customer_id
        and found.of(payer_of(customer_id, roles, time.as_of, time.position)) == payer
        for record in found.records(customer_id)
    ]


async def in_group(view: View, group_id: str) -> list[str]:
    """Return the customers of a group as :func:`paid_by` returns those of a payer; the head of the group too."""
    found, time = await survivors_at(view), view.time
    head = found.of(group_id)
    assigned = await _assigned(view, "group_id", found.records(group_id))
    return [
        record
        for customer_id, roles in assigned.items()
        if found.of(customer_id) == customer_id
        and found.of(roles_on(roles, time.as_of, time.position).group_id or customer_id) == head
        for record in found.records(customer_id)
    ]


async def _assigned(view: View, role: str, records: Sequence[str]) -> dict[str, list[Roles]]:
    """Return the roles ever assigned of each customer for whom a party ever had the role; and the party's own.

    ``records`` are those of the party, of which the first remains.
    """
    rows = await view.conn.fetch(
        f"""select customer_id, valid_from, position, payer_id, group_id from {view.schema}.roles
            where customer_id in (select customer_id from {view.schema}.roles where {role} = any($1::text[]))
               or customer_id = any($1::text[])""",
        records,
    )
    assigned: dict[str, list[Roles]] = {records[0]: []}
    for row in rows:
        roles = Roles(row["valid_from"], row["position"], row["payer_id"], group_id=row["group_id"])
        assigned.setdefault(row["customer_id"], []).append(roles)
    return assigned


async def by_external_ref(conn: Conn, schema: str, entity_id: str, refs: Sequence[str]) -> dict[str, str]:
    """Customers of the entity by their external reference; of several with one reference the oldest."""
    rows = await conn.fetch(
        f"""select external_ref, customer_id from {schema}.customer
            where entity_id = $1 and external_ref = any($2::text[]) order by from_position desc""",
        entity_id,
        list(refs),
    )
    return {row["external_ref"]: row["customer_id"] for row in rows}


async def alike(view: View, customer_id: str) -> list[Any]:
    """Other customers of the same entity that share a mark with the customer, each with the marks they share.

    Merged records are left out, and so is the record that stands for the customer.
    """
    found = await survivors_at(view)
    known = [*found.merged, customer_id, found.of(customer_id)]
    where = ViewWhere(view, entity="other.entity_id").add(
        "other.customer_id not in (select unnest({}::text[]))", known
    )
    where.add(f"other.from_position <= {where.position}")
    return await view.conn.fetch(
        f"""select other.customer_id, other.name, shared.marks
              from {view.schema}.customer other, {view.schema}.customer own,
                   lateral (select array_agg(mark order by mark) as marks from unnest(other.likeness) mark
                             where mark = any(own.likeness)) shared
             where own.customer_id = {where.arguments.add(customer_id)} and other.entity_id = own.entity_id
               and other.likeness && own.likeness and {where.sql}
             order by cardinality(shared.marks) desc, other.customer_id limit {DUPLICATES_MAX}""",
        *where.arguments,
    )
