"""The part of the lists that finds entities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.parties.entity import EntityAmended, EntityRegistered, SeriesDefined
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.entities.rows import EntityRow, SeriesRow
from invoice_svc.read_models.known import known

_Read = EntityRegistered | EntityAmended | SeriesDefined


class Entities(Part):
    """Entities by id, and the templates of their series."""

    rows = (EntityRow, SeriesRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, EntityAmended):
            yield EntityRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case EntityRegistered():
                entity = EntityRow(
                    entity_id=e.stream,
                    name=event.name,
                    country=event.country,
                    from_on=e.effective_on,
                    from_position=e.position,
                )
                rows.put(entity)
            case EntityAmended():
                entity = known(EntityRow, e, rows)
                entity.name = event.name
                rows.put(entity)
            case SeriesDefined():
                rows.put(SeriesRow(entity_id=e.stream, code=event.code, prefix=event.prefix))
            case _:
                assert_never(event)
