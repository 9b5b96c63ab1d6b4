"""Messages to payers over HTTP: with a limited key, with garbage, by two at once, and by a worker that is killed."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

from encours.testing.system import System
from tests.e2e.world import ENTITY, TO_THE_PAYER, World, eur

POLICY = TO_THE_PAYER | {
    "steps": [TO_THE_PAYER["steps"][0], {"code": "J+5", "offset_days": 5, "act": "call"}],
}
OTHER = ENTITY | {"name": "Atelier Ombre SAS", "siren": "732829320", "vat_id": "FR44732829320"}


@dataclass(frozen=True)
class _Family:
    """A payer with two customers that it pays for, of one creditor."""

    payer: str
    shops: list[str]
    invoices: list[str]


def _family(world: World, entity: str) -> _Family:
    world.entity = entity
    payer = world.customer(name="Holding", email=f"{entity}@example.com")
    shops = [world.customer(name=f"Garage {n}", email=f"{n}.{entity}@example.com") for n in range(2)]
    for shop in shops:
        world.put(f"/v1/customers/{shop}/roles", {"payer": payer})
    terms = {"kind": "NET", "days": 2}
    made = [world.invoice(shop, issued_on=world.today, terms=terms)["id"] for shop in shops]
    return _Family(payer, shops, made)


def test_each_creditor_sees_and_settles_what_its_own_payer_owes(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    mine = _family(world, world.entity)
    theirs = _family(world, world.post("invoice", "/v1/entities", OTHER)["id"])
    policy = world.post("dunning", "/v1/policies", POLICY)["id"]
    reason = {"version": 1, "reason": "One payer", "without_backtest": "New ledger"}
    world.post("dunning", f"/v1/policies/{policy}/activate", reason)
    due_on = date.fromisoformat(world.get("invoice", f"/v1/invoices/{mine.invoices[0]}")["due_on"])
    world.advance(str(due_on + timedelta(days=1)))

    _killed_while_days_open(system, world, due_on + timedelta(days=8))
    found = world.get("dunning", "/v1/reminders")["data"]
    assert Counter(each["customer_id"] for each in found) == {mine.payer: 1, theirs.payer: 1}
    assert {each["status"] for each in found} <= {"sent", "unconfirmed"}
    for family in (mine, theirs):
        (one,) = [each for each in found if each["customer_id"] == family.payer]
        assert set(one["invoice_ids"]) == set(family.invoices)
        assert one["amount"] == eur("240.00")

    limited = _limited(system, world)
    hidden = _ids_of(world, theirs)
    _sees_its_own_alone(limited, _ids_of(world, mine), hidden)
    task = _task_of(world, mine.payer)
    _garbage_is_refused(limited, task, mine, theirs)
    _two_at_once(limited, task, mine, world.today)


def _killed_while_days_open(system: System, world: World, until: date) -> None:
    """Kill the worker as soon as the days have been asked for: no step is lost, none is taken twice."""
    answer = world.client("invoice").post(f"/v1/ledgers/{world.ledger}/clock", json={"to": str(until)})
    assert answer.status_code == 202, answer.text
    system.kill(system.processes("worker", "dunning")[0])
    world.advance(str(until))
    system.wait_caught_up(world.ledger)


def _limited(system: System, world: World) -> httpx.Client:
    """A client with a key for the first creditor alone."""
    first = world.get("invoice", "/v1/entities")["data"]
    own = next(each["id"] for each in first if each["name"] == ENTITY["name"])
    scopes = ("dunning:read", "dunning:write", "audit:read")
    made = system.json(
        "keys", "create", "--label", "one creditor", "--ledger", world.ledger, "--entity", own,
        *(part for scope in scopes for part in ("--scope", scope)),
    )  # fmt: skip
    return httpx.Client(
        base_url=system.url("dunning"),
        headers={"Authorization": f"Bearer {made['key']}", "Encours-Ledger": world.ledger},
        timeout=60,
        verify=False,
    )


def _task_of(world: World, payer: str) -> str:
    (task,) = world.get("dunning", "/v1/tasks", customer_id=payer, kind="call")["data"]
    found: str = task["id"]
    return found


def _ids_of(world: World, family: _Family) -> dict[str, str]:
    """Ids of what was decided about a family, with its customers."""
    (reminder,) = world.get("dunning", "/v1/reminders", customer_id=family.payer)["data"]
    return {
        "reminder": reminder["id"],
        "decision": reminder["decision_id"],
        "task": _task_of(world, family.payer),
        "shop": family.shops[0],
        "payer": family.payer,
    }


def _sees_its_own_alone(limited: httpx.Client, own: dict[str, str], hidden: dict[str, str]) -> None:
    paths = (
        "/v1/reminders/{reminder}",
        "/v1/reminders/{reminder}/message",
        "/v1/decisions/{decision}",
        "/v1/decisions/{decision}/explain",
        "/v1/customers/{shop}/litigation-file",
        "/v1/customers/{payer}/litigation-file",
    )
    for path in paths:
        assert limited.get(path.format(**own)).status_code == 200, path
        assert limited.get(path.format(**hidden)).status_code == 404, path
    for path in ("/v1/reminders", "/v1/tasks", "/v1/cases", "/v1/promises"):
        for parameters in ({}, {"customer_id": hidden["payer"]}, {"customer_id": hidden["shop"]}):
            answer = limited.get(path, params=parameters)
            assert answer.status_code in (200, 404), answer.text
            assert not any(each in answer.text for each in hidden.values()), (path, parameters)
    again = limited.post(f"/v1/decisions/{hidden['decision']}/reperform")
    assert again.status_code == 404
    done = limited.post(f"/v1/tasks/{hidden['task']}/complete", json={"outcome": "done"})
    assert done.status_code == 404


def _garbage_is_refused(limited: httpx.Client, task: str, mine: _Family, theirs: _Family) -> None:
    good = {"customer_id": mine.shops[0], "promised_on": "2026-12-01"}
    for promises, status in (
        ([good | {"customer_id": theirs.shops[0]}], 404),
        ([good | {"customer_id": "cus_1"}], 422),
        ([good, good], 422),
        ([good | {"promised_on": "2020-01-01"}], 422),
        ([good | {"promised_on": "soon"}], 422),
        ([good | {"amount": eur("-1.00")}], 422),
        ([good | {"amount": eur("120.01")}], 422),
        ([good | {"amount": {"amount": "1.00", "currency": "USD"}}], 422),
        ([good | {"invoice_ids": [mine.invoices[1]]}], 422),
        ([good | {"invoice_ids": [theirs.invoices[0]]}], 422),
        ([good] * 101, 422),
        ("all", 422),
        ([], 422),
    ):
        body = {"outcome": "promised", "promises": promises}
        answer = limited.post(f"/v1/tasks/{task}/complete", json=body)
        assert answer.status_code == status, (promises, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert limited.get("/v1/promises").json()["data"] == []


def _two_at_once(limited: httpx.Client, task: str, mine: _Family, today: str) -> None:
    """Two collectors record the call at once: one outcome stands, each debtor has one promise."""

    def promised(days: int) -> httpx.Response:
        on = str(date.fromisoformat(today) + timedelta(days=days))
        bodies: list[dict[str, Any]] = [
            {"customer_id": shop, "promised_on": on, "amount": eur(f"{10 * (n + 1)}.00")}
            for n, shop in enumerate(mine.shops)
        ]
        return limited.post(f"/v1/tasks/{task}/complete", json={"outcome": "promised", "promises": bodies})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(promised, (2, 3)))
    assert sorted(each.status_code for each in answers) == [200, 409], [each.text for each in answers]
    won = next(each for each in answers if each.status_code == 200)
    made = [won.json()["promise_id"], *won.json()["further_promise_ids"]]
    found = limited.get("/v1/promises", params={"min_position": won.headers["encours-position"]})
    assert {each["id"] for each in found.json()["data"]} == set(made)
    assert {each["customer_id"]: each["amount"] for each in found.json()["data"]} == {
        mine.shops[0]: eur("10.00"),
        mine.shops[1]: eur("20.00"),
    }
