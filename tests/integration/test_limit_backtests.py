"""Back-tests of limit policies on histories at random, beside a naive count of the same events."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pytest_asyncio

from encours.contracts.events.loss import InvoiceWrittenOff
from encours.kernel.ids import derived_id
from encours.kernel.money import div_half_up
from encours.projection.rebuild import rebuild
from encours.testing.events import applied, event, issued, received
from encours.testing.http import HttpScenario, http_scenario, settings_of
from encours.testing.servers import Installation
from risk_svc.app import create_app
from risk_svc.backtest.job import PROCESS
from risk_svc.read_models.credit.model import Credit
from tests.integration.limit_past import CUSTOMERS, ENTITY, FIRST, Happened, NaivePolicy, counted, past

SEED = int(os.environ.get("SEED", "7"))
BACKTESTS = "/v1/limit-policies/backtests"
PERIOD = {"from": (FIRST + timedelta(days=90)).isoformat(), "to": (FIRST + timedelta(days=239)).isoformat()}
NAIVE = NaivePolicy(share_bps=25_000, cap=3_000_00, max_days=90)
HELD = NaivePolicy(share_bps=25_000, cap=3_000_00, max_days=90, hold_days=20)


def policy(naive: NaivePolicy) -> dict[str, Any]:
    """The policy of the count, over HTTP."""
    formula = {
        "currency": "EUR", "turnover_bps": naive.share_bps, "max_days_past_due": naive.max_days, "valid_days": 90,
        "grade_factors": dict.fromkeys("ABCDE", 10_000), "cap": {"amount": f"{naive.cap / 100:.2f}", "currency": "EUR"},
    }  # fmt: skip
    holds = {} if naive.hold_days is None else {"days_past_due": naive.hold_days}
    return {"formula": formula, "refer_grades": [], "holds": holds}


class Desk:
    """A ledger with the past, its read model, and back-tests that run in this process."""

    def __init__(self, scenario: HttpScenario, installation: Installation, happened: list[Happened]) -> None:
        self.scenario, self.installation, self.happened = scenario, installation, happened

    async def happen(self) -> None:
        for day, same in groupby(self.happened, key=lambda each: each[0]):
            await self.scenario.given(*(each for _, each in same), entity=ENTITY, on=day)
        await rebuild(
            ledger_dsn=self.installation.ledger_url("risk"),
            store_dsn=self.installation.store_url("risk"),
            service="risk-svc",
            model=Credit(),
            ledger=self.scenario.name,
        )

    async def asked(self, tried: dict[str, Any], **more: Any) -> str:
        answer = await self.scenario.http.post(BACKTESTS, json={**PERIOD, "policy": tried, **more})
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "queued"
        identifier: str = answer.json()["id"]
        return identifier

    async def tested(self, tried: dict[str, Any], **more: Any) -> dict[str, Any]:
        identifier = await self.asked(tried, **more)
        await PROCESS.take_up(settings_of(self.installation, "risk"), identifier)
        found = await self.got(f"{BACKTESTS}/{identifier}")
        assert found["state"] == "completed", found["problem"]
        return found

    async def orders(self, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
        listed = await self.got(f"{BACKTESTS}/{found['id']}/orders", limit=500)
        assert listed["next_cursor"] is None
        return {each["order_id"]: each for each in listed["data"]}

    async def got(self, path: str, **asked: Any) -> dict[str, Any]:
        answer = await self.scenario.http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def desk_of(installation: Installation, happened: list[Happened]) -> AsyncIterator[Desk]:
    async with http_scenario(installation, "risk", create_app) as scenario:
        made = Desk(scenario, installation, happened)
        await made.happen()
        yield made


@pytest_asyncio.fixture
async def desk(module_installation: Installation) -> AsyncIterator[Desk]:
    async with desk_of(module_installation, past(SEED)) as made:
        yield made


def euro(minor: int) -> dict[str, str]:
    return {"amount": f"{minor / 100:.2f}", "currency": "EUR"}


async def test_verdicts_losses_and_good_orders_are_those_of_a_naive_count(desk: Desk) -> None:
    first, last = (date.fromisoformat(PERIOD[name]) for name in ("from", "to"))
    results = {}
    for name, naive in (("plain", NAIVE), ("held", HELD)):
        found = results[name] = await desk.tested(policy(naive), name=name)
        orders, count = await desk.orders(found), counted(desk.happened, naive, first, last)
        assert {each: row["decision"] for each, row in orders.items()} == count.verdicts
        refused = count.refused()
        assert len(refused) > 5
        assert len(refused) < len(orders)
        (total,) = found["result"]["totals"]
        effect = total["policy"]
        losses = [div_half_up(debt.written_off * debt.net, debt.total) + debt.provision for debt in refused]
        good = [debt for debt in refused if debt.left == 0 and not debt.written_off and not debt.provision]
        assert sum(losses) > 0
        assert good
        assert effect["refused"] == len(refused)
        assert effect["losses_avoided"] == euro(sum(losses))
        assert (effect["good_blocked"], effect["good_blocked_amount"]) == (
            len(good),
            euro(sum(debt.total for debt in good)),
        )
        assert effect["good_blocked_margin"] is None
        assert total["present"]["referred"] == len(orders), "no limit was ever approved"
        assert sum(month["policy"]["refused"] for month in found["result"]["months"]) == len(refused)
        listed = (await desk.got(f"{BACKTESTS}/{found['id']}/customers"))["data"]
        assert sum(each["policy"]["refused"] for each in listed) == len(refused)
    plain, held = results["plain"], results["held"]
    compared = await desk.got(f"{BACKTESTS}/{plain['id']}/compare/{held['id']}")
    assert compared["same_orders"]
    assert {each["customer_id"] for each in compared["data"]} <= set(CUSTOMERS)
    assert compared["data"], "a hold refuses more"
    assert plain["result"]["result_hash"] != held["result"]["result_hash"]


async def test_what_comes_later_moves_no_earlier_verdict(
    desk: Desk, module_installation: Installation
) -> None:
    before = await desk.tested(policy(NAIVE))
    again = await desk.tested(policy(NAIVE), position=before["position"])
    assert again["result"]["result_hash"] == before["result"]["result_hash"]
    async with desk_of(module_installation, [*desk.happened, *other_future(desk.happened)]) as other:
        later = await other.orders(await other.tested(policy(NAIVE)))
    verdict = ("decision", "reasons", "limit", "grade", "present", "present_reasons")
    assert {each: [row[name] for name in verdict] for each, row in later.items()} == {
        each: [row[name] for name in verdict] for each, row in (await desk.orders(before)).items()
    }


def other_future(happened: Sequence[Happened]) -> list[Happened]:
    """A payment that is dated before the orders and recorded after them, a loss, and another invoice."""
    debts = counted(happened, NAIVE, FIRST, FIRST).debts
    today = FIRST + timedelta(days=400)
    paid, lost, *_ = (name for name, debt in debts.items() if debt.left > 10_00)
    part, when = {"payment_id": derived_id("pay", "late")}, {"received_on": FIRST}
    own = {"invoice_id": paid, "customer_id": debts[paid].customer}
    gone = event(InvoiceWrittenOff, invoice_id=lost, customer_id=debts[lost].customer, amount_minor=1_00)
    more = issued(
        700_00, invoice_id=derived_id("inv", "late"), customer_id=CUSTOMERS[0], number="F-late", issued_on=today,
        supply_on=today, due_on=today,
    )  # fmt: skip
    return [
        (today, received(10_00, **part, **when, customer_id=debts[paid].customer)),
        (today, applied(10_00, **own, **part, **when, allocation_id=derived_id("alo", "late"))),
        (today, gone),
        (today, more),
    ]


async def test_a_back_test_is_cancelled_and_wrong_ones_are_refused(module_installation: Installation) -> None:
    async with desk_of(module_installation, past(SEED)[: 1 + len(CUSTOMERS)]) as desk:
        await cancelled_and_refused(desk)


async def cancelled_and_refused(desk: Desk) -> None:
    http, day = desk.scenario.http, {"from": FIRST.isoformat(), "to": FIRST.isoformat()}
    waiting = await desk.asked({}, **day)
    cancelled = await http.post(f"{BACKTESTS}/{waiting}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    other_currency = policy(NAIVE)
    other_currency["formula"]["cap"]["currency"] = "GBP"
    nothing = policy(NAIVE)
    nothing["formula"]["turnover_bps"] = None
    for body, pointer in (
        ({**day, "to": "2024-01-01"}, "/to"),
        ({**day, "to": "2099-01-01"}, "/to"),
        ({**day, "position": 10_000_000}, "/position"),
        ({**day, "policy": other_currency}, "/policy/formula/cap/currency"),
        ({**day, "policy": nothing}, "/policy/formula/turnover_bps"),
    ):
        answer = await http.post(BACKTESTS, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    missing = await http.get(f"{BACKTESTS}/{derived_id('lbt', 'none')}")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/limit-backtest-not-found")
    listed = await desk.got(BACKTESTS)
    assert [each["state"] for each in listed["data"]] == ["cancelled"]
