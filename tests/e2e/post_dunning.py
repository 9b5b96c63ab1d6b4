"""A request for every POST route of dunning-svc, each with what it presupposes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from tests.e2e.world import World

Request = tuple[str, Any]
"""Path and JSON body, or the bytes of a file."""
Make = Callable[[World], Request]


def _task(world: World) -> Request:
    """The ladder's phone task of an invoice that is fifteen days late."""
    world.invoice(world.customer())
    world.advance((date.fromisoformat(world.today) + timedelta(days=46)).isoformat())
    task = world.get("dunning", "/v1/tasks", limit=1)["data"][0]["id"]
    promise = {"promised_on": world.today}
    return f"/v1/tasks/{task}/complete", {"outcome": "promised", "promise": promise}


def _raised(world: World) -> str:
    body = {"customer_id": world.customer(), "kind": "call", "reason": "Ask for the new bank details"}
    task_id: str = world.post("dunning", "/v1/tasks", body)["id"]
    return task_id


def _collector(world: World, code: str) -> str:
    answer = world.client("dunning").put(f"/v1/collectors/{code}", json={"name": code.title()})
    assert answer.status_code == 200, answer.text
    return code


def _alert(world: World) -> Request:
    """An invoice that comes due, alerted by the day that opens next."""
    rule = {"kind": "near_due", "days": 90, "recipients": []}
    answer = world.client("dunning").put("/v1/alert-rules/near", json=rule)
    assert answer.status_code == 200, answer.text
    world.invoice(world.customer())
    world.advance((date.fromisoformat(world.today) + timedelta(days=1)).isoformat())
    alert = world.get("dunning", "/v1/alerts", status="open", limit=1)["data"][0]["id"]
    return f"/v1/alerts/{alert}/acknowledge", {"note": "Called the accountant"}


def _reopening(world: World) -> Request:
    task = _raised(world)
    world.post("dunning", f"/v1/tasks/{task}/complete", {"outcome": "done"})
    return f"/v1/tasks/{task}/reopen", {"reason": "Wrong customer"}


_POLICY: dict[str, Any] = {
    "name": "Public sector",
    "priority": 40,
    "applies_to": {"tags": ["public"]},
    "steps": [{"code": "J+20", "offset_days": 20, "act": "email", "template": "first"}],
    "minimums": {"EUR": "5.00"},
}


_ACTIVATION = {"version": 1, "reason": "Agreed with sales", "without_backtest": "New policy"}


def _policy(world: World, *, active: bool = False) -> str:
    made = world.post("dunning", "/v1/policies", _POLICY)
    if active:
        world.post("dunning", f"/v1/policies/{made['id']}/activate", _ACTIVATION)
    policy_id: str = made["id"]
    return policy_id


def _experiment(world: World) -> Request:
    """Compare two policies without formal steps."""
    return "/v1/experiments", {
        "name": "Earlier",
        "champion_id": _policy(world, active=True),
        "challenger_id": _policy(world),
        "challenger_version": 1,
        "difference": 3,
        "baseline": {"mean": 8, "deviation": 10},
        "without_backtest": "New ledger",
        "reason": "Try it",
    }


def _stop(world: World) -> Request:
    path, body = _experiment(world)
    started = world.post("dunning", path, body)
    return f"/v1/experiments/{started['id']}/stop", {"reason": "Over"}


_TEMPLATE = {
    "subject": "Reminder: {{ numbers }}",
    "text": "Please pay:\n\n{{ items }}\n\n{{ total }}\n\n{{ bank }}",
}


def _reset(world: World) -> Request:
    answer = world.client("dunning").put("/v1/templates/first/fr", json=_TEMPLATE)
    assert answer.status_code == 200, answer.text
    return "/v1/templates/first/fr/reset", {"reason": "Back to the shipped text"}


_PARTNER = {"kind": "agency", "name": "Recouvreur"}


def _placement(world: World) -> Request:
    customer = world.customer()
    body = {
        "customer_id": customer,
        "invoice_ids": [world.invoice(customer)["id"]],
        "partner": _PARTNER,
        "fee": {"percent": "12.5"},
        "without_notice": "The debtor has left",
    }
    return "/v1/placements", body


def _recall(world: World) -> Request:
    made = world.post("dunning", *_placement(world))
    return f"/v1/placements/{made['id']}/recall", {"reason": "Paid in cash"}


def _title(world: World) -> Request:
    """An overdue invoice with a formal notice that was sent by other means, after the procedure came into force."""
    customer = world.customer()
    invoice = world.invoice(customer)["id"]
    day = max(date.fromisoformat(world.today) + timedelta(days=46), date(2026, 5, 4))
    world.advance(day.isoformat())
    body = {
        "customer_id": customer,
        "invoice_ids": [invoice],
        "officer": "Me Martin",
        "notice_on": day.isoformat(),
    }
    return "/v1/titles", body


def _title_step(step: str, body: Callable[[World], dict[str, Any]]) -> Make:
    """A step of a procedure that runs, after the service of the demand."""

    def make(world: World) -> Request:
        path = f"/v1/titles/{world.post('dunning', *_title(world))['id']}"
        if step == "enforce":
            world.post("dunning", f"{path}/serve", {"served_on": world.today})
            later = date.fromisoformat(world.today) + timedelta(days=45)
            world.advance(later.isoformat())
        return f"{path}/{step}", body(world)

    return make


_REPLY = b"""From: Compta <%s>\r\nDate: %s\r\nMessage-ID: <%s@client.example>\r\nSubject: Re: Rappel\r\n\r\n%s\r\n"""


def _message(world: World, name: str, said: str) -> bytes:
    day = date.fromisoformat(world.today).strftime("%a, %d %b %Y 09:00:00 +0000")
    return _REPLY % (b"x@client.example", day.encode(), name.encode(), said.encode())


def _reply(world: World, name: str) -> str:
    """A reply of nobody known with a finding that nobody has decided."""
    said = "The goods were never delivered."
    made = world.post("dunning", "/v1/replies", _message(world, name, said))
    reply_id: str = made["id"]
    return reply_id


def _promise(world: World) -> dict[str, Any]:
    """A promise to pay a new invoice in a week."""
    promised_on = (date.fromisoformat(world.today) + timedelta(days=7)).isoformat()
    amount = {"amount": "20.00", "currency": "EUR"}
    return {
        "invoice_ids": [world.invoice(world.customer())["id"]],
        "amount": amount,
        "promised_on": promised_on,
    }


DUNNING: dict[str, Make] = {
    "/v1/promises": lambda w: ("/v1/promises", _promise(w)),
    "/v1/promises/{id}/withdraw": lambda w: (
        f"/v1/promises/{w.post('dunning', '/v1/promises', _promise(w))['id']}/withdraw",
        {"reason": "Taken for the wrong customer"},
    ),
    "/v1/customers/{id}/holds": lambda w: (
        f"/v1/customers/{w.customer()}/holds",
        {"until": "2030-01-01", "reason": "Merger under way"},
    ),
    "/v1/tasks": lambda w: (
        "/v1/tasks",
        {"customer_id": w.customer(), "kind": "other", "reason": "Send the contract"},
    ),
    "/v1/tasks/{id}/complete": _task,
    "/v1/tasks/{id}/postpone": lambda w: (
        f"/v1/tasks/{_raised(w)}/postpone",
        {"due_on": "2030-01-07", "reason": "On holiday"},
    ),
    "/v1/tasks/{id}/reopen": _reopening,
    "/v1/tasks/{id}/assign": lambda w: (
        f"/v1/tasks/{_raised(w)}/assign",
        {"collector": _collector(w, "marie"), "reason": "Knows the accountant"},
    ),
    "/v1/alerts/{id}/acknowledge": _alert,
    "/v1/collectors:rebalance": lambda w: (
        "/v1/collectors:rebalance",
        {"collectors": [_collector(w, "paul"), _collector(w, "lea")], "by": "count", "reason": "Lea is new"},
    ),
    "/v1/replies": lambda w: ("/v1/replies", _message(w, "other", "Thank you for your message.")),
    "/v1/replies/{id}/confirm": lambda w: (f"/v1/replies/{_reply(w, 'confirmed')}/confirm", {"finding": 1}),
    "/v1/replies/{id}/reject": lambda w: (
        f"/v1/replies/{_reply(w, 'rejected')}/reject",
        {"finding": 1, "note": "It was meant for someone else"},
    ),
    "/v1/titles": _title,
    "/v1/titles/{id}/serve": _title_step("serve", lambda w: {"served_on": w.today}),
    "/v1/titles/{id}/contest": _title_step(
        "contest", lambda w: {"contested_on": w.today, "reason": "Never delivered"}
    ),
    "/v1/titles/{id}/enforce": _title_step("enforce", lambda w: {"enforceable_on": w.today}),
    "/v1/titles/{id}/end": _title_step("end", lambda _: {"outcome": "withdrawn", "reason": "Settled"}),
    "/v1/placements": _placement,
    "/v1/placements/{id}/recall": _recall,
    "/v1/runs": lambda w: ("/v1/runs", {"on": w.today}),
    "/v1/policies": lambda w: ("/v1/policies", _POLICY),
    "/v1/policies/{id}/versions": lambda w: (
        f"/v1/policies/{_policy(w)}/versions",
        _POLICY | {"priority": 41},
    ),
    "/v1/policies/{id}/activate": lambda w: (
        f"/v1/policies/{_policy(w)}/activate",
        _ACTIVATION,
    ),
    "/v1/experiments": _experiment,
    "/v1/experiments/{id}/stop": _stop,
    "/v1/templates/{code}/{lang}/reset": _reset,
    "/v1/policies/{id}/backtests": lambda w: (
        f"/v1/policies/{_policy(w)}/backtests",
        {"version": 1, "from": w.today, "to": w.today},
    ),
    "/v1/sandboxes": lambda w: ("/v1/sandboxes", {"name": f"{w.ledger}-{uuid4().hex[:8]}", "note": "Try it"}),
    "/v1/policies/{id}/retire": lambda w: (
        f"/v1/policies/{_policy(w, active=True)}/retire",
        {"reason": "Replaced"},
    ),
}
