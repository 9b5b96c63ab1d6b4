"""From rows to the state that a decision sees; the same for today, for a preview and for the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from dunning_svc.domain.ladder.state import Item, View
from dunning_svc.read_models.rows import AccountRow, CustomerRow, EntityRow, ItemRow, positions, words
from encours.projection.read_model import Conn
from encours.projection.rows import Row, table_of

R = TypeVar("R", bound=Row)
Group = tuple[str, str, str]
"""Customer, creditor, currency: what one message is for."""


async def select(conn: Conn, schema: str, kind: type[R], where: str, *args: object) -> list[R]:
    """Rows of a table. ``where`` is SQL after ``from``, with its own ``where`` or ``order by``."""
    table = table_of(kind)
    records = await conn.fetch(f"select {table.plain} from {schema}.{table.name} {where}", *args)
    return [kind(**dict(zip(table.names, record, strict=True))) for record in records]


def view_of(
    customer: CustomerRow, account: AccountRow | None, items: Sequence[ItemRow], group: Group
) -> View:
    """What a decision about one group sees."""
    seen = {customer.position, *([customer.hold_position] if customer.hold_position else [])}
    if account is not None:
        seen.update(positions(account.events))
    return View(
        customer_id=customer.customer_id,
        entity_id=group[1],
        currency=group[2],
        language=customer.language,
        email=customer.email,
        address=customer.address,
        hold_until=customer.hold_until,
        credit_minor=account.unapplied_minor if account is not None else 0,
        items=tuple(item_of(row) for row in items if row.open_minor > 0),
        events=tuple(sorted(seen)),
    )


def item_of(row: ItemRow) -> Item:
    """A row of the ladder as the domain knows it."""
    return Item(
        invoice_id=row.invoice_id,
        version=row.version,
        number=row.number,
        due_on=row.due_on,
        open_minor=row.open_minor,
        disputed_minor=row.disputed_minor,
        entered_on=row.entered_on,
        done=words(row.done),
        suppressed=words(row.suppressed),
        events=positions(row.events),
    )


class Loaded:
    """What a day's run has to look at, fetched set by set."""

    def __init__(
        self,
        views: Sequence[View],
        customers: Mapping[str, CustomerRow],
        entities: Mapping[str, EntityRow],
    ) -> None:
        self.views = views
        self.customers = customers
        self.entities = entities


async def load_due(conn: Conn, schema: str, day: date, customer_ids: Sequence[str] | None = None) -> Loaded:
    """The views of every group in which a step's day has come, all their open items included."""
    only = "" if customer_ids is None else "and customer_id = any($2)"
    args: list[object] = [day] if customer_ids is None else [day, list(customer_ids)]
    groups: list[Group] = [
        tuple(record)
        for record in await conn.fetch(
            f"select distinct customer_id, entity_id, currency from {schema}.item where next_step_on <= $1 {only}"
            " order by 1, 2, 3",
            *args,
        )
    ]
    return await load_groups(conn, schema, groups)


async def load_groups(conn: Conn, schema: str, groups: Sequence[Group]) -> Loaded:
    """The views of these groups, in their order."""
    if not groups:
        return Loaded((), {}, Creditors())
    names = [list(column) for column in zip(*groups, strict=True)]
    customers = {
        row.customer_id: row
        for row in await select(conn, schema, CustomerRow, "where customer_id = any($1)", names[0])
    }
    accounts = {
        (row.customer_id, row.entity_id, row.currency): row
        for row in await select(conn, schema, AccountRow, "where customer_id = any($1)", names[0])
    }
    entities = await creditors(conn, schema)
    items = by_group(
        await select(conn, schema, ItemRow, "where customer_id = any($1) and open_minor > 0", names[0])
    )
    views = [
        view_of(customers[group[0]], accounts.get(group), items.get(group, []), group)
        for group in groups
        if group[0] in customers
    ]
    return Loaded(views, customers, entities)


class Creditors(dict[str, EntityRow]):
    """Creditors by id. One whose registration is not readable (a parked stream) goes by its id: no run stops."""

    def __missing__(self, entity_id: str) -> EntityRow:
        return EntityRow(
            entity_id=entity_id, name=entity_id, time_zone="UTC", address=None, iban=None, siren=None
        )


async def creditors(conn: Conn, schema: str) -> Creditors:
    """Every creditor of the ledger."""
    return Creditors({row.entity_id: row for row in await select(conn, schema, EntityRow, "")})


def by_group(rows: Iterable[ItemRow]) -> dict[Group, list[ItemRow]]:
    """Items by customer, creditor and currency."""
    found: dict[Group, list[ItemRow]] = {}
    for row in rows:
        found.setdefault((row.customer_id, row.entity_id, row.currency), []).append(row)
    return found
