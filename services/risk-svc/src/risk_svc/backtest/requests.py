"""Requests for back-tests of limit policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from encours.kernel.errors import NotFound, Refusal
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta
from encours.service.long_work_request import (
    RequestedWork,
    read_upto,
    request_long_work,
    require_all_entities,
)
from risk_svc.backtest.store import LimitBacktest, LimitBacktestStore
from risk_svc.domain.backtest.policy import LimitPolicy
from risk_svc.domain.proposal.formula import require_formula


class LimitBacktestNotFound(NotFound):
    """The ledger has no back-test of a limit policy of this id, or no longer (404)."""

    code = "limit-backtest-not-found"
    title = "Back-test of a limit policy not found"
    remedy = "Use an id from GET /v1/limit-policies/backtests; the last 50 of a ledger are kept."


class LimitBacktestOfAllEntities(Refusal):
    """The key is limited to some entities (403)."""

    code = "limit-backtest-of-all-entities"
    title = "Back-tests of limit policies show all entities"
    status = 403
    remedy = "Use a key that is not limited to some entities."


@dataclass(frozen=True, slots=True)
class RequestLimitBacktest:
    """A policy, and the period to try it on. ``position``: as of an earlier position of the ledger."""

    policy: LimitPolicy
    name: str | None
    first_on: date
    last_on: date
    position: int | None = None


async def request_limit_backtest(
    ledger: Ledger, store: LimitBacktestStore, meta: CommandMeta, wanted: RequestLimitBacktest
) -> RequestedWork[LimitBacktest]:
    """Store a request; a worker starts the process.

    Raises ``Invalid`` for a formula that is not complete and for a period or position that is not over,
    :class:`LimitBacktestOfAllEntities`, :class:`CommandReused`.
    """
    require_all_entities(meta.entities, LimitBacktestOfAllEntities)
    return await request_long_work(store, meta, "lbt", partial(_queued, ledger, meta, wanted))


async def _checked(ledger: Ledger, meta: CommandMeta, wanted: RequestLimitBacktest) -> int:
    """Return the position up to which events are read."""
    if wanted.policy.formula is not None:
        require_formula(wanted.policy.formula, "/policy/formula")
    head = (await ledger.head(meta.ledger)).position
    return read_upto(wanted.position, wanted.last_on, meta.today, head)


async def _queued(
    ledger: Ledger, meta: CommandMeta, wanted: RequestLimitBacktest, backtest_id: str
) -> LimitBacktest:
    return LimitBacktest(
        id=backtest_id,
        ledger=meta.ledger,
        policy=wanted.policy,
        name=wanted.name,
        first_on=wanted.first_on,
        last_on=wanted.last_on,
        position=await _checked(ledger, meta, wanted),
        fingerprint=meta.fingerprint,
        asked_by=meta.actor,
        asked_on=meta.today,
    )
