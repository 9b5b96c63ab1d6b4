"""Rows of read models: a struct declares the table, its columns in order, its key and its indexes.

Everything that SQL needs is derived from the declaration, so that the live path and a rebuild write the same
columns in the same way and a content hash covers exactly what was declared.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

_INFINITIES: dict[date, str] = {
    date.min: "-infinity",
    date.max: "infinity",
    datetime.min.replace(tzinfo=UTC): "-infinity",
    datetime.max.replace(tzinfo=UTC): "infinity",
}
Key = tuple[Any, ...]
Values = Callable[[Any], tuple[Any, ...]]
"""A tuple made from a row."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
# Text compares by bytes everywhere: a server's locale must not decide the order of a list or of an index.
_SQL_TYPES: dict[Any, tuple[str, str]] = {
    str: ("text", 'text collate "C"'),
    int: ("bigint", "bigint"),
    date: ("date", "date"),
    datetime: ("timestamptz", "timestamptz"),
    bool: ("boolean", "boolean"),
    list[str]: ("text[]", 'text[] collate "C"'),
}


@dataclass(frozen=True)
class Id:
    """Marks a ``str`` field whose column holds identifiers of one kind as the 16 bytes behind their prefix.

    ``invoice_id: Annotated[str, Id("inv")]`` is a column of type uuid. Rows in memory and answers hold the identifier
    as it is written everywhere else, ``inv_<32 digits>``; the empty text is the nil UUID.
    """

    prefix: str

    def is_kind(self, text: str) -> bool:
        """Return true for an identifier of this kind."""
        return re.fullmatch(rf"{self.prefix}_[0-9a-f]{{32}}", text) is not None

    def pack(self, text: str | None) -> str | None:
        """The digits, which the driver takes for a UUID. Raises ``ValueError`` for an identifier of another kind."""
        return _packer(self.prefix)(text)

    def unpack(self, value: UUID | None) -> str | None:
        """The identifier of a value that the driver gives."""
        if value is None:
            return None
        return f"{self.prefix}_{value.hex}" if value.int else ""

    def sql(self, column: str) -> str:
        """SQL: the identifier as text."""
        text = f"'{self.prefix}_' || replace({column}::text, '-', '')"
        return f"""(case when {column} = '{_NIL}' then '' else {text} end collate "C")"""


_NIL = "0" * 32


@cache
def _packer(prefix: str) -> Callable[[str | None], str | None]:
    start = f"{prefix}_"
    until = len(start)

    def pack(text: str | None) -> str | None:
        if text:
            if text[:until] == start and len(text) == until + len(_NIL):
                return text[until:]
            raise ValueError(f"{text!r} is not an identifier of the kind {start}")
        return text if text is None else _NIL

    return pack


class Row(msgspec.Struct, kw_only=True, gc=False):
    """Base of a read model's rows. Fields are the columns, in order.

    ``str`` is text, ``int`` bigint, ``date`` date, ``datetime`` timestamptz, ``bool`` boolean, ``list[str]``
    text[]; ``| None`` makes a column nullable, :class:`Id` makes it 16 bytes. ``INDEXES`` holds the bodies of index
    definitions, such as ``"(due_on) where open_minor > 0"``. Give a list field a new list instead of changing it in
    place. ``TEMPORAL`` names columns of which the last two are the first day of a row and the first day after it: rows
    that are equal in the others may not overlap, which the database keeps at the end of each transaction.
    ``EXTENSIONS``: extensions of PostgreSQL that the indexes need; trusted ones, which a database's owner may create.
    ``FINAL``: an event puts the row, and no later one reads, replaces or deletes it, so that a rebuild writes and
    forgets it at once. A ``position`` at the beginning of its key is that of the event.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    FINAL: ClassVar[bool] = False
    INDEXES: ClassVar[tuple[str, ...]] = ()
    TEMPORAL: ClassVar[tuple[str, ...]] = ()
    EXTENSIONS: ClassVar[tuple[str, ...]] = ()


class Column(msgspec.Struct, frozen=True):
    """One column as PostgreSQL knows it."""

    name: str
    sql_type: str
    declared: str
    nullable: bool
    id: Id | None = None


class Table:
    """Return the table that a row type declares. Raises ``TypeError`` for a declaration that cannot be a table."""

    def __init__(self, row_type: type[Row]) -> None:
        self.row_type = row_type
        self.name = row_type.TABLE
        self.key = row_type.KEY
        self.columns = _columns(row_type)
        self.names = tuple(column.name for column in self.columns)
        if not _NAME.fullmatch(self.name):
            raise TypeError(f"{row_type.__qualname__}.TABLE {self.name!r} is not a plain lower-case name")
        by_name = {column.name: column for column in self.columns}
        for part in self.key:
            if part not in by_name or by_name[part].nullable:
                raise TypeError(f"{row_type.__qualname__}.KEY: {part!r} is not a column that is always set")
        if not self.key:
            raise TypeError(f"{row_type.__qualname__} has no KEY")
        self.key_types = tuple(by_name[part].sql_type for part in self.key)
        self._key_ids = tuple(by_name[part].id for part in self.key)
        self.key_text = ", ".join(
            part if (id_ := by_name[part].id) is None else id_.sql(part) for part in self.key
        )
        """SQL: the key's columns with identifiers as text."""
        self.plain = ", ".join(self.names)
        numbers = [column for column in self.columns if column.sql_type == "bigint"]
        self.check_numbers = _number_check(numbers)
        """Raises ``struct.error`` for a number that does not fit into its column. At once and not when the row is
        written: a rebuild writes a row only as its last event left it, and must refuse the very event that the
        live path refuses."""
        self._texts = tuple(column.name for column in self.columns if column.sql_type in ("text", "text[]"))
        self.key_of: Callable[[Row], Key] = _getter(self.key)
        """The key of a row."""
        self.values: Values = _packed(_getter(self.names), [column.id for column in self.columns])
        """The columns of a row, in order, as the driver takes them. Raises ``ValueError`` for an identifier of
        another kind than its column's."""

    def check_texts(self, row: Row) -> None:
        """Raise ``ValueError`` for a text that PostgreSQL cannot hold."""
        for name in self._texts:
            value = getattr(row, name)
            if value is not None and "\x00" in "".join(value):
                raise ValueError(f"{self.name}.{name} holds the character U+0000")

    def row(self, record: Iterable[Any]) -> Row:
        """A row from a record that has every column, in order."""
        return self.row_type(
            **{
                column.name: value if column.id is None else column.id.unpack(value)
                for column, value in zip(self.columns, record, strict=True)
            }
        )

    def key_columns(self, keys: Iterable[Key]) -> list[list[Any]]:
        """Parameters of :meth:`select_by_key` and :meth:`delete_by_key`. Raises ``ValueError`` as ``values`` does."""
        columns = zip(*keys, strict=True)
        return [
            list(column) if id_ is None else list(map(id_.pack, column))
            for id_, column in zip(self._key_ids, columns, strict=True)
        ]

    def create(self, schema: str) -> str:
        """DDL without the indexes but with the primary key: an upsert needs that one at once."""
        columns = ", ".join(
            f"{column.name} {column.declared}{'' if column.nullable else ' not null'}"
            for column in self.columns
        )
        if self.row_type.TEMPORAL:
            *_, first_day, day_after = self.row_type.TEMPORAL
            columns += (
                f", valid daterange not null generated always as (daterange({first_day}, {day_after})) stored"
            )
        return f"create table {schema}.{self.name} ({columns})"

    def create_key(self, schema: str) -> str:
        """DDL of the primary key. A rebuild adds it before the first row is written over another."""
        return f"alter table {schema}.{self.name} add primary key ({', '.join(self.key)})"

    def create_indexes(self, schema: str) -> list[str]:
        """DDL of the declared indexes and the temporal key; after a bulk load, when they are built in one sweep."""
        found = [
            f"create index {self.name}_{number} on {schema}.{self.name} {body}"
            for number, body in enumerate(self.row_type.INDEXES, 1)
        ]
        if self.row_type.TEMPORAL:
            same = ", ".join(self.row_type.TEMPORAL[:-2])
            # Deferred: of two rows that change in one statement the first may reach into the old range of the second.
            found.append(
                f"alter table {schema}.{self.name} add constraint {self.name}_valid "
                f"unique ({same}, valid without overlaps) deferrable initially deferred"
            )
        return found

    def select_by_key(self, schema: str) -> str:
        """SQL: the rows of the given keys, one array parameter a key column."""
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(self.key_types, 1))
        wanted = ", ".join(f"k{n}" for n in range(len(self.key)))
        match = " and ".join(f"t.{part} = k.k{n}" for n, part in enumerate(self.key))
        columns = ", ".join(f"t.{name}" for name in self.names)
        return (
            f"select {columns} from unnest({arrays}) k({wanted}) "
            # OFFSET 0 keeps one index probe a key: a join would let a plan made on an empty table scan a full one.
            f"cross join lateral (select * from {schema}.{self.name} t where {match} offset 0) t"
        )

    def delete_by_key(self, schema: str) -> str:
        """SQL: delete the rows of the given keys, one array parameter a key column."""
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(self.key_types, 1))
        wanted = ", ".join(f"k{n}" for n in range(len(self.key)))
        match = " and ".join(f"t.{part} = k.k{n}" for n, part in enumerate(self.key))
        return f"delete from {schema}.{self.name} t using unnest({arrays}) k({wanted}) where {match}"

    def upsert(self, schema: str) -> str:
        """SQL: insert or replace rows, one parameter holding them as JSON text or one array a column."""
        if any(column.sql_type == "text[]" for column in self.columns):
            # unnest would flatten arrays of arrays, so tables with a text[] column come in as a JSON array.
            source = f"jsonb_to_recordset($1::jsonb) r({', '.join(f'{c.name} {c.sql_type}' for c in self.columns)})"
        else:
            arrays = ", ".join(f"${n}::{column.sql_type}[]" for n, column in enumerate(self.columns, 1))
            source = f"unnest({arrays}) r({self.plain})"
        return self.upsert_from(schema, source)

    def upsert_from(self, schema: str, source: str) -> str:
        """SQL: insert or replace rows that come from a function or a staging table."""
        columns = self.plain
        return f"insert into {schema}.{self.name} ({columns}) select {columns} from {source} {self._on_conflict()}"

    def upsert_arguments(self, rows: Sequence[Row]) -> list[Any]:
        """Parameters of :meth:`upsert`."""
        values = [self.values(row) for row in rows]
        if any(column.sql_type == "text[]" for column in self.columns):
            objects = [dict(zip(self.names, map(_as_driver, row), strict=True)) for row in values]
            return [msgspec.json.encode(objects).decode()]
        return [list(column) for column in zip(*values, strict=True)]

    def _on_conflict(self) -> str:
        changed = [name for name in self.names if name not in self.key]
        key = ", ".join(self.key)
        if not changed:
            return f"on conflict ({key}) do nothing"
        return f"on conflict ({key}) do update set {', '.join(f'{n} = excluded.{n}' for n in changed)}"


def _as_driver(value: Any) -> Any:
    """Value for JSON, with the first and the last day and instant as the infinities that the driver makes of them."""
    return _INFINITIES.get(value, value) if isinstance(value, date) else value


def _nothing(_: Row) -> tuple[Any, ...]:
    return ()


def _number_check(numbers: Sequence[Column]) -> Callable[[Row], object]:
    """A check that costs 0.15 µs: packing tells a number of more than 64 bits from one that fits."""
    values = (
        f"(0 if (v := row.{column.name}) is None else v)" if column.nullable else f"row.{column.name}"
        for column in numbers
    )
    known = {"pack": struct.Struct(f"{len(numbers)}q").pack}
    check: Callable[[Row], object] = eval(f"lambda row: pack({', '.join(values)})", known)  # noqa: S307 (no text from outside)
    return check


def _packed(values: Values, ids: Sequence[Id | None]) -> Values:
    """The same with identifiers packed."""
    if not any(ids):
        return values
    packers = [(at, _packer(id_.prefix)) for at, id_ in enumerate(ids) if id_ is not None]

    def packed(row: Row) -> tuple[Any, ...]:
        found = list(values(row))
        for at, pack in packers:
            found[at] = pack(found[at])
        return tuple(found)

    return packed


def _getter(names: Sequence[str]) -> Values:
    """All of these fields as a tuple, also when there is one or none."""
    if not names:
        return _nothing
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda row: (only(row),)
    return attrgetter(*names)


@cache
def table_of(row_type: type[Row]) -> Table:
    """The table of a row type, worked out once."""
    return Table(row_type)


def _columns(row_type: type[Row]) -> tuple[Column, ...]:
    hints = get_type_hints(row_type, include_extras=True)
    columns = []
    for name in row_type.__struct_fields__:
        declared = hints[name]
        nullable, id_ = False, None
        if get_origin(declared) is Annotated:
            declared, id_ = get_args(declared)[:2]
        if get_origin(declared) in (Union, UnionType):
            parts = [part for part in get_args(declared) if part is not NoneType]
            nullable = len(parts) < len(get_args(declared))
            declared = parts[0] if len(parts) == 1 else declared
        if declared not in _SQL_TYPES:
            raise TypeError(f"{row_type.__qualname__}.{name}: {declared!r} is not a column type")
        if not _NAME.fullmatch(name):
            raise TypeError(f"{row_type.__qualname__}.{name} is not a plain lower-case name")
        sql_type, ddl = _SQL_TYPES[declared] if id_ is None else ("uuid", "uuid")
        columns.append(Column(name, sql_type, ddl, nullable, id_))
    return tuple(columns)
