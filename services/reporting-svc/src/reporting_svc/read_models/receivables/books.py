"""Existence of entities and customers, and the currency of an answer without amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_svc.read_models.refusals import ReportedCustomerNotFound, ReportingEntityNotFound
from reporting_svc.read_models.scope import Scope

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

FALLBACK_CURRENCY = "EUR"


async def check(conn: Conn, schema: str, scope: Scope, entity_id: str | None) -> None:
    """Raise a 404 refusal for an entity that was named, or a customer, that this ledger does not have in scope."""
    if entity_id is not None:
        known = await conn.fetchval(f"select 1 from {schema}.entity where entity = $1", entity_id)
        if known is None:
            raise ReportingEntityNotFound(entity_id)
    if scope.customer_id is not None:
        entity = await conn.fetchval(
            f"select entity from {schema}.customer where customer_id = $1", scope.customer_id
        )
        if entity is None or (scope.entities is not None and entity not in scope.entities):
            raise ReportedCustomerNotFound(scope.customer_id)


async def currency_of(conn: Conn, schema: str, scope: Scope) -> str:
    """The currency of an answer that has no amounts: the one asked for, else that of the books."""
    if scope.currency is not None:
        return scope.currency
    found: str | None = await conn.fetchval(
        f"select currency from {schema}.entity where $1::text[] is null or entity = any($1) order by entity limit 1",
        None if scope.entities is None else list(scope.entities),
    )
    return found or FALLBACK_CURRENCY
