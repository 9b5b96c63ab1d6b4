"""The process of one request for long work: ``python -m SERVICE JOB ID``, started by the worker."""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import uvloop

from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.postgres.connection import COMMAND_TIMEOUT_S, STORE_SETTINGS, close_pool, open_pool
from encours.projection.read_model import ReadModel
from encours.reading.read_db import ReadDb
from encours.service.long_work_store import LongWorkStore, W
from encours.service.memory import tune_collector
from encours.service.settings import ServiceSettings

S = TypeVar("S", bound=LongWorkStore[Any])


class Abandoned(Exception):
    """The work was cancelled or begun by another process, or the worker that started this one has ended."""


class LongWorkRun(ABC, Generic[S, W]):
    """One run of a request, from its beginning, or the place that an earlier run has reached, to its result."""

    def __init__(self, ledger: Ledger, db: ReadDb, store: S, work: W) -> None:
        self._ledger, self._db, self._store, self._work = ledger, db, store, work
        self._started = time.monotonic()
        self._parent = os.getppid()

    @abstractmethod
    async def run(self) -> None:
        """Work, and store the result. Raises :class:`Abandoned`, and errors that say why there is none."""

    def _go_on(self, kept: bool = True) -> None:
        """Raise :class:`Abandoned` unless the progress was ``kept`` and the worker is there."""
        if not kept or os.getppid() != self._parent:
            raise Abandoned


def named(failed: Exception) -> str:
    """Return the text of an error behind its name."""
    return f"{type(failed).__name__}: {failed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWorkProcess(Generic[S]):
    """The processes of one kind of long work.

    After an error of ``transient`` the next process goes on. The text of another error of a request is its
    ``problem``.
    """

    service: str
    job: str
    models: Sequence[ReadModel]
    store: Callable[[asyncpg.Pool], S]
    run: Callable[[Ledger, ReadDb, S, Any], LongWorkRun[S, Any]]
    readers: int = 8
    connections: int = 1
    command_timeout_s: float = COMMAND_TIMEOUT_S
    transient: tuple[type[Exception], ...] = ()
    problem: Callable[[Exception], str] = named

    def main(self, settings: ServiceSettings, options: Sequence[str]) -> int:
        """Run the request and return 0; 1 if it failed, 2 without an id."""
        if len(options) != 1:
            print(f"usage: python -m {self.service.replace('-', '_')} {self.job} ID", file=sys.stderr)
            return 2
        tune_collector()
        return uvloop.run(self.take_up(settings, options[0]))

    async def take_up(self, settings: ServiceSettings, work_id: str) -> int:
        """Run a request that waits, and return the exit code; 0 if there is none or it was abandoned."""
        store_url = settings.store_url.get_secret_value()
        async with AsyncExitStack() as stack:
            ledger = await Ledger.open(settings.ledger_url.get_secret_value(), readers=2)
            stack.push_async_callback(ledger.close)
            db = await ReadDb.open(store_url, ledger=ledger, models=self.models, size=self.readers)
            stack.push_async_callback(db.close)
            pool = await open_pool(
                store_url,
                f"{self.service} {self.job}",
                size=self.connections,
                settings=STORE_SETTINGS,
                command_timeout_s=self.command_timeout_s,
            )
            stack.push_async_callback(close_pool, pool)
            store = self.store(pool)
            work = await store.begin(work_id)
            if work is None:
                return 0
            try:
                await self.run(ledger, db, store, work).run()
            except Abandoned:
                return 0
            except self.transient:
                raise
            except (DomainError, LookupError, ValueError) as failed:
                await store.fail(work, self.problem(failed))
                return 1
        return 0
