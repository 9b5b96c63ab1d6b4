"""Checks of orders by customer, for credit files.

A read model of its own: in ``credit``, a check would be one more change of the figures that the next check waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from encours import contracts
from encours.contracts import Recorded
from encours.contracts.events.risk import CreditChecked
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.reading.moment import View

if TYPE_CHECKING:
    from encours.projection.rows import Key

MOST_CHECKS = 50


class CreditCheckRow(Row, kw_only=True):
    """A check; its decision is in its stream."""

    TABLE: ClassVar[str] = "credit_check"
    KEY: ClassVar[tuple[str, ...]] = ("decision_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, position)",)
    decision_id: str
    customer_id: str
    position: int


class Checks(ReadModel):
    """Checks of all customers."""

    name = "checks"
    version = 1
    rows = (CreditCheckRow,)
    applies = contracts.names_of(CreditChecked)
    ignores = frozenset(contracts.types()) - applies

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Nothing: a check is put once."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Put a check."""
        assert isinstance(e.data, CreditChecked)
        rows.put(
            CreditCheckRow(
                decision_id=e.data.decision_id, customer_id=e.data.customer_id, position=e.position
            )
        )


async def latest_checks(view: View, records: Sequence[str], upto: int) -> list[str]:
    """Return the ids of the latest checks of records of a customer, up to a position."""
    rows = await view.conn.fetch(
        f"""select decision_id from {view.schema}.credit_check
            where customer_id = any($1) and position <= $2 order by position desc limit {MOST_CHECKS}""",
        list(records),
        upto,
    )
    return [row["decision_id"] for row in rows]
