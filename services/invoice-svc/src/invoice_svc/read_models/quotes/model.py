"""The part of the lists that finds quotes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.sales.quote import (
    QuoteAccepted,
    QuoteAmended,
    QuoteDrafted,
    QuoteExtended,
    QuoteRefused,
    QuoteSent,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known
from invoice_svc.read_models.quotes.rows import QuoteRow, QuoteTermRow

_Read = QuoteDrafted | QuoteAmended | QuoteSent | QuoteExtended | QuoteAccepted | QuoteRefused
_WITH_TERM = QuoteDrafted | QuoteAmended | QuoteExtended


class Quotes(Part):
    """Quotes by entity, customer, number and status."""

    rows = (QuoteRow, QuoteTermRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, QuoteSent | QuoteAccepted | QuoteRefused):
            yield QuoteRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        if isinstance(event, _WITH_TERM):
            rows.put(
                QuoteTermRow(
                    quote_id=e.stream,
                    position=e.position,
                    effective_on=e.effective_on,
                    valid_until=event.valid_until,
                )
            )
        match event:
            case QuoteDrafted():
                quote = QuoteRow(
                    quote_id=e.stream,
                    entity_id=e.entity,
                    customer_id=event.customer_id,
                    number_key=event.number.lower(),
                    drafted_on=e.effective_on,
                    currency=event.currency,
                    total_minor=event.total_minor,
                    from_position=e.position,
                )
            case QuoteAmended() | QuoteExtended():
                return
            case QuoteSent():
                quote = known(QuoteRow, e, rows)
                if quote.sent_position is None:
                    quote.sent_on, quote.sent_position = e.effective_on, e.position
            case QuoteAccepted() | QuoteRefused():
                quote = known(QuoteRow, e, rows)
                quote.closed_on, quote.closed_position = e.effective_on, e.position
                if isinstance(event, QuoteAccepted):
                    quote.accepted, quote.total_minor = True, event.total_minor
                    quote.invoice_id, quote.order_id = event.invoice_id, event.order_id
            case _:
                assert_never(event)
        rows.put(quote)
