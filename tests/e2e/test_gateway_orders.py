"""Text message and registered letter of a policy: ordered from the gateway, told back, refused, shown.

By the typed client, but for the gateway's own calls.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.typed import Typed, TypedClient
from tests.e2e.world import World

TEXTED = {"code": "J+5", "offset_days": 5, "act": "sms", "template": "sms"}
WRITTEN = {"code": "J+30", "offset_days": 30, "act": "registered_letter", "template": "formal_notice"}
POLICY = {
    "name": "By telephone and post",
    "priority": 40,
    "applies_to": {},
    "steps": [TEXTED, WRITTEN | {"interval_days": 20}],
    "minimums": {"EUR": "5.00"},
}
UNDUE = {"kind": "NET", "days": 30}


def _reminders(client: TypedClient, customer: str) -> list[Any]:
    found: list[Any] = client.read("reminders_and_tasks.list_reminders", customer_id=customer).data
    return sorted(found, key=lambda reminder: reminder.day)


def _told(system: System, order: str, **state: Any) -> httpx.Response:
    return httpx.post(f"{system.run.gateway_url}/{order}/states", content=json.dumps(state))


def test_messages_of_a_policy_are_ordered_from_the_gateway_and_its_states_come_back(
    system: System, typed: Typed
) -> None:
    world = World.make(system, day="2026-01-05")
    client = typed(world, "dunning")
    made = client.done("policies_and_runs.create_policy", body=POLICY)
    activation = {"version": 1, "reason": "Agreed with sales", "without_backtest": "New ledger"}
    client.done("policies_and_runs.activate_policy", made.id, body=activation)
    reached, unknown = world.customer(phone="+33612345678"), world.customer(phone="+33612300001")
    for customer in (reached, unknown):
        world.invoice(customer, terms=UNDUE)
    world.advance("2026-02-10")
    wait_until(
        lambda: [[r.status for r in _reminders(client, c)] for c in (reached, unknown)] == [["sent"], ["failed"]],
        "the text messages",
    )  # fmt: skip
    (message,) = _reminders(client, reached)
    order = json.loads((system.layout.gateway / f"{message.id}.json").read_text())["data"]
    assert (order["channel"], order["to"]["phone"], order["ledger"]) == ("sms", "+33612345678", world.ledger)
    assert order["parts"] <= 2
    assert "120,00" in order["text"]

    world.advance("2026-03-10")
    wait_until(lambda: [r.status for r in _reminders(client, reached)][1:] == ["sent"], "the letter")
    letter = _reminders(client, reached)[1]
    assert (system.layout.gateway / f"{letter.id}.pdf").read_bytes().startswith(b"%PDF-")
    told = [
        _told(system, letter.id, state=state, on="2026-03-09") for state in ("deposited", "first_presented")
    ]
    again = _told(system, letter.id, state="deposited", on="2026-03-09")
    assert [answer.status_code for answer in (*told, again)] == [200, 200, 200], told[0].text
    world.position = max(int(answer.headers.get("encours-position", 0)) for answer in told)
    wait_until(lambda: _reminders(client, reached)[1].status == "first_presented", "the states")
    shown = client.read("reminders_and_tasks.get_reminder", letter.id)
    assert [sign.kind for sign in shown.signs] == ["deposited", "first_presented"]
