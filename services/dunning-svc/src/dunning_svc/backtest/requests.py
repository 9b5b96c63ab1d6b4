"""Requests for back-tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from dunning_svc.backtest.results import Costs
from dunning_svc.backtest.store import Backtest, BacktestStore
from dunning_svc.domain.policy.decide import PolicyVersionNotFound
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.domain.policy.state import PolicyNotFound
from dunning_svc.read_models.cases.fold.policies import documents_of, policy_rows
from dunning_svc.read_models.cases.model import MODEL
from encours.kernel.errors import NotFound, Refusal
from encours.ledger.command import CommandMeta
from encours.reading.read_db import ReadDb
from encours.service.long_work_request import (
    RequestedWork,
    read_upto,
    request_long_work,
    require_all_entities,
)


class BacktestNotFound(NotFound):
    """The ledger has no back-test of this id, or no longer (404)."""

    code = "backtest-not-found"
    title = "Back-test not found"
    remedy = "Use an id from GET /v1/backtests; the last 50 of a ledger are kept."


class BacktestOfAllEntities(Refusal):
    """The key is limited to some entities (403)."""

    code = "backtest-of-all-entities"
    title = "Back-tests show all entities"
    status = 403
    remedy = "Use a key that is not limited to some entities."


@dataclass(frozen=True, slots=True)
class RequestBacktest:
    """A version, and the period to try it on. ``position``: as of an earlier position of the ledger."""

    policy_id: str
    version: int
    first_on: date
    last_on: date
    costs: Costs
    position: int | None = None


async def request_backtest(
    db: ReadDb, store: BacktestStore, meta: CommandMeta, wanted: RequestBacktest
) -> RequestedWork[Backtest]:
    """Store a request; a worker starts the process.

    Raises :class:`PolicyNotFound`, :class:`PolicyVersionNotFound`, ``Invalid`` for a period or position that is not
    over, :class:`BacktestOfAllEntities`, :class:`CommandReused`.
    """
    require_all_entities(meta.entities, BacktestOfAllEntities)
    return await request_long_work(store, meta, "bkt", partial(_queued, db, meta, wanted))


async def _checked(db: ReadDb, meta: CommandMeta, wanted: RequestBacktest) -> int:
    """Return the position up to which events are read."""
    await db.catch_up(MODEL, meta.ledger)
    async with db.snapshot(MODEL, meta.ledger) as (conn, schema, position):
        documents = documents_of(await policy_rows(conn, schema), wanted.policy_id)
    _require_version(wanted, len(documents))
    return read_upto(wanted.position, wanted.last_on, meta.today, position)


async def _queued(db: ReadDb, meta: CommandMeta, wanted: RequestBacktest, backtest_id: str) -> Backtest:
    return Backtest(
        id=backtest_id,
        ledger=meta.ledger,
        policy_id=wanted.policy_id,
        version=wanted.version,
        first_on=wanted.first_on,
        last_on=wanted.last_on,
        position=await _checked(db, meta, wanted),
        costs=wanted.costs,
        fingerprint=meta.fingerprint,
        asked_by=meta.actor,
        asked_on=meta.today,
    )


def _require_version(wanted: RequestBacktest, versions: int) -> None:
    if wanted.policy_id == DEFAULT_ID:
        if wanted.version != DEFAULT_POLICY.version:
            raise PolicyVersionNotFound(f"Its version is {DEFAULT_POLICY.version}.", "/version")
    elif not versions:
        raise PolicyNotFound(wanted.policy_id)
    elif wanted.version > versions:
        raise PolicyVersionNotFound(f"It has the versions 1 to {versions}.", "/version")
