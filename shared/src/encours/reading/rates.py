"""Published exchange rates in a read model, for figures in several currencies that are to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar, Self

from encours.contracts import Recorded
from encours.contracts.events.rate import ExchangeRatePublished
from encours.kernel.exchange import QuotedRate, RateHistory
from encours.projection.read_model import Conn
from encours.projection.rows import Row


class RateRow(Row, kw_only=True):
    """A published rate: units of ``quote`` for one unit of ``base`` from ``day`` on. Never changed again."""

    TABLE: ClassVar[str] = "rate"
    KEY: ClassVar[tuple[str, ...]] = ("entity", "base", "quote", "day", "position")
    entity: str
    base: str
    quote: str
    day: date
    position: int
    rate: str
    source: str

    @classmethod
    def of(cls, e: Recorded, event: ExchangeRatePublished) -> Self:
        """Return the row of an event."""
        return cls(
            entity=event.entity_id,
            base=event.base,
            quote=event.quote,
            day=event.on,
            position=e.position,
            rate=event.rate,
            source=event.source,
        )


async def rates_known(
    conn: Conn, schema: str, entities: Iterable[str], *, as_of: date, position: int
) -> Mapping[str, tuple[QuotedRate, ...]]:
    """Return the last rate of each pair up to a date, as it was known at the position, by entity."""
    rows = await conn.fetch(
        f"""select distinct on (entity, base, quote) entity, base, quote, day, rate, source from {schema}.rate
            where entity = any($1) and day <= $2 and position <= $3
            order by entity, base, quote, day desc, position desc""",
        sorted(set(entities)),
        as_of,
        position,
    )
    found: dict[str, tuple[QuotedRate, ...]] = {}
    for row in rows:
        quoted = QuotedRate(row["base"], row["quote"], row["rate"], row["day"], row["source"])
        found[row["entity"]] = (*found.get(row["entity"], ()), quoted)
    return found


async def rate_histories(
    conn: Conn, schema: str, entities: Iterable[str], *, as_of: date, position: int
) -> Mapping[str, RateHistory]:
    """Return the rates of all days up to a date, as they were known at the position, by entity."""
    rows = await conn.fetch(
        f"""select distinct on (entity, base, quote, day) entity, base, quote, day, rate, source from {schema}.rate
            where entity = any($1) and day <= $2 and position <= $3
            order by entity, base, quote, day, position desc""",
        sorted(set(entities)),
        as_of,
        position,
    )
    found: dict[str, list[QuotedRate]] = {}
    for row in rows:
        quoted = QuotedRate(row["base"], row["quote"], row["rate"], row["day"], row["source"])
        found.setdefault(row["entity"], []).append(quoted)
    return {entity: RateHistory(rates) for entity, rates in found.items()}
