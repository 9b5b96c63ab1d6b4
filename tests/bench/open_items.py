"""Open items and balances: the smallest read model that a service would have, for benches of the way to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from encours.contracts import Recorded, types
from encours.contracts.events.invoice import InvoiceIssued, PaymentApplied
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row


class Item(Row, kw_only=True):
    """An invoice and what is open of it."""

    TABLE = "item"
    KEY = ("invoice_id",)
    INDEXES = ("(customer_id, due_on) where open_minor > 0",)
    invoice_id: str
    customer_id: str
    number: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int
    last_position: int


class Balance(Row, kw_only=True):
    """Outstanding amount of a customer."""

    TABLE = "balance"
    KEY = ("customer_id", "currency")
    customer_id: str
    currency: str
    open_minor: int
    open_items: int


class OpenItems(ReadModel):
    """Open items and balances: the smallest model that a service would have."""

    name = "bench_items"
    version = 1
    rows = (Item, Balance)
    applies = frozenset({InvoiceIssued.TYPE, PaymentApplied.TYPE})
    ignores = frozenset(types()) - applies

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], tuple[object, ...]]]:
        match e.data:
            case PaymentApplied() as d:
                yield Item, (e.stream,)
                yield Balance, (d.customer_id, d.currency)
            case InvoiceIssued() as d:
                yield Balance, (d.customer_id, d.currency)

    def project(self, e: Recorded, rows: RowCache) -> None:
        match e.data:
            case PaymentApplied() as d:
                item = rows.get(Item, e.stream)
                assert item is not None
                item.open_minor -= d.amount_minor
                item.last_position = e.position
                rows.put(item)
                self._change(rows, d.customer_id, d.currency, -d.amount_minor, 0 if item.open_minor else -1)
            case InvoiceIssued() as d:
                rows.put(
                    Item(
                        invoice_id=e.stream,
                        customer_id=d.customer_id,
                        number=d.number,
                        currency=d.currency,
                        issued_on=d.issued_on,
                        due_on=d.due_on,
                        total_minor=d.total_minor,
                        open_minor=d.total_minor,
                        last_position=e.position,
                    )
                )
                self._change(rows, d.customer_id, d.currency, d.total_minor, 1)
            case other:
                raise AssertionError(other)

    def _change(self, rows: RowCache, customer_id: str, currency: str, amount_minor: int, items: int) -> None:
        balance = rows.get(Balance, customer_id, currency)
        if balance is None:
            balance = Balance(customer_id=customer_id, currency=currency, open_minor=0, open_items=0)
        balance.open_minor += amount_minor
        balance.open_items += items
        rows.put(balance)
