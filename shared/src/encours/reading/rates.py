"""Published exchange rates in a read model, for figures in several currencies that are to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Self

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


class RatePairRow(Row, kw_only=True):
    """A pair of which an entity has rates: so the last one of each is found without reading all days."""

    TABLE: ClassVar[str] = "rate_pair"
    KEY: ClassVar[tuple[str, ...]] = ("entity", "base", "quote")
    entity: str
    base: str
    quote: str


def rate_rows(e: Recorded, event: ExchangeRatePublished) -> tuple[Row, ...]:
    """Return the rows of an event."""
    return RateRow.of(e, event), RatePairRow(entity=event.entity_id, base=event.base, quote=event.quote)


RATES = """
select p.entity, p.base, p.quote, last.day, last.rate, last.source
from {s}.rate_pair p cross join lateral (
    select r.day, r.rate, r.source from {s}.rate r
    where (r.entity, r.base, r.quote) = (p.entity, p.base, p.quote) and r.position <= $2 and r.day <= $3
    order by r.day desc, r.position desc limit 1
) last
where p.entity in (select unnest({entities}))
"""
"""The last rate of each pair of some entities (SQL of an array) up to a date, as it was known at a position."""


async def rates_known(
    conn: Conn, schema: str, entities: Iterable[str], *, as_of: date, position: int
) -> Mapping[str, tuple[QuotedRate, ...]]:
    """Return the last rate of each pair up to a date, as it was known at the position, by entity."""
    statement = RATES.format(s=schema, entities="$1::text[]")
    return rates_of(await conn.fetch(statement, sorted(set(entities)), position, as_of))


def rates_of(rows: Iterable[Any]) -> Mapping[str, tuple[QuotedRate, ...]]:
    """Return rates by entity."""
    return {entity: tuple(rates) for entity, rates in _by_entity(rows).items()}


async def rate_histories(
    conn: Conn, schema: str, entities: Iterable[str], currencies: Iterable[str], *, as_of: date, position: int
) -> Mapping[str, RateHistory]:
    """Return the rates between these currencies up to a date, as they were known at the position, by entity."""
    rows = await conn.fetch(
        f"""select distinct on (entity, base, quote, day) entity, base, quote, day, rate, source from {schema}.rate
            where entity = any($1) and base = any($2) and quote = any($2) and day <= $3 and position <= $4
            order by entity, base, quote, day, position desc""",
        sorted(set(entities)),
        sorted(set(currencies)),
        as_of,
        position,
    )
    return {entity: RateHistory(rates) for entity, rates in _by_entity(rows).items()}


def _by_entity(rows: Iterable[Any]) -> dict[str, list[QuotedRate]]:
    found: dict[str, list[QuotedRate]] = {}
    for row in rows:
        quoted = QuotedRate(row["base"], row["quote"], row["rate"], row["day"], row["source"])
        found.setdefault(row["entity"], []).append(quoted)
    return found
