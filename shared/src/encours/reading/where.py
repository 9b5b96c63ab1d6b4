"""Where-clauses of lists: conditions with numbered arguments, restricted from the start to the caller's entities.

    where = ViewWhere(view)                                # entity_id = any($1::text[]), if the key is limited
    where.equal("customer_id", customer_id)
    where.add("due_on < {}", due_before)
    where.add(f"from_position <= {where.position}")
    rows = await where.page(page, "invoice_id, due_on", f"{view.schema}.invoice")

A list cannot be built without the grant: pages are cut here and nowhere else
(``tests/architecture/test_sql_rooms.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from encours.projection.rows import Id
    from encours.reading.moment import Granted, View
    from encours.reading.pages import Page

LAST_CHARACTER = "\U0010ffff"


class Arguments(list[Any]):
    """Values of one statement, numbered in the order in which they are added."""

    def add(self, value: Any) -> str:
        """Take a value and return its placeholder: ``$1``, ``$2``, …"""
        self.append(value)
        return f"${len(self)}"


class Where:
    """Conditions on rows of the caller's entities, joined by ``and``.

    ``entity`` is the column that holds the entity; None is for rows that belong to the ledger as a whole. ``packed``
    is given where that column holds the ids as 16 bytes. ``arguments`` are those of the statement, if it has other
    parts; names of columns come from code, never from a caller.
    """

    def __init__(
        self,
        granted: Granted,
        *,
        entity: str | None = "entity_id",
        packed: Id | None = None,
        arguments: Arguments | None = None,
    ) -> None:
        self.arguments = Arguments() if arguments is None else arguments
        self._conditions: list[str] = []
        if entity is not None:
            self.among(entity, granted, packed)

    def add(self, condition: str, *values: Any) -> Self:
        """Require a condition; ``{}`` in it stands for each value in turn."""
        self._conditions.append(condition.format(*map(self.arguments.add, values)))
        return self

    def equal(self, column: str, value: Any, packed: Id | None = None) -> Self:
        """Require a value; None requires nothing."""
        if value is None or packed is not None:
            return self.among(column, None if value is None else [value], packed)
        return self.add(f"{column} = {{}}", value)

    def among(self, column: str, values: Sequence[str] | None, packed: Id | None = None) -> Self:
        """Require one of the values; None requires nothing. No row has an identifier of another kind."""
        if values is None:
            return self
        if packed is None:
            return self.add(f"{column} = any({{}}::text[])", list(values))
        return self.add(
            f"{column} = any({{}}::uuid[])", [packed.pack(v) for v in values if packed.is_kind(v)]
        )

    def one_of(self, column: str, values: Sequence[str] | None, packed: Id | None = None) -> Self:
        """Require one of the values as :meth:`among`; a single one by equality, so that an index orders the rest."""
        if values is None or len(values) != 1:
            return self.among(column, values, packed)
        return self.equal(column, values[0], packed)

    def beginning(self, column: str, text: str) -> str:
        """Return the condition that a column begins with a text. An index answers it, as text is compared by bytes."""
        low, high = self.arguments.add(text), self.arguments.add(text + LAST_CHARACTER)
        return f"{column} >= {low} and {column} < {high}"

    @property
    def sql(self) -> str:
        """SQL of the conditions; ``true`` if there are none."""
        return " and ".join(f"({condition})" for condition in self._conditions) or "true"

    def page_sql(self, page: Page, columns: str, source: str) -> str:
        """Return the statement for a page of a table or subquery. Call it once: it adds the cursor's arguments."""
        behind, values = page.after(len(self.arguments) + 1)
        self.arguments += values
        return f"select {columns} from {source} where {self.sql} and {behind} {page.order_by()} limit {page.fetch}"


class ViewWhere(Where):
    """Conditions on the rows of a read model, with the two dates of the question and the caller's entities."""

    def __init__(
        self,
        view: View,
        *,
        entity: str | None = "entity_id",
        packed: Id | None = None,
        arguments: Arguments | None = None,
    ) -> None:
        super().__init__(view.granted, entity=entity, packed=packed, arguments=arguments)
        self._view = view

    @cached_property
    def position(self) -> str:
        """Placeholder of the position at which the question is answered."""
        return f"{self.arguments.add(self._view.time.position)}::bigint"

    @cached_property
    def as_of(self) -> str:
        """Placeholder of the business date of the question."""
        return f"{self.arguments.add(self._view.time.as_of)}::date"

    def counts(self, alias: str = "") -> str:
        """SQL: true of a row of the table ``alias`` that counts by the day of the question and was known then."""
        column = f"{alias}." if alias else ""
        day = f"{column}effective_on <= {self.as_of}"
        return day if self._view.time.is_now else f"{day} and {column}position <= {self.position}"

    async def page(self, page: Page, columns: str, source: str) -> list[Any]:
        """Return the rows of a page of a table or subquery, and one more if another page follows."""
        return await self._view.conn.fetch(self.page_sql(page, columns, source), *self.arguments)
