"""Names and attributes of the debtors and creditors of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.disputes import OPEN, disputes_of
from reporting_svc.read_models.receivables.groups import names_of
from reporting_svc.read_models.receivables.portfolio import ATTRIBUTES, portfolio_sql
from reporting_svc.read_models.receivables.scope import Owners

if TYPE_CHECKING:
    from encours.reading.moment import View

_NOBODY: Mapping[str, Any] = dict.fromkeys(("customer_name", "customer_ref", *ATTRIBUTES), None)


class ReportParties:
    """Columns of debtors and creditors, looked up once each.

    ``fields``: codes of the custom fields to show. ``collectors``: owners of the debtors, if they are shown.
    """

    def __init__(self, view: View, fields: Iterable[str], collectors: Owners | None = None) -> None:
        self._view = view
        self._collectors = collectors or Owners({}, {})
        self._fields = tuple(fields)
        self._customers: dict[str, dict[str, Any]] = {}
        self._entities: dict[str, str] = {}

    def columns(self, entity: str | None, customer_id: str | None) -> Mapping[str, Any]:
        """Return the columns of a debtor of a creditor that :meth:`load` has looked up."""
        found = self._customers.get(customer_id or "", _NOBODY)
        own = {f"field:{code}": found.get(f"field:{code}") for code in self._fields}
        named = {"entity_id": entity, "entity_name": self._entities.get(entity or "")}
        code = self._collectors.codes.get(customer_id or "")
        owner = {"collector": code, "collector_name": self._collectors.names.get(code or "")}
        return {**named, "customer_id": customer_id, **owner, **found, **own}

    async def load(self, entities: Iterable[str | None], customers: Iterable[str | None]) -> None:
        """Look up the entities and customers that are not known yet."""
        unknown = {each for each in entities if each} - self._entities.keys()
        if unknown:
            self._entities |= await names_of(self._view, sorted(unknown))
        missing = sorted({each for each in customers if each} - self._customers.keys())
        if not missing:
            return
        conn, schema = self._view.conn, self._view.schema
        args = Arguments()
        own = portfolio_sql(args, self._view)
        attributes = ", ".join(f"{own.value(each)} as {each}" for each in ATTRIBUTES)
        rows = await conn.fetch(
            f"""select c.customer_id, c.name as customer_name, c.external_ref as customer_ref, {attributes}
                from {schema}.customer c where c.customer_id = any({args.add(missing)}::text[])""",
            *args,
        )
        for row in rows:
            shown = {**row, "tags": tuple(row["tags"] or ()) or None}
            self._customers[shown.pop("customer_id")] = shown
        if self._fields:
            await self._load_fields(missing)

    async def _load_fields(self, customers: list[str]) -> None:
        """Look up the custom fields in force at the dates of the question."""
        found = await _in_force(self._view, "fields", "customer_id", customers, "field")
        for customer_id, fields in found.items():
            self._customers[customer_id] |= fields


async def invoice_fields(view: View, invoices: list[str]) -> dict[str, dict[str, str]]:
    """Return the custom fields of invoices in force at the dates of the question, by invoice and column."""
    return await _in_force(view, "invoice_fields", "invoice_id", invoices, "invoice_field")


async def dispute_columns(view: View, invoices: list[str]) -> dict[str, dict[str, Any]]:
    """Return state and reasons of the disputes of invoices that have had any, by invoice and column."""
    found = {}
    for invoice_id, disputes in (await disputes_of(view, invoices)).items():
        shown = [each for each in disputes if each.state == OPEN] or disputes[-1:]
        reasons = tuple(sorted({each.category for each in shown}))
        found[invoice_id] = {"dispute_state": shown[-1].state, "dispute_reason": reasons}
    return found


async def _in_force(
    view: View, table: str, key: str, wanted: list[str], prefix: str
) -> dict[str, dict[str, str]]:
    rows = await view.conn.fetch(
        f"""select distinct on ({key}) {key} as id, field_codes, field_values from {view.schema}.{table}
            where {key} = any($1::text[]) and effective_on <= $2 and position <= $3
            order by {key}, effective_on desc, position desc""",
        wanted,
        view.time.as_of,
        view.time.position,
    )
    return {
        row["id"]: {
            f"{prefix}:{code}": value
            for code, value in zip(row["field_codes"], row["field_values"], strict=True)
        }
        for row in rows
    }
