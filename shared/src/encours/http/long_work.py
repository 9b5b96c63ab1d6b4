"""Requests for long work over HTTP: their tables, their sight, and what the answers about all of them have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import asyncpg
from pydantic import BaseModel, Field

from encours.http.queries import Query
from encours.http.services import Services
from encours.kernel.errors import NotFound, Refusal
from encours.service.long_work_request import require_all_entities
from encours.service.long_work_store import LongWork, LongWorkState, LongWorkStore, W

S = TypeVar("S", bound=LongWorkStore[Any])


class LongWorkItem(BaseModel):
    """Long work, without its result."""

    id: str
    first_on: date = Field(alias="from")
    last_on: date = Field(alias="to")
    position: int = Field(description="The ledger's position up to which events are read.")
    state: LongWorkState
    problem: str | None = Field(description="Why it failed.")
    asked_by: str
    asked_at: datetime
    completed_at: datetime | None

    @classmethod
    def plain(cls, found: LongWork) -> dict[str, Any]:
        """Return the fields of the answer that the work has under the same name."""
        return {
            field.alias or name: getattr(found, name)
            for name, field in cls.model_fields.items()
            if hasattr(found, name)
        }


class LongWorkRoom(Generic[W, S]):
    """Work of one kind, by the name of its store in ``Services.extras``."""

    def __init__(
        self,
        name: str,
        store: Callable[[asyncpg.Pool], S],
        *,
        missing: type[NotFound],
        of_all_entities: type[Refusal],
    ) -> None:
        self._name, self._new = name, store
        self._missing, self._of_all_entities = missing, of_all_entities

    @asynccontextmanager
    async def opened(self, at_hand: Services) -> AsyncIterator[Mapping[str, Any]]:
        """Open the tables in the pool of the read models."""
        yield {self._name: self._new(at_hand.db.pool)}

    async def store(self, at_hand: Services) -> S:
        """Return the tables, which are there from the first use on."""
        store: S = at_hand.extras[self._name]
        await store.prepare()
        return store

    def require_sight(self, q: Query) -> None:
        """Raise the refusal of a key that is limited to some entities: the work is about all."""
        require_all_entities(q.caller.entities, self._of_all_entities)

    async def found(self, q: Query, work_id: str) -> W:
        """Return a request of the ledger. Raises as :meth:`require_sight`, and for an id that it does not have."""
        self.require_sight(q)
        found: W | None = await (await self.store(q.services)).get(q.caller.ledger, work_id)
        if found is None:
            raise self._missing(work_id)
        return found
