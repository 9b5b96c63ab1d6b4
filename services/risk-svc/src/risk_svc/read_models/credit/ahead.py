"""Figures that are asked for while a command still loads its streams, so that both databases are waited for at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from risk_svc.domain.picture import SeenPicture
from risk_svc.read_models.credit.query import LatestPictures


class PicturesAhead:
    """Figures of one customer and day, asked for at once. Another day, and a second attempt, ask again."""

    def __init__(self, latest: LatestPictures, ledger: str, customer_id: str, day: date) -> None:
        self._latest = latest
        self._foreseen = (ledger, customer_id, day)
        self.asked = asyncio.create_task(latest.of(ledger, customer_id, day))
        self._taken = False

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        """Return the figures at the ledger's head, as it was after the request had arrived."""
        if self._taken or (ledger, customer_id, day) != self._foreseen:
            return await self._latest.of(ledger, customer_id, day)
        self._taken = True
        return await self.asked

    async def deposits_for(self, ledger: str, entity_id: str, order_number: str, position: int) -> list[str]:
        """Return ids of an entity's deposit invoices issued up to a position whose reference is an order's number."""
        return await self._latest.deposits_for(ledger, entity_id, order_number, position)


@asynccontextmanager
async def ahead(
    latest: LatestPictures, ledger: str, customer_id: str, day: date
) -> AsyncIterator[PicturesAhead]:
    """Ask for figures now. A refusal awaits them: to cancel a statement costs the server one more connection."""
    pictures = PicturesAhead(latest, ledger, customer_id, day)
    try:
        yield pictures
    except asyncio.CancelledError:
        pictures.asked.cancel()
        raise
    finally:
        await asyncio.gather(pictures.asked, return_exceptions=True)
