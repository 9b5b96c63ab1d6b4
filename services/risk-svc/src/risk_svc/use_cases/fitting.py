"""Fits of the payment model to the history of a ledger, each in a process of its own: checks go on meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import date

import uvloop

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb
from encours.service.apart import apart
from encours.service.memory import tune_collector
from encours.service.settings import ServiceSettings
from risk_svc.domain.score.boosted.fit import require_boosting
from risk_svc.domain.score.model import ModelKind
from risk_svc.domain.score.versions import LedgerHistory
from risk_svc.models import CREDIT, MODELS
from risk_svc.read_models.credit.payers import fitted_history


class FitsApart:
    """Query for fits, one at a time in this process: a second request waits, as each holds the history in memory."""

    def __init__(self, ledger: Ledger, db: ReadDb, settings: ServiceSettings) -> None:
        self._ledger = ledger
        self._db = db
        self._urls = settings.ledger_url.get_secret_value(), settings.store_url.get_secret_value()
        self._one = asyncio.Lock()

    async def fitted(self, ledger: str, day: date, version: str, kind: ModelKind) -> LedgerHistory:
        """Return the fit to the outcomes before a day.

        Raises :class:`HistoryTooShort`, :class:`BoostingNotInstalled`, and :class:`PositionNotReached` while the read
        model lacks the latest events.
        """
        if kind == "boosted":
            require_boosting()
        head = (await self._ledger.head(ledger)).position
        if not await self._db.wait_for(CREDIT, ledger, head, timeout=WAIT_S):
            raise PositionNotReached(CREDIT, head)
        async with self._one:
            return await apart(_fitted, self._urls, ledger, day, head, version, kind)


def _fitted(
    urls: tuple[str, str], ledger: str, day: date, position: int, version: str, kind: ModelKind
) -> LedgerHistory:
    tune_collector()
    return uvloop.run(_read_and_fitted(urls, ledger, day, position, version, kind))


async def _read_and_fitted(
    urls: tuple[str, str], name: str, day: date, position: int, version: str, kind: ModelKind
) -> LedgerHistory:
    ledger_url, store_url = urls
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(ledger_url, readers=1)
        stack.push_async_callback(ledger.close)
        db = await ReadDb.open(store_url, ledger=ledger, models=MODELS, size=1)
        stack.push_async_callback(db.close)
        return await fitted_history(db, name, day, position, version, kind)
