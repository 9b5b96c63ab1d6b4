"""Placements: fold, and queries of a debtor, of lists, and of what partners have to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from msgspec.structs import replace

from dunning_svc.domain.placement.state import Placement, Recall
from dunning_svc.read_models.cases.rows.access import Rows, existing, select, with_position
from dunning_svc.read_models.cases.rows.legal import PlacementRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.tasks import TaskRow
from encours.contracts import Recorded, decode, encode
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled
from encours.projection.read_model import Conn
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

PlacementEvent = InvoicesPlaced | InvoicesRecalled


def placement_changed(e: Recorded, data: PlacementEvent, rows: Rows) -> None:
    """Store a placement or a recall, and where each invoice is; invoices that are not folded are left out."""
    if isinstance(data, InvoicesPlaced):
        rows.put(
            PlacementRow(
                placement_id=data.placement_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                position=e.position,
                handed_over_on=data.handed_over_on,
                document=encode(data).decode(),
            )
        )
        _put_items(e, rows, [each.invoice_id for each in data.invoices], data.placement_id)
        return
    row = existing(rows, PlacementRow, data.placement_id)
    row = replace(row, recalls=[*row.recalls, f"{e.position} {e.effective_on} {encode(data).decode()}"])
    if data.ended:
        # An earlier recall may count from a later day: until then an invoice is left with the partner.
        last = max(_recall_of(each)[1] for each in row.recalls)
        row = replace(row, ended_position=e.position, ended_on=last)
    rows.put(row)
    _put_items(e, rows, data.invoice_ids, None)


def _put_items(e: Recorded, rows: Rows, invoice_ids: Sequence[str], placement_id: str | None) -> None:
    for invoice_id in invoice_ids:
        item = rows.get(ItemRow, invoice_id)
        if item is not None:
            events = with_position(item.events, e.position)
            rows.put(replace(item, placement_id=placement_id, placed_news=0, events=events))


def placement_of(row: Mapping[str, Any], position: int, as_of: date) -> Placement:
    """Return the placement of a row as it was known at a position, with what counted on a day."""
    made = decode(InvoicesPlaced.TYPE, InvoicesPlaced.VERSION, row["document"].encode())
    assert isinstance(made, InvoicesPlaced)
    recalled: dict[str, Recall] = {}
    for entry in row["recalls"]:
        at, on, data = _recall_of(entry)
        if at <= position and on <= as_of:
            recalled |= dict.fromkeys(data.invoice_ids, Recall(data.recalled_on, data.cause))
    return Placement(made, row["entity_id"], row["position"], recalled)


def _recall_of(entry: str) -> tuple[int, date, InvoicesRecalled]:
    """Return position, day and event of an entry of the column ``recalls``."""
    at, on, document = entry.split(" ", 2)
    data = decode(InvoicesRecalled.TYPE, InvoicesRecalled.VERSION, document.encode())
    assert isinstance(data, InvoicesRecalled)
    return int(at), date.fromisoformat(on), data


def recall_days(rows: Iterable[PlacementRow]) -> dict[str, date]:
    """Return the last day on which each invoice that was recalled was with a partner."""
    found: dict[str, date] = {}
    for row in rows:
        for entry in row.recalls:
            _, on, data = _recall_of(entry)
            found |= {each: max(on, found.get(each, on)) for each in data.invoice_ids}
    return found


_PLACEMENT = """(
  select *, case when ended_position <= {position} and ended_on <= {as_of} then 'recalled' else 'placed' end as status
    from {schema}.placement where position <= {position} and handed_over_on <= {as_of}) p"""


async def placements(
    view: View, page: Page, *, customer_id: str | None, status: Literal["placed", "recalled"] | None
) -> list[Any]:
    """Return a page of placements at the dates of the view."""
    where = ViewWhere(view)
    source = _PLACEMENT.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.one_of("customer_id", await records_of(view, customer_id)).equal("status", status)
    return await where.page(page, "*", source)


async def items_with_news(conn: Conn, schema: str, since: int) -> Sequence[ItemRow]:
    """Return the placed invoices about which partners have to know something since a position."""
    return await select(
        conn,
        schema,
        ItemRow,
        "where placement_id is not null and placed_news > $1 order by placement_id, invoice_id",
        since,
    )


async def placements_by_id(conn: Conn, schema: str, ids: Sequence[str]) -> Sequence[PlacementRow]:
    """Return placements."""
    return await select(conn, schema, PlacementRow, "where placement_id = any($1) order by placement_id", ids)


async def last_run_before(conn: Conn, schema: str, position: int) -> int:
    """Return the position of the last day before this one that was opened on time; 0 without any."""
    found = await conn.fetchval(
        f"select max(position) from {schema}.run where not late and position < $1", position
    )
    return found or 0


async def open_tasks(
    conn: Conn, schema: str, customer_ids: Sequence[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the open tasks of the ladder for these customers, with their invoices."""
    rows = await select(
        conn,
        schema,
        TaskRow,
        "where customer_id = any($1) or debtor_ids && $1 order by position",
        list(customer_ids),
    )
    return [
        (row.task_id, tuple(row.invoice_ids))
        for row in rows
        if row.decision_id and row.closed_position is None
    ]
