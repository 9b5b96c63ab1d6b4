"""State of a ledger in figures, to compare a sandbox with its source."""

from __future__ import annotations

from dataclasses import dataclass

from dunning_svc.read_models.cases.model import MODEL
from encours.ledger import Ledger
from encours.ledger.sandboxes import types_since
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """Figures of a ledger at one position: events since another by type, open amounts by currency, and the reminders
    decided or approved since by status."""

    position: int
    events: dict[str, int]
    open_minor: dict[str, int]
    reminders: dict[str, int]


async def figures_since(ledger: Ledger, db: ReadDb, name: str, after: int) -> LedgerFigures:
    """Return the figures at the position of the read model. Raises ``ReadModelNotReady``."""
    await db.catch_up(MODEL, name)
    async with db.snapshot(MODEL, name) as (conn, schema, position):
        amounts = await conn.fetch(
            f"select currency, sum(open_minor)::bigint from {schema}.item where open_minor > 0 group by 1 order by 1"
        )
        reminders = await reminders_since(conn, schema, after)
    events = await types_since(ledger, name, after, position)
    return LedgerFigures(position, events, dict(map(tuple, amounts)), reminders)


async def reminders_since(conn: Conn, schema: str, after: int) -> dict[str, int]:
    """Return the number of reminders decided or approved after a position, by status."""
    rows = await conn.fetch(
        f"""select status, count(*) from {schema}.reminder where position > $1 or approved_position > $1
            group by 1 order by 1""",
        after,
    )
    return {row[0]: row[1] for row in rows}
