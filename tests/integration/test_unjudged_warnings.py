"""A day whose early warnings nobody judges is overdue work, and so is a customer who cannot be judged."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from encours.contracts import Event, Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_warning import ConcentrationRule, CreditWarningRaised, WarningRulesSet
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.embedded.process import free_port
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.projection.rebuild import rebuild
from encours.reading.read_db import ReadDb
from encours.testing.events import event, issued
from encours.testing.forks import Fork, run_fork
from encours.testing.history import History
from encours.testing.http import grant
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from risk_svc.domain.warning.episode import rules_of
from risk_svc.domain.warning.rules import SHIPPED, WarnedCustomer, evaluate
from risk_svc.models import MODELS
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.warnings import query
from risk_svc.use_cases.days import CreditDay
from risk_svc.use_cases.warnings import days

NAME = "watched"
ENTITY, CUSTOMERS = derived_id("ent", NAME), sorted(derived_id("cus", NAME, n) for n in range(5))
BAD, UNREADABLE = CUSTOMERS[1], CUSTOMERS[3]
_APPLIED = query.warned_customers


async def test_a_day_that_nobody_judges_and_a_customer_who_cannot_be_are_alarms_until_they_are(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, port = await grant(installation, ledger=NAME), free_port()
    base = f"http://127.0.0.1:{port}"
    asks = {"ENCOURS_URL_RISK": base, "ENCOURS_API_KEY": key.token}
    ledger = await Ledger.open(installation.admin_url())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(ledger.close)
        missed = await ledger.today(NAME) - timedelta(days=2)
        opened = await _told(ledger, missed)
        await rebuild(
            ledger_dsn=installation.ledger_url("risk"),
            store_dsn=installation.store_url("risk"),
            service="risk-svc",
            model=Credit(),
            ledger=NAME,
            stop_at=CreditDay.types,
        )
        await stack.enter_async_context(_process(installation, "api", ENCOURS_PORT=str(port)))
        await until(lambda: _answers(base), "api")
        (late,) = await _overdue(base, key.token)
        assert (late["kind"], late["since"], late["count"]) == ("warnings_not_judged", str(missed), 1)
        assert late["detail"] == f"The early warnings of {missed} have not been judged."
        assert "worker of risk-svc" in late["remedy"]
        assert await _status(installation, asks) == [late | {"ledger": None}]
        gauge = f'encours_overdue_work{{kind="warnings_not_judged",ledger="{NAME}"}} 1.0'
        assert gauge in await _metrics(base, key.token)

        # Two customers cannot be judged, one as it is read and one by a rule: the other three are.
        monkeypatch.setattr(days, "evaluate", _fails_for_one)
        monkeypatch.setattr(query, "warned_customers", _unreadable)
        db = await ReadDb.open(installation.store_url("risk"), ledger=ledger, models=MODELS)
        stack.push_async_callback(db.close)
        await days.WarningsOfDay(ledger, db).open_day(opened)
        assert await _raised(ledger) == sorted({*CUSTOMERS} - {BAD, UNREADABLE})
        _, failed = await _overdue(base, key.token)
        assert (failed["kind"], failed["since"], failed["count"]) == ("customers_not_judged", str(missed), 2)
        assert f"2 customers, the first {BAD} (LookupError: no limit)" in failed["detail"]

        # A worker judges the day: nothing is overdue, and all are warned of.
        await stack.enter_async_context(_process(installation, "worker"))

        async def is_judged() -> bool:
            return await _overdue(base, key.token) == []

        await until(is_judged, "the day is not judged")
        assert await _raised(ledger) == CUSTOMERS


async def _told(ledger: Ledger, missed: date) -> Recorded:
    """Append customers who owe a fifth each, rules, and the opening of a day; return the opening."""
    history, before = History(ledger=NAME), missed - timedelta(days=1)
    rules = replace(SHIPPED, concentration=ConcentrationRule(share_bps=1_000, least_debtors=1))
    story: list[Event] = [
        event(EntityRegistered, entity_id=ENTITY),
        event(WarningRulesSet, warning_rules_id=rules_of(ENTITY), entity_id=ENTITY, version=1, rules=rules),
    ]
    for number, customer in enumerate(CUSTOMERS):
        bill = issued(100_00, invoice_id=derived_id("inv", NAME, number), customer_id=customer)
        story += [
            event(CustomerRegistered, customer_id=customer, entity_id=ENTITY, name=f"Garage {number}"),
            replace(bill, number=f"W{number}", issued_on=before, due_on=missed + timedelta(days=30)),
        ]
    rows = [history.add(each, entity=ENTITY, on=before) for each in story]
    rows.append(history.add(DayOpened(day=missed, late=False), entity="", on=missed))
    new = tuple(NewEvent(e.stream, e.version, e.data, e.entity, e.effective_on, uuid7()) for e in rows)
    await ledger.append(
        Append(ledger=NAME, command_id=uuid7(), fingerprint=b"given", events=new, actor="test")
    )
    (opened,) = await ledger.read_types(NAME, [DayOpened.TYPE], 0, 2)
    return opened


def _fails_for_one(seen: WarnedCustomer, *given: Any) -> Any:
    if seen.customer_id == BAD:
        raise LookupError("no limit")
    return evaluate(seen, *given)


async def _unreadable(moment: Any, book: Any, drift: Any, debtors: Any) -> Any:
    if UNREADABLE in debtors:
        raise asyncpg.NumericValueOutOfRangeError("bigint out of range")
    return await _APPLIED(moment, book, drift, debtors)


async def _raised(ledger: Ledger) -> list[str]:
    found = await ledger.read_types(NAME, [CreditWarningRaised.TYPE], 0, 100)
    return sorted(each.data.customer_id for each in found if isinstance(each.data, CreditWarningRaised))


async def _overdue(base: str, token: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=base, timeout=HANG_S) as client:
        answer = await client.get("/v1/expected-work", headers={"Authorization": f"Bearer {token}"})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found


async def _metrics(base: str, token: str) -> str:
    async with httpx.AsyncClient(base_url=base, timeout=HANG_S) as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        return answer.raise_for_status().text


async def _status(installation: Installation, asks: dict[str, str]) -> Any:
    """Return what `encours status` shows as overdue, of a service at another machine."""
    other = {"ENCOURS_VAR_DIR": str(installation.layout.root / "other")}
    done = await asyncio.to_thread(run_fork, "encours", "status", "--json", env=_bare() | other | asks)
    return json.loads(done.stdout)["overdue"]


@asynccontextmanager
async def _process(installation: Installation, role: str, **more: str) -> AsyncIterator[None]:
    child = Fork("risk_svc", role, env=_bare() | installation.environment("risk") | more)
    try:
        yield
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait)


def _bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ENCOURS_")}


async def _answers(base: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=base, timeout=HANG_S) as client:
            return (await client.get("/readyz")).status_code == 200
    except httpx.HTTPError:
        return False
