"""Virtual IBANs by number, and by the customer who holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from encours.reading.merges import survivors_at
from invoice_svc.domain.virtual_iban.state import Holding, standing

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View

_ROW = "iban, holder_id, valid_from, valid_until"


async def held(
    conn: Conn, schema: str, entity_id: str, ibans: Collection[str]
) -> dict[str, tuple[Holding, ...]]:
    """Return the holdings of an entity's virtual IBANs."""
    rows = await conn.fetch(
        f"""select {_ROW} from {schema}.virtual_iban where entity_id = $1 and iban = any($2::text[])
            order by position""",
        entity_id,
        list(ibans),
    )
    return _standing(rows)


async def of_holders(conn: Conn, schema: str, customers: Collection[str]) -> set[str]:
    """Return the virtual IBANs that were ever assigned to one of the customers."""
    rows = await conn.fetch(
        f"select distinct iban from {schema}.virtual_iban where holder_id = any($1::text[])", list(customers)
    )
    return {row["iban"] for row in rows}


async def assigned_between(conn: Conn, schema: str, after: int, until: int) -> set[str]:
    """Return the virtual IBANs that were assigned after a position, up to another one."""
    rows = await conn.fetch(
        f"select iban from {schema}.virtual_iban where position > $1 and position <= $2", after, until
    )
    return {row["iban"] for row in rows}


async def of_customer(view: View, customer_id: str) -> dict[str, tuple[Holding, ...]]:
    """Return the virtual IBANs of a customer, merged records with it, by what was known then."""
    records = (await survivors_at(view)).records(customer_id)
    rows = await view.conn.fetch(
        f"""select {_ROW} from {view.schema}.virtual_iban
            where holder_id = any($1::text[]) and position <= $2 order by position""",
        records,
        view.time.position,
    )
    return _standing(rows)


def _standing(rows: Iterable[Any]) -> dict[str, tuple[Holding, ...]]:
    made: dict[str, list[Holding]] = {}
    for row in rows:
        holding = Holding(row["holder_id"], row["valid_from"], row["valid_until"])
        made.setdefault(row["iban"], []).append(holding)
    found: Mapping[str, tuple[Holding, ...]] = {iban: standing(each) for iban, each in sorted(made.items())}
    return {iban: holdings for iban, holdings in found.items() if holdings}
