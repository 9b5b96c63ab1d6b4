"""The part of the lists that finds schedules of statements: table, projection, and what is due by a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, ClassVar, cast

from encours.contracts import Recorded
from encours.contracts.events.money.statement import StatementDecided, StatementScheduled
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.statement_schedule.state import Periods, StatementEvent

if TYPE_CHECKING:
    from encours.projection.read_model import Conn


class StatementScheduleRow(Row, kw_only=True):
    """Schedule of a customer's statements. ``next_on`` is the day on which the next one is due."""

    TABLE: ClassVar[str] = "statement_schedule"
    KEY: ClassVar[tuple[str, ...]] = ("schedule_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(next_on)",)
    schedule_id: str
    entity_id: str
    rule: str | None
    starts_on: date
    next_from: date
    begun: bool
    next_on: date | None


class StatementSchedules(Part):
    """Schedules of statements by the day on which the next one is due."""

    rows = (StatementScheduleRow,)
    applies = frozenset((StatementScheduled.TYPE, StatementDecided.TYPE))

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The schedule of the event."""
        yield StatementScheduleRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event: the next period follows from it."""
        row = rows.get(StatementScheduleRow, e.stream)
        before = Periods() if row is None else Periods(row.rule, row.starts_on, row.next_from, row.begun)
        after = before.after(cast(StatementEvent, e.data))
        rows.put(
            StatementScheduleRow(
                schedule_id=e.stream,
                entity_id=e.entity,
                rule=after.rule,
                starts_on=after.starts_on,
                next_from=after.next_from,
                begun=after.begun,
                next_on=after.next_due(),
            )
        )


async def due_schedules(conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
    """Ids of schedules with a statement that is due by a day, and their entities; the earliest first."""
    rows = await conn.fetch(
        f"""select schedule_id, entity_id from {schema}.statement_schedule where next_on <= $1
            order by next_on, schedule_id""",
        until,
    )
    return [(row["schedule_id"], row["entity_id"]) for row in rows]
