"""Groups of a report: by entity, or by what customers have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from encours.kernel.errors import Invalid
from encours.reading.merges import merged_sql
from encours.reading.where import ViewWhere
from reporting_svc.read_models.receivables.collectors import owners_of
from reporting_svc.read_models.receivables.portfolio import portfolio_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from encours.reading.moment import View
    from encours.reading.where import Arguments
    from reporting_svc.read_models.receivables.scope import Scope

GroupBy = Literal["entity", "segment", "salesperson", "collector"]
PartyGroup = Literal["payer", "group"]
Debtor = Literal["customer", "account"]
"""``account``: the customer, or the entity for money of payers not yet identified."""


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Groups by the value of a custom field of the customers."""

    code: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """SQL of the group of a row: its ``value``, and the ``join`` that it needs."""

    value: str
    join: str = ""


def grouping(
    args: Arguments,
    view: View,
    scope: Scope,
    by: GroupBy | PartyGroup | FieldGroup | Debtor | None,
    alias: str,
) -> Grouping:
    """Return the group of rows of ``alias``, which has entity and customer_id as text.

    All are those in force at the dates of the question; the collector is the one in ``scope``, who owns the customer on
    that day. A merged customer is in the group of its survivor. Null: no group, as for money of payers not yet
    identified.
    """
    if by is None:
        return Grouping("null::text")
    if by == "entity":
        return Grouping(f"{alias}.entity")
    if by in ("segment", "salesperson"):
        own = portfolio_sql(args, view, scope.merged, scope.portfolio_on)
        listed = f"select {own.customer_id} as customer_id, {own.value(by)} as value from {own.source}"
        return Grouping("g.value", f"left join ({listed}) g on g.customer_id = {alias}.customer_id")
    customer, merged = f"{view.schema}.customer", merged_sql(scope.merged, args)
    debtors = f"""(
        select c.customer_id, coalesce(m.survivor_id, c.customer_id) as debtor
        from {customer} c left join {merged} m using (customer_id)
    ) d"""
    if by in ("customer", "account"):
        listed = f"select d.customer_id, d.debtor as value from {debtors}"
    elif by == "collector":
        codes = scope.collectors.codes if scope.collectors is not None else {}
        owners = f"unnest({args.add(list(codes))}::text[], {args.add(list(codes.values()))}::text[])"
        listed = f"""select d.customer_id, o.code as value
                     from {debtors} left join {owners} as o(debtor, code) using (debtor)"""
    elif isinstance(by, FieldGroup):
        found = _in_force(args, view, "fields", "effective_on")
        value = f"l.field_values[array_position(l.field_codes, {args.add(by.code)}::text)]"
        listed = (
            f"select d.customer_id, {value} as value from {debtors} left join lateral ({found}) l on true"
        )
    else:
        found = _in_force(args, view, "role", "valid_from")
        named = f"coalesce(l.{by}_id, d.debtor)"
        listed = f"""
            select d.customer_id, coalesce(n.survivor_id, {named}) as value
            from {debtors} left join lateral ({found}) l on true left join {merged} n on n.customer_id = {named}
        """
    value = f"coalesce(g.value, {alias}.entity)" if by == "account" else "g.value"
    return Grouping(value, f"left join ({listed}) g on g.customer_id = {alias}.customer_id")


def _in_force(args: Arguments, view: View, table: str, day: str) -> str:
    """SQL: the row of a customer ``d.debtor`` in force on the day of the question, as known at its moment."""
    return f"""
        select * from {view.schema}.{table} r
        where r.customer_id = d.debtor and r.{day} <= {args.add(view.time.as_of)}::date
          and r.position <= {args.add(view.time.position)}::bigint
        order by r.{day} desc, r.position desc limit 1
    """


def group_of(text: str) -> GroupBy | PartyGroup | FieldGroup:
    """Return the kind of group that a caller names, ``field:`` and the code of a custom field included."""
    if text.startswith("field:"):
        return FieldGroup(text.removeprefix("field:"))
    return cast("GroupBy | PartyGroup", text)


async def require_defined(view: View, by: object, pointer: str = "/group_by") -> None:
    """Raise a 422 refusal for a custom field that no entity in the caller's grant has defined for its customers."""
    if not isinstance(by, FieldGroup):
        return
    where = ViewWhere(view, entity="entity").equal("object", "customer").equal("code", by.code)
    where.add(f"position <= {where.position}")
    known = f"select exists (select from {view.schema}.defined_field where {where.sql})"
    if not await view.conn.fetchval(known, *where.arguments):
        raise Invalid(f"No custom field of customers has the code {by.code}.", pointer)


async def with_collectors(view: View, scope: Scope, by: object) -> Scope:
    """Return the scope with the owners of its customers, if it is grouped by them or of one of them."""
    if by != "collector" and scope.collector is None:
        return scope
    return replace(scope, collectors=await owners_of(view, scope.merged))


async def labels_of(view: View, scope: Scope, by: object, groups: Sequence[str]) -> dict[str, str]:
    """Return the names of those groups that are entities, customers or collectors."""
    if by == "collector" and scope.collectors is not None:
        return dict(scope.collectors.names)
    return await names_of(view, groups)


async def names_of(view: View, groups: Sequence[str]) -> dict[str, str]:
    """Return the names of those groups that are entities or customers."""
    rows = await view.conn.fetch(
        f"""select entity as id, name from {view.schema}.entity where entity = any($1::text[])
            union all select customer_id, name from {view.schema}.customer where customer_id = any($1::text[])""",
        list(groups),
    )
    return {row["id"]: row["name"] for row in rows}
