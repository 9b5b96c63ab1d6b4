"""Back-test of a limit policy: 2,000 customers, 12 months, 8,000 invoices, a formula from turnover.

Measured is the process that the worker starts: for each invoice the figures of its customer just before it, two
verdicts, and what became of it. The reference is the rebuild of the read model `credit` from the same events. Set
``CUSTOMERS=100000`` for the full size.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta

import asyncpg

from encours.contracts.events.limit_formula import GradeFactor
from encours.kernel.ids import derived_id
from encours.projection.rebuild import rebuild
from encours.testing.servers import Installation, fresh_installation, running_cluster
from risk_svc.backtest.results import LimitBacktestResult
from risk_svc.backtest.store import LimitBacktest, LimitBacktestStore
from risk_svc.domain.backtest.policy import LimitPolicy
from risk_svc.domain.proposal.formula import FormulaTerms
from risk_svc.read_models.credit.model import Credit
from tests.bench import Entry
from tests.bench.backtest import DAYS, FIRST, LEDGER, against_rebuild, fill

CUSTOMERS = int(os.environ.get("CUSTOMERS") or 2_000)
LIMIT_MIB = 400
TARGET_RATIO = 0.02
FACTORS = (
    GradeFactor(grade="A", factor_bps=10_000),
    GradeFactor(grade="B", factor_bps=10_000),
    GradeFactor(grade="C", factor_bps=10_000),
    GradeFactor(grade="D", factor_bps=5_000),
    GradeFactor(grade="E", factor_bps=0),
)
POLICY = LimitPolicy(
    formula=FormulaTerms(
        currency="EUR", turnover_bps=10_000, equity_bps=None, reported_turnover_bps=None, grade_factors=FACTORS,
        insured_bps=10_000, cap_minor=None, round_to_minor=1, max_days_past_due=30, valid_days=365, usage_bps=None,
        file_days=None,
    )
)  # fmt: skip


async def _tested(installation: Installation, position: int) -> LimitBacktestResult:
    pool = await asyncpg.create_pool(installation.store_url("risk"), min_size=1, max_size=1)
    store = LimitBacktestStore(pool)
    await store.prepare()
    wanted = LimitBacktest(
        id=derived_id("lbt", "bench"),
        ledger=LEDGER,
        policy=POLICY,
        name=None,
        first_on=FIRST,
        last_on=FIRST + timedelta(days=DAYS),
        position=position,
        fingerprint=b"bench",
        asked_by="bench",
        asked_on=FIRST + timedelta(days=DAYS),
    )
    await store.add(wanted)
    environment = os.environ | {
        "ENCOURS_LEDGER_URL": installation.ledger_url("risk"),
        "ENCOURS_STORE_URL": installation.store_url("risk"),
    }
    command = (sys.executable, "-m", "risk_svc", "limit-backtest", wanted.id)
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
    done = await store.get(LEDGER, wanted.id)
    await pool.close()
    assert done is not None
    assert done.result is not None, done.problem
    return done.result


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        events = await fill(installation.admin_url("ledger"), CUSTOMERS)
        started = time.perf_counter()
        rebuilt = await rebuild(
            ledger_dsn=installation.ledger_url("risk"),
            store_dsn=installation.store_url("risk"),
            service="risk-svc",
            model=Credit(),
            ledger=LEDGER,
        )
        bare = events / (time.perf_counter() - started)
        assert rebuilt.position == events
        result = await _tested(installation, events)
    assert result.measured.orders > CUSTOMERS
    measured = result.measured
    return against_rebuild(
        f"back-test of a limit policy, {CUSTOMERS:,} customers, 12 months",
        measured.events / measured.seconds,
        measured.peak_mib,
        model="credit",
        rebuilt=bare,
        ratio=TARGET_RATIO,
        limit_mib=LIMIT_MIB,
    )
