"""Queries of the lists of bank statements and of bank lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from encours.reading.where import ViewWhere
from invoice_svc.domain.bank_line.state import LineStatus

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

Direction = Literal["in", "out"]
_THEN = """
    select l.line_id, l.entity_id, l.statement_id, l.iban, l.booked_on, l.amount_minor, s.status
    from {schema}.bank_line l
    cross join lateral (
        select status from {schema}.bank_line_status s
        where s.line_id = l.line_id and s.position <= {position} and s.effective_on <= {as_of}
        order by s.position desc limit 1
    ) s
    where l.from_position <= {position} and l.counts_on <= {as_of}
"""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Restrictions of a list of bank lines."""

    entity_id: str | None = None
    statement_id: str | None = None
    iban: str | None = None
    status: LineStatus | None = None
    direction: Direction | None = None
    booked_from: date | None = None
    booked_until: date | None = None


async def statements(view: View, page: Page, *, entity_id: str | None, iban: str | None) -> list[Any]:
    """Rows of a page of statements."""
    where = ViewWhere(view).equal("entity_id", entity_id).equal("iban", iban)
    where.add(f"from_position <= {where.position} and stated_on <= {where.as_of}")
    return await where.page(page, "statement_id, stated_on", f"{view.schema}.bank_statement")


async def lines(view: View, page: Page, wanted: LineFilter) -> list[Any]:
    """Rows of a page of lines, with their status on the day that is asked about."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("statement_id", wanted.statement_id)
    where.equal("iban", wanted.iban).equal("status", wanted.status)
    if wanted.direction is not None:
        where.add("amount_minor > 0" if wanted.direction == "in" else "amount_minor <= 0")
    for bound, condition in (
        (wanted.booked_from, "booked_on >= {}"),
        (wanted.booked_until, "booked_on <= {}"),
    ):
        if bound is not None:
            where.add(condition, bound)
    source = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    return await where.page(page, "line_id, booked_on", f"({source}) listed")


class UnjudgedLine(NamedTuple):
    """A line of money in that has no status but that of its record."""

    line_id: str
    entity_id: str
    from_position: int


async def unjudged(conn: Conn, schema: str, after: int, limit: int) -> list[UnjudgedLine]:
    """Return lines recorded after a position that bring money and are unmatched, in the order of their record."""
    rows = await conn.fetch(
        f"""select l.line_id, l.entity_id, l.from_position from {schema}.bank_line l
            join {schema}.bank_line_status s on s.line_id = l.line_id and s.position = l.from_position
            where l.from_position > $1 and l.amount_minor > 0 and s.status = 'unmatched'
              and not exists (select from {schema}.bank_line_status n
                              where n.line_id = l.line_id and n.position > l.from_position)
            order by l.from_position limit $2""",
        after,
        limit,
    )
    return [UnjudgedLine(*row) for row in rows]


async def unjudged_returns(conn: Conn, schema: str, after: int, until: int) -> list[UnjudgedLine]:
    """Return unmatched returns that were recorded after a position and up to another, in the order of their record."""
    rows = await conn.fetch(
        f"""select l.line_id, l.entity_id, l.from_position from {schema}.bank_line l
            where l.from_position > $1 and l.from_position <= $2 and l.is_return
              and not exists (select from {schema}.bank_line_status n
                              where n.line_id = l.line_id and n.position > l.from_position)
            order by l.from_position""",
        after,
        until,
    )
    return [UnjudgedLine(*row) for row in rows]
