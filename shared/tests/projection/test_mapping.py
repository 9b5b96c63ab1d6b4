"""Models that a rebuild maps: what it relies on is checked before it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import pytest

from encours.contracts import Recorded
from encours.projection.projector import check_model
from encours.projection.read_model import MappedModel, Sum
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row


class Noted(Row, kw_only=True):
    TABLE: ClassVar[str] = "noted"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    position: int
    line: int
    text: str


class LineFirst(Noted, kw_only=True):
    KEY: ClassVar[tuple[str, ...]] = ("line", "position")


class Beside(Row, kw_only=True):
    TABLE: ClassVar[str] = "beside"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    text: str
    position: int
    line: int


def mapped(row_type: type[Row]) -> MappedModel:
    class Notes(MappedModel):
        name = "notes"
        version = 1
        rows = (row_type,)
        entry = row_type
        created = ()
        creating = ordered = applies = ignores = frozenset()

        def project(self, e: Recorded, rows: RowCache) -> None: ...

        def entries_of(self, kind: str) -> Callable[[Recorded, Any], Iterable[object]]:
            return lambda e, data: ()

        def creates(self, e: Recorded) -> Iterable[Row]:
            return ()

        def sums(self, schema: str) -> Sequence[Sum]:
            return ()

    return Notes()


def test_encoded_entries_sort_by_their_key_so_it_must_be_their_first_columns() -> None:
    check_model(mapped(Noted))
    for row_type in (LineFirst, Beside):
        with pytest.raises(TypeError, match="does not begin with its key"):
            check_model(mapped(row_type))
