"""Queries of the list of cheques, bills and notes: the maturity ledger [échéancier], and those that a day settles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.events.money.instrument import InstrumentKind
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere
from invoice_svc.domain.instrument.state import InstrumentStatus

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

_THEN = """
    select i.instrument_id, i.entity_id, i.customer_id, i.kind, i.number, i.currency, i.amount_minor,
        s.status, s.matures_on
    from {schema}.instrument i
    cross join lateral (
        select status, matures_on from {schema}.instrument_status s
        where s.instrument_id = i.instrument_id and s.position <= {position} and s.effective_on <= {as_of}
        order by s.position desc limit 1
    ) s
"""


@dataclass(frozen=True, slots=True)
class InstrumentFilter:
    """Restrictions of a list of instruments; both days of maturity are included."""

    entity_id: str | None = None
    customer_id: str | None = None
    invoice_id: str | None = None
    kind: InstrumentKind | None = None
    status: InstrumentStatus | None = None
    number: str | None = None
    matures_from: date | None = None
    matures_until: date | None = None


async def instruments(view: View, page: Page, wanted: InstrumentFilter) -> list[Any]:
    """Rows of a page of instruments, with status and maturity as of the question's dates."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    where.equal("kind", wanted.kind).equal("status", wanted.status).equal("number", wanted.number)
    if wanted.matures_from is not None:
        where.add("matures_on >= {}", wanted.matures_from)
    if wanted.matures_until is not None:
        where.add("matures_on <= {}", wanted.matures_until)
    if wanted.invoice_id is not None:
        where.add(
            f"instrument_id in (select instrument_id from {view.schema}.instrument_invoice where invoice_id = {{}})",
            wanted.invoice_id,
        )
    source = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    return await where.page(page, "instrument_id, matures_on", f"({source}) listed")


async def instruments_to_settle(conn: Conn, schema: str, day: date) -> list[tuple[str, str]]:
    """Ids of instruments in hand whose days of clearing end by a day, and their entities."""
    rows = await conn.fetch(
        f"""select instrument_id, entity_id from {schema}.instrument
            where status in ('in_hand', 'remitted') and clears_by <= $1 order by clears_by, instrument_id""",
        day,
    )
    return [(row["instrument_id"], row["entity_id"]) for row in rows]
