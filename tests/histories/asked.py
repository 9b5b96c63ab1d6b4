"""Rows that a projection asks for."""

from __future__ import annotations

from typing import Any

from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.access import R
from encours.projection.rows import Row


class Asked:
    """Remembers which rows a projection asks for."""

    def __init__(self, rows: MemoryRows) -> None:
        self.put = rows.put
        self._rows = rows
        self.keys: set[tuple[type[Row], tuple[Any, ...]]] = set()

    def get(self, kind: type[R], *key: Any) -> R | None:
        self.keys.add((kind, key))
        return self._rows.get(kind, *key)
